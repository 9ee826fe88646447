#!/bin/bash
# Runs of several processes (make MPI=1), for `make check-mpi`: tests/mpi/run.sh [PART]... (default: all). The last line
# is "N passed, N failed".
#   same     2, 3 and 4 processes give the bytes of one, with networks that are trained, further draws, and explainers
#            that break the rules in every way
#   eight    8 processes give the bytes of one
#   killed   a process is killed: the run ends, and --resume gives the same bytes
#   recovered  the same with mpirun --enable-recovery: the run goes on without it
#   stopped  a process stops: its jobs start again elsewhere, and the bytes are the same
#   slow     a process is slow: it stays, and the bytes are the same
#   shards   processes that are started with --shard each, and do not talk
#   refused  processes that have another battery, or another compute route; a battery that is wrong
# The options of mpirun are those that Open MPI 4 and 5 both know.
set -u
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
BUILD=${ASSAY_BUILD:-build-mpi}
[[ $BUILD == /* ]] || BUILD=$ROOT/$BUILD
[[ -x $BUILD/assay ]] || { echo "run.sh: $BUILD/assay: not there: run make MPI=1 first" >&2; exit 2; }
export LC_ALL=C PATH=$BUILD:$PATH OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
# On one machine: the processes share its cores, and none insists on one.
MPIRUN=(timeout 300 mpirun --map-by :OVERSUBSCRIBE --bind-to none)
work=$(mktemp -d /tmp/assay-mpi.XXXXXX)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
passed=0 failed=0
. "$ROOT/tests/proofs.sh"

# A small network on 300 rows of six numbers.
make_batteries() {
    make_network
    for name in unsupported per-process late-overrun ends-well slow crash hang; do cp "$BUILD/tests/bad/$name.so" .; done
    printf '%s\n' 'name: all' 'model: m.onnx' 'time-limit: 2' 'data: {source: "csv:d.csv", inputs: 12}' \
        'training: {source: "csv:d.csv", images: 100, epochs: 400, learning-rate: 0.01, batch: 25, layers: "fc:64,relu,fc:2"}' \
        'explainers: [gradient, smoothgrad, input, ./unsupported.so, ./per-process.so, ./late-overrun.so, ./ends-well.so, ./crash.so, ./hang.so]' \
        'controls: [cascading, independent, label-permutation, linear-identity]' >all.yaml
    printf '%s\n' 'name: slow' 'model: m.onnx' 'data: {source: "csv:d.csv", inputs: 12}' \
        'explainers: [gradient, ./slow.so, {use: ./slow.so, name: slow2}, {use: ./slow.so, name: slow3}, {use: ./slow.so, name: slow4}, smoothgrad]' 'controls: [cascading, independent]' >slow.yaml
}

alone() { # BATTERY FOLDER
    assay run "$1" -o "$2" --no-figures -j1 >"$2.out" 2>"$2.err"
}

# Of slow.yaml, by one process that nobody disturbs: `calm`, and its exit status.
be_calm() {
    [[ -d calm ]] || { alone slow.yaml calm; calm=$?; }
}

together() { # N BATTERY FOLDER [OPTION...]
    local n=$1 battery=$2 folder=$3
    shift 3
    "${MPIRUN[@]}" -n "$n" ./rank "$folder" assay run "$battery" -o "$folder" --no-figures -j1 "$@" >"$folder.out" 2>"$folder.err"
}

same() { # FOLDER FOLDER: results, verdicts and reports, byte by byte
    local file
    for file in results.csv verdicts.csv report.json junit.xml report.txt report.html; do
        cmp "$1/$file" "$2/$file" || return 1
    done
}

took_jobs() { # FOLDER N: each of the other processes did some
    (($(grep -c 'rank [0-9]* on .*: [1-9][0-9]* jobs$' "$1.err") == $2))
}

test_same() {
    alone all.yaml one
    for n in 2 3 4; do
        together $n all.yaml "all$n"
        check "$n processes end with the exit status of one" test $? -eq 3
        check "$n processes give the same bytes" same one "all$n"
        check "$n processes: each took jobs" took_jobs "all$n" $((n - 1))
    done
    check "of a run that is finished nothing is left to say" test ! -e all4/status.json
}

# Each process leaves its id in FOLDER.pid.RANK, and becomes assay: no name of a parent and no list of processes is
# needed to find it, which both differ between versions of Open MPI, and in a chroot.
make_rank() {
    cat >rank <<'RANK'
#!/bin/bash
echo $$ >"$1.pid.${OMPI_COMM_WORLD_RANK:-$PMIX_RANK}"
shift
exec "$@"
RANK
    chmod +x rank
}

# Sends the signal to the second of three processes when some units are there.
disturbed() { # SIGNAL FOLDER
    local victim='' sent=1
    together 3 slow.yaml "$2" &
    local run=$!
    has_begun "$2" $run && victim=$(cat "$2.pid.1") && kill -"$1" "$victim" && sent=0
    check "SIG$1 was sent to rank 1 while the run was at work" test $sent -eq 0
    wait $run
}

test_killed() {
    be_calm
    disturbed KILL killed
    check "the run ends when a process is killed" test $? -ne 0
    check "and says how to go on" grep -q -- '--resume' killed.err
    together 3 slow.yaml killed --resume
    check "resumed, it has the same bytes" same calm killed
}

test_shards() {
    be_calm
    # shellcheck disable=SC2016
    "${MPIRUN[@]}" -n 2 bash -c 'k=${OMPI_COMM_WORLD_RANK:-$PMIX_RANK}
        assay run slow.yaml --no-figures -j1 --shard $((k + 1))/2 -o "shard$k"; test $? -eq 5' \
        >shards.out 2>shards.err
    check "with --shard each process is a shard" test $? -eq 0
    assay merge shards shard0 shard1 --no-figures >merge.out 2>merge.err
    check "the bytes are the same" same calm shards
}

test_recovered() {
    be_calm
    local MPIRUN=("${MPIRUN[@]}" --enable-recovery)
    ASSAY_RANK_SILENCE=5 disturbed KILL recovered
    check "a process that is killed is left out, where Open MPI lets the others live" test $? -eq 0
    check "which is said" grep -q 'rank 1 on .* is silent: it is left out' recovered.err
    check "the bytes are the same" same calm recovered
}

test_stopped() {
    be_calm
    ASSAY_RANK_SILENCE=5 disturbed STOP stopped
    check "a process that stops is left out" grep -q 'rank 1 on .* is silent: it is left out' stopped.err
    check "the exit status is said, whatever becomes of mpirun" grep -q "rank 0 ended with exit status $calm" stopped.err
    check "the bytes are the same" same calm stopped
}

# Two processes, of which the second has the settings VAR=VALUE... and perhaps another battery. Not by mpirun's `:`, at
# which mpirun 5.0.7 of Debian 13 ends by SIGSEGV before it starts anything (open-mpi/ompi, issue 13303).
unlike() { # FOLDER BATTERY BATTERY-OF-THE-SECOND [VAR=VALUE...]
    local folder=$1
    # shellcheck disable=SC2016
    "${MPIRUN[@]}" -n 2 bash -c 'battery=$2
        ((${OMPI_COMM_WORLD_RANK:-$PMIX_RANK} == 0)) || { battery=$3; for set in "${@:4}"; do export "$set"; done; }
        exec assay run "$battery" -o "$1" --no-figures -j1' unlike "$@" >"$folder.out" 2>"$folder.err"
}

# Rank 1 and its workers stand still four fifths of the time, for as long as the run takes. It is not silent for longer
# than ASSAY_RANK_SILENCE, so it is slow and no more.
test_slow() {
    be_calm
    ASSAY_RANK_SILENCE=5 together 3 slow.yaml slow &
    local run=$! victim='' all rounds=0
    has_begun slow $run && victim=$(cat slow.pid.1)
    while [[ $victim ]] && kill -STOP "$victim" 2>/dev/null; do
        all=$(cat "/proc/$victim/task/$victim/children" 2>/dev/null)
        # shellcheck disable=SC2086
        kill -STOP $all 2>/dev/null
        sleep .4
        # shellcheck disable=SC2086
        kill -CONT $all "$victim" 2>/dev/null
        sleep .1
        rounds=$((rounds + 1))
    done
    wait $run
    check "a run with a slow process ends as one without it" test $? -eq "$calm"
    check "the process was slowed while the run was at work" test $rounds -gt 1
    check "a process that is slow is not left out" test "$(grep -c 'left out' slow.err)" -eq 0
    check "the bytes are the same" same calm slow
}

test_eight() {
    be_calm
    together 8 slow.yaml eight
    check "8 processes end with the exit status of one" test $? -eq "$calm"
    check "8 processes give the same bytes" same calm eight
    check "8 processes: the seven others were there" test "$(grep -c 'rank [1-7] on .*: [0-9]* jobs$' eight.err)" -eq 7
    check "8 processes: most took jobs" test "$(grep -c 'rank [1-7] on .*: [1-9][0-9]* jobs$' eight.err)" -gt 3
}

test_refused() {
    local first=$ROOT/fixtures/batteries/first.yaml
    unlike other slow.yaml "$first"
    check "another battery is refused" test $? -eq 2
    check "naming the process" grep -q 'rank 1 on .*: another battery' other.err
    unlike route "$first" "$first" ASSAY_ISA=portable OPENBLAS_CORETYPE=Nehalem
    check "another compute route is refused" test $? -eq 2
    check "naming the process" grep -q 'rank 1 on .*: its compute route is portable' route.err
    sed 's/m.onnx/none.onnx/' slow.yaml >wrong.yaml
    together 3 wrong.yaml wrong
    check "a battery that is wrong is an input error" test $? -eq 2
    check "which is said once" test "$(grep -c 'none.onnx: No such' wrong.err)" -eq 1
    together 2 slow.yaml dry --dry-run
    check "a dry run prints the plan once" test $? -eq 0 -a "$(grep -c '^battery slow' dry.out)" -eq 1
}

make_rank
make_batteries
(($#)) || set -- same eight killed recovered stopped slow shards refused
play_parts "$@"
