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
    threads: int = 1

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
    # The file that is given: png, 420.jpg or 444.jpg.
    source: str = "png"
    picture: str = "photo"
    crop: bool = False
    quality: int = 85
    # Whether one thread is compared with two, rather than ours with others.
    threads: bool = False
    memory_only: bool = False

    @property
    def lossless(self):
        return self.crop and self.format == "png"

    @property
    def is_large(self):
        return self.frame in ("4096x4096", "5504x3072")

    def request(self, run, path, **more):
        defaults = {"separate": False, "memory": False, "adaptive": False, "level": 0}
        return {
            **defaults,
            "input": str(path),
            "targets": self.targets,
            "crop": self.crop,
            "format": self.format,
            "quality": self.quality,
            **run.settings,
            **more,
        }

    def runs(self):
        if self.threads:
            return [
                Run(f"{run.label}, {count}", run.worker, run.settings, threads)
                for run in OURS[self.format][:2] + [SHARP]
                for threads, count in ((1, "one thread"), (2, "two threads"))
                if "inspected" not in run.label and "fast" not in run.label
            ]
        runs = OURS[self.format] + [SHARP]
        if self.format == "png":
            runs = runs + [Run("sharp, rows filtered", "sharp", {"adaptive": True})]
        if len(self.targets) > 1:
            runs = runs + [Run("sharp, separate pipelines", "sharp", {"separate": True})]
        runs = runs + [Run("libvips", "vips"), Run("Pillow", "pillow")]
        if self.format != "webp":
            runs = runs + [Run("image", "image")]
        if self.format == "png":
            runs = runs + [Run("image, level 6", "image", {"level": 6})]
        return runs


def own(effort, **more):
    return {"encoder": "own", "effort": effort, **more}


SHARP = Run("sharp", "sharp")
# Pillow, given the pixels of our result to write: other pixels, resampled by another, take other room.
SAME_PIXELS = "Pillow, of the same pixels"
OURS = {
    "png": [
        Run("ours, balanced", "ours", own("balanced")),
        Run("ours, fast", "ours", own("fast")),
        Run("ours, small", "ours", own("small")),
        Run("ours, balanced, inspected", "ours", own("balanced", inspect=True)),
        Run("ours, balanced, by the png crate", "ours", {"encoder": "crate", "effort": "balanced"}),
    ],
    "jpeg": [
        Run("ours, Rust", "ours"),
        Run("ours, C", "ours", {"c": True}),
        Run("ours, Rust without jpeg-simd", "portable"),
        Run("ours, Rust, inspected", "ours", {"inspect": True}),
    ],
    "webp": [Run("ours, C", "ours", {"c": True})],
}

CASES = [
    Case("png-copy-photo", "PNG to PNG, no resampling, photograph", "1024x1024", ["1024x1000"], "png", crop=True),
    Case("png-copy-flat", "PNG to PNG, no resampling, flat graphic", "1920x1200", ["1920x1080"], "png",
         picture="flat", crop=True),
    Case("png-1920", "PNG to PNG, 2752x1536 to 1920x1080", "2752x1536", ["1920x1080"], "png"),
    Case("png-3840", "PNG to PNG, 5504x3072 to 3840x2160", "5504x3072", ["3840x2160"], "png"),
    Case("jpeg-1920", "PNG to JPEG, 2752x1536 to 1920x1080", "2752x1536", ["1920x1080"], "jpeg"),
    Case("jpeg-3840", "PNG to JPEG, 5504x3072 to 3840x2160", "5504x3072", ["3840x2160"], "jpeg"),
    Case("jpeg-jpeg-1920", "JPEG to JPEG, 2752x1536 to 1920x1080", "2752x1536", ["1920x1080"], "jpeg",
         source="420.jpg"),
    Case("webp-1920", "PNG to WebP, 2752x1536 to 1920x1080", "2752x1536", ["1920x1080"], "webp", quality=80),
    Case("eight", "One PNG of 4096x4096 to eight JPEGs", "4096x4096", EIGHT, "jpeg"),
    Case("threads-one", "Threads: PNG to PNG, 2752x1536 to 1920x1080", "2752x1536", ["1920x1080"], "png", threads=True),
    Case("threads-eight", "Threads: one PNG of 4096x4096 to eight JPEGs", "4096x4096", EIGHT, "jpeg", threads=True),
    Case("memory", "PNG to PNG, 4096x4096 cropped to 4096x3900", "4096x4096", ["4096x3900"], "png", crop=True,
         memory_only=True),
]


@dataclass
class Target:
    """How many times as long as `ours` the run `other` is to take, with at most so many times its bytes and so much
    less quality. Nothing for what is not asked."""

    case: str
    ours: str
    other: str
    time: float = 0
    bytes: float = 0
    quality: float = 0


def of_sharp(case, rust, c, **more):
    return [
        Target(case, "ours, Rust", "sharp", rust, 1.02, 1.5, **more),
        Target(case, "ours, C", "sharp", c, 1.02, 0.5, **more),
    ]


TARGETS = [
    *(
        Target(case, f"ours, {effort}", "sharp", *wanted)
        for case, *wanted in (
            ("png-copy-photo", 3.5, 1.0),
            ("png-copy-flat", 1.5, 1.05),
            ("png-1920", 1.7, 1.0, 0.5),
            ("png-3840", 1.4, 1.0, 0.5),
        )
        for effort in ("balanced", "fast")
    ),
    *of_sharp("jpeg-1920", 1.1, 1.3),
    *of_sharp("jpeg-3840", 0.95, 1.15),
    *of_sharp("jpeg-jpeg-1920", 0.8, 1.2),
    Target("webp-1920", "ours, C", "sharp", 1.1, 1.02, 0.5),
    *of_sharp("eight", 1.2, 1.4),
    Target("eight", "ours, Rust", "sharp, separate pipelines", 5),
    Target("eight", "ours, C", "sharp, separate pipelines", 6),
    Target("png-copy-photo", "ours, balanced", "image", 2.0),
    Target("png-copy-flat", "ours, balanced", "image", 2.0),
    Target("png-1920", "ours, balanced", "image", 2.5),
    Target("png-3840", "ours, balanced", "image", 2.0),
    Target("jpeg-1920", "ours, Rust", "image", 2.5),
    Target("jpeg-3840", "ours, Rust", "image", 2.0),
    Target("jpeg-jpeg-1920", "ours, Rust", "image", 2.5),
    Target("eight", "ours, Rust", "image", 2.0),
    Target("threads-one", "ours, balanced, two threads", "ours, balanced, one thread", 1.3),
    Target("threads-eight", "ours, Rust, two threads", "ours, Rust, one thread", 1.7),
    *(
        Target(case, f"ours, {effort}", SAME_PIXELS, bytes=limit)
        for case in ("png-copy-photo", "png-1920", "png-3840")
        for effort, limit in (("balanced", 1.05), ("small", 1.0))
    ),
]

# In the case `memory`, of the run of ours, megabytes of 1,000,000 bytes.
MEMORY_TARGET = "ours, fast", 100
