"""The cases, the runs of each case with their settings, and the targets."""

from dataclasses import dataclass, field

# Eight common sizes of ads, all cut from one square picture.
EIGHT = ["1080x1080", "1080x1350", "1080x1920", "1200x628", "1920x1080", "1600x900", "1000x1500", "2048x2048"]


@dataclass
class Run:
    """One library with one set of settings, in one worker process."""

    label: str
    worker: str
    settings: dict = field(default_factory=dict)
    threads: int = 1


@dataclass
class Case:
    """One input and the results that each run makes of it."""

    name: str
    title: str
    # The size of the input.
    frame: str
    targets: list
    # The format of the results: png, jpeg or webp.
    format: str
    # The format of the input: png, 420.jpg or 444.jpg.
    source: str = "png"
    picture: str = "photo"
    crop: bool = False
    quality: int = 85
    # True compares one thread with two threads of the same library.
    threads: bool = False
    memory_only: bool = False
    # True includes the case in `--quick`.
    quick: bool = False

    @property
    def lossless(self):
        return self.crop and self.format == "png"

    @property
    def is_large(self):
        return self.frame in ("4096x4096", "5504x3072")

    def request(self, run, path, **more):
        """The line of JSON that asks a worker for this case."""
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
                for run in [run for run in OURS[self.format] if run.label in THREADED] + [SHARP]
                for threads, count in ((1, "one thread"), (2, "two threads"))
            ]
        runs = [*OURS[self.format]]
        if self.format != "webp":
            runs.append(BY_HAND)
        runs.append(SHARP)
        if self.format == "png":
            runs.append(Run("sharp, rows filtered", "sharp", {"adaptive": True}))
        if len(self.targets) > 1:
            runs.append(Run("sharp, separate pipelines", "sharp", {"separate": True}))
        runs += [Run("libvips", "vips"), Run("Pillow", "pillow")]
        if self.format != "webp":
            runs.append(Run("image", "image"))
        if self.format == "png":
            runs.append(Run("image, level 6", "image", {"level": 6}))
        return runs


# The worker `ours` is the default build, in Rust alone. The worker `ours-c` is the build with the codecs in C.
OURS = {
    "png": [
        Run("ours, balanced", "ours", {"effort": "balanced"}),
        Run("ours, small", "ours", {"effort": "small"}),
        Run("ours, balanced, inspected", "ours", {"effort": "balanced", "inspect": True}),
    ],
    "jpeg": [
        Run("ours, Rust", "ours"),
        Run("ours, C", "ours-c", {"c": True}),
        Run("ours, Rust, inspected", "ours", {"inspect": True}),
    ],
    "webp": [Run("ours, C", "ours-c", {"c": True})],
}
# The runs that the thread cases repeat with one thread and with two.
THREADED = ("ours, balanced", "ours, Rust", "ours, C")
BY_HAND = Run("by hand", "by-hand")
SHARP = Run("sharp", "sharp")
# Not a run: the size that Pillow gives the pixels of our result is measured along with our run.
SAME_PIXELS = "Pillow, same pixels"

CASES = [
    Case("png-copy-photo", "PNG to PNG, no resampling, photograph", "1024x1024", ["1024x1000"], "png", crop=True,
         quick=True),
    Case("png-copy-flat", "PNG to PNG, no resampling, flat graphic", "1920x1200", ["1920x1080"], "png",
         picture="flat", crop=True, quick=True),
    Case("png-1920", "PNG to PNG, 2752x1536 to 1920x1080", "2752x1536", ["1920x1080"], "png"),
    Case("png-3840", "PNG to PNG, 5504x3072 to 3840x2160", "5504x3072", ["3840x2160"], "png"),
    Case("jpeg-1920", "PNG to JPEG, 2752x1536 to 1920x1080", "2752x1536", ["1920x1080"], "jpeg"),
    Case("jpeg-3840", "PNG to JPEG, 5504x3072 to 3840x2160", "5504x3072", ["3840x2160"], "jpeg"),
    Case("jpeg-jpeg-1920", "JPEG to JPEG, 2752x1536 to 1920x1080", "2752x1536", ["1920x1080"], "jpeg",
         source="420.jpg", quick=True),
    Case("webp-1920", "PNG to WebP, 2752x1536 to 1920x1080", "2752x1536", ["1920x1080"], "webp", quality=80),
    Case("eight", "One PNG of 4096x4096 to eight JPEGs", "4096x4096", EIGHT, "jpeg"),
    Case("threads-one", "Threads: PNG to PNG, 2752x1536 to 1920x1080", "2752x1536", ["1920x1080"], "png", threads=True),
    Case("threads-eight", "Threads: one PNG of 4096x4096 to eight JPEGs", "4096x4096", EIGHT, "jpeg", threads=True),
    Case("memory", "PNG to PNG, 4096x4096 cropped to 4096x3900", "4096x4096", ["4096x3900"], "png", crop=True,
         memory_only=True),
]


@dataclass
class Target:
    """What the run `ours` must reach against the run `other` in one case. `None` asks nothing.

    time: the time of `other` divided by that of `ours` is at least this.
    bytes: the bytes of `ours` divided by those of `other` are at most this.
    quality: the score of `other` minus that of `ours` is at most this.
    """

    case: str
    ours: str
    other: str
    time: float | None = None
    bytes: float | None = None
    quality: float | None = None


def jpeg_against_sharp(case, rust, c):
    """The targets of a JPEG case: `rust` and `c` are the least ratios of the times."""
    return [
        Target(case, "ours, Rust", "sharp", rust, 1.02, 1.5),
        Target(case, "ours, C", "sharp", c, 1.02, 0.5),
    ]


TARGETS = [
    Target("png-copy-photo", "ours, balanced", "sharp", 3.3, 1.0),
    Target("png-copy-flat", "ours, balanced", "sharp", 1.5, 1.05),
    Target("png-1920", "ours, balanced", "sharp", 2.0, 1.0, 0.5),
    Target("png-3840", "ours, balanced", "sharp", 1.4, 1.0, 0.5),
    *jpeg_against_sharp("jpeg-1920", 1.0, 1.3),
    *jpeg_against_sharp("jpeg-3840", 0.95, 1.15),
    *jpeg_against_sharp("jpeg-jpeg-1920", 1.0, 1.2),
    Target("webp-1920", "ours, C", "sharp", 1.1, 1.02, 0.5),
    # The same process, and one decode for all eight.
    *jpeg_against_sharp("eight", 1.7, 1.7),
    Target("eight", "ours, Rust", "sharp, separate pipelines", 5),
    Target("eight", "ours, C", "sharp, separate pipelines", 6),
    # At least as fast and at most as large in every case, at the same quality.
    *(
        Target(case, "ours, balanced", "by hand", 1.0, 1.0, 0.5)
        for case in ("png-copy-photo", "png-copy-flat", "png-1920", "png-3840")
    ),
    *(
        Target(case, "ours, Rust", "by hand", 1.0, 1.0, 0.5)
        for case in ("jpeg-1920", "jpeg-3840", "jpeg-jpeg-1920", "eight")
    ),
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

# The peak of this run in the case `memory` is at most this many megabytes of 1,000,000 bytes.
MEMORY_TARGET = "ours, balanced", 100
