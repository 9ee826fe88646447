#!/bin/bash
# Every block of the README is real: the session is played, the battery is run with the plugin, the plugin is compiled as
# its first line says, the two commands are targets of the Makefile. So are the battery and the examples of
# docs/verdict.md, the guide and the example of DESIGN.md. Prints one line per failure; the last line is "N passed, N failed".
set -u
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
BUILD=${ASSAY_BUILD:-build}
[[ $BUILD == /* ]] || BUILD=$ROOT/$BUILD
work=$(mktemp -d /tmp/assay-readme.XXXXXX)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0

verdict() { # STATUS WHAT
    if (($1 == 0)); then passed=$((passed + 1)); else failed=$((failed + 1)) && echo "FAIL $2"; fi
}

block() { # LANGUAGE [FILE]: all blocks of that language
    awk -v fence='```'"$1" '$0 == fence {inside = 1; next} $0 == "```" {inside = 0} inside' "$ROOT/${2:-README.md}"
}

ln -s "$BUILD" "$work/build"
ln -s "$ROOT/fixtures" "$work/fixtures"
cd "$work" || exit 2

# The session: what stands after "$ COMMAND" is what the command prints on standard output. Decimals may be .02 off: their
# last digit is the CPU's.
masked() {
    sed -E 's/-?[0-9]+\.[0-9]+/N/g' "$1"
}
decimals() {
    grep -oE -- '-?[0-9]+\.[0-9]+' "$1"
}
finish() {
    [[ -n $command ]] || return 0
    bash -c "$command" >got 2>/dev/null </dev/null
    diff -Bw <(masked wanted) <(masked got) &&
        paste <(decimals wanted) <(decimals got) | awk '{off = $1 - $2} off > .02 || off < -.02 {print "< " $1 "\n> " $2; bad = 1} END {exit bad}' ||
        { echo "    \$ $command" && ok=1; }
}
play() { # FILE
    command='' ok=0
    block console "$1" >session
    while IFS= read -r line; do
        if [[ $line == '$ '* ]]; then
            finish
            command=${line#\$ }
            : >wanted
        else
            printf '%s\n' "$line" >>wanted
        fi
    done <session
    finish
    [[ -s session ]] || ok=1
    verdict $ok "the session of $1"
}
play README.md
block yaml docs/verdict.md >words.yaml
play docs/verdict.md
block yaml docs/guide.md >guide.yaml
play docs/guide.md
play DESIGN.md

block c >my-method.c
compile=$(sed -n '1s,^/\* my-method.c: \(.*\) \*/$,\1,p' my-method.c)
ln -s "$ROOT/explainers" explainers
[[ -n $compile ]] && $compile -Wall -Wextra -Werror
verdict $? "the plugin compiles: $compile"
build/assay check ./my-method.so >/dev/null
verdict $? "the plugin keeps the rules"

block yaml >mine.yaml
cp fixtures/models/fashion-cnn.onnx .
build/assay run mine.yaml -o mine --no-figures >mine.txt 2>&1
verdict $? "the battery runs as expected"

for target in $(block sh | awk '$1 == "make" {print $2}'); do
    grep -q "^$target:" "$ROOT/Makefile"
    verdict $? "make $target"
done

for path in $(grep -o '](\([^)#]*\)' "$ROOT/README.md" | sed 's/](//' | grep -v '^http'); do
    test -e "$ROOT/$path"
    verdict $? "the link $path"
done

echo "$passed passed, $failed failed"
((failed == 0))
