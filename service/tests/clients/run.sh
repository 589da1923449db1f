#!/usr/bin/env bash
# The official clients and curl against a service: `run.sh <program>`, where <program> is the built smart-resize-service. Installs the
# clients below the target folder. What is missing on this machine is skipped, loudly.
set -euo pipefail
program=$(realpath "$1")
cd "$(dirname "$0")"
place=${CARGO_TARGET_DIR:-../../../target}/clients
mkdir -p "$place"
place=$(cd "$place" && pwd)

work=$(mktemp -d)
service=
proxy=
finish() {
    for process in $service $proxy; do kill "$process" 2>/dev/null || true; done
    wait 2>/dev/null || true
    rm -rf "$work"
}
trap finish EXIT

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# `serve <flags>`: a service at $base.
serve() {
    local port
    port=$(free_port)
    base=http://127.0.0.1:$port
    "$program" --listen "127.0.0.1:$port" --data "$work/data" --allow-private-sources --keys "$work/keys" "$@" 2>"$work/log" &
    service=$!
    for _ in $(seq 200); do
        curl -fs "$base/healthz" >/dev/null && return
        sleep 0.1
    done
    cat "$work/log" >&2
    exit 1
}

echo "tests:id:secret-of-the-tests" >"$work/keys"
export KEY=id:secret-of-the-tests

if ! command -v python3 >/dev/null; then
    echo "!! SKIPPED: the clients need python3 to find a free port" >&2
    exit 0
fi

echo "-- curl"
serve --max-queue 50
BASE=$base bash ./curl.sh

if command -v node >/dev/null && command -v npm >/dev/null; then
    echo "-- @fal-ai/client"
    [ -d "$place/node_modules/@fal-ai/client" ] ||
        npm install --prefix "$place" --no-save --no-package-lock --no-audit --no-fund @fal-ai/client@1.10 >/dev/null
    NODE_PATH=$place/node_modules BASE=$base node ./client.cjs
else
    echo "!! SKIPPED: @fal-ai/client, since there is no node or npm" >&2
fi
kill "$service"
wait "$service" 2>/dev/null || true

echo "-- fal-client"
if [ ! -x "$place/python/bin/python" ]; then
    python3 -m venv "$place/python"
fi
"$place/python/bin/python" -c 'import fal_client, PIL, cryptography' 2>/dev/null ||
    "$place/python/bin/pip" -q install 'fal-client==1.0.*' pillow cryptography
# It speaks TLS alone, so the service is behind a proxy with a certificate of an authority that lives as long as this script.
tls=$(free_port)
"$place/python/bin/python" ./tls.py certificates "$work/tls"
serve --public-url "https://localhost:$tls"
"$place/python/bin/python" ./tls.py proxy "$work/tls" "$tls" "${base#http://}" &
proxy=$!
SSL_CERT_FILE=$work/tls/authority.pem FAL_KEY=$KEY FAL_RUN_HOST=localhost:$tls FAL_QUEUE_RUN_HOST=localhost:$tls/queue \
    "$place/python/bin/python" ./client.py
echo "-- all clients are content"
