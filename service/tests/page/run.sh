#!/usr/bin/env bash
# The page in a real browser: `run.sh http://127.0.0.1:8080/` against a service that is there, without an address against a
# stand-in that also misbehaves. Needs Node, npm and Chromium (CHROMIUM says where, if not in the usual place); SHOTS is a
# folder for screenshots.
set -euo pipefail
cd "$(dirname "$0")"

# Ends the script where a tool is missing; what calls it decides whether that is a failure.
for tool in node npm; do
    command -v "$tool" >/dev/null || { echo "page test: $tool is missing" >&2; exit 77; }
done
if [ -z "${CHROMIUM:-}" ]; then
    CHROMIUM=$(command -v chromium || command -v chromium-browser || command -v google-chrome) ||
        { echo "page test: Chromium is missing (Debian: apt-get install chromium)" >&2; exit 77; }
fi

: "${PLAYWRIGHT:=${CARGO_TARGET_DIR:-../../../target}/page-test}"
if [ ! -d "$PLAYWRIGHT/node_modules/playwright-core" ]; then
    mkdir -p "$PLAYWRIGHT"
    npm install --prefix "$PLAYWRIGHT" --no-save --no-package-lock --no-audit --no-fund playwright-core@1.65 >/dev/null
fi
PLAYWRIGHT=$(cd "$PLAYWRIGHT" && pwd)
export CHROMIUM PLAYWRIGHT
exec node page.mjs "$@"
