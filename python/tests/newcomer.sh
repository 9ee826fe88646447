#!/bin/bash
# The lines of README.md, "From PyTorch", as somebody runs them who has just cloned this: on a bare Debian 12 with nothing
# but make and what the clone took. Each is timed; what pytest says is checked, and so is the whole: five minutes
# (SECONDS_MOST=600 for a busy machine). pip's environment holds, as PIP_FIND_LINKS=FOLDER where an index is out of reach.
set -u
cd "$(dirname "$0")/../.."
lines=$(awk '/^## /{there = $0 == "## From PyTorch"} there && /^```/{inside = there && $0 == "```sh"; next} there && inside' README.md)
[ -n "$lines" ] || { echo "README.md: no block of sh under 'From PyTorch'" >&2; exit 1; }
said=$(mktemp)
trap 'rm -f "$said"' EXIT

while IFS= read -r line; do
    start=$SECONDS
    echo "== $line"
    bash -c "$line" </dev/null >"$said" 2>&1
    status=$?
    echo "== exit $status after $((SECONDS - start)) s"
    case $line in
    *pytest*.py) last=$status ;; # its answer is looked at below
    *) [ "$status" = 0 ] || { tail -20 "$said"; exit 1; } ;;
    esac
done <<<"$lines"

cat "$said"
status=0
expect() { grep -Eq "$1" "$said" || { echo "newcomer: not found: $1" >&2; status=1; }; }
[ "${last-none}" = 1 ] || { echo "newcomer: pytest ended with ${last-none}: 1 is a test that fails" >&2; status=1; }
expect '1 failed, 1 passed'
expect '^FAILED test_saliency.py::test_guided_backprop'
expect '^E +explain +FAIL! +FAIL! +FAIL'
expect 'The map survives at stage'
((SECONDS <= ${SECONDS_MOST:-300})) || { echo "newcomer: $SECONDS s: more than ${SECONDS_MOST:-300}" >&2; status=1; }
echo "newcomer: $SECONDS s"
exit "$status"
