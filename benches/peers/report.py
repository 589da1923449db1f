"""Writes the report: BENCHMARKS.md and its chart."""

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
# Above this load average, CPU time is judged instead of wall-clock time.
QUIET = 3.0

NOTES = {
    "ours, balanced": "`PngOptions::default().effort(PngEffort::Balanced)`, the default effort, with `Inspect::Off`",
    "ours, small": "`PngEffort::Small`, with `Inspect::Off`",
    "ours, balanced, inspected": "the default options: the picture is inspected for borders and blankness",
    "ours, Rust": "`Codec::Pure` with `Inspect::Off`, the default build; optimised Huffman tables; an ICC profile of 480 bytes "
    "in each file",
    "ours, Rust, inspected": "the default options: the picture is inspected for borders and blankness",
    "ours, C": "`Codec::Fast`: libjpeg-turbo for JPEG, libwebp for WebP; PNG is decoded in Rust as in the other runs",
    "by hand": "hand-written Rust without smart-resize, in one thread (`benches/peers/ours/src/by_hand.rs`): `png` or "
    "`zune-jpeg` decodes, `fast_image_resize` resamples an integer crop box with Lanczos3, and `png` (balanced compression, "
    "adaptive filters) or `jpeg-encoder` (4:2:0 with averaged chroma, its default Huffman tables) encodes. Not equal work: it reads only RGB of 8 "
    "bits, and has no limits, colour conversion, EXIF orientation or ICC profile",
    "sharp": "its defaults. PNG: zlib-ng at level 6 without filters, which is faster and gives files about 1.5 times as "
    "large. JPEG: the mozjpeg library without trellis quantisation, with optimised Huffman tables. Several results share "
    "one decode into raw pixels and clone it",
    "sharp, rows filtered": "`adaptiveFiltering: true`, which gives files as small as those of the other libraries",
    "sharp, separate pipelines": "one decode for each result",
    "libvips": "pyvips, `thumbnail` or `crop`, its defaults. PNG as sharp; JPEG with the default Huffman tables",
    "Pillow": "`ImageOps.fit` with Lanczos, or `crop`; PNG with adaptive filters at level 6",
    "image": "`resize_to_fill` with Lanczos3, or `crop_imm`. Not equal work: its JPEG is always 4:4:4, so larger and of higher "
    "quality; its PNG has the fastest compression",
    "image, level 6": "the same with `CompressionType::Level(6)`",
}


def write(results, path):
    """Writes the page and its chart."""
    cases = [case for case in CASES if any(found["case"] == case.name for found in results["found"])]
    tables = {case.name: table(case.name, results) for case in cases}
    clock = "times" if max(found["load"] for found in results["found"]) < QUIET else "cpus"
    (HERE / "chart.svg").write_text(chart.draw(cases, tables, clock))
    lines = [
        "# Benchmarks",
        "",
        "This page compares smart-resize with other image libraries. Each run decodes encoded bytes in memory, crops or "
        "resamples, and encodes files of exactly the requested size.",
        "",
        "![Time of each library relative to ours, case by case](benches/peers/chart.svg)",
        "",
        *method(results["about"]),
        "## Targets",
        "",
        *targets(tables, clock, results),
        "",
        "## Cases",
        "",
        "`ms` is the median time in milliseconds; with several photographs, the mean of their medians. `±` is half the "
        "interquartile range. `cpu ms` is the CPU time of all threads. `ratio` is the time divided by that of the first row. "
        "`quality` is the SSIMULACRA2 score; equal pixels score 100. `memory MB` is the peak in megabytes of 1,000,000 bytes.",
        "",
    ]
    for case in cases:
        lines += [f"### {case.title}", "", *rows(case, tables[case.name]), ""]
    lines += [*memory(results), "## Settings and differences", "", *notes(tables), "", "## Machine and versions", ""]
    lines += machine(results)
    path.write_text("\n".join(lines) + "\n")


def method(about):
    """The lines about the inputs and the way of measuring."""
    photos = f"{len(about['photos'])} photographs ({', '.join(about['photos'])})" if about["origin"] else "a drawn picture"
    origin = f", {about['origin']}; they are not in this repository" if about["origin"] else ""
    return [
        "```sh",
        "benches/peers/run --photos DIR",
        "```",
        "",
        "This command installs the peers under `target/`, measures, and writes this page.",
        "",
        f"**Inputs.** This page was measured with {photos}{origin}. A photograph that is too small for a case is tiled with its "
        f"mirror images. Cases larger than 2752x1536 use at most {about['large']} of the photographs. The flat graphic is "
        "drawn. PNG inputs are written by Pillow with its defaults; the JPEG input has quality 95 and 4:2:0 subsampling.",
        "",
        f"**Timing.** Each library is a process that keeps running, with one thread and without caches. In each of "
        f"{about['rounds']} rounds each library runs the case twice, and the second run counts: the first brings the memory of "
        "an idle process back into the caches. The order rotates, so that other load on the machine affects all libraries "
        "alike. A run that has used 2.5 seconds of CPU time is not repeated. smart-resize uses a `Renderer`, which keeps its "
        "scratch buffers between pictures, but no picture. Processes are not pinned to a core: libvips, which sharp uses too, "
        "compresses in an additional thread, so that its CPU time can exceed its wall-clock time.",
        "",
        "**Quality.** Pillow decodes every result, which must have exactly the requested size. A lossless crop must have the "
        "pixels of the source. Each library crops at a different fraction of a pixel, so each resampled result is scored "
        "against its own reference: the rectangle of the lossless source that it shows, resampled with Lanczos3 in 64-bit "
        "floats and rounded once (`benches/peers/ours/src/quality.rs`). Only the first three of eight results are scored.",
        "",
        "**File sizes.** Libraries resample to slightly different pixels, which compress differently. To compare only the PNG "
        f"encoders, the rows \"{SAME_PIXELS}\" compare our file with the same pixels encoded by Pillow.",
        "",
    ]


def table(name, results):
    """Returns the measurements of each run of a case: one value per picture, and the peak of memory."""
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
    """Returns the geometric mean over the pictures of the values of `other` divided by those of `ours`."""
    pairs = zip(table[other][what], table[ours][what], strict=True)
    return statistics.geometric_mean(other / ours for other, ours in pairs)


def rows(case, table):
    """The lines of the table of a case."""
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
    """The lines of the table of targets."""
    yield "Times and bytes are geometric means over the pictures. `time` is the time of the other run divided by that of ours, and"
    yield "must be at least the target. `bytes` is the size of our files divided by that of the others, and `lost` the difference"
    yield "in quality; both must be at most their targets. `load` is the mean load average of the machine. Above about 1.5 other"
    yield "work used the second core, so that libvips and sharp could not use it for their additional threads, which favours ours."
    if clock == "cpus":
        yield ""
        yield "**The machine was busy during the measurement, so that wall-clock time depends on other work.** The targets and the"
        yield "chart therefore use CPU time, except for one thread against two. This favours ours a little: libvips and sharp use"
        yield "two threads for up to a third of their time."
    yield ""
    yield "| case | ours | other | time: target | time | CPU time | bytes: target | bytes | lost: target | lost | load | met |"
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
                ("time", target.time is not None and judged < target.time),
                ("bytes", target.bytes is not None and size > target.bytes),
                ("quality", target.quality is not None and lost > target.quality),
            )
            if missed
        ]
        cells = [titles[target.case], target.ours, target.other]
        cells += ["", "", ""] if target.time is None else [f"{target.time}", f"{time:.2f}", f"{cpu:.2f}"]
        cells += ["", ""] if target.bytes is None else [f"{target.bytes}", f"{size:.3f}"]
        cells += ["", ""] if target.quality is None else [f"{target.quality}", f"{lost:.2f}"]
        load = statistics.mean(found["load"] for found in results["found"] if found["case"] == target.case)
        cells.append(f"{load:.1f}")
        yield f"| {' | '.join(cells)} | {'**no: ' + ', '.join(misses) + '**' if misses else 'yes'} |"


def memory(results):
    """The lines of the memory case."""
    found = [peak for peak in results["memory"] if peak["case"] == "memory"]
    if not found:
        return
    label, most = MEMORY_TARGET
    title = next(case.title for case in CASES if case.name == "memory")
    yield f"### Memory: {title}"
    yield ""
    yield f"The peak includes input and output. Target: at most {most} MB for \"{label}\"."
    yield ""
    yield "| | peak MB |"
    yield "|---|---:|"
    for peak in found:
        missed = peak["run"] == label and peak["bytes"] > most * 1e6
        yield f"| {peak['run']} | {peak['bytes'] / 1e6:.0f}{' **(target missed)**' if missed else ''} |"
    yield ""


def notes(tables):
    """A line for each run that was measured."""
    labels = {label for table in tables.values() for label in table}
    for label, note in NOTES.items():
        if label in labels:
            yield f"- **{label}**: {note}."
    yield "- All WebP files are lossy, with effort 4, which is the default of each library."


def machine(results):
    """The lines about the machine and the versions of everything that was measured."""
    model = next(line.split(":")[1].strip() for line in Path("/proc/cpuinfo").open() if line.startswith("model name"))
    yield f"- {model}, {os.cpu_count()} cores, {platform.system()} {platform.release()}"
    loads = [found["load"] for found in results["found"]]
    yield f"- load average while measuring: {min(loads):.1f} to {max(loads):.1f}, of which the benchmark causes about 1"
    yield f"- smart-resize {locked('smart-resize')}, {output('rustc', '--version')}, release profile, no `target-cpu`"
    yield "- " + ", ".join(
        f"{name} {locked(name)}"
        for name in ("png", "zune-jpeg", "jpeg-encoder", "fast_image_resize", "turbojpeg-sys", "image", "fast-ssim2")
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
    """Returns the version of a package in Cargo.lock."""
    lines = (ROOT / "Cargo.lock").read_text().splitlines()
    at = lines.index(f'name = "{name}"')
    return lines[at + 1].split('"')[1]


def output(*command, env=None):
    return subprocess.run(command, capture_output=True, text=True, check=True, env=env).stdout.strip()
