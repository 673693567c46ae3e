"""A year that is signed and closed, what comes later for it, the year opened again: what stands, what is told beside it, what changes and why."""

from __future__ import annotations

import csv
import io
import json
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipelines.demo import write_province
from pipelines.explain.proof import prove_release
from pipelines.explain.released import open_release
from pipelines.publish.problem import PublishError
from pipelines.publish.releases import reopen, sign
from pipelines.publish.verify import verify
from pipelines.settings import load_settings
from pipelines.vintage.diff import diff
from pipelines.vintage.replay import replay
from tests.conftest import carbon, query, run_night_here
from tests.deliveries import deliver

SIGNED, LATER, REOPENED = "2025-11-30", "2026-01-05", "2026-01-06"
CORRECTED = Decimal(-40)   # t of the fuel


@dataclass(frozen=True)
class Chain:
    """Three releases: the signed one, one of after its closing, one of after the year was opened again."""

    data: Path
    signed: str
    later: str
    reopened: str
    corrected: dict[str, str]   # the row that was corrected

    def folder(self, release_id: str) -> Path:
        return self.data / "marts" / "releases" / release_id

    def ask(self, release_id: str, sql: str, *values: Any) -> list[tuple]:
        return query(self.folder(release_id) / "carbon.duckdb", sql, *values)


def _rows(path: Path) -> list[dict[str, str]]:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return list(csv.DictReader(io.StringIO(path.read_bytes().decode(encoding))))
        except UnicodeDecodeError:
            continue
    raise AssertionError(path)


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Chain:
    root = tmp_path_factory.mktemp("vintages")
    inbox, data = root / "inbox", root / "data"
    write_province(inbox, seed=7, enterprises=6, months=12, until="2024-12", faults="none")
    signed = run_night_here(inbox, data, SIGNED).release_id
    sign(load_settings(None, data, None), signed, "张三", "2024 年定稿")
    fuels = [row for path in sorted((inbox / "enterprise_energy").glob("*2024-05*.csv")) for row in _rows(path)]
    row = max((r for r in fuels if r["期末库存量"]), key=lambda r: (float(r["消费量"]), r["统一社会信用代码"]))
    corrected = {**row, "消费量": f"{Decimal(row['消费量']) + CORRECTED}", "期末库存量": f"{Decimal(row['期末库存量']) - CORRECTED}"}
    deliver(inbox, "enterprise_energy", "更正.csv", [corrected], "2025-12-20T08:00:00+08:00")
    later = run_night_here(inbox, data, LATER).release_id
    reopen(load_settings(None, data, None), 2024, "张三", "李四", "五月煤耗更正")
    return Chain(data, signed, later, run_night_here(inbox, data, REOPENED).release_id, row)


def test_a_signature_closes_the_years_that_are_final(chain: Chain) -> None:
    signature = json.loads((chain.folder(chain.signed) / "signature.json").read_text("utf-8"))
    assert [one["closes"] for one in signature] == [[2024]]
    closed = {name: json.loads((chain.folder(name) / "release.json").read_text("utf-8"))["closed_years"] for name in (chain.signed, chain.later, chain.reopened)}
    assert {name: [(c["year"], c["release_id"], c["closed_by"]) for c in said] for name, said in closed.items()} == {
        chain.signed: [], chain.later: [(2024, chain.signed, "张三")], chain.reopened: [],
    }


def _year_of(chain: Chain, table: str) -> str | None:
    columns = {name for (name,) in chain.ask(chain.signed, f"select column_name from duckdb_columns() where schema_name = 'marts' and table_name = '{table}'")}
    return "year" if "year" in columns else "year(period)" if "period" in columns else None


def test_every_table_of_a_closed_year_stands(chain: Chain) -> None:
    """Row by row, provenance and all: what was signed."""
    names = [name for (name,) in chain.ask(chain.signed, "select table_name from duckdb_tables() where schema_name = 'marts' order by 1")]
    spoken_of_change = {"fct_restatement", "fct_closed_year_difference", "fct_known_issue"}
    compared = 0
    for table in names:
        if table in spoken_of_change or (year := _year_of(chain, table)) is None:
            continue
        rows = [chain.ask(name, f"select * from marts.{table} where {year} = 2024 order by all") for name in (chain.signed, chain.later)]
        assert rows[0] == rows[1], table
        compared += bool(rows[0])
    assert compared > 20


def _cells(chain: Chain, release_id: str) -> dict[tuple, Decimal]:
    """(level, code, measure) -> the year 2024 of accounts and totals, common GWP set."""
    cells = {}
    for measure in ("direct_tco2e", "purchased_power_location_tco2e"):
        of_account = "direct_common_tco2e" if measure == "direct_tco2e" else measure
        cells.update({(level, code, measure): value for level, code, value in chain.ask(
            release_id, f"select level, code, {measure} from marts.fct_total_year where year(period) = 2024"
            f" union all select 'enterprise', uscc, {of_account} from marts.fct_enterprise_account_year where year(period) = 2024")})
    return cells


def test_what_came_later_stands_beside_the_closed_figures(chain: Chain) -> None:
    """official is the published figure, would_be exactly what the year is once it is open again, and the deliveries are named."""
    rows = chain.ask(chain.later, "select level, code, measure, official, would_be, delta, batches, closing_release_id, closed_by from marts.fct_closed_year_difference where year = 2024")
    before, after = _cells(chain, chain.later), _cells(chain, chain.reopened)
    assert {row[:3] for row in rows} == {key for key in before.keys() | after.keys() if before.get(key, 0) != after.get(key, 0)}
    for *key, official, would_be, delta, _, release_id, by in rows:
        assert (official, would_be, delta) == (before[tuple(key)], after[tuple(key)], would_be - official)
        assert (release_id, by) == (chain.signed, "张三")
    ((correction,),) = chain.ask(chain.later, "select batch_id from quality.batch where file_name = '更正.csv'")
    ((grid,),) = chain.ask(chain.later, "select batch_id from quality.batch where file_name = 'grid_average_2023.csv'")
    named = {measure: batches for level, _, measure, _, _, _, batches, *_ in rows if level == "province"}
    assert named == {"direct_tco2e": correction, "purchased_power_location_tco2e": grid}
    assert chain.ask(chain.reopened, "select count(*) from marts.fct_closed_year_difference") == [(0,)]


def _change(chain: Chain, before: str, after: str) -> dict[tuple, Decimal]:
    old, new = _cells(chain, before), _cells(chain, after)
    return {key: new.get(key, Decimal(0)) - old.get(key, Decimal(0)) for key in old.keys() | new.keys() if new.get(key, 0) != old.get(key, 0)}


def test_the_bridge_gives_each_change_its_cause_and_adds_up(chain: Chain) -> None:
    """The correction shows as correction where its enterprise counts; the grid factor published meanwhile as factor wherever power is bought, and as nothing else."""
    rows = chain.ask(
        chain.reopened, "select level, code, measure, cause, delta_tco2e, from_release_id from marts.fct_restatement"
        " where release_id = ? and period_kind = 'year' and year(period) = 2024 and level <> 'inventory'", chain.reopened)
    assert {row[5] for row in rows} == {chain.later}
    summed: dict[tuple, Decimal] = defaultdict(Decimal)
    for level, code, measure, _, delta, _ in rows:
        summed[level, code, measure] += delta
    assert summed == _change(chain, chain.later, chain.reopened) != {}
    assert {(row[2], row[3]) for row in rows} == {("direct_tco2e", "correction"), ("purchased_power_location_tco2e", "factor")}
    assert {row[1] for row in rows if row[0] == "enterprise" and row[3] == "correction"} == {chain.corrected["统一社会信用代码"]}
    buyers = {code for (code,) in chain.ask(chain.later, "select distinct uscc from marts.fct_enterprise_emission_line where electricity_view = 'location' and emission_common_tco2e <> 0")}
    assert {row[1] for row in rows if row[0] == "enterprise" and row[3] == "factor"} == buyers
    assert chain.ask(chain.later, "select count(*) from marts.fct_restatement where year(period) = 2024 and level <> 'inventory'") == [(0,)]
    history = chain.ask(chain.reopened, "select count(*) from marts.fct_restatement where release_id = ?", chain.later)
    assert history == chain.ask(chain.later, "select count(*) from marts.fct_restatement where release_id = ?", chain.later)


def test_any_two_releases_are_compared(chain: Chain, tmp_path: Path) -> None:
    """From the signed release to the last, past the one between: what the two steps say together."""
    found = diff(load_settings(None, chain.data, None), chain.signed, chain.reopened)
    asked = {(r["level"], r["code"], r["measure"], r["cause"]): r["delta_tco2e"] for r in found.changes if r["period_kind"] == "year" and r["period"].year == 2024 and r["level"] == "province"}
    change = _change(chain, chain.signed, chain.reopened)
    assert asked == {
        ("province", "520000", "direct_tco2e", "correction"): change["province", "520000", "direct_tco2e"],
        ("province", "520000", "purchased_power_location_tco2e", "factor"): change["province", "520000", "purchased_power_location_tco2e"],
    }
    back = carbon("diff", chain.reopened, chain.signed, "--data", chain.data, "--out", tmp_path / "changes.csv")
    assert back.returncode == 0, back.stderr
    assert "更正 Correction" in back.stdout and "因子变化 Factor" in back.stdout
    assert len(_rows(tmp_path / "changes.csv")) == len(found.changes)
    assert carbon("diff", chain.reopened, chain.signed, "--data", chain.data, "--out", tmp_path / "changes.txt").returncode == 2


def test_a_signature_that_says_other_years_is_named(chain: Chain) -> None:
    file = chain.folder(chain.signed) / "signature.json"
    before, mode = file.read_bytes(), file.stat().st_mode
    assert verify(load_settings(None, chain.data, None)) == []
    file.chmod(0o644)
    try:
        file.write_bytes(before.replace(b"2024\n", b"2023\n"))
        assert ["2023" in problem or "2024" in problem for problem in verify(load_settings(None, chain.data, None))] == [True, True]
    finally:
        file.write_bytes(before)
        file.chmod(mode)


def test_a_release_after_a_closing_replays_hash_for_hash(chain: Chain) -> None:
    found = replay(load_settings(None, chain.data, None), chain.later)
    assert (found.same_code, found.differing, found.told_otherwise) == (True, [], [])
    assert found.compared > 50
    assert set(found.left_out) == {"quality.night"}


def test_who_may_open_a_year_again(chain: Chain) -> None:
    settings = load_settings(None, chain.data, None)
    for by, second, note in (("张三", "张三", "x"), ("张三", "", "x"), ("", "李四", "x"), ("张三", "李四", " ")):
        with pytest.raises(PublishError):
            reopen(settings, 2024, by, second, note)
    with pytest.raises(PublishError, match="not closed"):
        reopen(settings, 2024, "张三", "李四", "已经开过")


def test_what_cannot_be_compared_is_said(chain: Chain) -> None:
    settings = load_settings(None, chain.data, None)
    with pytest.raises(PublishError, match="both are one release"):
        diff(settings, chain.later, chain.later)
    with pytest.raises(PublishError, match="not in this data folder"):
        diff(settings, chain.later, "20991231-0000000000")


def test_every_figure_is_what_its_parts_give_whether_a_year_is_closed_or_opened_again(chain: Chain) -> None:
    """What stands as an earlier release knew it, with the difference beside it; and the change between two releases."""
    proofs = {}
    for name in (chain.later, chain.reopened):
        folder = chain.folder(name)
        with open_release(load_settings(None, chain.data, None), folder, json.loads((folder / "release.json").read_text("utf-8"))) as release:
            proofs[name] = prove_release(release, sample=25)
        assert proofs[name].holds, [*map(str, proofs[name].broken[:5]), *proofs[name].unnamed]
    assert proofs[chain.later].cells["marts.fct_closed_year_difference.official"]["computed"]
    assert proofs[chain.reopened].cells["marts.fct_restatement.delta_tco2e"]["lacking"]
