"""The lines of a real release and its totals: every cell is found again in the lines that say they count there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from pipelines.contracts.marts import load_marts
from pipelines.explain import as_json, explain_cell, prove, render
from pipelines.explain.figures import load_figures
from pipelines.explain.proof import prove_release
from pipelines.explain.released import Released
from pipelines.explain.tree import leaves
from pipelines.problem import Problem
from pipelines.publish.contract import published_tables
from pipelines.publish.help import MACRO_FILES
from pipelines.publish.identities import LINE_CODES, TOTAL_MEASURES
from pipelines.settings import Settings
from pipelines.warehouse.duck import attach, connect
from tests.conftest import AS_OF, Release, carbon, query


@pytest.mark.parametrize("measure", list(TOTAL_MEASURES))
@pytest.mark.parametrize("level", list(LINE_CODES))
def test_lines_add_up_to_the_cells_of_every_level(release_db: Path, level: str, measure: str) -> None:
    how = TOTAL_MEASURES[measure]
    lines = query(release_db, f"""select {LINE_CODES[level]} as code, period, sum({how.amount}) as amount from marts.fct_enterprise_emission_line
        where period_grain = 'month' and {how.where} group by 1, 2 having amount <> 0 order by 1, 2""")
    cells = query(release_db, f"select code, period, {measure} from marts.fct_total_month where level = ? and {measure} <> 0 order by 1, 2", level)
    assert lines == cells and sum(amount for _, _, amount in cells) > 0


def test_levels_are_those_of_the_totals(release_db: Path) -> None:
    assert {level for level, in query(release_db, "select distinct level from marts.fct_total_month")} == set(LINE_CODES)


def test_cells_of_a_line_s_own_field_are_explained_to_the_kilogram(release: Release) -> None:
    """Waste is a matter of what a line is about, not of the name of its factor."""
    settings = Settings(release.inbox, release.data, date.fromisoformat(AS_OF))
    cells = query(release.database, "select code, period from marts.fct_total_month where level = 'field' and code in ('waste', 'industrial_processes') order by 1, 2")
    assert {code for code, _ in cells} == {"waste", "industrial_processes"}
    for code, period in cells:
        found = explain_cell(settings, "fct_total_month", "direct_tco2e", {"level": "field", "code": code, "period": str(period)}, top=1000, depth=0)
        assert found.difference == 0 and sum((part.amount for part in found.contributions), Decimal(0)) == (found.value or 0), (code, period)


# --- figures and their parts ---------------------------------------------------------------------------------------------


def settings_of(release: Release) -> Settings:
    return Settings(release.inbox, release.data, date.fromisoformat(AS_OF))


def test_every_figure_is_what_its_parts_give(release: Release) -> None:
    proof = prove(settings_of(release), sample=25)
    assert proof.holds, [*map(str, proof.broken[:5]), *proof.unnamed]
    computed = {name.rsplit(".", 1)[0] for name, cells in proof.cells.items() if cells["computed"]}
    of_several_releases = {"marts.fct_closed_year_difference", "marts.fct_restatement"}   # tested in test_vintages
    attested_or_delivered = {"marts.dim_enterprise", "marts.fct_known_issue", "marts.fct_carbon_sink_year", "marts.fct_certificate", "marts.fct_enterprise_held_back_line", "marts.fct_grid_sales", "marts.fct_project"}
    assert computed == {name for name in load_marts() if name.startswith("marts.")} - attested_or_delivered - of_several_releases


@pytest.mark.parametrize(("table", "column", "by"), [
    ("fct_enterprise_emission_line", "emission_tco2e", "0.001"), ("fct_enterprise_account_year", "direct_common_tco2e", "0.001"),
    ("fct_total_month", "measured_share_num", "0.001"), ("fct_inventory_year", "emission_tco2", "0.002"), ("fct_reconciliation_year", "tco2e", "-0.001"),
    ("fct_reconciliation_allocation_year", "tco2e", "0.001"), ("fct_grid_factor_month", "production_factor", "1e-6"), ("fct_nowcast_accuracy", "errors", "1"),
    ("fct_power_unit_month", "emission_tco2e", "0.002"), ("fct_uncertainty_month", "low", "0.01"),
])
def test_a_figure_that_is_off_is_named(changed: Released, table: str, column: str, by: str) -> None:
    """One cell of a copy is changed; it is named."""
    row_id, value = changed.db.execute(f"select rowid, {column} from marts.{table} where {column} <> 0 order by rowid limit 1").fetchone()
    changed.db.execute("begin")
    try:
        changed.db.execute(f"update marts.{table} set {column} = {column} + {by} where rowid = {row_id}")
        found = [cell for cell in prove_release(changed, table).broken if cell.column == column]
    finally:
        changed.db.execute("rollback")
    assert any(float(cell.value) == pytest.approx(float(value) + float(by), abs=1e-9) for cell in found)


@pytest.fixture(scope="module")
def changed(release: Release, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Released]:
    """A copy of the release that may be written to."""
    path = tmp_path_factory.mktemp("changed") / "carbon.duckdb"
    path.write_bytes(release.database.read_bytes())
    with connect() as db:
        attach(db, path, "live", read_only=False)
        db.execute("use live")
        yield Released(settings_of(release), db, "changed", date.fromisoformat(AS_OF), published_tables(db, "live"), release.manifest["common_gwp_set"])


def test_a_tree_adds_up_down_to_the_delivered_row(release: Release) -> None:
    """Province -> lines -> activity and factor -> row and document; what is not listed is said in one number."""
    found = explain_cell(settings_of(release), "fct_total_year", "direct_tco2e", {"level": "province", "code": "520000", "period": "2025"})
    tree = found.tree
    assert tree is not None and tree.holds and tree.difference == 0 == found.difference
    lines, = tree.branches
    assert sum((node.gives for node in lines.nodes), Decimal(0)) + lines.rest == tree.value and len(lines.nodes) + lines.rest_rows == lines.rows
    below = list(leaves(tree))
    assert any(node.kind == "reported" and node.sources[0].reported and node.sources[0].checks for node in below)
    assert any(node.kind == "attested" and node.document for node in below)
    text = render(found)
    assert "填报 | As reported" in text and "attested, not computed" in text and "Σ marts.fct_enterprise_emission_line" in text
    assert json.loads(json.dumps(as_json(found)))["tree"]["branches"][0]["rows"] == lines.rows


@pytest.mark.parametrize(("table", "column"), [
    ("fct_reconciliation_year", "tco2e"), ("fct_city_year", "adding_total_tco2e"), ("fct_grid_factor_month", "consumption_factor"), ("fct_driver_year", "residual_tco2e"),
    ("fct_uncertainty_year", "high"), ("fct_nowcast_month", "nowcast_tco2e"), ("fct_power_unit_year", "allowance_t"), ("fct_double_counting_year", "tco2e"),
    ("fct_target_verdict", "verdict"), ("fct_inventory_check_year", "published_mtco2"), ("fct_ets_industry_year", "gap_t"), ("fct_account_quality_year", "score"),
])
def test_every_kind_of_cell_has_a_tree_and_words(release: Release, table: str, column: str) -> None:
    key = load_figures().key(f"marts.{table}")
    row = query(release.database, f"select {', '.join(key)} from marts.{table} order by {column} is null, {', '.join(key)} limit 1")[0]
    found = explain_cell(settings_of(release), table, column, dict(zip(key, map(str, row), strict=True)))
    assert found.tree is not None and found.tree.holds is not False
    assert found.tree.branches or found.tree.note_zh or found.tree.document
    assert f"marts.{table}.{column}" in render(found)


def test_the_command_proves_a_table_and_says_so(release: Release) -> None:
    done = carbon("explain", "--check", "--table", "fct_city_year", "--data", release.data)
    assert done.returncode == 0 and "marts.fct_city_year: 由各部分算得 computed" in done.stdout


# --- macros of the published file ----------------------------------------------------------------------------------------


def test_macros_walk_from_the_published_file(release_db: Path) -> None:
    """Read-only, by name alone: totals of every level, months and years; accounts; a line with its documents; the bridge; the inventory; a row."""
    for level, code, period, grain in query(release_db, """
            select level, code, case when grain = 'year' then cast(year(period) as varchar) else strftime(period, '%Y-%m') end, grain
            from (select *, 'year' as grain from marts.fct_total_year union all select *, 'month' from marts.fct_total_month)
            where direct_tco2e <> 0 qualify row_number() over (partition by level, grain order by direct_tco2e desc, code, period) = 1 order by all"""):
        day = f"{period}-01-01" if grain == "year" else f"{period}-01"
        found = query(release_db, f"""select (select sum(emission_common_tco2e) from marts.explain_total(?, ?, ?)),
            (select direct_tco2e from marts.fct_total_{grain} where level = ? and code = ? and period = ?)""", level, code, period, level, code, day)
        assert found[0][0] == found[0][1], (level, code, period)
    uscc, fuel = query(release_db, "select uscc, fuel_tco2e from marts.fct_enterprise_account_year order by fuel_tco2e desc limit 1")[0]
    assert query(release_db, "select sum(emission_tco2e) from marts.explain_account(?, '2025') where emission_source = 'fuel'", uscc) == [(fuel,)]
    line, parts = query(release_db, "select line_id, factor_id from marts.fct_enterprise_emission_line where factor_id like 'fuel:%+fuel:%+fuel:%' order by line_id limit 1")[0]
    found = query(release_db, "select factor_part, document, file_name from marts.explain_line(?)", line)
    assert [part for part, _, _ in found] == parts.split("+") and all(document and file for _, document, file in found)
    (year,), = query(release_db, "select max(year) from marts.fct_reconciliation_year")
    assert query(release_db, "select sum(case when cause = 'top_down_total' then -tco2e else tco2e end) from marts.explain_bridge('520000', ?)", year) == [(0,)]
    assert query(release_db, "select count(*) > 0 from marts.explain_inventory('520000', 2007, 'ceads')") == [(True,)]
    batch, row = query(release_db, "select batch_id, row_no from quality.failed_row where severity = 'warning' order by all limit 1")[0]
    assert query(release_db, "select count(*) > 0 from marts.explain_row(?, ?) where kind = 'finding'", batch, row) == [(True,)]


def test_every_macro_says_in_both_languages_what_it_gives(release_db: Path) -> None:
    found = dict(query(release_db, "select function_name, comment from duckdb_functions() where schema_name = 'marts'"))
    written = [name for file in MACRO_FILES for name in re.findall(r"^create macro marts\.(\w+)", file.read_text("utf-8"), re.MULTILINE)]
    assert sorted(found) == sorted(written) and all(" | " in (comment or "") for comment in found.values())


@pytest.mark.parametrize(("table", "column", "key", "said"), [
    ("fct_total_yaer", "direct_tco2e", {}, "did you mean marts.fct_total_year"),
    ("fct_total_year", "direct_tco2", {}, "no column direct_tco2; did you mean direct_tco2e?"),
    ("fct_total_year", "direct_tco2e", {"level": "province", "code": "520000"}, "period must be given too (period = 20"),
    ("fct_total_year", "direct_tco2e", {"level": "provnce"}, "nothing has level=provnce; did you mean province?"),
    ("fct_total_year", "direct_tco2e", {"level": "field", "code": "zzz"}, "nothing has code=zzz; there are "),
    ("fct_total_year", "direct_tco2e", {"level": "province", "code": "520100"}, "each value is there, but not in one row"),
])
def test_a_cell_that_is_not_there_is_told_with_what_is_near(release: Release, table: str, column: str, key: dict[str, str], said: str) -> None:
    with pytest.raises(Problem) as told:
        explain_cell(settings_of(release), table, column, key)
    assert said in told.value.en and told.value.zh
