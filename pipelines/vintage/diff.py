"""`carbon diff`: what changed between any two sealed releases, and why. The models of the nightly bridge run over the two releases' own tables.

Nothing of the data folder is written; the tables lie in a database of a moment.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.contracts.marts import load_marts
from pipelines.problem import UsageProblem
from pipelines.publish.problem import PublishError
from pipelines.publish.seals import seal_problems
from pipelines.publish.store import PARQUET, read_manifest, release_folder, release_folders
from pipelines.publish.verify import known_releases
from pipelines.settings import Settings
from pipelines.transform.build import require, run_dbt
from pipelines.warehouse.beside import Beside, lacking, lay_beside
from pipelines.warehouse.duck import connect, identifier, quoted

_MODELS = (
    "path:models/staging/before", "stg_registry__release_pair", "path:models/intermediate/restatement", "path:models/marts/restatement",
    "restatement_consequence", "restatement_cause", "restatement_reason",
)
_MADE_HERE = ("marts.fct_restatement", "quality.restatement_consequence")
_SHOWN = 20


@dataclass(frozen=True)
class Difference:
    """What changed from one release to the other. changes, consequences: rows of the tables of the same names, plain values."""

    from_release_id: str
    release_id: str
    changes: list[dict[str, Any]]
    consequences: list[dict[str, Any]]


def diff(settings: Settings, before: str, after: str) -> Difference:
    """Compare two sealed releases of this data folder. Raises PublishError when one is not there or is damaged, or both are one; BuildError."""
    if before == after:
        raise PublishError(f"两个版本相同：{after}", f"both are one release: {after}")
    folders = [_whole(settings, release_id) for release_id in (before, after)]
    with tempfile.TemporaryDirectory(prefix="carbon-diff-") as name:
        database = Path(name) / "build.duckdb"
        _lay(database, folders[0], folders[1])
        require(run_dbt(["build", "--full-refresh", "--no-write-json", "--exclude-resource-type", "test", "--exclude-resource-type", "unit_test",
                         "--select", *_MODELS], database, Path(name) / "dbt", memory=settings.build_memory))
        with connect(database, read_only=True) as db:
            return Difference(before, after, *(
                _rows(db, f"select * from {table} where release_id = ? and from_release_id = ?", [after, before])
                for table in _MADE_HERE
            ))


def _whole(settings: Settings, release_id: str) -> Path:
    folder = release_folder(settings, release_id)
    if not folder.is_dir():
        there = ", ".join(path.name for path in release_folders(settings)) or "–"
        raise PublishError(f"本数据目录没有版本 {release_id}；有：{there}", f"release {release_id} is not in this data folder; there are: {there}")
    problems = seal_problems(folder, known_releases(settings))
    if problems:
        lines = "".join(f"\n  {problem}" for problem in problems[:_SHOWN])
        raise PublishError(f"版本 {release_id} 受损，不能比较", f"release {release_id} is damaged: nothing is compared{lines}")
    if names := lacking(folder / PARQUET):
        raise PublishError(f"版本 {release_id} 没有列 {', '.join(names)}，不能比较", f"release {release_id} lacks {', '.join(names)}: it cannot be compared")
    return folder


def _lay(database: Path, before: Path, after: Path) -> None:
    """The tables of the later release where the models look for tonight's, those of the earlier one where they look for those before."""
    said = [read_manifest(folder) or {} for folder in (before, after)]
    with connect(database) as db:
        for schema in ("registry", "marts", "quality", "reference"):
            db.execute(f"create schema {schema}")
        lay_beside(db, Beside(release_id=after.name, code=said[1]["code_version"], before_id=before.name, before_code=said[0]["code_version"], before=before / PARQUET))
        for name in load_marts():
            file = after / PARQUET / f"{name}.parquet"
            schema, table = name.split(".")
            if file.is_file() and name not in _MADE_HERE:
                db.execute(f"create view {schema}.{identifier(table)} as select * from read_parquet({quoted(str(file))})")


def write_table(found: Difference, path: Path) -> None:
    """The changes as a table: Parquet where the file is named so, else CSV. Raises UsageProblem for another name."""
    if path.suffix not in (".csv", ".parquet"):
        raise UsageProblem(f"--out 应为 .csv 或 .parquet 文件：{path}", f"--out names a .csv or .parquet file, not {path}")
    table = pl.DataFrame(found.changes, infer_schema_length=None)
    if path.suffix == ".parquet":
        table.write_parquet(path)
    else:
        table.write_csv(path, include_bom=True)


def _rows(db: Any, sql: str, values: list[Any]) -> list[dict[str, Any]]:
    found = db.execute(f"{sql} order by all", values)
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def render(found: Difference) -> str:
    """The province's changes by cause, the greatest ones of enterprises, the consequences."""
    lines = [f"{found.from_release_id} -> {found.release_id}", ""]
    province = [row for row in found.changes if row["level"] == "province"]
    lines += ["全省 | the province [tCO2e]"] if province else ["全省合计没有变化 | no total of the province changed"]
    lines += [f"  {_when(row)}  {row['measure']:<32}{row['cause_zh']} {row['cause_en']:<24}{row['delta_tco2e']:>+20,.3f}"
              for row in sorted(province, key=lambda r: (r["period_kind"], r["period"], r["measure"], r["evaluation_order"])) if row["period_kind"] == "year"]
    largest = sorted((r for r in found.changes if r["level"] == "enterprise" and r["period_kind"] == "year"), key=lambda r: (-abs(r["delta_tco2e"]), r["code"], r["cause"]))
    if largest:
        lines += ["", f"企业，变化最大的 {min(len(largest), _SHOWN)} 项 | enterprises, the greatest changes [tCO2e]"]
        lines += [f"  {_when(row)}  {row['code']}  {row['measure']:<32}{row['cause_zh']} {row['cause_en']:<24}{row['delta_tco2e']:>+20,.3f}" for row in largest[:_SHOWN]]
    if found.consequences:
        lines += ["", f"后果 {len(found.consequences)} 项 | consequences"]
        lines += [f"  {row['period'].year}  {row['subject']}  {row['name_zh']} | {row['name_en']}: {row['before_value'] or '–'} -> {row['after_value'] or '–'}"
                  for row in found.consequences[:_SHOWN]]
        lines += [f"  … 其余 {len(found.consequences) - _SHOWN} 项见 --json | the others: --json"] if len(found.consequences) > _SHOWN else []
    return "\n".join(lines)


def _when(row: dict[str, Any]) -> str:
    return f"{row['period']:%Y-%m}" if row["period_kind"] == "month" else f"{row['period']:%Y}   "
