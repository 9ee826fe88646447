# proofs.sh: what the long proofs share; sourced by slow.sh, kills.sh, aarch64.sh and mpi/. They count in `passed` and `failed`.

check() { # NAME COMMAND...: passes when the command does
    local name=$1
    shift
    if "$@"; then
        passed=$((passed + 1)) && echo "ok   $name"
    else
        failed=$((failed + 1)) && echo "FAIL $name"
    fi
}

# Plays the parts (functions test_PART) and says how many checks passed: the last command of a proof.
play_parts() { # PART...
    local part
    for part; do
        declare -F "test_$part" >/dev/null || { echo "${0##*/}: no part '$part'" >&2; exit 2; }
        "test_$part"
    done
    echo "$passed passed, $failed failed"
    ((failed == 0))
}

# d.csv, 300 rows of six numbers, and m.onnx, a small network on them.
make_network() {
    awk 'function u() { s = (s * 16807) % 2147483647; return 2 * s / 2147483647 - 1 }
        BEGIN { s = 7; print "a,b,c,d,e,f,label"
            for (i = 0; i < 300; i++) { for (k = 0; k < 6; k++) { x[k] = u(); printf "%.4f,", x[k] }
                print (x[0] + 2 * x[1] * x[2] > 0) } }' >d.csv
    assay train --data csv:d.csv --layers fc:16,relu,fc:8,relu,fc:2 --epochs 60 --learning-rate 0.01 -o m.onnx >train.txt
}

# Some units of the folder's run are there, and it is still at work.
has_begun() { # FOLDER RUN: RUN is the process of mpirun
    local done=0
    for _ in $(seq 600); do
        done=$(assay status "$1" 2>/dev/null | sed -n 's/^units: \([0-9]*\) of.*/\1/p')
        ((${done:-0} > 0)) && echo "     $done units are there" && return
        kill -0 "$2" 2>/dev/null || break
        sleep .1
    done
    return 1
}
