"""Compares smart-resize with sharp, libvips, Pillow, the `image` crate and hand-written Rust. Writes BENCHMARKS.md and
chart.svg.

Each peer is a process that keeps running and holds the bytes of the input in memory. In each round, in an order that
rotates, each peer runs the case twice and the second run counts. The medians are compared. Pillow decodes every result,
which must have the exact size, and each result is scored against a reference with its own geometry.
`benches/peers/run --help` lists the flags.
"""

import argparse
import io
import json
import os
import re
import statistics
from pathlib import Path

from PIL import Image

import report
from cases import CASES
from inputs import Picture, photographs
from processes import PEERS, Worker, Workers

OUTPUTS = PEERS / "outputs"
RESULTS = PEERS / "results.json"

# A run that has used more nanoseconds of CPU time than this for one case and one picture is not repeated.
LONG = 2_500_000_000
# The number of results of a case that are scored.
SCORED = 3


def main():
    arguments = flags()
    results = {"found": [], "memory": []}
    if RESULTS.exists() and (arguments.report or arguments.cases):
        results = json.loads(RESULTS.read_text())
    if not arguments.report:
        compare(arguments, results)
    if not arguments.quick:
        report.write(results, Path(arguments.output))


def flags():
    parser = argparse.ArgumentParser(
        prog="benches/peers/run", description="Compares smart-resize with its peers and writes BENCHMARKS.md."
    )
    parser.add_argument("--photos", metavar="DIR", help="a folder with photographs; the default is a drawn picture")
    parser.add_argument("--origin", default="", metavar="TEXT", help="the origin of the photographs, for the report")
    parser.add_argument("--most", type=int, default=6, metavar="N", help="use the N largest photographs")
    parser.add_argument("--large", type=int, default=2, metavar="N", help="use only the first N of these for large pictures")
    parser.add_argument("--rounds", type=int, default=7, metavar="N", help="rounds per case and picture")
    parser.add_argument("--cases", default="", metavar="REGEX", help="run only the cases whose name matches; keep the last results of the others")
    parser.add_argument("--quick", action="store_true", help="run the small cases for one round and write no report, as a check")
    parser.add_argument("--report", action="store_true", help="write the report from the last results, without measuring")
    parser.add_argument("--output", metavar="FILE", default="BENCHMARKS.md", help="where to write the report")
    return parser.parse_args()


def compare(arguments, results):
    """Measures the cases and replaces their entries in the results."""
    OUTPUTS.mkdir(parents=True, exist_ok=True)
    tools, workers = Worker("tools"), Workers()
    drawn = {name: Picture(name, tools) for name in ("photo", "flat")}
    paths = photographs(arguments.photos, arguments.most) if arguments.photos else []
    photos = [Picture(path.stem, tools, path) for path in paths] or [drawn["photo"]]
    cases = [case for case in CASES if re.search(arguments.cases, case.name)]
    rounds = arguments.rounds
    if arguments.quick:
        cases, rounds = [case for case in cases if case.quick], 1

    results["about"] = {
        "rounds": rounds,
        "photos": [photo.name for photo in photos],
        "large": arguments.large,
        "origin": arguments.origin,
    }
    for case in cases:
        runs = [run for run in case.runs() if is_here(run)]
        pictures = [drawn["flat"]] if case.picture == "flat" else photos[: arguments.large if case.is_large else None]
        for kind in ("found", "memory"):
            results[kind] = [result for result in results[kind] if result["case"] != case.name]
        for picture in [] if case.memory_only else pictures:
            results["found"].append(measured(case, runs, picture, workers, tools, rounds))
            show(results["found"][-1])
        if not case.threads:
            results["memory"] += [peak(case, run, pictures[0]) for run in runs]
        if not arguments.quick:
            RESULTS.write_text(json.dumps(results, indent=1))
    workers.close()
    tools.close()


def is_here(run):
    """Whether `benches/peers/run` has installed the peer."""
    if run.worker == "sharp":
        return (PEERS / "node_modules" / "sharp").exists()
    return run.worker != "ours-c" or (PEERS / "ours-c").exists()


def measured(case, runs, picture, workers, tools, rounds):
    """Measures each run of a case on one picture: nanoseconds, bytes and quality."""
    path = picture.encoded(case.frame, case.source)
    found = {}
    scores = {}
    for run in runs:
        prefix = str(OUTPUTS / re.sub(r"\W+", "-", f"{case.name} {run.label}"))
        answer = workers.ask(run, case.request(run, path, save=prefix))
        quality = None if case.threads else checked(case, run, picture, answer["rects"], prefix, tools, scores)
        found[run.label] = {"ns": [], "cpu": [], "bytes": sum(answer["bytes"]), "quality": quality}
        if case.format == "png" and run.worker == "ours" and not case.threads:
            found[run.label]["by_pillow"] = sum(by_pillow(f"{prefix}.{at}") for at in range(len(case.targets)))
    for turn in range(rounds):
        start = turn % len(runs)
        for run in runs[start:] + runs[:start]:
            if sum(found[run.label]["cpu"]) > LONG:
                continue
            # The first run is not timed. It brings the memory of an idle process back into the caches.
            workers.ask(run, case.request(run, path))
            answer = workers.ask(run, case.request(run, path))
            assert sum(answer["bytes"]) == found[run.label]["bytes"], f"{run.label}: the length of the results differs from the first round"
            for clock in ("ns", "cpu"):
                found[run.label][clock].append(answer[clock])
    return {"case": case.name, "picture": picture.name, "load": os.getloadavg()[0], "runs": found}


def checked(case, run, picture, rects, prefix, tools, known):
    """Returns the mean score of the results, each against a reference with its own geometry.

    Lossless results must have the pixels of the source; they have no score. Equal pixels are scored once."""
    width, height = map(int, case.frame.split("x"))
    raw, output = picture.raw(case.frame), OUTPUTS / "scored.rgb"
    scores = []
    for at, (target, rect) in enumerate(zip(case.targets, rects, strict=True)):
        with Image.open(f"{prefix}.{at}") as result:
            assert f"{result.width}x{result.height}" == target, f"{run.label} made {result.size}, not {target}"
            pixels = result.convert("RGB").tobytes()
        if case.lossless:
            left, top, across, down = map(int, rect)
            source = Image.frombytes("RGB", (width, height), raw.read_bytes())
            same = source.crop((left, top, left + across, top + down)).tobytes() == pixels
            assert same, f"{run.label} changed pixels"
            continue
        if at >= SCORED:
            continue
        key = target, tuple(rect), hash(pixels)
        if key not in known:
            output.write_bytes(pixels)
            request = {"tool": "score", "input": str(raw), "frame": [width, height], "targets": [target]}
            known[key] = tools.ask({**request, "rect": list(rect), "output": str(output)})["score"]
        scores.append(known[key])
    return statistics.mean(scores) if scores else None


def by_pillow(path):
    """Returns the number of bytes of the same pixels in a PNG by Pillow with its defaults."""
    output = io.BytesIO()
    with Image.open(path) as result:
        result.convert("RGB").save(output, "PNG")
    return len(output.getvalue())


def peak(case, run, picture):
    """Measures the peak of memory of a new process, including input and output, minus its memory before the run.

    The process first runs the same request on a tiny picture, so that its libraries are loaded."""
    worker = Worker(run.worker, run.threads)
    tiny = OUTPUTS / "tiny.png"
    Image.effect_noise((64, 64), 80).convert("RGB").save(tiny)
    worker.ask(case.request(run, tiny, targets=["48x40"] * len(case.targets)))
    answer = worker.ask(case.request(run, picture.encoded(case.frame, case.source), memory=True))
    worker.close()
    return {"case": case.name, "run": run.label, "bytes": answer["kilobytes"] * 1024}


def show(result):
    """Prints a line for each run."""
    print(f"\n{result['case']}, {result['picture']}")
    for label, run in result["runs"].items():
        ms, cpu = (statistics.median(run[clock]) / 1e6 for clock in ("ns", "cpu"))
        quality = "" if run["quality"] is None else f"{run['quality']:.2f}"
        print(f"  {label:32} {ms:8.1f} ms {cpu:8.1f} ms cpu {run['bytes']:10} B {quality:>6}", flush=True)


if __name__ == "__main__":
    main()
