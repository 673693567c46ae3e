"""The files that analysts open, written from the build database: the DuckDB file with its comments, views and macros, and the Parquet files."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

from pipelines.contracts.published import load_published
from pipelines.publish.cells import CELL_TABLE, write_cells
from pipelines.publish.contract import RELEASE_TABLE, Table, contract_problems, published_tables, require
from pipelines.publish.hashes import TableHashes, table_hashes
from pipelines.publish.help import LEGEND_TABLE, write_help, write_legend, write_macros
from pipelines.publish.problem import PublishError
from pipelines.publish.release_info import ReleaseInfo
from pipelines.publish.store import DATABASE, PARQUET
from pipelines.publish.views import write_views
from pipelines.warehouse.beside import closed_tables
from pipelines.warehouse.duck import STORAGE_NUMBER, attach, connect, identifier, quoted
from pipelines.warehouse.files import remove_tree

OWN_TABLES = (RELEASE_TABLE, CELL_TABLE, LEGEND_TABLE)   # what a release has beside the tables of the build database


def write_database(part: Path, build_db: Path, release: ReleaseInfo) -> dict[str, int]:
    """Copy the published tables with their comments, rows in the order of the contract; rows by table."""
    rows = {}
    with connect() as db:
        db.execute(f"set temp_directory = {quoted(str(part / 'tmp'))}")
        attach(db, build_db, "build_db")
        attach(db, part / DATABASE, "sealed", read_only=False)
        for schema in load_published().schemas:
            db.execute(f"create schema if not exists sealed.{identifier(schema)}")
        tables = [table for table in published_tables(db, "build_db").values() if table.name not in OWN_TABLES]
        for table in tables:
            db.execute(f"create table {table.sql_name('sealed')} as select * from {table.sql_name('build_db')} order by {_order(table)}")
            rows[table.name] = _count(db, table.sql_name("build_db"))
        db.execute("begin")   # a comment committed by itself waits for the disk, and there are thousands
        closed = closed_words(release)
        for table in tables:
            _comment(db, table, closed if ("marts", table.name.split(".")[1]) in closed_tables() else None)
        db.execute("commit")
        _write_release_table(db, release)
        rows[RELEASE_TABLE] = 1
        write_cells(db, "sealed")
        rows[CELL_TABLE] = _count(db, f"sealed.{CELL_TABLE}")
        rows[LEGEND_TABLE] = write_legend(db, "sealed")
        _write_views(db, "sealed")
        db.execute("checkpoint sealed")
        db.execute("detach sealed")
    remove_tree(part / "tmp")
    return rows


def _order(table: Table) -> str:
    wanted = load_published().tables.get(table.name)
    return ", ".join(identifier(name) for name in wanted.order) if wanted else "all"


def _count(db: Any, relation: str) -> int:
    return int(db.execute(f"select count(*) from {relation}").fetchone()[0])


def _comment(db: Any, table: Table, closed: tuple[str, str] | None) -> None:
    name = table.sql_name("sealed")
    if table.comment:
        zh, bar, en = table.comment.partition(" | ")
        said = f"{zh}；{closed[0]}{bar}{en}; {closed[1]}" if closed and bar else table.comment
        db.execute(f"comment on table {name} is {quoted(said)}")
    for column in table.columns.values():
        if column.comment:
            db.execute(f"comment on column {name}.{identifier(column.name)} is {quoted(column.comment)}")


def closed_words(release: ReleaseInfo) -> tuple[str, str] | None:
    """Which years are closed, by whom and when, in both languages; None = none is."""
    if not release.closed_years:
        return None
    said = [(c.year, c.closed_by.replace("|", "/"), c.closed_at[:10], c.release_id) for c in release.closed_years]   # a comment splits at the bar
    return ("已封账：" + "、".join(f"{year} 年（{by}，{day}，版本 {name}）" for year, by, day, name in said),
            "closed: " + ", ".join(f"{year} (by {by}, {day}, release {name})" for year, by, day, name in said))


def _write_release_table(db: Any, release: ReleaseInfo) -> None:
    table = Table(RELEASE_TABLE, "本文件所属的发布版本，一行 | The release that this file belongs to, one row")
    comments = {
        "release_id": "版本编号 | Release", "knowledge_date": "知识截止日 | Knowledge date",
        "code_version": "代码版本 | Code version", "fingerprint": "输入指纹 | Fingerprint of the inputs",
        "home_province": "本省行政区划代码 | Division code of the home province",
    }
    db.execute(
        f"create table {table.sql_name('sealed')} as select cast(? as varchar) as release_id,"
        " cast(? as date) as knowledge_date, cast(? as varchar) as code_version, cast(? as varchar) as fingerprint, cast(? as varchar) as home_province",
        [release.release_id, release.knowledge_date, release.code_version, release.fingerprint, release.home_province],
    )
    db.execute(f"comment on table {table.sql_name('sealed')} is {quoted(table.comment or '')}")
    for column, comment in comments.items():
        db.execute(f"comment on column {table.sql_name('sealed')}.{column} is {quoted(comment)}")


def _write_views(db: Any, catalog: str) -> None:
    """Views, macros and help. They name the tables of their own file, so they are made with it as the catalog in use."""
    db.execute(f"use {identifier(catalog)}")
    views = write_views(db, catalog)
    write_help(db, catalog, views, write_macros(db))
    db.execute("use memory")


def verified(part: Path, rows: dict[str, int], release_id: str) -> dict[str, TableHashes]:
    """Open the closed file again, check it, write the Parquet files from it; hashes by table."""
    number = storage_number(part / DATABASE)
    if number > STORAGE_NUMBER:
        raise PublishError(
            f"发布文件的存储版本 {number} 过新", f"the release has storage version {number}, newer than {STORAGE_NUMBER}"
        )
    hashes = {}
    with connect() as db:
        db.execute(f"set temp_directory = {quoted(str(part / 'tmp'))}")
        attach(db, part / DATABASE, "sealed")
        require(contract_problems(db, "sealed"))
        for table in published_tables(db, "sealed").values():
            file = part / PARQUET / f"{table.name}.parquet"
            _write_parquet(db, table, file, release_id)
            hashes[table.name] = table_hashes(db, table.sql_name("sealed"))
            if hashes[table.name].rows != _count(db, f"read_parquet({quoted(str(file))})"):
                raise PublishError(f"表 {table.name} 的 Parquet 行数不符", f"the Parquet file of {table.name} has other rows")
    remove_tree(part / "tmp")
    if {name: found.rows for name, found in hashes.items()} != rows:
        raise PublishError("发布文件与构建库行数不符", "the release does not have the rows of the build database")
    return hashes


def storage_number(path: Path) -> int:
    """The storage version that stands in the header of a DuckDB file (68 = v1.5). Raises PublishError."""
    with path.open("rb") as handle:
        header = handle.read(20)
    if len(header) < 20 or header[8:12] != b"DUCK":
        raise PublishError(f"{path.name} 不是 DuckDB 文件", f"{path.name} is no DuckDB file")
    return int(struct.unpack("<Q", header[12:20])[0])


def _write_parquet(db: Any, table: Table, file: Path, release_id: str) -> None:
    columns = json.dumps({c.name: c.comment for c in table.columns.values()}, ensure_ascii=False)
    notes = {"table_comment": table.comment or "", "column_comments": columns, "release_id": release_id}
    metadata = ", ".join(f"{key}: {quoted(value)}" for key, value in notes.items())
    db.execute(f"copy {table.sql_name('sealed')} to {quoted(str(file))}"
               f" (format parquet, compression zstd, kv_metadata {{{metadata}}})")
