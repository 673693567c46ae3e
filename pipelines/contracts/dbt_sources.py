"""What dbt is told of the sources and rules that there are, written from contracts and models (`make sources`): one definition, no list by hand."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl

from pipelines.contracts.source import ROW_COLUMNS, Column, Source, load_sources
from pipelines.settings import PROJECT

DBT = PROJECT / "dbt_project"
TARGET = DBT / "models" / "staging" / "_lake.yml"
LISTS = DBT / "macros" / "lists.sql"

_SQL = {
    pl.String: "varchar", pl.Float64: "double", pl.Int32: "integer", pl.Int64: "bigint", pl.Date: "date",
    pl.Boolean: "boolean",
}
_ROW_TEXT = {
    "batch_id": "批次 | Batch", "row_no": "源文件行号 | Row of the delivered file",
    "received_at": "接收时间 | Received at (Asia/Shanghai)", "known_at": "自此计入 | Counts for knowledge dates from here",
    "is_synthetic": "是否演示数据 | Synthetic", "content_hash": "内容哈希 | Hash of the row's content",
    "version": "处置版本，空为原值 | Version made by decisions, null = as delivered",
}


def _sql_type(kind: object) -> str:
    return str(_SQL.get(kind, "timestamp"))  # type: ignore[call-overload]


def _describe(column: Column) -> str:
    unit = f" [{column.unit}]" if column.unit else f" [see {column.unit_column}]" if column.unit_column else ""
    return f"{column.zh} | {column.en}{unit}"


def render() -> str:
    """The text of the sources file."""
    lines = [
        "# Written by `make sources` from pipelines/contracts/sources: do not edit.",
        "version: 2", "sources:", "  - name: lake", "    schema: lake",
        '    description: "已校验数据湖 | Validated lake: accepted rows, append-only"', "    tables:",
    ]
    for source in load_sources().values():
        lines += [f"      - name: {source.name}", f'        description: "{source.zh} | {source.en}"', "        columns:"]
        for column in source.columns:
            for name, kind in column.lake_columns().items():
                text = _describe(column).replace('"', "'")
                lines.append(f'          - {{name: {name}, data_type: {_sql_type(kind)}, description: "{text}"}}')
        for name, kind in ROW_COLUMNS.items():
            lines.append(f'          - {{name: {name}, data_type: {_sql_type(kind)}, description: "{_ROW_TEXT[name]}"}}')
    return "\n".join(lines) + "\n"


def _in_lake(source: Source) -> str:
    """A source as dbt's macros know it: its slices, the quantity that must balance, and what a finding on its rows names."""
    kinds = {column.type: column.name for column in reversed(source.columns)}
    names = {column.name for column in source.columns}
    period = kinds.get("period") or ("period" if "moment" in kinds else "year" if "year" in names else None)
    told = {
        "name": source.name, "column": source.slice_column, "slice": source.slice, "quantity": source.quantity,
        "uscc": "uscc" if "uscc" in names else None, "period": period, **({"bulk": True} if source.bulk else {}),
    }
    return "{" + ", ".join(f"'{name}': {_literal(value)}" for name, value in told.items()) + "}"


def _literal(value: str | bool | None) -> str:
    return "none" if value is None else "true" if value is True else f"'{value}'"


def rule_models(models: Path = DBT / "models") -> list[str]:
    """The rules on the current view, int_rule__<name>: every model of the folder that no other of it reads by name."""
    texts = {path.stem: path.read_text("utf-8") for path in sorted((models / "intermediate" / "rule").glob("int_rule__*.sql"))}
    read = set(re.findall(r"int_rule__\w+", "\n".join(texts.values())))
    return [name.removeprefix("int_rule__") for name in texts if name not in read and name != "int_rule__finding"]


def lists() -> str:
    """The text of the macros that name all sources and all rules."""
    return "\n".join([
        "{# Written by `make sources` from pipelines/contracts/sources and models/intermediate/rule: do not edit. #}", "",
        "{# The sources of the lake: column and length of their slices (none: one slice), the quantity whose sum must balance, and the columns of",
        "   enterprise and period that a finding names. #}",
        "{% macro lake_sources() %}", "{{ return([", *(f"    {_in_lake(source)}," for source in load_sources().values()), "]) }}", "{% endmacro %}", "",
        "{# The rules on the current view: each a model int_rule__<name> whose rows are findings (rule_finding). #}",
        "{% macro rule_models() %}", "{{ return([", *(f"    '{name}'," for name in rule_models()), "]) }}", "{% endmacro %}", "",
    ])


def files() -> dict[Path, str]:
    """Every file that is written here, with its text."""
    return {TARGET: render(), LISTS: lists()}


def main() -> None:
    for path, text in files().items():
        path.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
