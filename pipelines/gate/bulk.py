"""Judge a file of any size. Great Expectations judges two small tables instead of all rows:

1. a profile: the extremes of every column, and each enterprise and quality code of the file. A rule that holds there holds
   for every row, since its evidence rises or falls with one column, or depends on the enterprise or the code alone;
2. where a rule fails, the rows that can fail it, fetched from the typed file and judged row by row like those of other sources.

So limits stay in the suite, an expectation that cannot be evaluated refuses the load, and memory grows with the wrong rows only.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import Any

import polars as pl

from pipelines.contracts.source import Source
from pipelines.contracts.text import is_missing
from pipelines.gate.delivery import Delivery
from pipelines.gate.evidence import add_row_evidence, mark_duplicates, time_sql
from pipelines.gate.expect import Outcome, evaluate, failing_sql
from pipelines.gate.judge import labelled
from pipelines.gate.on_disk import OnDisk, Workbench
from pipelines.gate.standard import Standard
from pipelines.gate.suite import Rule
from pipelines.gate.verdict import Judgement, conclude
from pipelines.ingest.bulk import LandedFile
from pipelines.ingest.typed import EVIDENCE
from pipelines.ingest.units import shown_unit
from pipelines.warehouse.duck import literal, pieces, put, quoted

_PIECE = 25_000   # rows judged one by one at a time: bounds the memory of a file that is wrong throughout


def judge_bulk(standard: Standard, delivery: Delivery, landed: LandedFile, bench: Workbench) -> Judgement[OnDisk]:
    """Judge one typed file."""
    return _Bulk(standard, delivery, landed, bench).run()


def profile_sql(landed: LandedFile, source: Source) -> str:
    """One pass over the typed rows: the least and the greatest value of every column that a rule may look at."""
    names = _row_columns(source)
    return (
        f"select count(*) as n, {', '.join(f'min({name}) as min_{name}, max({name}) as max_{name}' for name in names)}"
        f" from {landed.relation}"
    )


def duplicates_sql(landed: LandedFile, source: Source) -> str:
    """The keys that occur more than once. `key_no` stands for the coded part of the key: two numbers are compared, not texts."""
    moment = _moment(source)
    return (
        f"select key_no, {moment} from {landed.relation} where key_no is not null and {moment} is not null"
        f" group by key_no, {moment} having count(*) > 1"
    )


def _moment(source: Source) -> str:
    return next(column.name for column in source.columns if column.type == "moment")


def _row_columns(source: Source) -> list[str]:
    free = [column.name for column in source.columns if column.type in ("number", "moment")]
    return [*free, "period", *EVIDENCE]


def _word_columns(source: Source) -> list[str]:
    """Columns whose every spelling is judged: credit codes and short code lists."""
    return [column.name for column in source.columns if column.type == "uscc" or (column.type == "code" and column.blank)]


class _Bulk:
    """The judgement of one file, step by step."""

    def __init__(self, standard: Standard, delivery: Delivery, landed: LandedFile, bench: Workbench) -> None:
        self.standard, self.delivery, self.landed = standard, delivery, landed
        self.db, self.folder, self.source = bench.db, bench.folder, standard.source
        self.moment = _moment(self.source)
        self.load = OnDisk(bench, delivery, standard.suite)

    def run(self) -> Judgement[OnDisk]:
        self._find_duplicates()
        profile, words = self._profile()
        error = self._judge(profile, words)
        self.load.close(self.landed)
        return conclude(self.standard, self.load, error)

    def _judge(self, profile: pl.DataFrame, words: list[tuple[str, str]]) -> Outcome | None:
        """Judge the profile, then the rows that a failing rule may name. Returns what could not be evaluated."""
        rules = self.standard.suite.rules
        if wrong := next((rule for rule in rules if not self._fits_a_profile(rule)), None):
            return Outcome(wrong, (), error="this form of rule cannot be judged on a profile")
        outcomes = evaluate(self.source.name, profile, rules)
        if error := next((o for o in outcomes if o.error), None):
            return error
        failing = [outcome for outcome in outcomes if outcome.rows]
        named: set[int] = set()
        for rows in self._rows(failing, words) if failing else ():
            judged = evaluate(self.source.name, rows, rules)
            if error := next((o for o in judged if o.error), None):
                return error
            self.load.take(rows, judged)
            gc.collect()   # the results of Great Expectations hold their frames in cycles
            named |= {i for i, outcome in enumerate(judged) if outcome.rows}
        lost = next((o for i, o in enumerate(outcomes) if o.rows and i not in named), None)
        return Outcome(lost.rule, (), error="the profile fails it, but no row does") if lost else None

    # -- what Great Expectations sees first ------------------------------------------------------------------------

    def _find_duplicates(self) -> None:
        self.db.execute(f"create or replace temp table again as {duplicates_sql(self.landed, self.source)}")
        self.db.execute(
            f"create or replace temp table duplicate as select l.key_no, l.{self.moment}, min(l.row_no) as first_row,"
            f" min(l.content_hash) <> max(l.content_hash) as differs, {self._rival()} as rival"
            f" from {self.landed.relation} as l semi join again using (key_no, {self.moment}) group by l.key_no, l.{self.moment}"
        )

    def _fits_a_profile(self, rule: Rule) -> bool:
        """Limits follow from the extremes of a column; a condition only from words, which are all in the profile."""
        on_words = rule.when is None or any(rule.when.startswith(f"{name}_problem ") for name in _word_columns(self.source))
        return on_words and failing_sql(rule, "") is not None

    def _profile(self) -> tuple[pl.DataFrame, list[tuple[str, str]]]:
        """The table that stands for the file: two rows of extremes, then a row a word. Returns the words beside it."""
        cursor = self.db.execute(profile_sql(self.landed, self.source))
        extremes = dict(zip([d[0] for d in cursor.description], cursor.fetchone(), strict=True))
        ((same, differing),) = self.db.execute(
            "select min(first_row) filter (not differs), min(first_row) filter (differs) from duplicate"
        ).fetchall()
        rows: list[dict[str, Any]] = [
            {**{name: extremes[f"{which}_{name}"] for name in _row_columns(self.source)}, "_first": first, "_differs": differs, "_rival": "", "row_no": first and first + 1}
            for which, first, differs in (("min", same, False), ("max", differing, True))
        ]
        words: list[tuple[str, str]] = []
        for name in _word_columns(self.source):
            found = self.db.execute(f"select {name}, min(period) from {self.landed.relation} where {name} is not null group by 1 order by 1").fetchall()
            words += [(name, word) for word, _ in found]
            # the first month of an enterprise stands for the later ones: a register row that covers it covers them
            rows += [{name: word, "period": first} if name == "uscc" else {name: word} for word, first in found]
        contract = {name: kind for column in self.source.columns for name, kind in column.lake_columns().items()}
        schema = {**contract, **dict.fromkeys(EVIDENCE, pl.String), "row_no": pl.Int64, "_first": pl.Int64, "_differs": pl.Boolean, "_rival": pl.String}
        frame = pl.DataFrame({name: pl.Series([row.get(name) for row in rows], dtype=kind) for name, kind in schema.items()})
        return self._with_evidence(frame.with_row_index("_row")), words

    def _with_evidence(self, rows: pl.DataFrame) -> pl.DataFrame:
        rows = rows.with_columns(pl.col("_row").cast(pl.Int64))
        return add_row_evidence(mark_duplicates(labelled(self.delivery, rows)), self.source, self.standard.known)

    # -- the rows that can fail ------------------------------------------------------------------------------------

    def _rows(self, failing: list[Outcome], words: list[tuple[str, str]]) -> Iterator[pl.DataFrame]:
        """The rows that a failing rule may name, with their evidence and their text, a bounded piece at a time."""
        conditions = {self._condition(o.rule) for o in failing if min(o.rows) < 2}
        wrong = {words[row - 2] for o in failing for row in o.rows if row >= 2}
        for name in sorted({name for name, _ in wrong}):
            put(self.db, f"wrong_{name}", pl.DataFrame({"word": sorted(word for of, word in wrong if of == name)}))
            conditions.add(f"l.{name} in (select word from wrong_{name})")
        self.db.execute(
            "create or replace temp table suspect as select l.row_no, d.first_row as _first, coalesce(d.differs, false) as _differs, d.rival as _rival"
            f" from {self.landed.relation} as l left join duplicate as d using (key_no, {self.moment})"
            f" where {' or '.join(f'({condition})' for condition in sorted(conditions))}"
        )
        raw = ", ".join(f"nullif(cast(r.{c.name} as varchar), '') as {c.name}__raw" for c in self.source.columns)
        target = self.folder / "suspects.parquet"
        self.db.execute(
            f"copy (select l.* exclude (key_no, noted), s._first, s._differs, s._rival, {raw} from suspect as s"
            f" join {self.landed.relation} as l using (row_no) join ({self.landed.raw}) as r using (row_no) order by l.row_no)"
            f" to {quoted(str(target))} (format parquet, compression zstd)"
        )
        for piece in pieces(self.db.cursor(), f"select * from read_parquet({literal(target)}) order by row_no", _PIECE):
            named = [name for name in piece.columns if name.endswith("__raw")]
            piece = piece.with_columns(pl.Series(name, [None if is_missing(cell) else cell for cell in piece[name]], dtype=pl.String) for name in named)
            for unit, text in self.landed.text.header_units.items():
                filled = [shown_unit(cell, "、".join(text)) for cell in piece[f"{unit}__raw"]]
                piece = piece.with_columns(pl.Series(f"{unit}__raw", filled, dtype=pl.String))
            yield self._with_evidence(piece.with_row_index("_row"))

    def _rival(self) -> str:
        """SQL of the columns in which the rows of a key differ."""
        others = [column.name for column in self.source.columns if column.name not in self.source.key]
        differing = [f"case when min(l.{c}) <> max(l.{c}) or count(l.{c}) not in (0, count(*)) then '{c}' end" for c in others]
        return f"concat_ws(';', {', '.join(differing)})"

    def _condition(self, rule: Rule) -> str:
        """SQL that holds for every row that a rule on extremes may name; which of them it names, the rule itself decides."""
        evidence = {
            "duplicate_row": "case when not d.differs then d.first_row end", "duplicate_key": "case when d.differs then d.first_row end",
            **time_sql(self.moment, self.delivery.received_at),
        }
        return failing_sql(rule, evidence.get(rule.column, f"l.{rule.column}")) or "true"
