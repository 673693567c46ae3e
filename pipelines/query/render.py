"""Queries and their rows as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterable

from pipelines.publish.ready import Query
from pipelines.query.ask import Answer
from pipelines.text_table import aligned, terminal_width


def render_list(queries: Iterable[Query]) -> str:
    """Every query with its title and parameters, and how to ask one."""
    lines = []
    for query in queries:
        lines.append(f"{query.name}  {query.title}")
        lines += [f"    {name}: {words}" for name, words in query.parameters.items()]
    return "\n".join([*lines, "", "运行 | run: carbon query NAME --param year=2025    看 SQL | its SQL: carbon query NAME --show    全部表与例子 | all tables, with examples: select * from marts.help"])


def render(answer: Answer, limit: int) -> str:
    """The rows, at most `limit`, and the release that they are of."""
    if not answer.rows:
        lines = ["没有行 | no rows"]
        if answer.lacking:
            zh, en = zip(*answer.lacking, strict=True)
            lines.append(f"本版本从未收到：{'、'.join(zh)} | this release never received: {', '.join(en)}")
        return "\n".join([*lines, f"版本 | Release: {answer.release_id}"])
    lines = [aligned(answer.columns, answer.rows[:limit], width=terminal_width())]
    if len(answer.rows) > limit:
        lines.append(f"… 共 {len(answer.rows)} 行，显示前 {limit} 行（--limit） | {len(answer.rows)} rows, the first {limit} are shown (--limit)")
    return "\n".join([*lines, f"版本 | Release: {answer.release_id}"])
