"""The published DuckDB file as its reader finds it: help, names beside codes, questions answered in one query."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from pipelines.contracts.legend import list_of, load_legend
from pipelines.contracts.marts import load_marts
from pipelines.publish.help import macros
from pipelines.publish.views import dimensions, view_name, written_by_hand
from pipelines.settings import PROJECT
from pipelines.warehouse.duck import connect
from tests.conftest import query

# codes that no list can know: enterprises that the register does not have, groups of provinces in factors, and industries above or outside the divisions
UNNAMED = {
    ("quality.v_failed_row", "enterprise_name"), ("quality.v_worklist_row", "enterprise_name"), ("reference.v_emission_factor", "area_name"),
    ("reference.v_industry", "industry_division_name"), ("marts.v_grid_sales", "industry_division_name"), ("marts.v_double_counting_year", "removed_from_name"),
}
PUBLISH = PROJECT / "pipelines" / "publish"
METHOD_CHECK = PUBLISH / "method_check.py"   # checks the year 2007 of one province against what was published
BILINGUAL = re.compile(r"[^|]*[\u4e00-\u9fff][^|]* \| \S.*", re.DOTALL)


def views(database: Path) -> dict[str, list[str]]:
    rows = query(database, "select v.schema_name || '.' || v.view_name, list(c.column_name order by c.column_index) from duckdb_views() as v"
                           " join duckdb_columns() as c on c.schema_name = v.schema_name and c.table_name = v.view_name where not v.internal group by all")
    return dict(rows)


def test_every_view_and_macro_of_the_project_is_there(release_db: Path) -> None:
    """One that does not bind is left out of a release without a word: here it may not be."""
    made = views(release_db)
    assert {view.name for part in ("views", "wide") for view in written_by_hand(part)} <= made.keys()
    functions = {name for (name,) in query(release_db, "select schema_name || '.' || function_name from duckdb_functions() where function_type = 'table_macro'")}
    assert {macro.name for macro in macros()} <= functions
    named = {column for dimension in dimensions() for column in dimension.columns}
    coded = {name for name, mart in load_marts().items() if any(column in named or list_of(name, column) for column in mart.columns)}
    assert {view_name(name) for name in coded} - made.keys() == set() and len(coded) > 50


def test_help_names_every_relation_and_each_example_runs(release_db: Path) -> None:
    entries = query(release_db, "select name, kind, what_zh, what_en, grain, example from marts.help")
    named = {name for name, *_ in entries}
    tables = {name for (name,) in query(release_db, "select schema_name || '.' || table_name from duckdb_tables()")}
    assert tables | {macro.name for macro in macros()} | {"marts.help", "marts.v_enterprise_line_wide"} <= named
    for name, kind, zh, en, grain, example in entries:
        assert zh and en and (grain or kind == "macro" or name == "marts.fct_statistic_check"), name
        query(release_db, example)
    assert all(query(release_db, f"from {name} limit 1") for name in ("marts.dim_area", "marts.dim_industry", "marts.dim_item", "marts.dim_level_code"))


def test_a_view_has_the_rows_of_its_table_and_a_name_for_every_code(release_db: Path) -> None:
    made = views(release_db)
    for table, mart in load_marts().items():
        view = view_name(table)
        if view not in made:
            continue
        assert query(release_db, f"select count(*) from {view}") == query(release_db, f"select count(*) from {table}"), f"{view} repeats or loses rows"
        added = [column for column in made[view] if column not in mart.columns]
        assert added, f"{view} adds nothing"
        place = {column: number for number, column in enumerate(made[view])}
        for name in added:
            code = made[view][max(place[column] for column in mart.columns if place[column] < place[name])]
            if name.endswith(("_name", "_zh")) and (view, name) not in UNNAMED:
                missing = query(release_db, f'select distinct "{code}" from {view} where "{name}" is null and "{code}" is not null and "{code}" <> \'\'')
                assert missing == [], (view, name)


def test_every_code_of_an_enumeration_is_in_the_legend(release_db: Path) -> None:
    rows = {code for (code,) in query(release_db, "select code from reference.legend where list = 'factor_tier'")}
    assert rows == set(load_legend()["factor_tier"].codes)
    unknown = [
        (table, column, value) for table, mart in load_marts().items() for column in mart.columns if (legend := list_of(table, column)) is not None
        for (value,) in query(release_db, f'select distinct "{column}" from {table} where "{column}" is not null and "{column}" <> \'\'') if value not in legend.codes
    ]
    assert unknown == []


def test_views_and_their_columns_carry_comments_in_both_languages(release_db: Path) -> None:
    said = query(release_db, "select schema_name || '.' || view_name, comment from duckdb_views() where not internal union all"
                             " select schema_name || '.' || table_name || '.' || column_name, comment from duckdb_columns() where schema_name in ('marts', 'quality', 'reference')")
    assert [name for name, comment in said if not BILINGUAL.fullmatch(comment or "")] == []


def test_a_plain_sum_of_the_wide_view_is_the_account(release_db: Path) -> None:
    """Bought power repeats in every electricity view of the lines; here each fact is there once, and adds up to every column of the accounts."""
    columns = [name for name in views(release_db)["marts.v_enterprise_line_wide"] if name.endswith("_tco2e")]
    assert len(columns) == 16
    sums = ", ".join(f"sum({name})" for name in columns)
    wide = query(release_db, f"select uscc, period, {sums} from marts.v_enterprise_line_wide where period_grain = 'month' group by all order by 1, 2")
    account = query(release_db, f"select uscc, period, {', '.join(columns)} from marts.fct_enterprise_account_month where hold_code is null order by 1, 2")
    of_lines = {row[:2]: row[2:] for row in wide}
    assert {row[:2]: row[2:] for row in account if row[:2] in of_lines} == of_lines


@pytest.mark.parametrize("measure", ["direct_tco2e", "purchased_power_location_tco2e"])
def test_a_movement_adds_up_to_the_change_of_the_total(release_db: Path, measure: str) -> None:
    before, after = query(release_db, f"select {measure} from marts.fct_total_month where level = 'province' and period in ('2025-11-01', '2025-12-01') order by period")
    parts = ["activity", "factor", "entered", "left", "silent"]
    [(change, *by_cause)] = query(release_db, f"select sum(change_tco2e), {', '.join(f'sum({part}_tco2e)' for part in parts)}"
                                              f" from marts.movement('province', '520000', '2025-11-01', '2025-12-01', '{measure}')")
    assert change == after[0] - before[0] == sum(by_cause) and change != 0
    empty = query(release_db, "select count(*) from marts.movement('province', '520000', '1999-01-01', '1999-02-01')")
    assert empty == [(0,)], "months that nobody reported move nothing"


def test_questions_answer_with_names(release_db: Path) -> None:
    cities = query(release_db, "select division_name, division_name_en, direct_tco2e, share_of_direct from marts.city_total(2025)")
    assert [row[2] for row in cities] == sorted((row[2] for row in cities), reverse=True) and abs(sum(row[3] for row in cities) - 1) < 1e-9
    assert ("贵阳市", "Guiyang") in {row[:2] for row in cities}
    [(uscc, name)] = query(release_db, "select uscc, enterprise_name from marts.dim_enterprise_latest order by uscc limit 1")
    by_name = query(release_db, f"from marts.enterprise_account('{name}')")
    assert by_name and by_name == query(release_db, f"from marts.enterprise_account('{uscc}')")
    held = query(release_db, "select kind_en, why_zh, why_en, file_name, row_no from marts.held_back()")
    assert {row[0] for row in held} == {"quarantined row", "activity that makes no line"} and all(row[1] and row[2] and row[3] for row in held)


def test_a_question_without_an_area_is_that_of_the_home_province(release_db: Path, tmp_path: Path) -> None:
    """The file says which province it is of: no macro knows the code of one."""
    copy = shutil.copy(release_db, tmp_path / "other.duckdb")
    asked = ("from marts.target_board()", "from marts.reconciliation()", "select code from marts.industry_ranking()")
    with connect(copy) as db:
        assert all(db.execute(sql).fetchall() for sql in asked)
        (named,) = db.execute("select min(code) from marts.fct_total_year where level = 'prefecture'").fetchone()
        db.execute("update reference.release set home_province = ?", [named])
        assert {code for (code,) in db.execute("select division_code from marts.target_board()").fetchall()} <= {named}
        assert db.execute("from marts.restatement(code := '520000')").fetchall() == db.execute("from marts.v_restatement where level = 'province' and delta_tco2e <> 0").fetchall()
    written = "\n".join(re.sub(r"^--.*", "", path.read_text("utf-8"), flags=re.MULTILINE) for folder in ("", "queries", "site/catalogue") for path in (PUBLISH / folder).glob("*.*"))
    assert "create macro" in written and "blocks:" in written
    assert re.findall(r".*'52(?:0000)?'.*", written.replace(METHOD_CHECK.read_text("utf-8"), "")) == []
