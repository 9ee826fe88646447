#!/bin/bash
# Fuzzes: tests/fuzz/run.sh [TARGET]... (default: every folder of tests/fuzz/corpus), FUZZ_SECONDS of processor time for
# each (default 60), so that a busy machine takes longer and tests no less. FUZZ_TIMEOUT: seconds by the clock that an
# input may take (60; more where the machine is busy). What is found lies in build-fuzz/found/TARGET and is run again by FUZZ_TARGET=TARGET build-fuzz/tests/fuzz/fuzz
# FILE; new inputs stay in build-fuzz/corpus/TARGET for the next time.
set -u
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
BUILD=${FUZZ_BUILD:-build-fuzz}
[[ $BUILD == /* ]] || BUILD=$ROOT/$BUILD
export ASSAY_ROOT=$ROOT ASSAY_BUILD=${ASSAY_BUILD:-$ROOT/build}
export ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=1
MODELS=$(dpkg -L libonnx-testdata 2>/dev/null | grep 'data/node$')
(($#)) || set -- $(ls "$ROOT/tests/fuzz/corpus")
ticks=$(getconf CLK_TCK)

# Processor seconds that a process has used; nothing once it has ended.
used() {
    local stat
    { stat=$(<"/proc/$1/stat"); } 2>/dev/null || return
    set -- ${stat##*) }
    echo $(((${12} + ${13}) / ticks))
}

# The command, asked to end in order (SIGUSR1 is libFuzzer's word for it) when it has used its time.
bounded() {
    "$@" &
    local pid=$! spent
    while sleep 1 && spent=$(used $pid) && [[ $spent ]]; do
        ((spent < ${FUZZ_SECONDS:-60})) || { kill -USR1 $pid 2>/dev/null; break; }
    done
    wait $pid
}

failed=()
for target; do
    mkdir -p "$BUILD/corpus/$target" "$BUILD/found/$target"
    more='' # the models of Debian's libonnx-testdata, one node each, where they are installed
    [[ $target == onnx && -d $MODELS ]] && more=$MODELS
    FUZZ_TARGET=$target bounded "$BUILD/tests/fuzz/fuzz" -rss_limit_mb=3000 \
        -malloc_limit_mb=2000 -timeout="${FUZZ_TIMEOUT:-60}" -max_len="${FUZZ_LENGTH:-20000}" -print_final_stats=1 \
        -artifact_prefix="$BUILD/found/$target/" \
        "$BUILD/corpus/$target" ${more:+"$more"} "$ROOT/tests/fuzz/corpus/$target" >"$BUILD/found/$target.log" 2>&1 &&
        awk -v t="$target" '/number_of_executed_units/ {print "ok   " t ": " $2 " inputs"}' \
            "$BUILD/found/$target.log" &&
        continue
    failed+=("$target")
    echo "FAIL $target: $BUILD/found/$target.log"
    grep -m 3 -E 'ERROR|runtime error|SUMMARY|does not hold' "$BUILD/found/$target.log" | sed 's/^/     /'
done
echo "$# targets, ${#failed[@]} with findings"
((${#failed[@]} == 0))
