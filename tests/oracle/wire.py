#!/usr/bin/env python3
"""Records the answers of a pydantic 2 model behind FastAPI to inputs of `fal-ai/smart-resize`.

    pip install pydantic==2.14.4 fastapi==0.165.0 httpx && python3 tests/oracle/wire.py > tests/oracle/wire.json

`tests/it/wire/oracle.rs` compares the crate with these answers, since fal's endpoints use pydantic and FastAPI too. The
model follows the endpoint's page. The limits of 10 sizes, 4 images and 5000 characters are assumptions. A regular
expression of this script checks sizes, so only the location and type of their errors can be compared, not the messages.
"""

import json
import re
import warnings
from typing import Annotated, Literal

warnings.simplefilter("ignore")

from fastapi import FastAPI
from fastapi.testclient import TestClient
from pydantic import AfterValidator, BaseModel, Field


def size(text: str) -> str:
    if not re.fullmatch(r"[ \t]*[1-9][0-9]{0,4}[xX×][1-9][0-9]{0,4}[ \t]*", text):
        raise ValueError("no size")
    return text


class SmartResizeInput(BaseModel):
    image_url: str
    target_sizes: list[Annotated[str, AfterValidator(size)]] = Field(min_length=1, max_length=10)
    prompt: str = Field(default="", max_length=5000)
    num_images_per_size: int = Field(default=1, ge=1, le=4)
    resolution: Literal["1K", "2K", "4K"] = "1K"
    output_format: Literal["jpeg", "png", "webp"] = "png"
    safety_tolerance: Literal["1", "2", "3", "4", "5", "6"] = "4"
    seed: int | None = None
    sync_mode: bool = False


app = FastAPI()


@app.post("/")
def echo(input: SmartResizeInput) -> SmartResizeInput:
    return input


client = TestClient(app)

VALID = {"image_url": "https://example.com/a.png", "target_sizes": ["1920x1080"]}

VALUES = {
    "image_url": [None, 5, True, [], {}, ["https://example.com/a.png"]],
    "target_sizes": [
        None, "1920x1080", 5, {}, {"0": "1x1"}, [], ["1x1"] * 10, ["1x1"] * 11, [5] * 12, [None], [[]], ["1x1", 5],
        ["1x", "1x1", None, "0x1"], ["x"] * 10, ["1X1", "1×1", " 1x1\t"], ["1 x 1"], [""], ["-1x1"], ["1.0x1"], [1.5, {}],
    ],
    "prompt": [None, 5, True, [], {}, "", "x" * 5000, "x" * 5001, "é" * 5000, "🙂" * 5000, "🙂" * 5001],
    "num_images_per_size": [
        None, True, False, 0, 1, 4, 5, -1, 1.0, 4.0, 5.0, 0.0, 1.5, 4.0001, 1e20, -1e20, 1e300, 9223372036854775807,
        9.2e18, 9223372036854775808.0, -9223372036854775808.0, 18446744073709551615, "1", "4", "5", "0",
        "-1", "+3", " 2 ", "\t2\n", "1.0", "1.", ".0", "1.50", "1e0", "0x1", "01", "-0", "+0", "1_0", "_1", "1_", "1__0",
        "1_0.0", "1.0_0", "+-1", "--1", "- 1", "+", "-", "", " ", "x", "true", "٣", "NaN", "inf", "9" * 20, "9" * 4300,
        "9" * 4301, "-" + "9" * 400, "0_1", "+_1", "-_1", "000", "00000000000000000000000000000000000000000004", [], {}, [1],
        "1.0000000000000000000000000000", "1.00000000000000000000000000001",
    ],
    "resolution": [None, "", "1k", "0.5K", "3K", "1K ", 1, 1.0, True, [], {}, ["1K"], "2K", "4K"],
    "output_format": [None, "", "PNG", "jpg", "gif", 1, [], {}, "jpeg", "webp"],
    "safety_tolerance": [None, "", "0", "7", 4, 4.0, True, " 4", "4.0", [], {}, "1", "6"],
    "seed": [None, 0, 1, True, False, 7.0, 7.5, "7", "seven", "", "7.0", 1e19, [], {}, 4294967296, 9007199254740993],
    "sync_mode": [
        None, True, False, 0, 1, 2, -1, 0.0, 1.0, 2.0, 0.5, -0.0, 1e20, -1e20, 18446744073709551615, -9223372036854775808, "true", "True", "TRUE", "false", "yes", "NO", "on",
        "Off", "t", "f", "y", "n", "1", "0", "2", "1.0", " true", "", "x", [], {}, "oui",
    ],
}  # fmt: skip

SEVERAL = [
    {},
    {"image_url": "https://example.com/a.png"},
    {"target_sizes": ["1x1"]},
    {"unknown": 1},
    VALID | {"unknown": {"deep": [1]}, "Prompt": 5},
    {"sync_mode": "x", "seed": "x", "safety_tolerance": 4, "output_format": "gif", "resolution": "3K",
     "num_images_per_size": 9, "prompt": 5, "target_sizes": [], "image_url": None},
    {"target_sizes": ["x", None, "1x1"], "num_images_per_size": "many", "seed": 1.5},
    VALID | {"num_images_per_size": 0, "prompt": "y" * 6000},
    [], [VALID], None, True, 5, 1.5, "", "text",
]  # fmt: skip

RAW = [b"", b" ", b"{", b"{}x", b"nul", b"[1,]", b"{'image_url': 1}", b'{"image_url": "\x00"}', b'{"a": 1, "a": 2']


def answer(body):
    found = client.post("/", content=body, headers={"content-type": "application/json"})
    assert found.status_code in (200, 422), (body, found.status_code)
    return found.json() if found.status_code == 422 else {"read": found.json()}


def cases():
    for field, values in VALUES.items():
        for value in values:
            yield json.dumps(VALID | {field: value}, ensure_ascii=False)
    for body in SEVERAL:
        yield json.dumps(body, ensure_ascii=False)
    for body in RAW:
        yield body.decode()


def line(body):
    # Long runs of one character are abbreviated below; the test expands them.
    return json.dumps({"body": body} | answer(body.encode()), ensure_ascii=False)


lines = ",\n".join(line(body) for body in cases())
# A run of 100 or more equal characters is written as `{x*5001}`.
print("[\n" + re.sub(r"([x9y🙂é])\1{99,}", lambda run: f"{{{run[1]}*{len(run[0])}}}", lines) + "\n]")
