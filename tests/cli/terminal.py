"""Plays a terminal: terminal.py COLUMNSxLINES [--show PATTERN] [--interrupt PATTERN] COMMAND...

Runs the command with standard error on a terminal of that size and prints standard output to a file `out`. Prints the
screen, from the line of progress down, as it is when PATTERN stands on it for the first time, and the last screen. The
last line counts what was wrong: lines of the table that wrapped, and updates beyond ten in a second. --interrupt: Ctrl-C, then.
"""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time


class Screen:
    def __init__(self, columns, lines):
        self.columns, self.lines = columns, lines
        self.rows, self.x, self.y = [[]], 0, 0
        self.wrapped = 0

    def put(self, c):
        if self.x >= self.columns:
            self.wrapped += 1
            self.x = 0
            self.down()
        row = self.rows[self.y]
        row.extend(" " * (self.x + 1 - len(row)))
        row[self.x] = c
        self.x += 1

    def down(self):
        self.y += 1
        if self.y == len(self.rows):
            self.rows.append([])
        if self.y == self.lines:
            self.rows.pop(0)
            self.y -= 1

    def feed(self, text):
        for line in re.split("(?<=\n)", text):
            wrapped = self.wrapped
            self.feed_line(line)
            if "\x1b[K" not in line:  # a message may wrap
                self.wrapped = wrapped

    def feed_line(self, text):
        for csi, number, letter, c in re.findall(r"(\x1b\[)(\d*)([A-Za-z])|(.)", text, re.S):
            if letter == "A":
                self.y = max(0, self.y - int(number or 1))
            elif letter == "K":
                del self.rows[self.y][self.x :]
            elif letter == "J":
                del self.rows[self.y][self.x :], self.rows[self.y + 1 :]
            elif csi:
                raise SystemExit(f"not known here: {letter}")
            elif c == "\r":
                self.x = 0
            elif c == "\n":
                self.down()
            else:
                self.put(c)

    def show(self):
        """From the line of progress, or of its end, down."""
        text = "\n".join("".join(row).rstrip() for row in self.rows).rstrip("\n")
        return re.sub(r"\A.*?^(?=controls |\d+ jobs in)", "", text, count=1, flags=re.S | re.M)


def start(command, columns, lines):
    pid, fd = pty.fork()
    if pid:
        fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        return pid, fd
    while os.get_terminal_size(2).columns != columns:
        time.sleep(0.01)
    os.dup2(os.open("out", os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 1)
    os.execvp(command[0], command)


def play(command, size, show, interrupt):
    screen = Screen(*size)
    pid, fd = start(command, *size)
    times, shown = [], not show
    while True:
        select.select([fd], [], [], 60)
        try:
            data = os.read(fd, 65536)
        except OSError:  # the other end is closed
            break
        if not data:
            break
        if b"\x1b[K" in data:
            times.append(time.monotonic())
        screen.feed(data.decode())
        if not shown and re.search(show, screen.show()):
            shown = True
            print(screen.show(), "----", sep="\n")
        if interrupt and re.search(interrupt, screen.show()):
            interrupt = None
            os.kill(pid, signal.SIGINT)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    fast = sum(times[i + 12] - times[i] < 1 for i in range(len(times) - 12))
    print(screen.show())
    print(f"exit {status}; {screen.wrapped} wrapped, {fast} too fast")


def main(arguments):
    size = tuple(int(n) for n in arguments.pop(0).split("x"))
    show = interrupt = None
    while arguments[0].startswith("--"):
        option, value = arguments.pop(0), arguments.pop(0)
        if option == "--show":
            show = value
        else:
            interrupt = value
    play(arguments, size, show, interrupt)


main(sys.argv[1:])
