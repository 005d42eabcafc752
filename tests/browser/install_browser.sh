#!/usr/bin/env bash
# Make sure there is a Chromium for the browser tests: NBMOTIF_CHROMIUM, else the system's, else Debian's package when
# run as root, else Playwright's own.
set -euo pipefail
python=$1

if [ -n "${NBMOTIF_CHROMIUM:-}" ]; then
  [ -x "$NBMOTIF_CHROMIUM" ] || { echo "NBMOTIF_CHROMIUM names no program: $NBMOTIF_CHROMIUM" >&2; exit 1; }
  exit 0
fi
for name in chromium chromium-browser google-chrome google-chrome-stable; do
  if command -v "$name" > /dev/null; then exit 0; fi
done
if [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null; then
  echo "Installing Debian's chromium for the browser tests ..."
  if apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium > /dev/null; then exit 0; fi
fi
echo "Installing Playwright's chromium for the browser tests ..."
"$python" -m playwright install chromium
