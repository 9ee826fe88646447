"""What a run of assay found, read from its run folder."""

from __future__ import annotations

import csv
import html
import json
import os
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Tuple

NUMBERS = ("score", "lower", "upper", "floor", "ceiling")
COLOURS = {
    "PASS": "#1a7f37",
    "FAIL": "#cf222e",
    "ERROR": "#cf222e",
    "INCONCLUSIVE": "#9a6700",
    "UNINFORMATIVE": "#9a6700",
    "SKIP": "#57606a",
}


class Verdict(NamedTuple):
    """One word of the table. `control` is "overall" for what joins those of a row.

    score is the share D of the map that survives, with its interval from lower to upper, where there is one.
    """

    explainer: str
    control: str
    verdict: str
    annotation: str
    expected: str
    as_expected: bool
    reason: str
    score: Optional[float]
    lower: Optional[float]
    upper: Optional[float]
    floor: Optional[float]
    ceiling: Optional[float]
    draws: int


def _number(text: str) -> Optional[float]:
    try:
        return float(text)
    except ValueError:
        return None


def _verdict(row: Dict[str, str]) -> Verdict:
    numbers = {key: _number(row.get(key, "")) for key in NUMBERS}
    return Verdict(
        row["explainer"],
        row["control"],
        row["verdict"],
        row["annotation"],
        row["expected"],
        row["as_expected"] == "true",
        row["reason"],
        draws=int(row.get("draws") or 0),
        **numbers,
    )


class Report:
    """A run: its verdicts, similarities, exit code and folder.

    passed:         every verdict was as expected (exit code 0); a Report is as true as this
    verdicts:       [Verdict], the rows of the table in its order
    similarities:   each comparison, a pandas.DataFrame where pandas is there, else a list of dicts
    code:           the program's exit code: 0 as expected, 1 FAIL, 3 something could not run, 4 undecided
    folder:         the run folder, with report.txt and report.json; figures where they were asked for
    notes:          what this process noticed of the module and the methods
    """

    def __init__(self, folder: str, code: int, notes: Optional[List[str]] = None) -> None:
        self.folder = folder
        self.code = code
        self.notes = list(notes or [])
        with open(os.path.join(folder, "verdicts.csv"), newline="", encoding="utf-8") as file:
            self.verdicts = [_verdict(row) for row in csv.DictReader(file)]

    @property
    def passed(self) -> bool:
        return self.code == 0

    def __bool__(self) -> bool:
        return self.passed

    def __getitem__(self, cell: Tuple[str, str]) -> str:
        """The word of (explainer, control): report["gradient", "cascading"]."""
        for one in self.verdicts:
            if (one.explainer, one.control) == tuple(cell):
                return one.verdict
        raise KeyError(f"{cell}: there are {', '.join(self.explainers)} under {', '.join(self.controls)}")

    @property
    def explainers(self) -> List[str]:
        return list(dict.fromkeys(one.explainer for one in self.verdicts))

    @property
    def controls(self) -> List[str]:
        return list(dict.fromkeys(one.control for one in self.verdicts))

    @property
    def similarities(self) -> Any:
        path = os.path.join(self.folder, "results.csv")
        try:
            import pandas
        except ImportError:
            return list(self._rows(path))
        return pandas.read_csv(path)

    @staticmethod
    def _rows(path: str) -> Iterator[Dict[str, Any]]:
        whole = ("stage_index", "draw", "input", "other")
        with open(path, newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                yield {
                    key: int(text) if key in whole else _number(text) if key == "value" else text
                    for key, text in row.items()
                }

    @property
    def json(self) -> Dict[str, Any]:
        """report.json: all values, seeds, hashes and versions."""
        with open(os.path.join(self.folder, "report.json"), encoding="utf-8") as file:
            found: Dict[str, Any] = json.load(file)
        return found

    def _cells(self) -> List[List[str]]:
        """The table of words, its head first; ! is not as expected, * has an annotation."""
        unexpected = self._unexpected()
        marks = {
            (v.explainer, v.control): v.verdict + "!" * (v in unexpected) + "*" * bool(v.annotation)
            for v in self.verdicts
        }
        return [["explainer", *self.controls]] + [
            [row, *(marks.get((row, control), "") for control in self.controls)] for row in self.explainers
        ]

    def _unexpected(self) -> List[Verdict]:
        """What was not expected: the reasons that matter first. A row as a whole only where none of its cells is."""
        found = [one for one in self.verdicts if not one.as_expected]
        rows = {one.explainer for one in found if one.control != "overall"}
        return [one for one in found if one.control != "overall" or one.explainer not in rows]

    def _annotations(self) -> List[str]:
        """What the stars stand for, a line for each row."""
        rows: Dict[str, Dict[str, None]] = {}
        for one in self.verdicts:
            if one.annotation:
                rows.setdefault(one.explainer, {}).update(dict.fromkeys(one.annotation.split("; ")))
        return [f"* {row}: {'; '.join(said)}" for row, said in rows.items()]

    def __str__(self) -> str:
        cells = self._cells()
        widths = [max(len(row[i]) for row in cells) for i in range(len(cells[0]))]
        lines = ["  ".join(text.ljust(width) for text, width in zip(row, widths)).rstrip() for row in cells]
        for one in self._unexpected():
            lines += [
                "",
                f"{one.explainer} under {one.control}: {one.verdict}, expected {one.expected}",
                f"  {one.reason}",
            ]
        lines += ["", *(f"note: {note}" for note in self.notes)]
        lines += self._annotations()
        as_expected = "verdicts as expected" if self.passed else "not as expected"
        lines.append(f"{as_expected} (exit code {self.code}); every reason: {os.path.join(self.folder, 'report.txt')}")
        return "\n".join(lines)

    def __repr__(self) -> str:
        """One line: pytest shows it beside the message of an assertion, and that is the table."""
        words = ", ".join(f"{one.explainer} under {one.control}: {one.verdict}" for one in self._unexpected())
        return f"<assay.Report {words or 'as expected'} (exit code {self.code}) in {self.folder}>"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """The table, for IPython."""
        printer.text(str(self))

    def _repr_html_(self) -> str:
        """The table, for notebooks: a word's reason is its tooltip."""
        found = {(v.explainer, v.control): v for v in self.verdicts}
        head = "".join(f"<th>{html.escape(control)}</th>" for control in self.controls)
        unexpected = self._unexpected()
        rows = []
        for row in self.explainers:
            cells = []
            for control in self.controls:
                one = found.get((row, control))
                word = html.escape(one.verdict + "!" * (one in unexpected)) if one else ""
                colour = COLOURS.get(one.verdict, "inherit") if one else "inherit"
                reason = html.escape(one.reason, quote=True) if one else ""
                cells.append(f'<td style="color:{colour}" title="{reason}">{word}</td>')
            rows.append(f"<tr><th>{html.escape(row)}</th>{''.join(cells)}</tr>")
        reasons = "".join(
            f"<li>{html.escape(f'{v.explainer} under {v.control}: {v.reason}')}</li>" for v in unexpected
        )
        notes = "".join(f"<li>{html.escape(note)}</li>" for note in self.notes)
        return (
            f"<table><thead><tr><th>explainer</th>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
            + (f"<ul>{reasons}{notes}</ul>" if reasons or notes else "")
            + f"<p>exit code {self.code}; {html.escape(self.folder)}</p>"
        )
