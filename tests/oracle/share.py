#!/usr/bin/env python3
"""Finds the cheapest sets of generations with an independent solver: scipy's `milp` (HiGHS), on exact fractions.

    pip install scipy==1.17.1 numpy && python3 tests/oracle/share.py > tests/oracle/share.json
    python3 tests/oracle/share.py 1080x1080 1200x628 # by loss: the cost in micro-dollars and the generations

`tests/it/plan/share/independent_solver.rs` compares the crate with these costs and numbers of generations. The
presets and prices below were typed from the models' pages, so that they share no source with the crate.
"""

import json
import random
import sys
from fractions import Fraction

import numpy
from scipy.optimize import Bounds, LinearConstraint, milp

PRO = {
    "1:1": (1024, 1024), "2:3": (848, 1264), "3:2": (1264, 848), "3:4": (896, 1200), "4:3": (1200, 896),
    "4:5": (928, 1152), "5:4": (1152, 928), "9:16": (768, 1376), "16:9": (1376, 768), "21:9": (1584, 672),
}  # fmt: skip
FLASH = PRO | {"4:1": (2048, 512), "1:4": (512, 2048), "8:1": (3072, 384), "1:8": (384, 3072)}
PRICES = {
    "nano-banana-pro": {1: 150_000, 2: 150_000, 4: 300_000},
    "nano-banana-2": {1: 80_000, 2: 120_000, 4: 160_000},
}
PER_REQUEST = 50_000


def rows(model):
    shapes = PRO if model == "nano-banana-pro" else FLASH
    return [(tier, w * tier, h * tier, PRICES[model][tier]) for tier in (1, 2, 4) for w, h in shapes.values()]


def nearness(row, target):
    a, b = target[0] * row[2], target[1] * row[1]
    return Fraction(min(a, b), max(a, b))


def covers(row, target):
    return row[1] >= target[0] and row[2] >= target[1]


def own_preset(rows, target):
    covering = [row for row in rows if covers(row, target)]
    lowest = min((row[0] for row in covering), default=None)
    tier = [row for row in covering if row[0] == lowest]
    return max(tier, key=lambda row: (nearness(row, target), -row[1] * row[2]), default=None)


def crop(row, target):
    """The largest rectangle of the target's shape: one side is the row's, the other is rounded half up."""
    width, height, (w, h) = row[1], row[2], target
    if width * h >= height * w:
        return max(1, (2 * height * w + h) // (2 * h)), height
    return width, max(1, (2 * width * h + w) // (2 * w))


def sets_of(row, targets, own, loss):
    """The sets of targets that may share one picture of the row, without those that are subsets of others.

    Centred crops lie one inside the other on each axis, so what a set has in common is as wide as its narrowest crop
    and as high as its lowest one. For each such pair, the set has every target whose crop holds it and that does not
    lose too much.
    """
    crops = {target: crop(row, target) for target in targets if covers(row, target)}
    found = set()
    for width in {w for w, _ in crops.values()}:
        for height in {h for _, h in crops.values()}:

            def fits(target):
                w, h = crops[target]
                usable = nearness(row, target) * Fraction(width * height, w * h)
                return w >= width and h >= height and usable * 1000 >= (1000 - loss) * own[target]

            found.add(frozenset(target for target in crops if fits(target)))
    return [one for one in found if one and not any(one < other for other in found)]


def cheapest(rows, targets, loss):
    own = {target: nearness(own_preset(rows, target), target) for target in targets}
    columns = [(row, members) for row in rows for members in sets_of(row, targets, own, loss)]
    allowed = numpy.array([[target in members for _, members in columns] for target in targets], dtype=float)
    # Each generation adds a thousandth of a micro-dollar, so that the smallest of the sets with equal cost wins.
    weights = numpy.array([row[3] + 0.001 for row, _ in columns])
    found = milp(
        weights,
        constraints=LinearConstraint(allowed, 1, numpy.inf),
        integrality=numpy.ones(len(columns)),
        bounds=Bounds(0, 1),
        options={"mip_rel_gap": 0},
    )
    chosen = [row for (row, _), x in zip(columns, found.x) if x > 0.5]
    return PER_REQUEST + sum(row[3] for row in chosen), len(chosen)


def cases():
    draw = random.Random(20261124)
    for index in range(80):
        model = ("nano-banana-pro", "nano-banana-2")[index % 2]
        table, span = rows(model), draw.choice([700, 1500, 3000, 4500])
        targets, count = [], draw.choice([3, 8, 20, 40])
        while len(targets) < count:
            target = (draw.randint(20, span), draw.randint(20, span))
            if own_preset(table, target) and target not in targets:
                targets.append(target)
        loss = draw.choice([0, 10, 50, 100, 150, 200, 300, 500, 800, 1000])
        cost, generations = cheapest(table, targets, loss)
        yield {
            "model": model,
            "max_loss_per_mille": loss,
            "targets": " ".join(f"{w}x{h}" for w, h in targets),
            "cost_usd_micros": cost,
            "generations": generations,
            "cost_unshared_usd_micros": PER_REQUEST + sum(own_preset(table, target)[3] for target in targets),
        }


if sys.argv[1:]:
    # Prints the cost of the given sizes, by loss in thousandths.
    sizes = [tuple(map(int, size.split("x"))) for size in sys.argv[1:]]
    for loss in (0, 50, 100, 150, 200, 300, 500, 1000):
        print(loss, *cheapest(rows("nano-banana-pro"), sizes, loss))
    sys.exit()
print("[\n" + ",\n".join(json.dumps(case) for case in cases()) + "\n]")
