#!/bin/bash
# The page report.html in a browser: tests/html/run.sh [PAGE] (default: that of the battery first.yaml, run here). Valid HTML
# by html-validate; no violation of axe in headless Chromium; its script at work (check.js). What is missing here is said, and
# the rest is done: "html: passed", "html: failed" or "html: skipped: WHY" is the last line. SCREENSHOTS=DIR keeps pictures.
set -u
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
BUILD=${ASSAY_BUILD:-build}
[[ $BUILD == /* ]] || BUILD=$ROOT/$BUILD
work=$(mktemp -d /tmp/assay-html.XXXXXX)
trap 'rm -rf "$work"' EXIT

skip() { echo "html: skipped: $1"; exit 0; }

page=${1:-}
export CHROMIUM=${CHROMIUM:-$(command -v chromium || command -v chromium-browser || true)}
[[ -n $CHROMIUM ]] || skip "no chromium (Debian package chromium)"
command -v node >/dev/null && command -v npm >/dev/null || skip "no node or npm (Debian packages nodejs and npm)"
modules=$BUILD/tests/html
mkdir -p "$modules" && cp "$ROOT/tests/html/"{check.js,package.json} "$modules" || exit 2
[[ -d $modules/node_modules/axe-core ]] ||
    (cd "$modules" && PUPPETEER_SKIP_DOWNLOAD=1 npm install --no-audit --no-fund --silent >"$work/npm" 2>&1) ||
    skip "npm cannot install axe-core, html-validate and puppeteer-core: $(tail -1 "$work/npm")"
if [[ -z $page ]]; then
    (cd "$ROOT" && "$BUILD/assay" run fixtures/batteries/first.yaml --no-figures -o "$work/run" >/dev/null 2>&1)
    page=$work/run/report.html
fi
[[ -s $page ]] || { echo "$page: not there"; echo "html: failed"; exit 1; }
page=$(realpath "$page") status=0
(cd "$modules" && node_modules/.bin/html-validate --preset recommended "$page") || status=1
(cd "$modules" && node check.js "$page" ${SCREENSHOTS:+"$(realpath "$SCREENSHOTS")"}) || status=1
((status == 0)) && echo "html: passed" || echo "html: failed"
exit $status
