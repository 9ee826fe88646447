#!/bin/bash
# Plays the transcripts: tests/cli/run.sh [CASE]... (names or files; default: all of tests/cli/cases). The last line is
# "N passed, N failed".
#
# A case is a text file. `$ COMMAND` runs in a temporary folder of the case's own, with assay in PATH and
#   GOLDEN  tests/golden/cli     BAD  the plugins of tests/bad, built     ROOT  the project
# What follows is what it must print: lines as they are on standard output, `! LINE` on standard error, then `[exit N]`
# (left out: 0). Empty lines do not count; `<*>` stands for any text within a line. Lines before the first command are
# for the reader; among them `? REASON: COMMAND` skips the case with that reason where the command fails.
set -u
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
BUILD=${ASSAY_BUILD:-build}
[[ $BUILD == /* ]] || BUILD=$ROOT/$BUILD
ASSAY_BIN=${ASSAY_BIN:-$BUILD} # where the program is
[[ -x $ASSAY_BIN/assay ]] || { echo "run.sh: $ASSAY_BIN/assay: not there: run make first" >&2; exit 2; }
export ROOT GOLDEN=$ROOT/tests/golden/cli BAD=$BUILD/tests/bad PATH=$ASSAY_BIN:$PATH LC_ALL=C
work=$(mktemp -d /tmp/assay-cli.XXXXXX)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0

# The transcript of one command as it really went, in `got`. By bash alone: other programs take longer to start than
# most commands to run.
play() {
    local line lines
    (cd "$dir" && exec timeout 60 bash -c "$1" >"$work/out" 2>"$work/err" </dev/null)
    local status=$?
    got=()
    mapfile -t lines <"$work/out"
    for line in "${lines[@]}"; do [[ -z $line ]] || got+=("$line"); done
    mapfile -t lines <"$work/err"
    for line in "${lines[@]}"; do got+=("! $line"); done
    ((status == 0)) || got+=("[exit $status]")
}

matches() { # LINE PATTERN, where <*> in the pattern is anything
    local pattern='' rest=$2
    [[ $1 == "$2" ]] && return
    while [[ $rest == *'<*>'* ]]; do
        printf -v quoted %q "${rest%%'<*>'*}"
        pattern+=$quoted'*' rest=${rest#*'<*>'}
    done
    printf -v quoted %q "$rest"
    # shellcheck disable=SC2053
    eval "[[ \$1 == $pattern$quoted ]]"
}

# Compares what `command` prints with the lines collected in `wanted`.
check() {
    [[ -n $command ]] || return 0
    local got line i=0 ok=1
    play "$command"
    ((${#got[@]} == ${#wanted[@]})) || ok=0
    for line in "${got[@]}"; do
        ((ok)) && ! matches "$line" "${wanted[i]}" && ok=0
        i=$((i + 1))
    done
    ((ok)) && return
    good=0
    echo "FAIL $case: \$ $command"
    diff <(printf '%s\n' "${wanted[@]}") <(printf '%s\n' "${got[@]}") | sed 's/^/    /'
}

# Plays one case; the exit status says whether all commands printed what they must.
play_case() { # FILE
    local line
    case=$(basename "$1" .txt) good=1 command='' wanted=()
    dir=$work/$case
    mkdir "$dir"
    while IFS= read -r line || [[ -n $line ]]; do
        if [[ $line == '$ '* ]]; then
            check
            command=${line#'$ '} wanted=()
        elif [[ -n $command && -n $line ]]; then
            wanted+=("$line")
        elif [[ $line == '? '*': '* ]] && ! bash -c "${line#*: }" >"$work/out" 2>&1 </dev/null; then
            line=${line%%: *}
            echo "skipped: $case: ${line#'? '}"
            return 0
        fi
    done <"$1"
    check
    ((good))
}

(($#)) || set -- "$ROOT"/tests/cli/cases/*.txt
files=()
for file; do
    [[ -f $file ]] || file=$ROOT/tests/cli/cases/$file.txt
    [[ -f $file ]] || { echo "run.sh: $file: no such case" >&2; exit 2; }
    files+=("$file")
done
# As many cases side by side as there are processors; those that take longest start first, then the largest.
mapfile -t files < <(wc -c "${files[@]}" | sed -E '/ total$/d; s,^ *([0-9]+ .*/(conv|modalities|program)\.txt),9\1,' | sort -rn |
    sed 's/^ *[0-9]* //')
running=0
for file in "${files[@]}"; do
    ((running < $(nproc))) || { wait -n; running=$((running - 1)); }
    (
        out=$work/$(basename "$file" .txt)
        mine=$work/$BASHPID
        mkdir "$mine" && work=$mine
        play_case "$file" >"$out.said" && touch "$out.passed"
    ) &
    running=$((running + 1))
done
wait
for file in "${files[@]}"; do
    name=$work/$(basename "$file" .txt)
    cat "$name.said"
    if [[ -e $name.passed ]]; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
done
echo "$passed passed, $failed failed"
((failed == 0))
