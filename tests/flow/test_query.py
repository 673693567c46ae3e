"""The ready queries: each is one statement that any DuckDB client runs, and `carbon query` lists, shows and runs it."""

from __future__ import annotations

import csv
import json
from datetime import date
from pathlib import Path

import pytest

from pipelines.query import Answer, QueryProblem, ask, find, load_queries, render, write_answer
from pipelines.settings import Settings
from pipelines.text_table import aligned, plain_text
from tests.conftest import ROOT, Release, carbon, query

FILES = sorted((ROOT / "docs" / "queries").glob("*.sql"))
EMPTY = {"restatement"}   # the session's release is the first: nothing before it to restate


def settings_of(release: Release) -> Settings:
    return Settings(inbox=release.inbox, data=release.data, knowledge_date=date(2026, 6, 30))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_each_query_answers_as_it_stands(release_db: Path, file: Path) -> None:
    """As a reader would paste it: no parameter set, no join by hand."""
    text = file.read_text("utf-8")
    assert text.count(";") == 1 and " join " not in text.lower()
    assert (len(query(release_db, text)) > 0) == (file.stem not in EMPTY)


def test_there_are_the_twelve_questions() -> None:
    assert [file.stem for file in FILES] == list(load_queries()) and len(FILES) == 12
    assert all(" | " in asked.title and all(" | " in words for words in asked.parameters.values()) for asked in load_queries().values())
    assert all(f"getvariable('{name}')" in asked.sql for asked in load_queries().values() for name in asked.parameters)


def test_parameters_choose_what_is_asked(release: Release, tmp_path: Path) -> None:
    settings = settings_of(release)
    cities = ask(settings, find("city_total"), {"year": "2025"})
    assert cities.release_id == release.manifest["release_id"] and {row[cities.columns.index("period")] for row in cities.rows} == {date(2025, 1, 1)}
    assert ask(settings, find("city_total"), {"year": "1999"}).rows == []
    one = ask(settings, find("movement"), {"level": "prefecture", "code": "520100", "from_month": "2025-10", "to_month": "2025-12"})
    assert {row[one.columns.index("from_period")] for row in one.rows} == {date(2025, 10, 1)}
    rows = write_answer(settings, find("target_board"), {}, tmp_path / "目标.csv")
    assert rows == len(ask(settings, find("target_board"), {}).rows)
    with (tmp_path / "目标.csv").open(encoding="utf-8-sig", newline="") as handle:
        assert len(list(csv.DictReader(handle))) == rows
    assert (tmp_path / "目标.csv").read_bytes().startswith(b"\xef\xbb\xbf")


@pytest.mark.parametrize(("name", "parameters", "said"), [
    ("city_totl", {}, "did you mean city_total?"),
    ("city_total", {"yaer": "2025"}, "no parameter yaer; did you mean year?"),
    ("city_total", {"year": "last"}, "A year is YYYY"),
    ("movement", {"level": "city"}, "no such level: city"),
    ("movement", {"measure": "co2"}, "no such measure: co2"),
])
def test_what_cannot_be_asked_is_said(release: Release, name: str, parameters: dict[str, str], said: str) -> None:
    with pytest.raises(QueryProblem) as told:
        ask(settings_of(release), find(name), parameters)
    assert said in told.value.en and told.value.zh and told.value.exit_status == 2


def test_the_command_lists_shows_and_runs(release: Release) -> None:
    listed = carbon("query")
    assert listed.returncode == 0 and all(name in listed.stdout for name in load_queries())
    shown = carbon("query", "city_total", "--show")
    assert shown.stdout == load_queries()["city_total"].sql
    ran = carbon("query", "city_total", "--param", "year=2025", "--json", "--data", release.data)
    assert {row["division_name_en"] for row in json.loads(ran.stdout)["rows"]} >= {"Guiyang"}
    wrong = carbon("query", "city_total", "--param", "2025", "--data", release.data)
    assert wrong.returncode == 2 and "name=value" in wrong.stderr


def test_columns_stand_below_each_other_whatever_the_names() -> None:
    rows = [("贵阳铝业", 1.5), ("ABC", 1234.5), ("a\u202eb\tc\x07", None), ("😀" * 3, 0.0)]
    lines = aligned(["名称", "t"], rows).splitlines()
    assert lines == ["名称      t", "贵阳铝业     1.5", "ABC       1234.5", "ab c           -", "😀😀😀         0"]
    assert plain_text("<b>'\"</b>") == "<b>'\"</b>"
    narrow = aligned(["a", "b", "c"], [("x" * 60, "y" * 60, "z")], width=60).splitlines()
    assert narrow[1].endswith("…") and narrow[-1] == "另有 2 列未显示 | 2 more columns: b, c"
    assert aligned(["a"], []) == "a"


def test_an_answer_without_rows_says_so(release: Release) -> None:
    assert render(ask(settings_of(release), find("city_total"), {"year": "1999"}), 40).startswith("没有行 | no rows\n")


def test_an_answer_without_rows_says_what_never_came() -> None:
    told = render(Answer("x", "r", ["a"], [], (("电网交换", "Grid exchange"), ("绿证", "Certificates"))), 40)
    assert told == "没有行 | no rows\n本版本从未收到：电网交换、绿证 | this release never received: Grid exchange, Certificates\n版本 | Release: r"
