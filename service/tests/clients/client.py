"""Tests the service with the official Python client, sync and async. FAL_RUN_HOST and FAL_QUEUE_RUN_HOST name it."""

import asyncio
import base64
import io
import os
import urllib.request

import fal_client
import fal_client.client as internals
from PIL import Image

APP = "fal-ai/smart-resize"
BASE = "https://" + os.environ["FAL_RUN_HOST"]
# There are no environment variables for the hosts of files.
internals.REST_URL = internals.CDN_URL = BASE


def picture(width, height):
    return Image.linear_gradient("L").resize((width, height)).convert("RGB")


def data_uri(image):
    buffer = io.BytesIO()
    image.save(buffer, "JPEG")
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()


def size_at(url):
    with urllib.request.urlopen(url) as answer:
        image = Image.open(io.BytesIO(answer.read()))
        image.load()
        return image.size


def sizes_of(output):
    return [size_at(image["url"]) for image in output["images"]]


def check(found, expected):
    assert found == expected, f"{found!r} is not {expected!r}"


def sync():
    source = data_uri(picture(320, 200))
    arguments = {"image_url": source, "target_sizes": ["300x250", "728x90"], "num_images_per_size": 2}

    # subscribe, with logs.
    updates = []
    output = fal_client.subscribe(APP, arguments, with_logs=True, on_queue_update=updates.append)
    check(sizes_of(output), [(300, 250)] * 2 + [(728, 90)] * 2)
    assert isinstance(updates[-1], fal_client.Completed) and updates[-1].metrics["inference_time"] >= 0
    lines = [log["message"] for update in updates for log in getattr(update, "logs", None) or []]
    assert any(line.startswith("Plan:") for line in lines), lines

    # submit, status and result, also by the id of the request.
    handle = fal_client.submit(APP, arguments)
    assert isinstance(handle.status(with_logs=True), (fal_client.Queued, fal_client.InProgress, fal_client.Completed))
    check(len(handle.get()["results"]), 2)
    check(fal_client.result(APP, handle.request_id), handle.get())
    assert isinstance(fal_client.status(APP, handle.request_id), fal_client.Completed)

    # cancel.
    handle = fal_client.submit(APP, {**arguments, "target_sizes": ["4096x4096", "3840x2160", "2160x3840"]})
    handle.cancel()
    for _ in handle.iter_events(interval=0.05):
        pass
    try:
        handle.get()
        raise AssertionError("a cancelled request has no result")
    except fal_client.FalClientHTTPError as error:
        check(error.status_code, 400)

    # run, with sync_mode.
    output = fal_client.run(APP, {**arguments, "sync_mode": True, "output_format": "webp"})
    data = base64.b64decode(output["images"][0]["url"].removeprefix("data:image/webp;base64,"))
    check(Image.open(io.BytesIO(data)).size, (300, 250))

    # An upload.
    url = fal_client.upload_image(picture(640, 480), format="png")
    assert url.startswith(BASE), url
    check(size_at(url), (640, 480))
    check(sizes_of(fal_client.subscribe(APP, {"image_url": url, "target_sizes": ["468x60"]})), [(468, 60)])

    # Errors.
    for call in (fal_client.run, fal_client.subscribe):
        try:
            call(APP, {"image_url": url, "target_sizes": ["1920x"]})
            raise AssertionError("a size that is none was taken")
        except fal_client.FalClientHTTPError as error:
            check(error.status_code, 422)
            check(error.response.json()["detail"][0]["loc"], ["body", "target_sizes", 0])


async def many():
    source = data_uri(picture(200, 320))
    asked = [f"{width}x{width // 2}" for width in range(100, 600, 50)]
    calls = [fal_client.subscribe_async(APP, {"image_url": source, "target_sizes": [size]}) for size in asked]
    outputs = await asyncio.gather(*calls)
    check([f"{output['images'][0]['width']}x{output['images'][0]['height']}" for output in outputs], asked)
    url = await fal_client.upload_async(b"\xff\xd8\xff no picture", "image/jpeg")
    try:
        await fal_client.run_async(APP, {"image_url": url, "target_sizes": ["300x250"]})
        raise AssertionError("bytes that are no picture were taken")
    except fal_client.FalClientHTTPError as error:
        check(error.response.json()["detail"][0]["type"], "image_load_error")


sync()
asyncio.run(many())
print("fal-client: content")
