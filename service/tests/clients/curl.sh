#!/usr/bin/env bash
# What the README shows with curl, against the service at $BASE with the key $KEY.
set -euo pipefail
app=$BASE/fal-ai/smart-resize
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
field() { python3 -c 'import json, sys; value = json.load(sys.stdin)
for step in sys.argv[1].split("."): value = value[int(step)] if step.isdigit() else value[step]
print(value)' "$1"; }
ask() { curl -sS -H "Authorization: Key $KEY" -H 'content-type: application/json' "$@"; }
expect() { [ "$1" = "$2" ] || { echo "expected $2, found $1" >&2; exit 1; }; }

# A picture of the script's own: 64 x 48, two gradients.
python3 - "$work/photo.png" <<'PY'
import struct, sys, zlib
def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
row = lambda y: b"\0" + b"".join(bytes((x * 4, y * 5, 120)) for x in range(64))
rows = b"".join(row(y) for y in range(48))
png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 64, 48, 8, 2, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
open(sys.argv[1], "wb").write(png)
PY
image="data:image/png;base64,$(base64 -w0 "$work/photo.png")"

# Direct.
printf '{"image_url": "%s", "target_sizes": ["300x250", "728x90"], "output_format": "jpeg"}' "$image" >"$work/input.json"
ask "$app" -d @"$work/input.json" >"$work/output.json"
expect "$(field results.1.width <"$work/output.json")" 728
curl -sS "$(field images.0.url <"$work/output.json")" -o "$work/result.jpg"
expect "$(head -c 3 "$work/result.jpg" | od -An -tx1 | tr -d ' ')" ffd8ff

# Queued.
ask "$BASE/queue/fal-ai/smart-resize" -d @"$work/input.json" >"$work/submitted.json"
status_url=$(field status_url <"$work/submitted.json")
for _ in $(seq 600); do
    [ "$(ask "$status_url?logs=1" | field status)" = COMPLETED ] && break
    sleep 0.1
done
ask "$(field response_url <"$work/submitted.json")" >"$work/output.json"
expect "$(field images.1.height <"$work/output.json")" 90
expect "$(ask -o /dev/null -w '%{http_code}' -X PUT "$(field cancel_url <"$work/submitted.json")")" 400

# Uploaded, and with an error that says where it is.
ask "$BASE/storage/upload/initiate" -d '{"file_name": "photo.png", "content_type": "image/png"}' >"$work/place.json"
curl -fsS -T "$work/photo.png" "$(field upload_url <"$work/place.json")"
file=$(field file_url <"$work/place.json")
expect "$(ask -o "$work/error.json" -w '%{http_code}' "$app" -d '{"image_url": "'"$file"'", "target_sizes": ["300x"]}')" 422
expect "$(field detail.0.loc.2 <"$work/error.json")" 0
expect "$(curl -s -o /dev/null -w '%{http_code}' "$app" -d '{}')" 401
ask "$BASE/plan" -d '{"image_url": "'"$file"'", "target_sizes": ["1920x1080"]}' >"$work/plan.json"
expect "$(field cost_usd <"$work/plan.json")" 0.15
