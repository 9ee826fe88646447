#!/bin/bash
# Fault injection: tests/faults/run.sh [KIND]... (alloc, write, open, process; default: all). A small run is repeated,
# and each time one call of the C library fails (inject.c): the first ones of each kind, then a sample of the others.
# PLACES=1: the first call from every place, which is a stack of calls; ALL=1: every call. Of allocations these are
# some 3,300 and 130,000: most of them are SQLite's and jansson's, of the same few hundred statements and values.
# FROM=N TO=M: of those only these. LIMIT=N: a run that takes longer than N seconds hangs (30; more on a busy machine).
#
# The run then ends with a message and exit code 2 or 3, or gives ERROR with a reason, or ends as ever with the same
# bytes: it never crashes, hangs, keeps silent or says another word. The last line is "N faults, N bad".
set -u
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
BUILD=${ASSAY_BUILD:-build}
[[ $BUILD == /* ]] || BUILD=$ROOT/$BUILD
FIRST=${FIRST:-40} SAMPLE=${SAMPLE:-60} # calls of each kind: from the beginning, and of the rest
LIMIT=${LIMIT:-30}
export LC_ALL=C
work=$(mktemp -d /tmp/assay-faults.XXXXXX)
trap 'rm -rf "$work"' EXIT
# Pictures of 4 x 4 whose left half is brighter (class 1) or not. Numbers decide the words: gradient has INCONCLUSIVE,
# PASS and SKIP, input has FAIL, FAIL and PASS. ERROR there would hide what a fault does; then another seed is wanted.
{
    printf 'p%d,' {0..15}
    echo label
    awk 'BEGIN {
        state = 5
        for (i = 0; i < 12; i++) {
            line = ""; left = 0
            for (k = 0; k < 16; k++) {
                state = state * 16807 % 2147483647
                x = state % 100 / 100
                left += k % 4 < 2 ? x : -x
                line = line x ","
            }
            print line (left > 0)
        }
    }'
} >"$work/data.csv"
cat <<EOF >"$work/battery.yaml"
name: faults
seed: 7
time-limit: 10 # libseccomp spins where some of its memory is missing: that is a time-out of the row
model: $ROOT/tests/golden/cli/conv.onnx
data: {source: "csv:data.csv", inputs: 3, only-correct: false}
training:
  source: "csv:data.csv"
  images: 12
  epochs: 40
  learning-rate: 0.05
  stop-accuracy: 1
  layers: "fc:16,relu,fc:2"
explainers: [gradient, input]
controls: [cascading, {id: label-permutation, permutations: 2, twins: 2}, zero-pixel]
rule: {draws: 2}
EOF

TIMES=0
[[ ${PLACES:-} ]] && TIMES=1
run() { # KIND NUMBER: sets status
    rm -rf "$work/run"
    {
        timeout -s KILL "$LIMIT" env FAULT_KIND="$1" FAULT_AT="$2" FAULT_TIMES="$TIMES" FAULT_LOG="$work/log" \
            LD_PRELOAD="$BUILD/tests/faults/inject.so" "$BUILD/assay" run "$work/battery.yaml" \
            -o "$work/run" -j1 --no-figures >"$work/out" 2>"$work/err"
        status=$?
    } 2>/dev/null
}

# Lines of verdicts.csv that were not cut; of `overall`, whose reason is that of a cell, the word alone.
lines_of() { # FILE
    awk -F , '/"$|[0-9]$/ {print $2 == "\"overall\"" ? $1 "," $2 "," $3 : $0}' "$1"
}

# The first verdict that is neither ERROR nor what it was.
other_word() {
    [[ -s $work/run/verdicts.csv ]] || return
    lines_of "$work/run/verdicts.csv" | grep -v '"ERROR"' | grep -vxFf <(lines_of "$work/whole.csv") | head -1
}

# Sets `why` when the run that just was is bad.
judge() {
    local words
    grep -q '^failed' "$work/log" || missed=$((missed + 1)) # another order of processes had fewer calls
    words=$(other_word)
    if ((status >= 128)); then
        why="killed by signal $((status - 128)) (137: perhaps it hung)"
    elif [[ $words ]]; then
        why="another verdict: $words"
    elif grep -qE '^assay: *$|: *$' <(grep '^assay:' "$work/err" | grep -v warning); then
        why="an empty message"
    elif grep -qE '^assay: .*damaged' "$work/err"; then
        why="blames a file that is whole"
    elif ((status == 2 || status == 3)) && grep '^assay: ' "$work/err" |
        grep -vxFf "$work/whole.err" | grep -qv '^assay: warning'; then
        said=$((said + 1)) # what failed
    elif [[ ! -s $work/run/verdicts.csv ]]; then
        why="exit code $status, no message and no verdicts"
    elif ((status == 3)) && grep -qE '"ERROR","[^"]*","[^"]*",[a-z]*,"..*"' "$work/run/verdicts.csv"; then
        errors=$((errors + 1))
        grep -q 'time limit' "$work/run/verdicts.csv" && spun=$((spun + 1))
    elif ((status != whole)); then
        why="exit code $status in place of $whole"
    elif ! cmp -s "$work/run/verdicts.csv" "$work/whole.csv" ||
        ! cmp -s "$work/run/results.csv" "$work/whole-results.csv"; then
        why="other results with the same exit code"
    fi
}

run none 0
whole=$status
[[ -s $work/run/verdicts.csv ]] && ! grep '"ERROR"' "$work/run/verdicts.csv" ||
    { cat "$work/err" >&2; echo "run.sh: the run without faults: exit code $status" >&2; exit 2; }
cp "$work/run/verdicts.csv" "$work/whole.csv"
cp "$work/run/results.csv" "$work/whole-results.csv"
grep '^assay: ' "$work/err" >"$work/whole.err" # what is said without a fault is no answer to one
(($#)) || set -- alloc write open process
total=0 bad=0 missed=0 said=0 errors=0 spun=0
for kind; do
    run "$kind" 0
    calls=$(awk '/^calls/ {print $2}' "$work/log")
    [[ -n $calls ]] || { echo "run.sh: $kind: nothing was counted" >&2; exit 2; }
    stride=$(((calls - FIRST) / SAMPLE + 1))
    [[ ${ALL:-}${PLACES:-} ]] && stride=1
    echo "$kind: $calls calls"
    for ((n = ${FROM:-1}; n <= calls && n <= ${TO:-calls}; n += n < FIRST ? 1 : stride)); do
        run "$kind" "$n"
        why=''
        judge
        total=$((total + 1))
        [[ ${VERBOSE:-} ]] && echo "     $kind $n: $(grep "^assay: " "$work/err" | tail -1)"
        [[ -z $why ]] && continue
        bad=$((bad + 1))
        echo "BAD  $kind $n: $why"
        { tail -2 "$work/err"; grep -F '(' "$work/log" | sed 1d | head -6; } | sed 's/^/     /'
    done
done
echo "$total faults: $said ended with a message, $errors in ERROR ($spun of them by the time limit), $missed never came"
echo "$total faults, $bad bad"
((total > 0 && bad == 0))
