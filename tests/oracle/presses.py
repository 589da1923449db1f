#!/usr/bin/env python3
"""Compares the conversion of CMYK through profiles of presses with LittleCMS.

    cargo build --release --package smart-resize-cli
    pip install pillow numpy && python3 tests/oracle/presses.py target/release/smart-resize PROFILE.icc...

For each profile it writes a JPEG of 8x8 blocks, one for each of 17^3 mixtures of inks and for 4,096 random ones, has the
command decode it, and prints how far the colours of the blocks are from those of LittleCMS with black point compensation and
the perceptual intent, in levels of 255.
"""

import io
import itertools
import pathlib
import subprocess
import sys
import tempfile

import numpy
from PIL import Image, ImageCms

# Without LittleCMS's optimisation, which samples the profile with fewer nodes.
FLAGS = 0x0100 | ImageCms.Flags.BLACKPOINTCOMPENSATION
BLOCK, ACROSS = 8, 64


def mixtures():
    steps = [round(at * 255 / 16) for at in range(17)]
    regular = [(c, m, y, steps[(at * 5) % 17]) for at, (c, m, y) in enumerate(itertools.product(steps, repeat=3))]
    random = numpy.random.default_rng(1).integers(0, 256, (4096, 4))
    grey = [(0, 0, 0, black) for black in range(256)]
    found = numpy.concatenate([numpy.array(regular), random, numpy.array(grey)]).astype(numpy.uint8)
    return found[: len(found) // ACROSS * ACROSS]


def main():
    command, profiles = sys.argv[1], sys.argv[2:]
    inks = mixtures()
    blocks = inks.reshape(-1, ACROSS, 4).repeat(BLOCK, 0).repeat(BLOCK, 1)
    for path in profiles:
        icc = pathlib.Path(path).read_bytes()
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder, "inks.jpg")
            picture = Image.fromarray(blocks, "CMYK")
            picture.save(file, quality=100, subsampling=0, icc_profile=icc)
            width, height = picture.size
            cut = [command, "--generated", file, "--fit", "crop", f"{width}x{height}", "--out", f"{folder}/out", "--format", "png"]
            subprocess.run(cut, check=True, capture_output=True)
            found = numpy.asarray(Image.open(next(pathlib.Path(folder, "out").glob("*.png"))).convert("RGB"))
            stored = numpy.asarray(Image.open(file))
        # Pillow and the command read the same samples: they are compared at the corner of each block.
        read = stored[::BLOCK, ::BLOCK].reshape(-1, 4)
        row = Image.frombytes("CMYK", (len(read), 1), read.tobytes())
        opened = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        expected = ImageCms.profileToProfile(row, opened, ImageCms.createProfile("sRGB"), outputMode="RGB", flags=FLAGS)
        expected = numpy.asarray(expected).reshape(-1, 3).astype(int)
        apart = numpy.abs(found[::BLOCK, ::BLOCK].reshape(-1, 3).astype(int) - expected)
        black = apart[(read == (0, 0, 0, 255)).all(1)].max(initial=0)
        print(f"{pathlib.Path(path).name}: largest {apart.max()}, mean {apart.mean():.3f}, black ink alone {black}")


main()
