"""SQL from outside on the live release: one statement that reads, nothing beside the file, bounded in time, rows and memory."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

from pipelines.problem import UsageProblem
from pipelines.publish.store import DATABASE, require_live
from pipelines.settings import Settings
from pipelines.warehouse.duck import DuckError, hardened

_READS = ("SELECT", "EXPLAIN")


class QueryRefused(UsageProblem):
    """A statement that is not run, or that did not end well: why, in both languages."""


@dataclass(frozen=True)
class Limits:
    """How much one statement may take. rows: more are cut off and told; memory: as DuckDB writes it."""

    seconds: float = 20.0
    rows: int = 2_000
    memory: str = "1GB"
    at_once: int = 2


@dataclass(frozen=True)
class Answer:
    """Rows of one statement. more: there were more than the limit."""

    release_id: str
    columns: list[str]
    rows: list[tuple[Any, ...]]
    more: bool


class Reader:
    """Asks the live release, looked up for each question: after a night the next answer is of the new one. Safe to be asked from several threads."""

    def __init__(self, settings: Settings, limits: Limits | None = None) -> None:
        self.settings = settings
        self.limits = limits or Limits()
        self._opening = threading.Lock()
        self._turns = threading.BoundedSemaphore(self.limits.at_once)

    def ask(self, sql: str, rows: int | None = None) -> Answer:
        """What one statement gives, at most `rows` (else the limit). Raises QueryRefused, PublishError when nothing is published."""
        most = rows or self.limits.rows
        if not self._turns.acquire(timeout=self.limits.seconds):
            raise QueryRefused("服务器正忙，请稍后再试", "the server is busy: try again in a moment")
        try:
            return self._answer(sql, most)
        except DuckError as error:
            raise _refused(error, self.limits) from error
        finally:
            self._turns.release()

    def _answer(self, sql: str, most: int) -> Answer:
        folder, manifest = require_live(self.settings)
        with self._opening:
            opened = hardened(folder / DATABASE, self.limits.memory)
        with closing(opened) as db:
            _one_that_reads(db, sql)
            with self._bounded(db):
                result = db.execute(sql)
                found = result.fetchmany(most + 1)
            return Answer(str(manifest["release_id"]), [column[0] for column in result.description or []], found[:most], len(found) > most)

    @contextmanager
    def _bounded(self, db: Any) -> Iterator[None]:
        timer = threading.Timer(self.limits.seconds, db.interrupt)
        timer.start()
        try:
            yield
        finally:
            timer.cancel()


def _one_that_reads(db: Any, sql: str) -> None:
    kinds = [statement.type.name for statement in db.extract_statements(sql)]
    if len(kinds) != 1 or kinds[0] not in _READS:
        said = ", ".join(kinds) or "0"
        raise QueryRefused(f"一次只运行一条查询（SELECT、FROM、DESCRIBE、EXPLAIN），收到：{said}", f"one statement that reads (SELECT, FROM, DESCRIBE, EXPLAIN) at a time; this was: {said}")


def _refused(error: DuckError, limits: Limits) -> QueryRefused:
    said = str(error)
    if "INTERRUPT" in said:
        return QueryRefused(f"超过 {limits.seconds:g} 秒，已停止；请加条件，或在自己的电脑上打开 carbon.duckdb", f"stopped after {limits.seconds:g} s: narrow it, or open carbon.duckdb on your own machine")
    return QueryRefused(f"查询未能运行：{said}", f"the query did not run: {said}")
