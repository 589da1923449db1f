#!/usr/bin/env bash
# The service under load, with the built-in generator: `load.sh <program> [seconds]`. Requests a second, latencies, and what memory and
# open files do meanwhile. Needs wrk (Debian: apt-get install wrk), curl and python3.
set -euo pipefail
program=$(realpath "$1")
seconds=${2:-20}
work=$(mktemp -d)
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
base=http://127.0.0.1:$port
"$program" --listen "127.0.0.1:$port" --data "$work/data" --max-queue 100000 2>"$work/log" &
service=$!
trap 'kill $service 2>/dev/null; wait 2>/dev/null; rm -rf "$work"' EXIT
until curl -fs "$base/healthz" >/dev/null; do sleep 0.1; done

# A picture of 640 x 400 with two gradients, to 300 x 250 as JPEG.
python3 - "$work" <<'PY'
import base64, json, struct, sys, zlib
def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
row = lambda y: b"\0" + b"".join(bytes((x * 255 // 640, y * 255 // 400, 120)) for x in range(640))
png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 640, 400, 8, 2, 0, 0, 0))
png += chunk(b"IDAT", zlib.compress(b"".join(row(y) for y in range(400)))) + chunk(b"IEND", b"")
url = "data:image/png;base64," + base64.b64encode(png).decode()
body = json.dumps({"image_url": url, "target_sizes": ["300x250"], "output_format": "jpeg"})
open(sys.argv[1] + "/body.json", "w").write(body)
open(sys.argv[1] + "/post.lua", "w").write(f"""
local file = io.open("{sys.argv[1]}/body.json"); local body = file:read("*a"); file:close()
wrk.method = "POST"; wrk.body = body
wrk.headers["Content-Type"] = "application/json"
""")
PY
memory() { awk '/^VmRSS/ { rss = $2 } /^VmHWM/ { peak = $2 } END { printf "%d MB now, %d MB at most", rss / 1024, peak / 1024 }' "/proc/$service/status"; }
files() { find "/proc/$service/fd" -mindepth 1 2>/dev/null | wc -l; }
show() { printf '%-34s %s; %s open files\n' "$1" "$(memory)" "$(files)"; }

show "at rest:"
wrk -t1 -c4 -d2s -s "$work/post.lua" "$base/fal-ai/smart-resize" >/dev/null
show "warm:"
(
    for ((at = 30; at < seconds; at += 30)); do
        sleep 30
        show "after $at s:"
    done
) &
samples=$!
echo "-- direct requests, 16 connections, $seconds s"
wrk -t1 -c16 -d"${seconds}s" --timeout 30s --latency -s "$work/post.lua" "$base/fal-ai/smart-resize" |
    grep -E 'Requests/sec|50%|99%|Non-2xx|Socket errors|requests in'
wait "$samples"
show "after it:"
echo "-- submissions alone, 16 connections, 5 s"
wrk -t1 -c16 -d5s --latency -s "$work/post.lua" "$base/queue/fal-ai/smart-resize" |
    grep -E 'Requests/sec|50%|99%|Non-2xx|Socket errors'
echo "-- statuses, 64 connections, 5 s"
id=$(curl -s "$base/queue/fal-ai/smart-resize" -H 'content-type: application/json' -d @"$work/body.json" |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["request_id"])')
wrk -t1 -c64 -d5s --latency "$base/fal-ai/smart-resize/requests/$id/status?logs=1" |
    grep -E 'Requests/sec|50%|99%|Non-2xx|Socket errors'
show "in the end:"
