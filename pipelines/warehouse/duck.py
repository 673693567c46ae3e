"""Every DuckDB connection of the project is opened here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

_CONFIG = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}

_GLOB = re.compile(r"[*?\[]")

DuckError = duckdb.Error
MissingName = (duckdb.BinderException, duckdb.CatalogException)   # a table or column that is not there

# Published files open with DuckDB >= 1.5; 68 is the number that stands in the header of such a file.
STORAGE_VERSION = "v1.5.0"
STORAGE_NUMBER = 68


@contextmanager
def bounded(spill: Path, memory: str = "256MB") -> Iterator[Any]:
    """A connection in memory for files of any size: above the limit it spills into a folder.

    The order of rows is kept: their numbers count from it.
    """
    spill.mkdir(parents=True, exist_ok=True)
    with connect() as connection:
        connection.execute(f"set memory_limit = {quoted(memory)}")
        connection.execute(f"set temp_directory = {quoted(str(spill))}")
        connection.execute("set preserve_insertion_order = true")
        yield connection


@contextmanager
def connect(path: Path | None = None, *, read_only: bool = False) -> Iterator[Any]:
    """A connection that is closed at the end, whatever happens. No path: in memory."""
    connection = duckdb.connect(str(path) if path else ":memory:", read_only=read_only, config=_CONFIG)
    try:
        # a setting of the built-in icu extension: known once the connection stands, not in its configuration
        connection.execute("set TimeZone = 'Asia/Shanghai'")
        yield connection
    finally:
        connection.close()


def hardened(path: Path, memory: str) -> Any:
    """A connection for SQL from outside: it reads this file and no other, and nothing that it is told changes that. The caller closes it.

    Connections of one process to one file share what is set: the first sets and locks it. Not to be called by two threads at once.
    """
    connection = duckdb.connect(str(path), read_only=True, config=_CONFIG)
    if not connection.execute("select current_setting('lock_configuration')").fetchall()[0][0]:
        for setting, value in (("TimeZone", "Asia/Shanghai"), ("memory_limit", memory), ("enable_external_access", "false"), ("lock_configuration", "true")):
            connection.execute(f"set global {setting} = {quoted(value)}")
    return connection


def pieces(connection: Any, query: str, size: int = 100_000) -> Iterator[pl.DataFrame]:
    """The rows of a query, `size` at a time. The connection must not run anything else meanwhile: give a cursor."""
    for piece in connection.sql(query).to_arrow_reader(size):
        yield pl.DataFrame(pl.from_arrow(piece))


def put(connection: Any, table: str, frame: pl.DataFrame) -> None:
    """Make a temporary table of a frame."""
    connection.register("frame", frame.to_arrow())
    connection.execute(f"create or replace temp table {table} as select * from frame")
    connection.unregister("frame")


def quoted(text: str) -> str:
    """A text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def literal(path: Path) -> str:
    """A path as an SQL literal that names this file and no other, also where it has characters of a pattern."""
    return quoted(_plain(path))


def pattern(path: Path) -> str:
    """A path as an SQL literal whose last name may be a pattern; the folders above it are none."""
    return quoted(f"{_plain(path.parent)}/{path.name}")


def _plain(path: Path) -> str:
    return _GLOB.sub(r"[\g<0>]", str(path))


def identifier(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def attach(connection: Any, path: Path, alias: str, *, read_only: bool = True) -> None:
    """Attach a database file under a name.

    A fresh in-memory connection that attaches a path sees the file that lies there now, also while another
    connection of this process still holds the file that lay there before.
    """
    how = "read_only" if read_only else f"storage_version {quoted(STORAGE_VERSION)}"
    connection.execute(f"attach {quoted(str(path))} as {identifier(alias)} ({how})")
