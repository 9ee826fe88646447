#!/bin/bash
# Lines executed, by room: tests/coverage/rooms.sh [FILES]; with FILES, for every file of less than 90 %. After a run
# of the tests of a coverage build (ASSAY_BUILD).
set -u
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
BUILD=${ASSAY_BUILD:-build-coverage}
[[ $BUILD == /* ]] || BUILD=$ROOT/$BUILD
cd "$ROOT" || exit 2
find "$BUILD"/{framework,controls,reports} -name '*.gcda' | sort | while read -r counters; do
    source=${counters#"$BUILD"/}
    gcov -n "$counters" 2>/dev/null | awk -v source="${source%.gcda}.c" '
        /^File / { wanted = $0 ~ "/?" source "\x27$" }
        wanted && /^Lines executed/ { split($0, part, /[:% ]+/); print source, part[3], part[5]; exit }'
done | awk -v files="${1:-}" '
    {
        n = split($1, part, "/")
        room = part[1] == "framework" && n > 2 ? part[2] : part[1]
        hit = $2 * $3 / 100
        lines[room] += $3; done[room] += hit; all += $3; sum += hit
        if (files && $2 < 90) printf "%6.1f %%  %5d lines  %s\n", $2, $3, $1 | "sort -n"
    }
    END {
        close("sort -n")
        for (room in lines) {
            printf "%6.1f %%  %5d lines  %s\n", 100 * done[room] / lines[room], lines[room], room | "sort -n"
            low += room != "cli" && room != "framework" && 100 * done[room] / lines[room] < 90
        }
        close("sort -n")
        printf "%6.1f %%  %5d lines  in all; %d rooms below 90 %%\n", 100 * sum / all, all, low
        exit all == 0 || low > 0
    }'
