"""Draws the chart: a row for each case, with a mark for each library at its time divided by ours. Logarithmic axis."""

import math
from html import escape
from statistics import geometric_mean, mean

STYLE = """
text { font: 13px system-ui, 'Segoe UI', Helvetica, Arial, sans-serif; fill: #24292f }
.title { font-size: 17px; font-weight: 600 }
.small { font-size: 11.5px; fill: #57606a }
.value { font-size: 11.5px; font-weight: 600; text-anchor: middle }
.ground { fill: #ffffff }
.grid { stroke: #d0d7de }
.ours { stroke: #0969da; stroke-width: 2.5 }
.ours-text { fill: #0969da; font-weight: 600 }
.sharp { fill: #cf222e } .libvips { fill: #bf8700 } .pillow { fill: #1a7f37 } .image { fill: #8250df } .by-hand { fill: #1b7c83 }
.mark { stroke: #ffffff; stroke-width: 1.5 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .small { fill: #9da7b3 }
  .ground { fill: #0d1117 }
  .grid { stroke: #30363d }
  .ours { stroke: #58a6ff }
  .ours-text { fill: #58a6ff }
  .sharp { fill: #ff7b72 } .libvips { fill: #e3b341 } .pillow { fill: #56d364 } .image { fill: #d2a8ff } .by-hand { fill: #39c5cf }
  .mark { stroke: #0d1117 }
}
"""

PEERS = {"sharp": "sharp", "libvips": "libvips", "Pillow": "pillow", "image": "image", "by hand": "by-hand"}
LEFT, RIGHT, TOP, ROW = 330, 880, 104, 34
LEAST, MOST = 0.5, 32


def across(ratio):
    part = math.log(min(max(ratio, LEAST), MOST) / LEAST) / math.log(MOST / LEAST)
    return LEFT + part * (RIGHT - LEFT)


def draw(cases, tables, clock):
    """Returns the chart as SVG, with a row for each case and each of its runs `balanced`, `Rust` and `C`."""
    words = {"times": "Time", "cpus": "CPU time"}[clock]
    rows = []
    for case in cases:
        ours = [label for label in ("ours, balanced", "ours, Rust", "ours, C") if label in tables[case.name]]
        rows += [(case.title, label, tables[case.name]) for label in ours if not case.threads]
    bottom = TOP + ROW * len(rows)
    parts = [
        text(24, 34, f"{words} of each library, ours = 1", "title"),
        text(24, 54, "One thread each, interleaved, on the same bytes in memory. Farther right is slower.", "small"),
    ]
    for at, (name, kind) in enumerate(PEERS.items()):
        parts += [mark(kind, LEFT + 8 + at * 92, 78), text(LEFT + 20 + at * 92, 82, name)]
    parts += [line("ours", LEFT + 472, 71, LEFT + 472, 85), text(LEFT + 482, 82, "ours", "ours-text")]
    for ratio in (0.5, 1, 2, 4, 8, 16, 32):
        parts.append(line("ours" if ratio == 1 else "grid", across(ratio), TOP - 8, across(ratio), bottom))
        parts.append(text(across(ratio), bottom + 18, f"{ratio:g}×", "small", "middle"))
    for at, (title, label, table) in enumerate(rows):
        y = TOP + ROW * at + ROW / 2
        parts.append(text(24, y, title))
        parts.append(text(24, y + 14, f"{label}, {mean(table[label][clock]):.0f} ms", "small"))
        for name, kind in reversed(PEERS.items()):
            if name in table:
                times = zip(table[name][clock], table[label][clock], strict=True)
                ratio = geometric_mean(theirs / ours for theirs, ours in times)
                parts.append(mark(kind, across(ratio), y + 4, f"{name}: {ratio:.2f}"))
                if name == "sharp":
                    parts.append(text(across(ratio), y - 6, f"{ratio:.1f}", "value"))
    parts.append(text(24, bottom + 40, "File sizes and quality differ; BENCHMARKS.md lists them and says where the work is not equal.", "small"))
    size = f'viewBox="0 0 910 {bottom + 56}" width="910" height="{bottom + 56}"'
    body = "\n".join([f"<style>{STYLE}</style>", f'<rect class="ground" width="910" height="{bottom + 56}"/>', *parts])
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{words} of each library, ours = 1">\n{body}\n</svg>\n'


def text(x, y, words, kind="", anchor="start"):
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}" text-anchor="{anchor}">{escape(words)}</text>'


def line(kind, x, y, x2, y2):
    return f'<line class="{kind}" x1="{x:.1f}" y1="{y:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def mark(kind, x, y, title=""):
    """Returns the mark of a library. Each library has its own shape, so that the chart can be read without colours."""
    shape = {
        "sharp": f'<circle cx="{x:.1f}" cy="{y:.1f}" r="6"',
        "libvips": f'<rect x="{x - 5:.1f}" y="{y - 5:.1f}" width="10" height="10"',
        "pillow": f'<path d="M{x:.1f} {y - 7:.1f}l7 12h-14z"',
        "image": f'<path d="M{x:.1f} {y - 7:.1f}l7 7-7 7-7-7z"',
        "by-hand": f'<path d="M{x:.1f} {y + 7:.1f}l7-12h-14z"',
    }[kind]
    tag = shape.split()[0][1:]
    return f'{shape} class="{kind} mark"><title>{escape(title)}</title></{tag}>'
