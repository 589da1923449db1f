"""The report: BENCHMARKS.md, with the chart at its top."""

import json
import os
import platform
import statistics
import subprocess
from collections import defaultdict
from importlib.metadata import version
from pathlib import Path

from PIL import features

import chart
from cases import CASES, MEMORY_TARGET, SAME_PIXELS, TARGETS
from processes import HERE, PEERS

ROOT = HERE.parent.parent
# Above this load the time that passes says more of what else the machine does than of anybody here.
QUIET = 3.0

NOTES = {
    "ours, balanced": "`PngEncoder::Own`, the default effort, `Inspect::Off`",
    "ours, balanced, inspected": "the same, and the picture is looked at for frames and for being blank, as it is by default",
    "ours, balanced, by the png crate": "`PngEncoder::Crate`, which is not the default",
    "ours, Rust": "`Codec::Pure` with `jpeg-simd`, `Inspect::Off`; Huffman tables made to measure; carries a profile of 480 bytes",
    "ours, Rust without jpeg-simd": "the default build, whose bytes are the same on every machine",
    "ours, Rust, inspected": "as by default, looked at for frames and for being blank",
    "ours, C": "`Codec::Fast`: libjpeg-turbo and libwebp; PNG is read as ever",
    "sharp": "its defaults. PNG: zlib-ng at level 6 over rows that are not filtered, so faster, and files half as large "
    "again. JPEG: mozjpeg's library without trellis; Huffman tables made to measure. Of "
    "eight results: one decode into raw pixels, and clones of that",
    "sharp, rows filtered": "`adaptiveFiltering: true`: the size of file that the others make",
    "sharp, separate pipelines": "a decode for each result",
    "libvips": "pyvips, `thumbnail` or `crop`, its defaults: PNG as sharp, JPEG with fixed Huffman tables",
    "Pillow": "`ImageOps.fit` with Lanczos, or `crop`; PNG with filtered rows at level 6",
    "image": "`resize_to_fill` with Lanczos3, or `crop_imm`. Not equal work: its JPEG is 4:4:4 always, so larger and "
    "better; its PNG is compressed as fast as it can",
    "image, level 6": "the same with `CompressionType::Level(6)`",
}


def write(results, path):
    cases = [case for case in CASES if any(found["case"] == case.name for found in results["found"])]
    tables = {case.name: table(case.name, results) for case in cases}
    clock = "times" if max(found["load"] for found in results["found"]) < QUIET else "cpus"
    (HERE / "chart.svg").write_text(chart.draw(cases, tables, clock))
    about = results["about"]
    lines = [
        "# Benchmarks",
        "",
        "Encoded bytes in memory in, encoded bytes of exactly the size asked out: this crate beside what else one would take.",
        "",
        "![Time of each library relative to ours, case by case](benches/peers/chart.svg)",
        "",
        *how(about),
        "## Targets",
        "",
        *targets(tables, clock, results),
        "",
        "## Cases",
        "",
        "Milliseconds are medians, of several photographs their mean; `±` is half the distance of the quartiles. `cpu` is the "
        "processor's time, all threads together. `ratio` is the time over that of ours in the first row. `quality` is "
        "SSIMULACRA2, 100 for the same pixels. Memory is megabytes of 1,000,000 bytes.",
        "",
    ]
    for case in cases:
        lines += [f"### {case.title}", "", *rows(case, tables[case.name]), ""]
    lines += [*memory(results), "## What is not equal", "", *notes(tables), "", "## Machine and versions", "", *machine(results)]
    path.write_text("\n".join(lines) + "\n")


def how(about):
    photos = f"{len(about['photos'])} photographs ({', '.join(about['photos'])})" if about["origin"] else "a drawn picture"
    origin = f", {about['origin']}, none of them in this repository" if about["origin"] else ""
    return [
        "```sh",
        "benches/peers/run --photos DIR",
        "```",
        "",
        f"installs the peers below `target/`, measures, and writes this page. Measured here: {photos}{origin}. A photograph "
        f"too small for a case is continued by its mirror image, never enlarged, since that would make it smooth; cases above 2752x1536 use the first {about['large']}. The flat "
        "graphic is drawn. Inputs are PNGs by Pillow's defaults; the JPEG is of quality 95, 4:2:0.",
        "",
        "Each library is a process that keeps running, told to use one thread, with caches off. In each of "
        f"{about['rounds']} rounds each of them does the case once, in an order that rotates, so that what else the machine "
        "does meets all of them alike; whoever has taken 2.5 seconds of the processor is not asked again. Ours is a `Renderer`, which keeps memory from one picture to the next and no picture. None is tied to a core: libvips, also within sharp, compresses in a thread of its own "
        "while another computes, so that its `cpu` may be above its time.",
        "",
        "Every result is read by Pillow and must have exactly the size asked. Crops must be the source's pixels. What is "
        "resampled is scored against a reference of its own geometry, since each library cuts at another fraction of a pixel: "
        "the rectangle that it shows of the lossless source, resampled by Lanczos3 in 64-bit floats and rounded once "
        "(`benches/peers/ours/src/quality.rs`). Of eight results the first three are scored. Where the size of our PNGs is "
        "held against Pillow's, Pillow writes the pixels of our result, since others, which it resampled itself, take other room.",
        "",
    ]


def table(name, results):
    """For each run of a case the means over its pictures, and each picture's ratios to any other run."""
    found = [found for found in results["found"] if found["case"] == name]
    peaks = {peak["run"]: peak["bytes"] for peak in results["memory"] if peak["case"] == name}
    table = {}
    for label in found[0]["runs"]:
        runs = [found["runs"][label] for found in found]
        quartiles = [statistics.quantiles(run["ns"], n=4) if len(run["ns"]) > 1 else run["ns"] * 3 for run in runs]
        qualities = [run["quality"] for run in runs if run["quality"] is not None]
        table[label] = {
            "times": [statistics.median(run["ns"]) / 1e6 for run in runs],
            "cpus": [statistics.median(run["cpu"]) / 1e6 for run in runs],
            "sizes": [run["bytes"] for run in runs],
            "by_pillow": [run["by_pillow"] for run in runs if "by_pillow" in run],
            "qualities": qualities,
            "spread": statistics.mean((high - low) / 2e6 for low, _, high in quartiles),
            "memory": peaks.get(label),
        }
    return table


def ratio(table, what, other, ours):
    """The geometric mean over the pictures."""
    pairs = zip(table[other][what], table[ours][what], strict=True)
    return statistics.geometric_mean(other / ours for other, ours in pairs)


def rows(case, table):
    first = next(iter(table))
    yield "| | ms | ± | cpu ms | ratio | bytes | quality | memory MB |"
    yield "|---|---:|---:|---:|---:|---:|---:|---:|"
    for label, run in table.items():
        quality = "exact" if case.lossless else f"{statistics.mean(run['qualities']):.2f}" if run["qualities"] else ""
        peak = f"{run['memory'] / 1e6:.0f}" if run["memory"] else ""
        yield (
            f"| {label} | {statistics.mean(run['times']):.1f} | {run['spread']:.1f} | {statistics.mean(run['cpus']):.1f} "
            f"| {ratio(table, 'times', label, first):.2f} | {statistics.mean(run['sizes']):,.0f} | {quality} | {peak} |"
        )


def targets(tables, clock, results):
    yield "Of times and bytes the geometric mean over the pictures. `load` is the machine's average load meanwhile: where it is"
    yield "above about 1.5, other work had the second core, so that libvips and sharp could not use it, which is kinder to us;"
    yield "where it is about 1, they could, and their `cpu` is above their time."
    if clock == "cpus":
        yield "**The machine was busy with other things while this was measured, and the time that passed follows what those"
        yield "did.** So here, and in the chart, the processor's time is judged, except between one thread and two. It is a"
        yield "little kinder to us: libvips and sharp work in two threads at once now and then, for up to a third of their time."
    yield ""
    yield "| case | ours | against | time: target | time | of cpu | bytes: at most | bytes | quality: at most lost | lost | load | met |"
    yield "|---|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---|"
    titles = {case.name: case.title for case in CASES}
    for target in TARGETS:
        table = tables.get(target.case, {})
        other = target.ours if target.other == SAME_PIXELS else target.other
        if target.ours not in table or other not in table:
            continue
        time, cpu = (ratio(table, what, other, target.ours) for what in ("times", "cpus"))
        judged = time if clock == "times" or "thread" in target.ours else cpu
        theirs = table[other]["by_pillow" if target.other == SAME_PIXELS else "sizes"]
        size = statistics.geometric_mean(a / b for a, b in zip(table[target.ours]["sizes"], theirs, strict=True))
        lost = [statistics.mean(table[label]["qualities"] or [0]) for label in (other, target.ours)]
        lost = lost[0] - lost[1]
        misses = [
            name
            for name, missed in (
                ("time", target.time and judged < target.time),
                ("bytes", target.bytes and size > target.bytes),
                ("quality", target.quality and lost > target.quality),
            )
            if missed
        ]
        cells = [titles[target.case], target.ours, target.other]
        cells += [f"{target.time}", f"{time:.2f}", f"{cpu:.2f}"] if target.time else ["", "", ""]
        cells += [f"{target.bytes}", f"{size:.3f}"] if target.bytes else ["", ""]
        cells += [f"{target.quality}", f"{lost:.2f}"] if target.quality else ["", ""]
        load = statistics.mean(found["load"] for found in results["found"] if found["case"] == target.case)
        cells.append(f"{load:.1f}")
        yield f"| {' | '.join(cells)} | {'**no: ' + ', '.join(misses) + '**' if misses else 'yes'} |"


def memory(results):
    found = [peak for peak in results["memory"] if peak["case"] == "memory"]
    if not found:
        return
    label, most = MEMORY_TARGET
    title = next(case.title for case in CASES if case.name == "memory")
    yield f"### Memory: {title}"
    yield ""
    yield f"Input and output counted. Target: {label}, under {most} MB."
    yield ""
    yield "| | peak MB |"
    yield "|---|---:|"
    for peak in found:
        missed = peak["run"] == label and peak["bytes"] > most * 1e6
        yield f"| {peak['run']} | {peak['bytes'] / 1e6:.0f}{' **(target missed)**' if missed else ''} |"
    yield ""


def notes(tables):
    labels = {label for table in tables.values() for label in table}
    for label, note in NOTES.items():
        if label in labels:
            yield f"- **{label}**: {note}."
    yield "- WebP is lossy, of effort 4 everywhere, each library's default."


def machine(results):
    model = next(line.split(":")[1].strip() for line in Path("/proc/cpuinfo").open() if line.startswith("model name"))
    yield f"- {model}, {os.cpu_count()} cores, {platform.system()} {platform.release()}"
    loads = [found["load"] for found in results["found"]]
    yield f"- load average while measuring: {min(loads):.1f} to {max(loads):.1f}, of which about 1 is this"
    yield f"- smart-resize {locked('smart-resize')}, {output('rustc', '--version')}, release profile, no `target-cpu`"
    yield "- " + ", ".join(
        f"{name} {locked(name)}" for name in ("png", "jpeg-encoder", "zune-jpeg", "turbojpeg-sys",
                                              "image", "fast-ssim2")
    )
    yield f"- Pillow {version('pillow')} (libjpeg-turbo {features.version('libjpeg_turbo')}, zlib-ng {features.version('zlib_ng')})"
    yield f"- pyvips {version('pyvips')}, libvips of pyvips-binary {version('pyvips-binary')}"
    if (PEERS / "node_modules" / "sharp").exists():
        script = "console.log(JSON.stringify([require('sharp').versions, process.version]))"
        environment = {**os.environ, "NODE_PATH": str(PEERS / "node_modules")}
        sharp, node = json.loads(output("node", "-e", script, env=environment))
        parts = [f"{'libvips' if name == 'vips' else name} {sharp[name]}" for name in ("vips", "mozjpeg", "webp", "zlib-ng")]
        yield f"- sharp {sharp['sharp']} ({', '.join(parts)}), node {node}"


def locked(name):
    lines = (ROOT / "Cargo.lock").read_text().splitlines()
    at = lines.index(f'name = "{name}"')
    return lines[at + 1].split('"')[1]


def output(*command, env=None):
    return subprocess.run(command, capture_output=True, text=True, check=True, env=env).stdout.strip()
