"""What the export scripts have in common: one model, or one after the other in forked processes, because importing the
frameworks takes longer than most exports.

    python3 SCRIPT NAME FOLDER
    python3 SCRIPT --serve [EXPORTER]
                                a line on standard input for each model: name, folder, seconds and GiB that it may take,
                                separated by tabs; answers with the exit code of its process, "late" where it was stopped
"""
import os
import resource
import signal
import sys
import time
import traceback

GIB = 1 << 30


def in_child(export, name, folder, gib):
    log = os.open(f"{folder}/export.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    os.dup2(log, 1)
    os.dup2(log, 2)
    resource.setrlimit(resource.RLIMIT_DATA, (int(gib * GIB),) * 2)
    code = 1
    try:
        export(name, folder)
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def wait(pid, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            return str(os.waitstatus_to_exitcode(status))
        time.sleep(.05)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return "late"


def main(export, preload=lambda *_: None):
    if sys.argv[1] != "--serve":
        return export(*sys.argv[1:])
    preload(*sys.argv[2:])
    for line in sys.stdin:
        name, folder, seconds, gib = line.rstrip("\n").split("\t")
        pid = os.fork()
        if pid == 0:
            in_child(export, name, folder, float(gib))
        print(wait(pid, float(seconds)), flush=True)
