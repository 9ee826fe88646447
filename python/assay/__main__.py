"""`python -m assay FILE`: judges the methods of a file; `python -m assay --help` says more."""

from __future__ import annotations

import sys
from typing import List

from . import serving

USAGE = """python -m assay FILE [-o DIR] [--controls A,B] [--draws N] [--seed S] [-j N] [--figures]
  judges every function under @assay.explainer in FILE, on its `module` and `inputs`; the exit code is assay's:
  0 as expected, 1 FAIL, 2 nothing could be judged, 3 something could not run, 4 undecided
python -m assay.maps record DIR | play DIR | status DIR
  maps that are computed elsewhere: docs/python.md
"""


def main(arguments: List[str]) -> int:
    if not arguments or arguments[0] in ("-h", "--help"):
        print(USAGE, end="", file=sys.stdout if arguments else sys.stderr)
        return 0 if arguments else 2
    serving.one_thread()
    from .errors import AssayError
    from .judging import judge_file

    try:
        return judge_file(arguments[0], arguments[1:])
    except (AssayError, OSError) as error:
        print(f"assay: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("assay: interrupted", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
