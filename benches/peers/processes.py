"""Runs each peer as a process that keeps running. It reads requests as lines of JSON and answers each with a line."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
PEERS = HERE.parent.parent / "target" / "peers"


class Worker:
    def __init__(self, name, threads=1):
        scripts = {"pillow": "pillow.py", "vips": "vips.py"}
        if name == "sharp":
            command = ["node", "--expose-gc", HERE / "workers" / "sharp.js"]
        elif name in scripts:
            command = [sys.executable, HERE / "workers" / scripts[name]]
        else:
            # The build with the codecs in C is a binary of its own; the other Rust workers share the default build.
            binary = "ours-c" if name == "ours-c" else "ours"
            command = [PEERS / binary, name.removesuffix("-c"), str(threads)]
        environment = {
            **os.environ,
            "NODE_PATH": str(PEERS / "node_modules"),
            "UV_THREADPOOL_SIZE": str(threads),
            "VIPS_CONCURRENCY": str(threads),
        }
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1, env=environment
        )
        # The clock of the CPU time of the process, summed over its threads.
        self.clock = (~self.process.pid << 3) | 2

    def ask(self, request):
        """Returns the answer. Its field `cpu` is the CPU time in nanoseconds."""
        started = time.clock_gettime_ns(self.clock)
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"a worker has exited: {' '.join(map(str, self.process.args))}")
        return {**json.loads(line), "cpu": time.clock_gettime_ns(self.clock) - started}

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Workers:
    """One process for each peer and number of threads, started at its first request."""

    def __init__(self):
        self.running = {}

    def ask(self, run, request):
        key = run.worker, run.threads
        if key not in self.running:
            self.running[key] = Worker(*key)
        return self.running[key].ask(request)

    def close(self):
        for worker in self.running.values():
            worker.close()
