"""Compares smart-resize with sharp, libvips, Pillow and the `image` crate, and writes BENCHMARKS.md.

Every peer is a process that keeps running and holds the input's bytes in memory. In each round each of them does the case
once, in an order that rotates; medians are compared. `benches/peers/run --help` lists the flags.
"""

import argparse
import json
import os
import re
import statistics
import sys
from pathlib import Path

from PIL import Image

from cases import CASES
from inputs import Picture, photographs
from workers import PEERS, Worker, Workers

OUTPUTS = PEERS / "outputs"


def main():
    parser = argparse.ArgumentParser(description="Compares smart-resize with its peers and writes BENCHMARKS.md.")
    parser.add_argument("--photos", metavar="DIR", help="a folder of photographs; without it pictures are drawn")
    parser.add_argument("--most", type=int, default=6, help="at most so many photographs, the largest")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--cases", default="", metavar="REGEX", help="only the cases whose names match")
    parser.add_argument("--quick", action="store_true", help="two small cases, one round, no report: does it work?")
    parser.add_argument("--output", metavar="FILE", default="BENCHMARKS.md")
    arguments = parser.parse_args()

    OUTPUTS.mkdir(parents=True, exist_ok=True)
    tools = Worker("tools")
    drawn = {name: Picture(name, tools) for name in ("photo", "flat")}
    photos = photographs(arguments.photos, arguments.most) if arguments.photos else []
    photos = [Picture(path.stem, tools, path) for path in photos]

    cases = [case for case in CASES if re.search(arguments.cases, case.name)]
    rounds = arguments.rounds
    if arguments.quick:
        cases, rounds = [case for case in cases if case.frame in ("1024x1024", "2752x1536")], 1

    has_sharp, has_c = (PEERS / "node_modules" / "sharp").exists(), (PEERS / "c").exists()
    workers = Workers()
    results = []
    for case in cases:
        if case.memory_only:
            continue
        runs = [run for run in case.runs if has_sharp or run.worker != "sharp"]
        runs = [run for run in runs if has_c or not run.takes_c]
        for picture in [drawn["flat"]] if case.picture == "flat" else photos or [drawn["photo"]]:
            result = measure(case, runs, picture, workers, tools, rounds)
            results.append(result)
            show(result)
    workers.close()
    tools.close()
    (PEERS / "results.json").write_text(json.dumps(results, indent=1))


def measure(case, runs, picture, workers, tools, rounds):
    """Times and bytes of each run of one case on one picture, in nanoseconds, and the quality of what it made."""
    path = str(picture.encoded(case.frame, case.source))
    found = {}
    for run in runs:
        prefix = str(OUTPUTS / f"{case.name}.{run.label}".replace(" ", "-").replace(",", ""))
        answer = workers.ask(run.worker, case.request(run, path, save=prefix))
        found[run.label] = {
            "ns": [],
            "cpu": [],
            "bytes": sum(answer["bytes"]),
            "quality": checked(case, run, picture, answer["rects"], prefix, tools),
        }
    for turn in range(rounds):
        start = turn % len(runs)
        for run in runs[start:] + runs[:start]:
            answer = workers.ask(run.worker, case.request(run, path))
            found[run.label]["ns"].append(answer["ns"])
            found[run.label]["cpu"].append(answer["cpu"])
            assert sum(answer["bytes"]) == found[run.label]["bytes"], f"{run.label} wrote other bytes"
    return {"case": case.name, "picture": picture.name, "runs": found}


def checked(case, run, picture, rects, prefix, tools):
    """The mean quality of the results, each against its own geometry, once they have the right sizes."""
    width, height = map(int, case.frame.split("x"))
    raw = picture.raw(case.frame)
    scores = []
    for at, (target, rect) in enumerate(zip(case.targets, rects, strict=True)):
        result = Image.open(f"{prefix}.{at}")
        assert f"{result.width}x{result.height}" == target, f"{run.label} made {result.size} of {target}"
        pixels = result.convert("RGB").tobytes()
        if case.lossless:
            left, top, across, down = map(int, rect)
            source = Image.frombytes("RGB", (width, height), raw.read_bytes())
            same = source.crop((left, top, left + across, top + down)).tobytes() == pixels
            assert same, f"{run.label} changed pixels"
            continue
        output = OUTPUTS / "scored.rgb"
        output.write_bytes(pixels)
        request = {"tool": "score", "input": str(raw), "frame": [width, height], "targets": [target]}
        scores.append(tools.ask({**request, "rect": list(rect), "output": str(output)})["score"])
    return statistics.mean(scores) if scores else None


def show(result):
    """A line for each run, for whoever waits."""
    print(f"\n{result['case']}, {result['picture']}")
    sharp = result["runs"].get("sharp")
    for label, run in result["runs"].items():
        ms, cpu = (statistics.median(run[clock]) / 1e6 for clock in ("ns", "cpu"))
        ratio = statistics.median(sharp["ns"]) / 1e6 / ms if sharp else float("nan")
        quality = "exact" if run["quality"] is None else f"{run['quality']:.2f}"
        print(f"  {label:28} {ms:8.1f} ms {cpu:8.1f} ms cpu {run['bytes']:10} B {quality:>6} {ratio:6.2f}", flush=True)


if __name__ == "__main__":
    main()
