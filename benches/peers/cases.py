"""What is compared: the cases, who runs them and with which settings, and what is to be reached."""

from dataclasses import dataclass, field

# Common sizes of ads, all cut from one square picture.
EIGHT = ["1080x1080", "1080x1350", "1080x1920", "1200x628", "1920x1080", "1600x900", "1000x1500", "2048x2048"]


@dataclass
class Run:
    """One way to do a case."""

    label: str
    worker: str
    settings: dict = field(default_factory=dict)

    @property
    def is_ours(self):
        return self.worker in ("ours", "portable")

    @property
    def takes_c(self):
        return self.settings.get("c", False)


@dataclass
class Case:
    name: str
    title: str
    frame: str
    targets: list
    format: str
    # png, 420.jpg or 444.jpg
    source: str = "png"
    picture: str = "photo"
    crop: bool = False
    quality: int = 85
    # The run of ours and the ratio of sharp's time to it that is to be reached: in Rust alone, and with C.
    wanted: dict = field(default_factory=dict)
    # Of the `image` crate's time to ours.
    wanted_of_image: float = 2.0
    # At most so many times the bytes of sharp's file, and so much less quality.
    bytes_limit: float = 1.0
    quality_limit: float = 0.5
    memory_only: bool = False

    @property
    def lossless(self):
        return self.crop and self.format == "png"

    def request(self, run, path, **more):
        defaults = {"separate": False, "memory": False, "adaptive": False, "inspect": False}
        return {
            **defaults,
            "input": path,
            "targets": self.targets,
            "crop": self.crop,
            "format": self.format,
            "quality": self.quality,
            **run.settings,
            **more,
        }

    @property
    def runs(self):
        own = lambda effort, **more: {"encoder": "own", "effort": effort, **more}
        runs = []
        if self.format == "png":
            runs += [
                Run("ours, balanced", "ours", own("balanced")),
                Run("ours, fast", "ours", own("fast")),
                Run("ours, small", "ours", own("small")),
                Run("ours, balanced, inspected", "ours", own("balanced", inspect=True)),
                Run("ours, by the png crate", "ours", {"encoder": "crate", "effort": "balanced"}),
            ]
        elif self.format == "jpeg":
            runs += [
                Run("ours, Rust", "ours"),
                Run("ours, Rust, inspected", "ours", {"inspect": True}),
                Run("ours, Rust without jpeg-simd", "portable"),
                Run("ours, C", "ours", {"c": True}),
            ]
        else:
            runs.append(Run("ours, C", "ours", {"c": True}))
        runs.append(Run("sharp", "sharp"))
        if self.format == "png":
            runs.append(Run("sharp, filtered", "sharp", {"adaptive": True}))
        if len(self.targets) > 1:
            runs.append(Run("sharp, separate", "sharp", {"separate": True}))
        runs += [Run("libvips", "vips"), Run("Pillow", "pillow")]
        if self.format != "webp":
            runs.append(Run("image", "image"))
        return runs


CASES = [
    Case("png-copy-photo", "PNG to PNG, no resampling, photograph", "1024x1024", ["1024x1000"], "png", crop=True),
    Case("png-copy-flat", "PNG to PNG, no resampling, flat graphic with text", "1920x1200", ["1920x1080"], "png",
         picture="flat", crop=True, bytes_limit=1.05),
    Case("png-1920", "PNG to PNG, 2752x1536 to 1920x1080", "2752x1536", ["1920x1080"], "png", wanted_of_image=2.5),
    Case("png-3840", "PNG to PNG, 5504x3072 to 3840x2160", "5504x3072", ["3840x2160"], "png"),
    Case("jpeg-1920", "PNG to JPEG, 1920x1080", "2752x1536", ["1920x1080"], "jpeg", wanted_of_image=2.5),
    Case("jpeg-3840", "PNG to JPEG, 3840x2160", "5504x3072", ["3840x2160"], "jpeg"),
    Case("jpeg-jpeg-1920", "JPEG to JPEG, 1920x1080", "2752x1536", ["1920x1080"], "jpeg", source="420.jpg",
         wanted_of_image=2.5),
    Case("webp-1920", "PNG to WebP, 1920x1080", "2752x1536", ["1920x1080"], "webp", quality=80),
    Case("eight", "one PNG of 4096x4096 to eight JPEGs", "4096x4096", EIGHT, "jpeg"),
    Case("memory", "PNG to PNG, 4096x4096 cropped to 4096x3900", "4096x4096", ["4096x3900"], "png", crop=True,
         memory_only=True),
]
