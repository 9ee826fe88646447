"""A report is what the run folder says."""

import csv
import json
import os
import subprocess
import sys

import pytest

import assay
from assay.report import Report

FIELDS = (
    "explainer,control,verdict,annotation,expected,as_expected,reason,first_failing_stage,score,lower,upper,floor,"
    "ceiling,n,draws"
).split(",")


@pytest.fixture
def folder(tmp_path):
    rows = [
        [
            "mine",
            "cascading",
            "FAIL",
            "",
            "PASS|SKIP",
            "false",
            "The map survives <here>",
            "fc2",
            0.8,
            0.7,
            0.9,
            0,
            1,
            30,
            5,
        ],
        ["mine", "zero-pixel", "SKIP", "", "PASS|SKIP", "true", "It does not multiply.", "", "", "", "", "", "", 30, 0],
        [
            "mine",
            "overall",
            "FAIL",
            "no identity asked",
            "",
            "true",
            "The map survives",
            "",
            0.8,
            0.7,
            0.9,
            0,
            1,
            30,
            5,
        ],
    ]
    with open(tmp_path / "verdicts.csv", "w", newline="") as file:
        csv.writer(file).writerows([FIELDS, *rows])
    with open(tmp_path / "results.csv", "w") as file:
        file.write(
            "explainer,control,stage,stage_index,draw,pairing,input,other,measure,view,value\n"
            '"mine","cascading","fc2",0,0,"matched",0,0,"spearman","signed/all",0.5\n'
        )
    (tmp_path / "report.json").write_text(json.dumps({"format": "assay-report/1"}))
    return str(tmp_path)


def test_it_is_read(folder):
    report = Report(folder, 1, ["a note"])
    assert not report.passed and not report and Report(folder, 0)
    assert report["mine", "cascading"] == "FAIL" and report.controls == ["cascading", "zero-pixel", "overall"]
    first, second = report.verdicts[:2]
    assert (first.score, first.draws, first.as_expected) == (0.8, 5, False) and second.score is None
    assert report.json["format"] == "assay-report/1" and report.folder == folder
    with pytest.raises(KeyError, match="there are mine under cascading"):
        report["other", "cascading"]


def test_a_failure_can_be_read(folder):
    text = str(Report(folder, 1, ["a note"]))
    lines = text.split("\n")
    assert lines[0].split() == ["explainer", "cascading", "zero-pixel", "overall"]
    assert lines[1].split() == ["mine", "FAIL!", "SKIP", "FAIL*"]
    for part in (
        "mine under cascading: FAIL, expected PASS|SKIP",
        "The map survives <here>",
        "note: a note",
        "no identity asked",
        "exit code 1",
        os.path.join(folder, "report.txt"),
    ):
        assert part in text


def _with_overall(folder, **changed):
    """The row's word as the program writes it where a control was not as expected."""
    path = os.path.join(folder, "verdicts.csv")
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    rows[-1].update(as_expected="false", expected="as each control")
    for row in rows:
        row.update(changed)
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, FIELDS)
        writer.writeheader()
        writer.writerows(rows)
    return folder


def test_a_row_is_not_unexpected_besides_its_controls(folder):
    report = Report(_with_overall(folder), 1)
    text = str(report)
    assert text.split("\n")[1].split() == ["mine", "FAIL!", "SKIP", "FAIL*"]
    assert "under overall" not in text and "overall" not in repr(report)


def test_a_row_that_alone_is_unexpected_is_said(folder):
    report = Report(_with_overall(folder, verdict="SKIP"), 4)
    report.verdicts = [one._replace(as_expected=one.control != "overall") for one in report.verdicts]
    assert "mine under overall: SKIP" in str(report) and "SKIP!*" in str(report)


def test_an_annotation_is_said_once_for_a_row(folder):
    report = Report(folder, 0)
    words = ("low power", "low power", "low power; no identity asked")
    report.verdicts = [one._replace(annotation=text) for one, text in zip(report.verdicts, words)]
    assert "\n* mine: low power; no identity asked\n" in str(report)


def test_a_failing_assertion_has_the_table_once(folder, tmp_path):
    report = Report(folder, 1)
    assert repr(report) == f"<assay.Report mine under cascading: FAIL (exit code 1) in {folder}>"
    (tmp_path / "test_once.py").write_text(
        "from assay.report import Report\n\n\n"
        f"def test_it():\n    report = Report({folder!r}, 1)\n    assert report.passed, str(report)\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_once.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.path.dirname(os.path.dirname(os.path.abspath(assay.__file__)))},
    )
    assert "1 failed" in done.stdout, done.stdout + done.stderr
    longest = done.stdout.split("short test summary")[0]
    assert longest.count("zero-pixel") == 1 and longest.count("The map survives") == 1, longest


def test_ipython_shows_the_table(folder):
    said = []

    class Printer:
        text = staticmethod(said.append)

    report = Report(folder, 1)
    report._repr_pretty_(Printer(), False)
    assert said == [str(report)]


def test_html_is_escaped(folder):
    page = Report(folder, 1, ["<b>"])._repr_html_()
    assert "&lt;here&gt;" in page and "&lt;b&gt;" in page and "<here>" not in page and ">FAIL!<" in page


def test_similarities_without_pandas(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    assert Report(folder, 0).similarities == [
        {
            "explainer": "mine",
            "control": "cascading",
            "stage": "fc2",
            "stage_index": 0,
            "draw": 0,
            "pairing": "matched",
            "input": 0,
            "other": 0,
            "measure": "spearman",
            "view": "signed/all",
            "value": 0.5,
        }
    ]


def test_similarities_with_pandas(folder):
    pandas = pytest.importorskip("pandas")
    found = Report(folder, 0).similarities
    assert isinstance(found, pandas.DataFrame) and found.value.tolist() == [0.5]
