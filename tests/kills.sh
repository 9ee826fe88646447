#!/bin/bash
# Runs that are killed at random places and go on: tests/kills.sh [COUNT [SEED]] (default: 200 kills, seed 1). Killed are
# the parent, workers of every kind (trainers, audits, explainers' jobs) and gnuplot; each run goes on with --resume until
# it comes to its end, and has to have the bytes of one that nobody disturbed. The last line is
# "N passed, N failed: N kills (...)".
set -u
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
BUILD=${ASSAY_BUILD:-build}
[[ $BUILD == /* ]] || BUILD=$ROOT/$BUILD
[[ -x $BUILD/assay ]] || { echo "kills.sh: $BUILD/assay: not there: run make first" >&2; exit 2; }
export LC_ALL=C PATH=$BUILD:$PATH
count=${1:-200} RANDOM=${2:-1}
work=$(mktemp -d /tmp/assay-kills.XXXXXX)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
exec 3>&2 2>/dev/null # where bash says of each child that it was killed
declare -A kills=([parent]=0 [trainer]=0 [audit]=0 [worker]=0 [gnuplot]=0)
total=0 passed=0 failed=0
. "$ROOT/tests/proofs.sh"

make_battery() {
    make_network
    cp "$BUILD/tests/bad/slow.so" .
    printf '%s\n' 'name: killed' 'model: m.onnx' 'data: {source: "csv:d.csv", inputs: 12}' \
        'training: {source: "csv:d.csv", images: 250, epochs: 400, learning-rate: 0.01, batch: 25, layers: "fc:128,relu,fc:2"}' \
        'explainers: [gradient, smoothgrad, input, ./slow.so]' \
        'controls: [cascading, independent, label-permutation, linear-identity]' >b.yaml
}

# Nothing here starts a process while a run is watched, or watching would cost more than running.
now() { # in milliseconds, into $milliseconds
    local t=$EPOCHREALTIME
    milliseconds=$((10#${t/./} / 1000))
}

nap() {
    read -rt .01 <>"$work/nothing"
}

run_begins() { # in the background; its process is $parent
    assay run b.yaml -o run -j2 --resume >run.out 2>run.err &
    parent=$!
}

run_ends() {
    wait $parent 2>/dev/null
    status=$?
}

kind_of() { # PID, into $its_kind
    local name=''
    read -r name 2>/dev/null <"/proc/$1/comm"
    case $name in
        gnuplot*) its_kind=gnuplot ;;
        training) its_kind=trainer ;;
        audit*) its_kind=audit ;;
        *) its_kind=worker ;;
    esac
}

# A process of that kind, if there is one.
kill_one() { # KIND
    local children='' pid
    read -r children 2>/dev/null <"/proc/$parent/task/$parent/children"
    victim='' its_kind=$1
    [[ $1 == parent ]] && victim=$parent
    for pid in $children; do
        [[ -z $victim ]] && kind_of "$pid" && [[ $its_kind == "$1" ]] && victim=$pid
    done
    [[ -n $victim ]] && kill -KILL "$victim" 2>/dev/null || return
    kills[$1]=$((kills[$1] + 1)) total=$((total + 1))
}

same() {
    local file
    for file in results.csv verdicts.csv report.json report.txt report.html junit.xml; do
        cmp "calm/$file" "run/$file" || return 1
    done
    diff <(cd calm && find figures -type f | sort) <(cd run && find figures -type f | sort)
}

# What is there for a short time only goes at once, where it was killed less than its share.
kill_rare() {
    local kind
    for kind in trainer audit gnuplot; do
        ((kills[$kind] * 6 <= total)) && kill_one $kind && return
    done
    return 1
}

kill_any() {
    local kinds=(parent worker worker)
    kill_one "${kinds[RANDOM % 3]}"
}

# One run from its beginning to its end, disturbed on the way.
disturbed_run() {
    local next
    rm -rf run
    while true; do
        run_begins
        now
        next=$((milliseconds + RANDOM * span / 32768))
        while kill -0 $parent 2>/dev/null; do
            now
            if kill_rare || { ((milliseconds >= next)) && kill_any; }; then
                next=$((milliseconds + RANDOM * span / 65536))
            fi
            nap
        done
        run_ends
        ((status == 137 || status == 3)) || break
    done
    # What gnuplot did not draw is drawn again, from the store.
    assay report run >report.out 2>report.err
}

mkfifo nothing
make_battery
assay run b.yaml -o calm -j2 >calm.out 2>calm.err
calm=$?
rm -rf run
now
began=$milliseconds
run_begins && run_ends
now
span=$((milliseconds - began))
while ((total < count)); do
    disturbed_run
    if ((status == calm)) && same; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAIL run $((passed + failed)): exit $status, where $calm was wanted"
        tail -3 run.err
    fi
done
echo "$passed passed, $failed failed: $total kills ($(for k in parent trainer audit worker gnuplot; do echo -n "$k ${kills[$k]} "; done))"
((failed == 0))
