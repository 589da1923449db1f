"""The loop of a worker: it reads requests as lines of JSON and answers each with a line."""

import gc
import json
import sys
import time


def kilobytes(name):
    with open("/proc/self/status") as status:
        return int(next(line for line in status if line.startswith(name)).split()[1])


def serve(run):
    """Answers requests. `run(request, data)` returns pairs: the bytes of a file and the rectangle of the input that it shows."""
    path, data = None, None
    for line in sys.stdin:
        request = json.loads(line)
        if request["memory"]:
            path, data = None, None
            gc.collect()
            with open("/proc/self/clear_refs", "w") as clear:
                clear.write("5")
            before = kilobytes("VmRSS:")
        if path != request["input"]:
            path = request["input"]
            with open(path, "rb") as file:
                data = file.read()
        started = time.perf_counter_ns()
        made = run(request, data)
        ns = time.perf_counter_ns() - started
        peak = kilobytes("VmHWM:") - before if request["memory"] else None
        if request.get("save"):
            for at, (output, _) in enumerate(made):
                with open(f"{request['save']}.{at}", "wb") as file:
                    file.write(output)
        lengths, rects = [len(output) for output, _ in made], [rect for _, rect in made]
        print(json.dumps({"ns": ns, "bytes": lengths, "rects": rects, "kilobytes": peak}), flush=True)


def sizes(request):
    return [tuple(map(int, target.split("x"))) for target in request["targets"]]


def centred(width, height, target):
    """Returns left and top of a rectangle of the target's size in the middle of the picture."""
    return (width - target[0]) // 2, (height - target[1]) // 2
