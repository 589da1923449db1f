"""Makes the input pictures in the sizes and formats of the cases. Each file is made once and used by every peer."""

from pathlib import Path

from PIL import Image, ImageOps

from processes import PEERS

Image.MAX_IMAGE_PIXELS = None
FOLDER = PEERS / "inputs"


def photographs(folder, at_most):
    """Returns the paths of the largest pictures of a folder and its subfolders."""
    found = []
    for path in sorted(Path(folder).rglob("*")):
        if path.suffix.lower() in (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff"):
            with Image.open(path) as picture:
                found.append((-picture.width * picture.height, path))
    return [path for _, path in sorted(found)[:at_most]]


class Picture:
    """A photograph from a file, or a drawn picture: `photo` or `flat`."""

    def __init__(self, name, tools, path=None):
        self.name, self.tools, self.path = name, tools, path

    def raw(self, frame):
        """Returns the path of the raw RGB pixels."""
        raw = self.file(frame, "rgb")
        if not raw.exists():
            if self.path:
                raw.write_bytes(covering(self.path, frame).tobytes())
            else:
                self.tools.ask({"tool": self.name, "targets": [frame], "input": str(raw)})
        return raw

    def encoded(self, frame, kind):
        """Returns the path of the encoded file. `kind` is `png`, `420.jpg` or `444.jpg`."""
        path = self.file(frame, kind)
        if not path.exists():
            size = tuple(map(int, frame.split("x")))
            picture = Image.frombytes("RGB", size, self.raw(frame).read_bytes())
            if kind == "png":
                picture.save(path)
            else:
                picture.save(path, quality=95, subsampling="4:2:0" if kind == "420.jpg" else "4:4:4")
        return path

    def file(self, frame, kind):
        FOLDER.mkdir(parents=True, exist_ok=True)
        return FOLDER / f"{self.name}.{frame}.{kind}"


def covering(path, frame):
    """Returns a photograph in the size of the frame.

    Enlarging makes a picture smooth, so a photograph that is too small is tiled with its mirror images instead."""
    width, height = map(int, frame.split("x"))
    photo = ImageOps.exif_transpose(Image.open(path)).convert("RGB")
    if photo.width >= width and photo.height >= height:
        return ImageOps.fit(photo, (width, height), Image.Resampling.LANCZOS)
    tiled = Image.new("RGB", (width, height))
    for row in range(-(-height // photo.height)):
        for column in range(-(-width // photo.width)):
            tile = ImageOps.mirror(photo) if column % 2 else photo
            tile = ImageOps.flip(tile) if row % 2 else tile
            tiled.paste(tile, (column * photo.width, row * photo.height))
    return tiled
