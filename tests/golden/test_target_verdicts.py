"""Every target of the plan, read as tests/golden/target_verdicts.csv says: hand-made observations and the verdicts they must get.

The model that judges is run as the night compiled it, on observations of our own.
"""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipelines.settings import PROJECT
from pipelines.warehouse.duck import connect
from tests.conftest import Release

HOME = "520000"
Key = tuple[str, str, int]
TABLE = list(csv.DictReader((Path(__file__).parent / "target_verdicts.csv").open(encoding="utf-8")))
PLAN = list(csv.DictReader((PROJECT / "data/raw/published/plan_target/targets.csv").open(encoding="utf-8-sig")))
RULES = list(csv.DictReader((PROJECT / "dbt_project/seeds/target_rule.csv").open(encoding="utf-8")))


@pytest.fixture(scope="module")
def judge(release: Release, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A function from observations {(target, body, year): value} to verdicts by the same keys, known in 2031."""
    copy = tmp_path_factory.mktemp("judge") / "build.duckdb"
    shutil.copy(release.data / "warehouse" / "build.duckdb", copy)
    (model,) = (release.data / "warehouse" / "dbt" / "compiled").rglob("int_target__judged.sql")
    with connect(copy) as db:

        def run(
            observations: dict[Key, float], vintage: str = "", preliminary: dict[Key, float] | None = None,
            missing: dict[Key, str] | None = None, known: str = "2031-06-30",
        ) -> dict[Key, tuple]:
            db.execute("update registry.night set knowledge_date = ?", [known])
            db.execute("delete from intermediate.int_target__observation")
            given: list[list[Any]] = [[*key, value, vintage, None] for key, value in observations.items()]
            given += [[*key, value, "初步", None] for key, value in (preliminary or {}).items()]
            given += [[*key, None, "", why] for key, why in (missing or {}).items()]
            for row in given:
                db.execute(
                    "insert into intermediate.int_target__observation (target_id, division_code, year, value, vintage, missing_code, source, is_synthetic)"
                    " values (?, ?, ?, ?, ?, ?, 'target_observation', true)",
                    row,
                )
            rows = db.execute(f"select target_id, division_code, year, verdict, reason_code from ({model.read_text('utf-8')})").fetchall()
            return {row[:3]: row[3:] for row in rows}

        yield run


def _cases() -> Iterator[tuple[dict[str, str], float, str]]:
    for row in TABLE:
        for case in row["cases"].split():
            value, verdict = case.split(":")
            yield row, float(value), verdict


def test_every_target_year_of_the_plan_is_in_the_table() -> None:
    table = {(row["target_id"], row["year"]) for row in TABLE}
    said = {(t["target_id"], year) for t in PLAN for year in ("2025", "2030") if t[f"value_{year}"] or t[f"qualifier_{year}"]}
    assert len(PLAN) == 64 and said - table == set()


def test_rules_repeat_the_plan() -> None:
    plan = {t["target_id"]: t for t in PLAN}
    said = {(t["target_id"], year) for t in PLAN for year in ("2025", "2030") if t[f"value_{year}"] or t[f"qualifier_{year}"]}
    assert {(r["target_id"], r["target_year"]) for r in RULES} == said
    for rule in RULES:
        target = plan[rule["target_id"]]
        assert rule["quote"] in (target[f"quote_{rule['target_year']}"], target["quote_2025"]) and rule["quote"]
        value = target[f"value_{rule['target_year']}"]
        if value:
            assert float(rule["target_value"]) == float(value), rule


def test_verdicts(judge: Any) -> None:
    """Rounds: in each, one case of every line of the table that no other line of the round disturbs."""
    waiting = list(_cases())
    wrong = []
    while waiting:
        now: dict[str, tuple[dict[str, str], float, str]] = {}
        for case in waiting:
            now.setdefault(case[0]["target_id"], case)
        waiting = [case for case in waiting if case is not now[case[0]["target_id"]]]
        observations: dict[tuple[str, str, int], float] = {}
        for row, value, _ in now.values():
            for given in row["given"].split():
                year, before = given.split(":")
                observations[row["target_id"], HOME, int(year)] = float(before)
            observations[row["target_id"], HOME, int(row["year"])] = value
        found = judge(observations)
        for row, value, verdict in now.values():
            got = found[row["target_id"], HOME, int(row["year"])]
            if got[0] != verdict:
                wrong.append((row["target_id"], row["year"], value, verdict, got))
    assert wrong == []


def test_without_observations_every_target_still_has_its_verdict(judge: Any) -> None:
    found = judge({})
    assert {key[0] for key in found if key[1] == HOME} == {t["target_id"] for t in PLAN}
    assert {verdict for verdict, _ in found.values()} == {"not_assessable"}


def test_a_preliminary_figure_gets_no_verdict(judge: Any) -> None:
    found = judge({("K01", HOME, 2025): 66.0, ("G03", HOME, 2030): 70.0}, vintage="初步")
    assert found["K01", HOME, 2025] == ("not_assessable", "provisional")
    assert found["G03", HOME, 2030] == ("not_assessable", "provisional")


def test_the_latest_firm_figure_speaks_for_a_year_that_has_not_come(judge: Any) -> None:
    """2030 is judged by 2024 (beside 2023: 80 a year, 2024 + 6 x 80 = 2704 > 2400), not by the preliminary 2025; 2025 itself gets no verdict."""
    firm = {("E07", HOME, 2023): 2144.0, ("E07", HOME, 2024): 2224.0}
    found = judge(firm, preliminary={("E07", HOME, 2025): 1.0}, known="2026-06-30")
    assert found["E07", HOME, 2025] == ("not_assessable", "provisional")
    assert found["E07", HOME, 2030] == ("on_track", "pace_enough")


def test_a_standing_condition_is_not_met_before_its_year(judge: Any) -> None:
    found = judge({("E02", HOME, 2025): 55.0, ("I01", HOME, 2025): 10.0, ("E14", HOME, 2025): 4.0, ("E15", HOME, 2025): 4.0}, known="2026-06-30")
    assert found["E02", HOME, 2025][0] == "met" and found["E02", HOME, 2030] == ("on_track", "already_reached")
    assert found["I01", HOME, 2025][0] == "not_met" and found["I01", HOME, 2030] == ("off_track", "behind_standing")
    assert found["E14", HOME, 2025][0] == "met" and found["E14", HOME, 2030] == ("on_track", "already_reached")
    assert found["E15", HOME, 2025] == found["E15", HOME, 2030] == ("not_assessable", "no_date")


def test_a_direction_waits_for_its_year(judge: Any) -> None:
    found = judge({("E01", HOME, 2025): 41.5}, known="2026-06-30")
    assert found["E01", HOME, 2030] == ("not_assessable", "base_only")


def test_levels_delivered_for_a_reduction_are_not_judged(judge: Any) -> None:
    """T02 falls against 2020: a figure of 100 for 2020 says that levels were delivered; 96 would read as a reduction by 96 %."""
    found = judge({("T02", HOME, 2020): 100.0, ("T02", HOME, 2025): 96.0, ("T03", HOME, 2020): 0.0, ("T03", HOME, 2025): 6.0})
    assert found["T02", HOME, 2025] == ("not_assessable", "base_not_zero")
    assert found["T03", HOME, 2025] == ("on_track", "pace_enough")


def test_a_peak_that_is_open_or_observations_that_contradict_get_no_verdict(judge: Any) -> None:
    found = judge({("G04", HOME, 2030): 2025.0}, vintage="未定")
    assert found["G04", HOME, 2030] == ("not_assessable", "peak_open")
    found = judge({}, missing={("E09", HOME, 2025): "conflicting", ("T06", HOME, 2025): "bodies_missing"})
    assert found["E09", HOME, 2025] == ("not_assessable", "conflicting")
    assert found["T06", HOME, 2025] == ("not_assessable", "bodies_missing")


def test_cities_are_judged_only_where_the_plan_sets_them_a_target(judge: Any) -> None:
    found = judge({("T06", "520100", 2025): 61.0, ("T06", "520300", 2025): 59.0, ("E03", "520100", 2025): 4000.0})
    assert found["T06", "520100", 2025][0] == "met" and found["T06", "520300", 2025][0] == "not_met"
    assert found["E03", "520100", 2025] == ("not_assessable", "no_target_for_body")
    assert found["P01", "520200", 2030][0] == "not_assessable"


def test_every_verdict_of_a_release_says_why_in_both_languages(release: Release) -> None:
    with connect(release.database, read_only=True) as db:
        rows = db.execute("select target_id, reason_zh, reason_en, verdict from marts.fct_target_verdict").fetchall()
    assert len({row[0] for row in rows}) == 64
    assert [row for row in rows if not row[1] or not row[2] or "{" in row[1] + row[2] or "  " in row[1] + row[2]] == []
    assert {row[3] for row in rows} >= {"met", "not_met", "within_band", "on_track", "not_assessable"}
