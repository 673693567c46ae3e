"""The dbt sources of the validated lake, written from the contracts (`make sources`), so that there is one definition."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from pipelines.contracts.source import ROW_COLUMNS, Column, load_sources
from pipelines.settings import PROJECT

TARGET = PROJECT / "dbt_project" / "models" / "staging" / "_lake.yml"

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


def main(target: Path = TARGET) -> None:
    target.write_text(render(), "utf-8")


if __name__ == "__main__":
    main()
