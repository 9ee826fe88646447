#!/bin/bash
# Runs hostile plugins beside two honest rows: tests/hostile/run.sh [PLUGIN]... (default: all of expected.txt).
#
# A plugin may cost its own row and nothing else. For each one this holds:
#   its row has a word of expected.txt, and the reason of an ERROR is the true one; the exit code is what the words say;
#   the honest rows' lines in verdicts.csv and results.csv are those of a run without it, byte by byte;
#   nothing is left over: processes, shared memory, files outside the run folder or too large ones in it;
#   the run keeps its limits; no report has control characters or invalid UTF-8.
# The last line is "N passed, N failed".
set -u
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
BUILD=${ASSAY_BUILD:-build}
[[ $BUILD == /* ]] || BUILD=$ROOT/$BUILD
[[ -x $BUILD/assay ]] || { echo "run.sh: $BUILD/assay: not there: run make first" >&2; exit 2; }
TABLE=$ROOT/tests/hostile/expected.txt
LIMIT=2       # seconds for a call of a plugin
WALL=10       # seconds for a run: loading, conformance and the jobs of one row on two cores, 2 s for each call
LARGEST=20000 # kilobytes of a run folder
export LC_ALL=C
work=$(mktemp -d /tmp/assay-hostile.XXXXXX)
mkfifo "$work/input"
exec 9<>"$work/input"
mark=HOSTILE_MARK=$(basename "$work")
passed=0 failed=0

# Processes of this test's runs: a mark in the environment stays with whatever they start.
left_processes() {
    local file
    for file in /proc/[0-9]*/environ; do
        if grep -qsz "^$mark$" "$file"; then
            file=${file%/environ}
            # A zombie is nobody's fault but its parent's, which may be this shell.
            [[ $(awk '/^State/ {print $2}' "$file/status" 2>/dev/null) == Z ]] || echo "${file#/proc/}"
        fi
    done
}

end_processes() {
    local pid
    for pid in $(left_processes); do kill -KILL "$pid" 2>/dev/null; done
}

left_ipc() {
    local kind
    for kind in shm sem msg; do awk -v k=$kind '$1 == 173384021 { print k, $2 }' /proc/sysvipc/$kind; done
    ls /dev/shm | grep '^assay-hostile'
}

end_ipc() {
    ipcrm -M 0x0a55a155 -S 0x0a55a155 -Q 0x0a55a155 2>/dev/null
    rm -f /dev/shm/assay-hostile*
}

finish() {
    end_processes
    end_ipc
    rm -rf "$work"
}
trap finish EXIT

battery() { # FILE [PLUGIN]
    local data=/usr/share/datasets/fashion-mnist/t10k
    cat <<EOF >"$1"
name: hostile
model: $ROOT/fixtures/models/fashion-cnn.onnx
seed: 1
time-limit: $LIMIT
data: {source: "idx:$data-images-idx3-ubyte.gz,$data-labels-idx1-ubyte.gz", preprocess: unit, inputs: 12}
explainers:
  - gradient
  - edge-detector
${2:+  - {use: $BUILD/tests/hostile/$2.so, name: hostile\}}
controls: [cascading]
rule: {draws: 3}
expect: {edge-detector: FAIL}
EOF
}

run() { # FOLDER [PLUGIN]: sets status and seconds
    local here=$work/$1 start=$EPOCHREALTIME
    mkdir -p "$here/cwd" "$here/tmp"
    battery "$here/battery.yaml" "${@:2}"
    (
        cd "$here/cwd" || exit 2
        export "$mark" HOSTILE_RUN=$here/run TMPDIR=$here/tmp
        # Standard input is open and silent: who reads it waits for ever.
        timeout -s KILL $((WALL + 2)) "$BUILD/assay" run ../battery.yaml -o "$here/run" -j2 --no-figures \
            <&9 9>&- >"$here/out" 2>"$here/err"
    ) 2>/dev/null
    status=$?
    seconds=$(awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }')
}

problem() {
    problems+=("$*")
}

check_word() { # FOLDER WORDS REASON
    local here=$work/$1 line word reason code
    line=$(grep '^"hostile","cascading",' "$here/run/verdicts.csv" 2>/dev/null | head -1)
    word=$(cut -d '"' -f 6 <<<"$line") reason=$(cut -d '"' -f 12- <<<"$line")
    if [[ -z $word ]]; then
        [[ ,$2, == *,BROKEN,* && $status == 3 ]] && grep -q '^assay: ' "$here/err" && return
        problem "no verdict of its row, exit code $status: $(grep '^assay' "$here/err" | tail -1 | cut -c 1-300)"
        return
    fi
    found=$word
    [[ ,$2, == *,$word,* ]] || problem "$word, wanted $2: $reason"
    [[ $word != ERROR || -z $3 ]] || grep -qiE "$3" <<<"$reason" || problem "the reason is not '$3': $reason"
    case $word in
        PASS | SKIP) code=0 ;;
        FAIL) code=1 ;;
        ERROR) code=3 ;;
        *) code=4 ;;
    esac
    ((status == code)) || [[ ,$2, == *,BROKEN,* && $status == 3 ]] ||
        problem "exit code $status with $word, wanted $code"
}

check_honest() { # FOLDER
    local file
    [[ $found ]] || return # the run is broken, which has been said
    for file in verdicts.csv results.csv; do
        grep -av '^"hostile"' "$work/$1/run/$file" | cmp -s - "$work/honest/run/$file" ||
            problem "$file: the honest rows are not as they were"
    done
}

check_left() { # FOLDER
    local here=$work/$1 left size
    left=$(left_processes)
    [[ -z $left ]] || sleep .2 && left=$(left_processes) # one that was killed may be on its way out
    [[ -z $left ]] || problem "left running: $(wc -w <<<"$left") processes"
    end_processes
    left=$(left_ipc)
    [[ -z $left ]] || problem "left in shared memory: $left"
    end_ipc
    left=$(cd "$here" && find cwd tmp -mindepth 1 | head -3)
    [[ -z $left ]] || problem "left outside the run folder: $left"
    size=$(du -sk "$here" | cut -f 1)
    ((size < LARGEST)) || problem "the run folder has $size kilobytes"
}

check_text() { # FOLDER
    local here=$work/$1 file
    for file in "$here"/run/*.{csv,json,txt,xml} "$here"/{out,err}; do
        [[ -f $file ]] || continue
        iconv -f UTF-8 -t UTF-8 "$file" >/dev/null 2>&1 || problem "$(basename "$file") is no UTF-8"
        ! LC_ALL=C grep -qaP '[\x00-\x08\x0b-\x1f\x7f]' "$file" || problem "$(basename "$file") has control characters"
        ! grep -qai 'internal error' "$file" || problem "$(basename "$file") speaks of an internal error"
    done
}

hostile() { # PLUGIN WORDS REASON
    local problems=() status seconds found=
    [[ -f $BUILD/tests/hostile/$1.so ]] || { echo "run.sh: $1: no such plugin" >&2; exit 2; }
    run "$1" "$1"
    check_word "$@"
    check_honest "$1"
    awk -v s="$seconds" -v w=$WALL 'BEGIN { exit !(s < w) }' || problem "took $seconds s, wanted less than $WALL"
    check_left "$1"
    check_text "$1"
    if ((${#problems[@]})); then
        failed=$((failed + 1))
        printf 'FAIL %s (%s s)\n' "$1" "$seconds"
        printf '     %s\n' "${problems[@]}"
    else
        passed=$((passed + 1))
        printf 'ok   %s: %s (%s s)\n' "$1" "${found:-BROKEN}" "$seconds"
    fi
    rm -rf "${work:?}/$1"
}

run honest
((status == 0)) || { cat "$work/honest/err" >&2; echo "run.sh: the honest rows alone: exit code $status" >&2; exit 2; }
while IFS='|' read -r plugin words reason; do
    [[ $plugin == '#'* || -z $plugin ]] && continue
    plugin=${plugin//[[:space:]]/} words=${words//[[:space:]]/} reason=$(sed 's/^ *//; s/ *$//' <<<"$reason")
    (($#)) && [[ " $* " != *" $plugin "* ]] && continue
    hostile "$plugin" "$words" "$reason"
done <"$TABLE"
echo "$passed passed, $failed failed"
((failed == 0 && passed > 0))
