"""The worker for Pillow, used as its documentation shows: open, `ImageOps.fit` with Lanczos, save."""

import io

from PIL import Image, ImageOps
from worker import centred, serve, sizes


def decoded(data):
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture


def run(request, data):
    once = None if request["separate"] else decoded(data)
    made = []
    for width, height in sizes(request):
        picture = once or decoded(data)
        if request["crop"]:
            left, top = centred(*picture.size, (width, height))
            rect = (left, top, width, height)
            result = picture.crop((left, top, left + width, top + height))
        else:
            rect = filled(*picture.size, width, height)
            result = ImageOps.fit(picture, (width, height), Image.Resampling.LANCZOS)
        made.append((encoded(request, result), rect))
    return made


def encoded(request, picture):
    output = io.BytesIO()
    if request["format"] == "jpeg":
        picture.save(output, "JPEG", quality=request["quality"], subsampling="4:2:0")
    elif request["format"] == "webp":
        picture.save(output, "WEBP", quality=request["quality"])
    else:
        picture.save(output, "PNG")
    return output.getvalue()


def filled(w, h, width, height):
    """Returns the rectangle that `ImageOps.fit` shows: the largest of the target's shape, to a fraction of a pixel."""
    across, down = (w, w * height / width) if w * height < h * width else (h * width / height, h)
    return ((w - across) / 2, (h - down) / 2, across, down)


serve(run)
