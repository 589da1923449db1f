#!/usr/bin/env python3
"""Writes colour.json next to this file: colours under the profiles below, converted to sRGB by LittleCMS.

    pip install pillow && python3 tests/oracle/colour.py

Each case has a profile, the samples of a row of pixels, and the row in sRGB, all in hexadecimal. tests/it/pixels/colour.rs
compares the crate with these results, and tests/it/pixels/cmyk.rs with those for CMYK.
"""

import io
import itertools
import json
import pathlib
import struct

from PIL import Image, ImageCms, features

D50 = (0.9642, 1.0, 0.8249)
BRADFORD = ((0.8951, 0.2664, -0.1614), (-0.7502, 1.7135, 0.0367), (0.0389, -0.0685, 1.0296))
# Disables LittleCMS's optimisations. Those for 8 bits are off by several levels for dark linear grey.
NO_OPTIMISATION = 0x0100


def product(a, b):
    return [[sum(x * y for x, y in zip(row, column)) for column in zip(*b)] for row in a]


def inverse(m):
    (a, b, c), (d, e, f), (g, h, i) = m
    rows = (
        (e * i - f * h, c * h - b * i, b * f - c * e),
        (f * g - d * i, a * i - c * g, c * d - a * f),
        (d * h - e * g, b * g - a * h, a * e - b * d),
    )
    determinant = a * rows[0][0] + b * rows[1][0] + c * rows[2][0]
    return [[number / determinant for number in row] for row in rows]


def xyz(x, y):
    return [x / y, 1.0, (1 - x - y) / y]


def colorants(white, *corners):
    """Returns the XYZ values of the three primaries, adapted to D50."""
    columns = list(zip(*(xyz(*corner) for corner in corners)))
    white = [[number] for number in xyz(*white)]
    strength = product(inverse(columns), white)
    scaled = [[number * strength[at][0] for at, number in enumerate(row)] for row in columns]
    cones = [pair[0] / pair[1][0] for pair in zip((row[0] for row in product(BRADFORD, [[n] for n in D50])), product(BRADFORD, white))]
    adapted = product(inverse(BRADFORD), [[cone * n for n in row] for cone, row in zip(cones, product(BRADFORD, scaled))])
    return list(zip(*adapted))


def fixed(*numbers):
    return b"".join(struct.pack(">i", round(number * 65536)) for number in numbers)


def para(kind, *numbers):
    return b"para\0\0\0\0" + struct.pack(">HH", kind, 0) + fixed(*numbers)


def curv(*numbers):
    return b"curv\0\0\0\0" + struct.pack(">I", len(numbers)) + struct.pack(f">{len(numbers)}H", *numbers)


def profile(space, curve, colours=(), between=b"XYZ "):
    tags = {}
    for name, colour in zip((b"rXYZ", b"gXYZ", b"bXYZ"), colours):
        tags[name] = b"XYZ \0\0\0\0" + fixed(*colour)
    for name in (b"rTRC", b"gTRC", b"bTRC") if colours else (b"kTRC",):
        tags[name] = curve
    return assembled(tags, space, between)


def assembled(colour_tags, space, between, version=0x02400000, kind=b"mntr"):
    text = b"drawn up for a test\0"
    tags = {
        b"desc": b"desc\0\0\0\0" + struct.pack(">I", len(text)) + text + b"\0" * 78,
        b"cprt": b"text\0\0\0\0CC0\0",
        b"wtpt": b"XYZ \0\0\0\0" + fixed(*D50),
    } | colour_tags
    table, data = b"", b""
    start = 128 + 4 + 12 * len(tags)
    for name, tag in tags.items():
        table += struct.pack(">4sII", name, start + len(data), len(tag))
        data += tag + b"\0" * (-len(tag) % 4)
    body = struct.pack(">I", len(tags)) + table + data
    header = struct.pack(">I4sI4s4s4s", 128 + len(body), b"\0" * 4, version, kind, space, between)
    header += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + b"\0" * 28 + fixed(*D50)
    return header.ljust(128, b"\0") + body


D65 = (0.3127, 0.3290)
P3 = colorants(D65, (0.680, 0.320), (0.265, 0.690), (0.150, 0.060))
ADOBE = colorants(D65, (0.64, 0.33), (0.21, 0.71), (0.15, 0.06))
PROPHOTO = colorants((0.3457, 0.3585), (0.7347, 0.2653), (0.1596, 0.8404), (0.0366, 0.0001))
REC2020 = colorants(D65, (0.708, 0.292), (0.170, 0.797), (0.131, 0.046))
SRGB = colorants(D65, (0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
SRGB_CURVE = para(3, 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
REC709_CURVE = para(4, 1 / 0.45, 1 / 1.099, 0.099 / 1.099, 1 / 4.5, 0.081, 0, 0)
TABLE = curv(*(round((at / 255) ** 1.9 * 65535) for at in range(256)))
S_CURVE = curv(*(round((3 * (at / 32) ** 2 - 2 * (at / 32) ** 3) * 65535) for at in range(33)))

PROFILES = {
    "Display P3": profile(b"RGB ", SRGB_CURVE, P3),
    "Adobe RGB": profile(b"RGB ", curv(563), ADOBE),
    "ProPhoto": profile(b"RGB ", curv(461), PROPHOTO),
    "Rec. 2020": profile(b"RGB ", REC709_CURVE, REC2020),
    "linear": profile(b"RGB ", curv(), SRGB),
    "a table": profile(b"RGB ", TABLE, ADOBE),
    "an odd table": profile(b"RGB ", S_CURVE, P3),
    "red and blue exchanged": profile(b"RGB ", SRGB_CURVE, SRGB[::-1]),
    "sRGB under another name": profile(b"RGB ", SRGB_CURVE, SRGB),
    "grey": profile(b"GRAY", curv(461)),
    "linear grey": profile(b"GRAY", para(0, 1.0)),
    "grey by a table": profile(b"GRAY", S_CURVE),
    "grey as lightness": profile(b"GRAY", curv(), between=b"Lab "),
}


GRID = 5


def lab(x, y, z):
    """Converts XYZ under D50 to L*a*b*."""
    root = [t ** (1 / 3) if t > (6 / 29) ** 3 else t / (3 * (6 / 29) ** 2) + 4 / 29 for t in (x / D50[0], y, z / D50[2])]
    return 116 * root[1] - 16, 500 * (root[0] - root[1]), 200 * (root[1] - root[2])


def overprint(inks, cover):
    """The XYZ of halftones that overlap at random (Neugebauer). Each ink transmits a part of X, Y and Z."""
    colour = list(D50)
    for ink, amount in zip(inks, cover):
        colour = [part * (1 - amount + amount * through) for part, through in zip(colour, ink)]
    return colour


def padded(*parts):
    """Joins parts of a tag, each filled up to 4 bytes. Returns their offsets too."""
    offsets, data = [], b""
    for part in parts:
        offsets.append(len(data))
        data += part + b"\0" * (-len(part) % 4)
    return offsets, data


def printer(inks, version=0x02400000, wide=True, between=b"Lab "):
    """A profile of inks, with a table of GRID nodes per ink behind curves of dot gain. That of version 4 is a mAB tag."""
    top = 65535 if wide else 255

    def encoded(colour):
        if between == b"XYZ ":
            return [part * 32768 / 65535 for part in colour]
        lightness, a, b = lab(*colour)
        # In version 2, 16 bits end at 65280 for an L* of 100.
        scale = 65280 / 65535 if wide and version < 0x04000000 else 1
        return [lightness / 100 * scale, (a + 128) / 255 * scale, (b + 128) / 255 * scale]

    def numbers(values):
        whole = [min(max(round(value * top), 0), top) for value in values]
        return struct.pack(f">{len(whole)}{'H' if wide else 'B'}", *whole)

    gain = [(at / 255) ** 0.8 for at in range(256)] * 4
    nodes = itertools.product([at / (GRID - 1) for at in range(GRID)], repeat=4)
    table = [number for node in nodes for number in encoded(overprint(inks, node))]
    if version >= 0x04000000:
        # The curves behind the table undo a root, and those behind the matrix undo the matrix.
        matrix = fixed(0.5, 0, 0, 0, 0.5, 0, 0, 0, 0.5, 0.25, 0.25, 0.25)
        before = b"".join(padded(*[para(0, 2.0)] * 3)[1:])
        after = b"".join(padded(*[curv(0, 0, 32768, 65535, 65535)] * 3)[1:])
        size = bytes([GRID] * 4 + [0] * 12) + bytes((2, 0, 0, 0))
        offsets, data = padded(after, matrix, before, size + numbers(number**0.5 for number in table), para(0, 0.8) * 4)
        head = b"mAB \0\0\0\0" + bytes((4, 3, 0, 0)) + struct.pack(">5I", *(32 + offset for offset in offsets))
        return assembled({b"A2B0": head + data}, b"CMYK", between, version, b"prtr")
    straight = ([0, 1] if wide else [at / 255 for at in range(256)]) * 3
    tag = (b"mft2" if wide else b"mft1") + b"\0\0\0\0" + bytes((4, 3, GRID, 0)) + fixed(1, 0, 0, 0, 1, 0, 0, 0, 1)
    tag += struct.pack(">HH", 256, 2) if wide else b""
    return assembled({b"A2B0": tag + numbers(gain) + numbers(table) + numbers(straight)}, b"CMYK", between, version, b"prtr")


COATED = ((0.12, 0.19, 0.53), (0.34, 0.18, 0.16), (0.74, 0.78, 0.09), (0.02, 0.02, 0.02))
UNCOATED = ((0.25, 0.33, 0.55), (0.42, 0.28, 0.27), (0.76, 0.79, 0.23), (0.18, 0.17, 0.14))
PRINTERS = {
    "coated": printer(COATED),
    "uncoated": printer(UNCOATED),
    "coated in 8 bits": printer(COATED, wide=False),
    "coated by version 4": printer(COATED, version=0x04200000),
    "uncoated by XYZ": printer(UNCOATED, between=b"XYZ "),
}


def main():
    levels = (0, 3, 31, 64, 100, 160, 223, 255)
    rgb = bytes(level for r in levels for g in levels for b in levels for level in (r, g, b))
    grey = bytes(range(256))
    cases = []
    for name, icc in PROFILES.items():
        is_grey = "grey" in name
        samples, mode = (grey, "L") if is_grey else (rgb, "RGB")
        row = Image.frombytes(mode, (len(samples) // len(mode), 1), samples)
        to = ImageCms.createProfile("sRGB")
        opened = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        made = ImageCms.profileToProfile(row, opened, to, outputMode="RGB", flags=NO_OPTIMISATION if is_grey else 0)
        data = {"icc": icc, "samples": samples, "srgb": made.tobytes()}
        cases.append({"name": name, "grey": is_grey} | {key: value.hex() for key, value in data.items()})
    cmyk = []
    steps = (0, 20, 90, 170, 255)
    inks = bytes(level for node in itertools.product(steps, repeat=4) for level in node)
    for name, icc in PRINTERS.items():
        row = Image.frombytes("CMYK", (len(inks) // 4, 1), inks)
        opened = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        flags = NO_OPTIMISATION | ImageCms.Flags.BLACKPOINTCOMPENSATION
        made = ImageCms.profileToProfile(row, opened, ImageCms.createProfile("sRGB"), outputMode="RGB", flags=flags)
        data = {"icc": icc, "samples": inks, "srgb": made.tobytes()}
        cmyk.append({"name": name} | {key: value.hex() for key, value in data.items()})
    found = {"engine": f"LittleCMS {features.version('littlecms2')}", "cases": cases, "cmyk": cmyk}
    path = pathlib.Path(__file__).with_name("colour.json")
    path.write_text(json.dumps(found, indent=1) + "\n")


main()
