#!/bin/bash
# The style of the project's files: tests/style.sh [FOLDER] (default: the project). Prints FILE:LINE: WHAT IS WRONG; the last
# line is "style: N files, N problems".
#   *.c, *.h   formatted as clang-format 14 does by .clang-format; the first line begins a comment that says what is in the file
#   *.md       prose of at most 120 characters a line; tables, code blocks and a link alone on its line may be wider
#   sources    at most 400 lines; no white space at the end of a line
set -u
cd "${1:-$(dirname "${BASH_SOURCE[0]}")/..}" || exit 2
export LC_ALL=C.UTF-8
problems=0

# May be longer than 400 lines, and why.
long='
CHANGELOG.md                 what came, by subject
DESIGN.md                    words, an example, rooms, recipes and decisions on one page
docs/assay.1                 a reference, read by its headings
docs/ops.md                  a table
docs/performance.md          a table of results for each comparison
explainers/explainer.h       the ABI, which a plugin has in one file
docs/scale.md                the ways past one machine, each with what was measured
docs/verdict.md              the evidence, experiment by experiment
tests/unit/audit.c           networks and messages that audits have to tell apart
tests/unit/battery.c         a table of every field and every error
tests/unit/graph.c           graphs written out by hand
tests/unit/judge_weights.c   a table of explainers and their words
tests/unit/message.c         a table of damages, and what each costs
tests/unit/net.c             networks written out by hand
tests/unit/onnx_choice.c    files written out by hand, a table for each kind
tests/unit/pool.c           what children may do, and how each ends
tests/unit/run_battery.c     whole runs that share their set-up
tests/unit/sandbox.c         what foreign code may and may not do, a function each
tests/unit/store.c           a case for each kind of row
tests/golden/network_zoo.py  one class for each architecture, as torchvision has them
'

problem() { # WHERE: WHAT
    echo "$1"
    problems=$((problems + 1))
}

# What git knows and what it does not ignore; without git, whatever is there and was not built.
mapfile -t files < <({ git ls-files -co --exclude-standard 2>/dev/null ||
    find . -type f -not -path './build*' -not -path './runs/*' -printf '%P\n'; } |
    grep -E '(\.(c|h|sh|py|awk|md|yaml|1)|Makefile|^(bench|\.ci)/[a-z]+)$' | sort -u | while IFS= read -r file; do
    [[ -f $file ]] && printf '%s\n' "$file"
done)
code=()
for file in "${files[@]}"; do [[ $file == *.[ch] ]] && code+=("$file"); done
((${#code[@]})) || problem "$PWD: no sources here"

formatter=$(command -v clang-format-14 || command -v clang-format || true)
if ((${#code[@]} == 0)); then
    :
elif [[ -z $formatter ]]; then
    echo "skipped: clang-format is not installed: the format of ${#code[@]} files was not checked"
elif [[ $("$formatter" --version) != *'version 14.'* ]]; then
    echo "skipped: $("$formatter" --version): version 14 wanted: the format of ${#code[@]} files was not checked"
else
    while IFS= read -r line; do
        problem "${line%%: error:*}: not as clang-format has it: $formatter -i ${line%%:*}"
    done < <(printf '%s\0' "${code[@]}" | xargs -0 -n 40 -P 2 "$formatter" --dry-run -Werror --ferror-limit=1 2>&1 |
        grep -E ': error: ')
fi

for file in "${code[@]}"; do
    IFS= read -r line <"$file"
    [[ $line == '/*'* ]] || problem "$file:1: no comment that says what is in the file"
done
while IFS= read -r line; do problem "$line"; done < <(
    grep -nE '[[:blank:]]+$' "${files[@]}" /dev/null | sed -E 's/^([^:]+:[0-9]+):.*/\1: white space at the end/'
    awk -v long="$long" 'FNR == 401 && index(long, "\n" FILENAME " ") == 0 {print FILENAME ":401: longer than 400 lines"}' \
        "${files[@]}"
    for file in "${files[@]}"; do
        [[ $file == *.md ]] || continue
        awk '/^ *```/ {code = !code} !code && !/^\|/ && !/^ *<?https?:[^ ]*$/ {print FILENAME ":" FNR ":" $0}' "$file" |
            sed -nE 's/^([^:]+:[0-9]+):.{121}.*/\1: prose of more than 120 characters/p'
    done
)
echo "style: ${#files[@]} files, $problems problems"
((problems == 0))
