"""Two times: what is known when. Order, split and late arrivals change nothing; an earlier day replays exactly."""

from __future__ import annotations

import csv
import hashlib
import os
import random
import shutil
from pathlib import Path

import pytest

from pipelines.contracts.source import load_sources
from tests.conftest import query, run_ledger_night_here, run_night_here, value_hashes
from tests.deliveries import OLD, deliver, register_row, uscc

JANUARY, FEBRUARY, JUNE = "2026-01-31", "2026-02-28", "2026-06-30"


def _energy(number: int, period: str, consumed: float) -> dict:
    return {"uscc": uscc(number), "period": period, "energy": "柴油", "unit": "t", "consumed": consumed}


def _tonnes(data: Path) -> list[tuple]:
    return query(data / "marts" / "carbon.duckdb", "select period, sum(activity_quantity) from marts.fct_enterprise_emission_line where emission_source = 'fuel' group by 1 order by 1")


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nights of January, February and June over deliveries that arrive, wait, correct and conflict."""
    root = tmp_path_factory.mktemp("history")
    inbox = root / "inbox"
    deliver(inbox, "enterprise_register", "first.csv", [register_row(1, "24-other-industry", "3012")], "2026-01-05T08:00:00+08:00")
    deliver(inbox, "enterprise_energy", "november.csv", [_energy(1, "2025-11", 10), _energy(2, "2025-11", 7), _energy(1, "2025-10", 5)], "2026-01-10")
    deliver(inbox, "enterprise_register", "second.csv", [register_row(2, "24-other-industry", "1711", "520302")], "2026-02-10")
    deliver(inbox, "enterprise_energy", "correction.csv", [_energy(1, "2025-11", 11)], "2026-02-11")
    deliver(inbox, "enterprise_energy", "left.csv", [_energy(1, "2025-09", 1)], "2026-02-12T10:00:00+08:00")
    deliver(inbox, "enterprise_energy", "right.csv", [_energy(1, "2025-09", 2)], "2026-02-12T10:00:00+08:00")
    deliver(inbox, "enterprise_energy", "back.csv", [_energy(1, "2025-10", 6)], "2026-06-02")
    for day in (JANUARY, FEBRUARY, JUNE):
        run_night_here(inbox, root / "data", day)
    return root


def test_a_delivery_received_later_waits_for_its_day(history: Path) -> None:
    ids = [p.name for p in sorted((history / "data" / "marts" / "releases").iterdir())]
    january = history / "data" / "marts" / "releases" / ids[0] / "carbon.duckdb"
    assert query(january, "select count(*) from quality.batch where file_name in ('correction.csv', 'second.csv', 'left.csv')") == [(0,)]
    assert query(january, "select rows_accepted, rows_quarantined from quality.batch where file_name = 'november.csv'") == [(2, 1)]


def test_a_row_of_an_unknown_enterprise_enters_when_the_register_knows_it(history: Path) -> None:
    live = history / "data" / "marts" / "carbon.duckdb"
    assert query(live, "select rows_accepted, outcome from quality.batch where file_name = 'november.csv'") == [(3, "accepted")]


def test_the_latest_delivery_wins_and_a_conflict_counts_for_neither(history: Path) -> None:
    tonnes = {str(period): quantity for period, quantity in _tonnes(history / "data")}
    assert tonnes == {"2025-10-01": 6.0, "2025-11-01": 18.0}
    live = history / "data" / "marts" / "carbon.duckdb"
    assert query(live, "select count(*) from quality.failed_row where check_id = 'conflicting_deliveries'") == [(2,)]
    assert query(live, "select count(*) > 0 from quality.worklist where check_id = 'conflicting_deliveries'") == [(True,)]


def test_what_changed_from_night_to_night_has_its_cause(history: Path) -> None:
    """Diesel of 2025, one factor (t CO2 a tonne). February: November of enterprise 1 is corrected from 10 to 11 t, the 7 t of enterprise 2 that
    waited for the register enter; the two deliveries in conflict count for neither. June: October is corrected from 5 to 6 t.
    """
    database = history / "data" / "marts" / "carbon.duckdb"
    ((factor,),) = query(database, "select distinct emission_common_tco2e / activity_quantity from marts.fct_enterprise_emission_line where activity_quantity = 11")
    rows = query(
        database, "select strftime(period, '%Y-%m'), cause, delta_tco2e from marts.fct_restatement"
        " where level = 'province' and period_kind = 'month' and measure = 'direct_tco2e' order by release_id, period, cause")
    assert [(period, cause, round(float(tco2e) / factor, 2)) for period, cause, tco2e in rows] == [
        ("2025-11", "correction", 1.0), ("2025-11", "entity", 7.0), ("2025-10", "correction", 1.0),
    ]
    ids = [name for (name,) in query(database, "select distinct from_release_id from marts.fct_restatement order by 1")]
    assert ids == [p.name for p in sorted((history / "data" / "marts" / "releases").iterdir())][:2]


def _rows(database: Path, table: str, key: str) -> dict[tuple, tuple]:
    """Key -> the other columns of a table, without where its rows come from."""
    names = [name for (name,) in query(database, f"select column_name from duckdb_columns() where schema_name = 'marts' and table_name = '{table}' order by 1")]
    others = [name for name in names if name not in ("batch_id", "row_no", "line_id", *key.split(", "))]
    return {row[: key.count(",") + 1]: row[key.count(",") + 1:] for row in query(database, f"select {key}, {', '.join(others)} from marts.{table}")}


def test_a_correction_eight_months_back_touches_only_what_it_must(history: Path) -> None:
    """In June enterprise 1 corrects October of last year: 6 t of diesel for 5 t. February's and June's releases differ in its October and its
    year, and in the totals that it is part of. The night of June worked on its year 2025 alone.
    """
    data = history / "data"
    assert query(data / "warehouse" / "build.duckdb", "select uscc, slice_year from registry.affected") == [(uscc(1), 2025)]
    releases = sorted((data / "marts" / "releases").iterdir())
    before, after = releases[1] / "carbon.duckdb", data / "marts" / "carbon.duckdb"
    changed = {}
    for table, key in (
        ("fct_enterprise_emission_line", "uscc, period, emission_source, item, gas"), ("fct_enterprise_account_month", "uscc, period"), ("fct_enterprise_account_year", "uscc, period"),
        ("fct_total_month", "level, code, period"), ("fct_total_year", "level, code, period"),
    ):
        old, new = _rows(before, table, key), _rows(after, table, key)
        changed[table] = {tuple(map(str, k)) for k in old.keys() | new.keys() if old.get(k) != new.get(k)}
        if table == "fct_total_month":   # by June four more months have fallen due, of which nobody reported
            changed[table] = {key for key in changed[table] if key[2] not in ("2026-02-01", "2026-03-01", "2026-04-01", "2026-05-01")}
    october, year = "2025-10-01", "2025-01-01"
    path = {("province", "520000"), ("prefecture", "520100"), ("county", "520115"), ("industry_section", "C"), ("industry", "30"), ("industry_class", "3012"), ("field", "industry"), ("prefecture_industry", "520100:30")}
    assert changed == {
        "fct_enterprise_emission_line": {(uscc(1), october, "fuel", "柴油", "CO2")},
        "fct_enterprise_account_month": {(uscc(1), october)}, "fct_enterprise_account_year": {(uscc(1), year)},
        "fct_total_month": {(level, code, october) for level, code in path}, "fct_total_year": {(level, code, year) for level, code in path},
    }


def test_an_earlier_day_replays_exactly_and_leaves_the_live_release(history: Path) -> None:
    data = history / "data"
    live = value_hashes(data)
    first = sorted((data / "marts" / "releases").iterdir())[0].name
    expected = value_hashes(data, first)
    fresh = history / "fresh"
    shutil.copytree(data, fresh)
    for folder in (fresh / "marts" / "releases").iterdir():
        if folder.name == first:
            for path in [folder, *folder.rglob("*")]:
                path.chmod(0o755)
            shutil.rmtree(folder)
    night = run_night_here(history / "inbox", fresh, JANUARY)
    assert night.outcome == "sealed"
    assert value_hashes(fresh, night.release_id) == expected
    assert value_hashes(fresh) == live


def _split(province: Path, out: Path, seed: int) -> list[list[Path]]:
    """The province's monthly CSVs cut at random lines into more files, all files dealt into two nights at random."""
    dice = random.Random(seed)
    waves: list[list[Path]] = [[], []]
    for path in sorted(p for p in province.rglob("*") if p.is_file() and p.parent.name in load_sources() and not p.name.endswith(".meta.yml")):
        sidecar = path.with_name(path.name + ".meta.yml").read_text("utf-8")
        sidecar = "\n".join(line for line in sidecar.splitlines() if not line.startswith("sha256"))
        parts = [path.read_bytes()]
        text = parts[0]
        if path.suffix == ".csv" and b'"' not in text and dice.random() < 0.5 and path.parent.name.startswith("enterprise_"):
            lines = text.splitlines(keepends=True)
            body = [line for line in lines[1:] if not line.startswith(("合计".encode(), "合计".encode("gb18030")))]
            cut = dice.randrange(1, max(2, len(body)))
            parts = [b"".join([lines[0], *body[:cut]]), b"".join([lines[0], *body[cut:]])] if len(body) > 2 else parts
        for number, data in enumerate(parts):
            target = out / f"{dice.randrange(10**6):06d}" / path.parent.name / f"{dice.randrange(10**6):06d}_{number}{path.suffix}"
            target.parent.mkdir(parents=True)
            target.write_bytes(data)
            target.with_name(target.name + ".meta.yml").write_text(sidecar, "utf-8")
            waves[dice.randrange(2)].append(target)
    return waves


def _correct_and_withdraw(province: Path) -> None:
    """Three deliveries of one fact; the latest is rejected by a decision, so the second stands in whatever order they come."""
    with next(iter(sorted((province / "enterprise_register").glob("*.csv")))).open(encoding="utf-8-sig") as handle:
        row = next(csv.DictReader(handle))
    code = row.get("统一社会信用代码") or row["uscc"]
    for day, consumed in (("2026-01-21", 11), ("2026-01-22", 12), ("2026-01-23", 13)):
        fact = {"uscc": code, "period": "2025-12", "energy": "煤油", "stream": "补报", "unit": "t", "consumed": consumed}
        last = deliver(province, "enterprise_energy", f"{day}.csv", [fact], day)
    batch = f"enterprise_energy-{hashlib.sha256(last.read_bytes()).hexdigest()[:12]}"
    deliver(province, "steward_decision", "withdrawn.csv", [{
        "decision_id": "W1", "batch_id": batch, "row_no": 2, "decision": "拒绝", "reason": "重复报送(演示数据)", "by": "张三", "decided_on": "2026-02-01"}], "2026-02-01")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, list[str]]]:
    """A clean province and the ledger of one night over all of it (that whole nights may be split is shown above)."""
    from pipelines.demo import write_province

    root = tmp_path_factory.mktemp("whole")
    write_province(root / "province", seed=3, enterprises=12, months=3, until="2025-12", faults="none")
    _correct_and_withdraw(root / "province")
    made = run_ledger_night_here(root / "province", root / "data")
    used = query(root / "data" / "warehouse" / "build.duckdb", "select activity_quantity from marts.fct_enterprise_emission_line where activity_quantity in (11, 12, 13) and item = '煤油'")
    assert used == [(12.0,)]
    return root / "province", made


@pytest.mark.parametrize("seed", [1])
def test_any_order_and_any_split_of_the_deliveries_gives_the_same_ledger(
    seed: int, whole: tuple[Path, dict[str, list[str]]], tmp_path: Path
) -> None:
    province, expected = whole
    assert all(expected.values())
    inbox, data = tmp_path / "inbox", tmp_path / "data"
    for wave in _split(province, tmp_path / "parts", seed):
        for path in wave:
            target = inbox / path.parent.name / path.name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
            shutil.copy(path.with_name(path.name + ".meta.yml"), target.with_name(target.name + ".meta.yml"))
            for file in (target, target.with_name(target.name + ".meta.yml")):
                os.utime(file, (OLD, OLD))
        made = run_ledger_night_here(inbox, data)
    assert made == expected
