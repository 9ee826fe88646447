#!/usr/bin/env python3
"""Runs a command and prints what all its processes together took: peak memory and processor seconds.

    python3 bench/memory.py [--parts] -- build/assay run BATTERY ...

Memory is the sum of the proportional set sizes (Pss of /proc/PID/smaps_rollup) of the command and its descendants,
looked at every 20 ms: what processes share counts once. --parts prints the processes at the peak, too. Processor
seconds are user and system time of all that ended. The exit status is the command's."""
import os
import resource
import subprocess
import sys
import time


def parents():
    found = {}
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat") as f:
                found[int(name)] = int(f.read().rpartition(")")[2].split()[1])
        except (OSError, IndexError):
            pass
    return found


def descendants(root):
    above = parents()
    known = {root}
    while True:
        more = {pid for pid, parent in above.items() if parent in known} - known
        if not more:
            return known
        known |= more


def memory_of(pid):
    """Name, Pss and private bytes; None for a process that is gone."""
    fields = {}
    try:
        with open(f"/proc/{pid}/smaps_rollup") as f:
            for line in f.readlines()[1:]:
                key, value = line.split()[:2]
                fields[key.rstrip(":")] = int(value) * 1024
        with open(f"/proc/{pid}/comm") as f:
            return f.read().strip(), fields["Pss"], fields["Private_Dirty"] + fields["Private_Clean"]
    except (OSError, KeyError):
        return None


def main():
    arguments = sys.argv[1:]
    parts = arguments[:1] == ["--parts"]
    command = arguments[arguments.index("--") + 1 :]
    start = time.monotonic()
    child = subprocess.Popen(command)
    peak, at_peak = 0, []
    while child.poll() is None:
        now = [m for m in map(memory_of, descendants(child.pid)) if m]
        total = sum(m[1] for m in now)
        if total > peak:
            peak, at_peak = total, now
        time.sleep(0.02)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    mib = 1 << 20
    print(
        f"memory: peak {peak / mib:.0f} MiB in {len(at_peak)} processes;"
        f" {used.ru_utime + used.ru_stime:.1f} processor seconds; {time.monotonic() - start:.1f} s",
        file=sys.stderr,
    )
    for name, pss, private in sorted(at_peak, key=lambda m: -m[1]) if parts else []:
        print(f"  {name:<16} Pss {pss / mib:7.1f} MiB  private {private / mib:7.1f} MiB", file=sys.stderr)
    return child.returncode


if __name__ == "__main__":
    sys.exit(main())
