"""The content hash of each published figure over what it is made of, order-free: two releases whose hash of a cell is one have the same inputs there.

    reference.cell_hash     table_name, key (`level=province,code=520000,period=2024-01-01`), column_name, inputs, input_hash

Of an account or total the inputs are its emission lines: line, row of which file (by the file's SHA-256), activity, factor, tonnes. Of an inventory cell,
a row of the bridge, a verdict they are what stands in its row: activity and factor, cause and amount, observation and document. Everything comes from
the published tables, so whoever has the file can make the hashes again. Code and suite versions stand in release.json, not in here.
"""

from __future__ import annotations

import hashlib
from typing import Any

from pipelines.publish.identities import LINE_CODES, TOTAL_MEASURES
from pipelines.publish.problem import both
from pipelines.warehouse.duck import quoted

CELL_TABLE = "reference.cell_hash"
COMMENTS = {
    "": "每个公布数字对其输入的内容哈希，与次序无关 | Content hash of each published figure over its inputs, whatever their order",
    "table_name": "表 | Table", "key": "行的键 | Key of the row", "column_name": "列 | Column",
    "inputs": "输入的个数：明细，或该行本身 | Number of inputs: lines, or the row itself", "input_hash": "输入的哈希（MD5 十六进制） | Hash of the inputs, MD5 in hex",
}
_SHOWN = 20
# Tables whose figures are hashed over their own row: key, figure, what it is made of.
_OF_ROWS = {
    "marts.fct_inventory_year": (
        ("division_code", "year", "factor_set", "sector", "fuel"), "emission_tco2",
        ("activity_quantity", "activity_unit", "factor_id", "factor_value", "factor_status", "emission_tco2")),
    "marts.fct_reconciliation_year": (("division_code", "year", "cause"), "tco2e", ("cause", "tco2e", "located_tco2e")),
    "marts.fct_target_verdict": (
        ("target_id", "division_code", "period"), "observed_value",
        ("target_value", "qualifier", "observed_value", "observed_document", "observed_vintage", "computed_value", "verdict")),
}
_ACCOUNT = {"direct_tco2e": "direct_common_tco2e", "purchased_power_location_tco2e": "purchased_power_location_tco2e"}


def cells_sql(catalog: str) -> str:
    """A query of all cell hashes of a released database, in the columns of `reference.cell_hash` and in their order."""
    measure = " ".join(f"when {m.where} then {quoted(name)}" for name, m in TOTAL_MEASURES.items())
    codes = ", ".join(f"{sql} as of_{level}" for level, sql in LINE_CODES.items())
    parts = ["enterprise", *LINE_CODES]
    names = ", ".join(f"of_{level}" for level in parts)
    cells = " union all ".join(_cells_of(level, kind) for level in parts for kind in ("month", "year"))
    rows = " union all ".join(_rows_of(catalog, table) for table in _OF_ROWS)
    return f"""
        with line as (
            select l.uscc as of_enterprise, {codes}, period, period_grain, case {measure} end as measure,
                md5(concat_ws('|', line_id, b.sha256, row_no, activity_quantity, activity_unit, factor_id, factor_value, emission_common_tco2e)) as line_hash
            from {catalog}.marts.fct_enterprise_emission_line as l left join {catalog}.quality.batch as b on b.batch_id = l.batch_id
        ),
        part as (   -- of one enterprise, month and place: sorting these is cheaper than sorting all lines at every level
            select {names}, period, period_grain, measure, count(*) as inputs, md5(string_agg(line_hash, '' order by line_hash)) as part_hash
            from line where measure is not null group by all
        ),
        cell as ({cells} union all {rows})
        select cast(table_name as varchar) as table_name, cast(key as varchar) as key, cast(column_name as varchar) as column_name,
            cast(inputs as bigint) as inputs, cast(input_hash as varchar) as input_hash
        from cell order by table_name, key, column_name"""


def _cells_of(level: str, kind: str) -> str:
    period = "period" if kind == "month" else "make_date(year(period), 1, 1)"
    where = "where period_grain = 'month'" if kind == "month" else ""
    account = level == "enterprise"
    table = f"marts.fct_{'enterprise_account' if account else 'total'}_{kind}"
    key = f"concat('uscc=', of_enterprise, ',period=', {period})" if account else f"concat('level={level},code=', of_{level}, ',period=', {period})"
    column = f"case measure {' '.join(f'when {quoted(a)} then {quoted(b)}' for a, b in _ACCOUNT.items())} end" if account else "measure"
    return f"""select {quoted(table)} as table_name, {key} as key, {column} as column_name, sum(inputs) as inputs,
        md5(string_agg(part_hash, '' order by part_hash)) as input_hash from part {where} group by of_{level}, {period}, measure"""


def _rows_of(catalog: str, table: str) -> str:
    key, column, content = _OF_ROWS[table]
    said = ", ',', ".join(f"'{name}=', {name}" for name in key)
    cells = ", ".join(f"coalesce(cast({name} as varchar), '-')" for name in content)
    return f"select {quoted(table)}, concat({said}), {quoted(column)}, 1, md5(concat_ws('|', {cells})) from {catalog}.{table}"


def write_cells(db: Any, catalog: str) -> None:
    """Write the table into a release that is being sealed."""
    name = f"{catalog}.{CELL_TABLE}"
    db.execute(f"create table {name} as {cells_sql(catalog)}")
    db.execute(f"comment on table {name} is {quoted(COMMENTS[''])}")
    for column, words in COMMENTS.items():
        if column:
            db.execute(f"comment on column {name}.{column} is {quoted(words)}")


def rolled_up(db: Any, catalog: str) -> dict[str, str]:
    """Table -> one hash over its cells, and under `release` one over all (SHA-256, hex)."""
    tables: dict[str, Any] = {}
    for table, key, column, value in db.execute(f"select table_name, key, column_name, input_hash from {catalog}.{CELL_TABLE} order by 1, 2, 3").fetchall():
        tables.setdefault(table, hashlib.sha256()).update(f"{key}|{column}|{value}\n".encode())
    found = {table: digest.hexdigest() for table, digest in tables.items()}
    whole = hashlib.sha256("".join(f"{table} {value}\n" for table, value in sorted(found.items())).encode())
    return {**found, "release": whole.hexdigest()}


def cell_problems(db: Any, catalog: str, manifest: dict[str, Any]) -> list[str]:
    """Figures whose inputs are not those that were hashed, each named; none of a release of before there were hashes of cells."""
    if "cell_hashes" not in manifest:
        return []
    differing = db.execute(
        f"""select coalesce(o.table_name, n.table_name), coalesce(o.key, n.key), coalesce(o.column_name, n.column_name)
            from {catalog}.{CELL_TABLE} as o full outer join ({cells_sql(catalog)}) as n
                on n.table_name = o.table_name and n.key = o.key and n.column_name = o.column_name
            where o.input_hash is distinct from n.input_hash or o.inputs is distinct from n.inputs order by 1, 2, 3"""
    ).fetchall()
    problems = [both(f"{table} {key} 的 {column}：输入与其哈希不符", f"{column} of {table} {key}: its inputs are not those of its hash") for table, key, column in differing[:_SHOWN]]
    if len(differing) > _SHOWN:
        problems.append(both(f"另有 {len(differing) - _SHOWN} 个数字的输入与其哈希不符", f"and {len(differing) - _SHOWN} more figures"))
    if rolled_up(db, catalog) != manifest["cell_hashes"]:
        problems.append(both("release.json 中数字的哈希与 reference.cell_hash 不符", "the cell hashes of release.json are not those of reference.cell_hash"))
    return problems
