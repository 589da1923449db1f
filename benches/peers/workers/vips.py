"""The worker for libvips, through pyvips. One result takes `thumbnail_buffer`, several take one decode into memory and
`thumbnail_image`."""

import os

import pyvips
from worker import centred, serve, sizes

# Caches are off, so that no result is reused by the next request.
pyvips.cache_set_max(0)
pyvips.cache_set_max_mem(0)


def run(request, data):
    targets = sizes(request)
    shared = len(targets) > 1 and not request["separate"]
    once = pyvips.Image.new_from_buffer(data, "").copy_memory() if shared else None
    made = []
    for width, height in targets:
        if request["crop"]:
            picture = pyvips.Image.new_from_buffer(data, "", access="sequential")
            left, top = centred(picture.width, picture.height, (width, height))
            rect = (left, top, width, height)
            result = picture.crop(*rect)
        else:
            how = {"height": height, "crop": "centre"}
            if once:
                result = once.thumbnail_image(width, **how)
                frame = once
            else:
                result = pyvips.Image.thumbnail_buffer(data, width, **how)
                frame = pyvips.Image.new_from_buffer(data, "")
            rect = filled(frame.width, frame.height, width, height)
        made.append((encoded(request, result), rect))
    return made


def encoded(request, picture):
    if request["format"] == "jpeg":
        return picture.jpegsave_buffer(Q=request["quality"], subsample_mode="on")
    if request["format"] == "webp":
        return picture.webpsave_buffer(Q=request["quality"])
    return picture.pngsave_buffer()


def filled(w, h, width, height):
    """Returns the rectangle that a cropped thumbnail shows: libvips resizes to whole pixels that cover, then crops."""
    scale = max(width / w, height / h)
    # The fraction of a pixel that the resizing leaves is split equally between left and right.
    cut = [
        ((round(side * scale) - target) // 2, (side * scale - round(side * scale)) / 2)
        for side, target in ((w, width), (h, height))
    ]
    left, top = [(whole + part) / scale for whole, part in cut]
    return (left, top, width / scale, height / scale)


assert os.environ["VIPS_CONCURRENCY"], "the number of threads"
serve(run)
