#!/bin/bash
# A run of several hosts (make MPI=1): tests/mpi/hosts.sh. The hosts are network namespaces on a bridge, with an address
# and a name each; Open MPI speaks TCP between them. Then the network of one is cut in the middle of a run. The run has
# to come to its end with the bytes of one machine. mpirun itself does not end then, as it waits for the host: a time
# limit ends it, so its exit status says nothing. Where namespaces are not allowed, the script says so and ends with 0.
# All of it lies in namespaces of this script's own, and is gone with it.
set -u
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
BUILD=${ASSAY_BUILD:-build-mpi}
[[ $BUILD == /* ]] || BUILD=$ROOT/$BUILD
[[ -x $BUILD/assay ]] || { echo "hosts.sh: $BUILD/assay: not there: run make MPI=1 first" >&2; exit 2; }
if [[ ${1:-} != inside ]]; then
    command -v ip >/dev/null || { echo "hosts.sh: skipped: no program ip here (package iproute2)"; exit 0; }
    why=$(unshare --net --mount true 2>&1) || { echo "hosts.sh: skipped: no network namespaces here: $why"; exit 0; }
    exec unshare --net --mount "$0" inside
fi
export LC_ALL=C PATH=$BUILD:$PATH OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
work=$(mktemp -d /tmp/assay-hosts.XXXXXX)
hosts=(1 2 3)

# Only processes of the namespaces that were made here.
clean() {
    local k pid
    for k in "${hosts[@]}"; do
        for pid in $(ip netns pids "host$k" 2>/dev/null); do kill -KILL "$pid" 2>/dev/null; done
    done
    rm -rf "$work"
}
trap clean EXIT
cd "$work" || exit 2
passed=0 failed=0
. "$ROOT/tests/proofs.sh"

make_hosts() {
    local k
    mount -t tmpfs none /run && mkdir -p /run/netns && ip link add switch type bridge && ip link set switch up || return
    for k in "${hosts[@]}"; do
        ip netns add "host$k" && ip link add "port$k" type veth peer name eth0 netns "host$k" &&
            ip link set "port$k" master switch up && ip -n "host$k" addr add "10.77.0.$k/24" dev eth0 &&
            ip -n "host$k" link set eth0 up && ip -n "host$k" link set lo up || return
    done
}

# How Open MPI starts its processes on a host: HOST COMMAND...
make_agent() {
    cat >agent <<'AGENT'
#!/bin/bash
name=host${1##*.}
shift
exec ip netns exec "$name" unshare --uts bash -c "hostname $name; $*"
AGENT
    chmod +x agent
}

make_battery() {
    make_network
    cp "$BUILD/tests/bad/slow.so" .
    printf '%s\n' 'name: slow' 'model: m.onnx' 'data: {source: "csv:d.csv", inputs: 12}' \
        'explainers: [gradient, ./slow.so, {use: ./slow.so, name: slow2}, {use: ./slow.so, name: slow3}, smoothgrad]' \
        'controls: [cascading, independent]' >slow.yaml
}

# One process on each host; FOLDER [OPTION...]
together() {
    local folder=$1
    shift
    ./agent 10.77.0.1 "cd $work; ASSAY_RANK_SILENCE=5 timeout -k 5 ${LIMIT:-90} mpirun --enable-recovery --bind-to none \
        --host 10.77.0.1,10.77.0.2,10.77.0.3 --map-by node:OVERSUBSCRIBE -n 3 --mca plm_rsh_agent $work/agent --mca pml ob1 \
        --mca btl tcp,self --mca btl_tcp_if_include 10.77.0.0/24 --mca oob_tcp_if_include 10.77.0.0/24 \
        -x PATH -x ASSAY_RANK_SILENCE assay run slow.yaml -o $folder --no-figures -j1 $*" >"$folder.out" 2>"$folder.err"
}

same() { # FOLDER FOLDER
    local file
    for file in results.csv verdicts.csv report.json junit.xml report.txt report.html; do
        cmp "$1/$file" "$2/$file" || return 1
    done
}

# The third host and the first reach each other again: nothing listens there, which is said at once.
mend() {
    ip link set port3 up
    for _ in $(seq 100); do
        timeout 1 ip netns exec host3 bash -c '</dev/tcp/10.77.0.1/9' 2>&1 | grep -q refused &&
            timeout 1 ip netns exec host1 bash -c '</dev/tcp/10.77.0.3/9' 2>&1 | grep -q refused && return
        sleep .1
    done
    echo "hosts.sh: host3 is not reached again" >&2
}

# Cuts the third host off when some units are there.
cut_off() { # FOLDER
    together "$1" &
    local run=$!
    has_begun "$1" $run
    ip link set port3 down
    check "there was something left to do when it was cut" kill -0 $run
    wait $run 2>/dev/null
    ended=$?
}

make_hosts 2>hosts.err || { echo "hosts.sh: skipped: no bridge between namespaces here: $(tail -1 hosts.err)"; exit 0; }
make_agent
make_battery
assay run slow.yaml -o calm --no-figures -j1 >calm.out 2>calm.err
calm=$?
together tcp
check "three hosts give the bytes of one" same calm tcp
check "and each took jobs" test "$(grep -c 'rank [0-9]* on host[23]: [1-9][0-9]* jobs$' tcp.err)" -eq 2
LIMIT=40 cut_off cut
echo "     mpirun ended with exit status $ended (137: by the time limit)"
check "the host that was cut off is left out" grep -q 'rank 2 on host3 is silent: it is left out' cut.err
check "the run came to its end without it, with the same bytes" same calm cut
check "which is said, as mpirun waits" grep -q "rank 0 ended with exit status $calm" cut.err
mend
cp cut.err cut-first.err
together cut --resume
check "mended and resumed, it ends well" test $? -eq "$calm"
check "and the bytes are the same" same calm cut
((failed == 0)) || tail -n 5 ./*.err
echo "$passed passed, $failed failed"
((failed == 0))
