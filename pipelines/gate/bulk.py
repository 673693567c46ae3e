"""Judge a file of any size. Great Expectations judges two small tables instead of all rows:

1. a profile: the extremes of every column, and each enterprise and quality code of the file. A rule that holds there holds
   for every row, since its evidence rises or falls with one column, or depends on the enterprise or the code alone;
2. where a rule fails, the rows that can fail it, fetched from the typed file and judged row by row like those of other sources.

So limits stay in the suite, an expectation that cannot be evaluated refuses the load, and memory grows with the wrong rows only.
"""

from __future__ import annotations

import gc
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.contracts.source import Source
from pipelines.contracts.text import is_missing
from pipelines.gate.evidence import add_row_evidence
from pipelines.gate.expect import Outcome, evaluate
from pipelines.gate.judge import (
    LATE,
    REDELIVER,
    WAIT,
    Delivery,
    acceptable_from,
    check_of,
    count_rules,
    error_problem,
    failing_rows,
    finding,
    labelled,
    list_checks,
    load_finding,
    malformed_findings,
    merged,
    note_findings,
    rule_findings,
    share_problem,
)
from pipelines.gate.suite import Rule, Suite
from pipelines.ingest.bulk import LandedFile
from pipelines.ingest.problem import Unreadable
from pipelines.ingest.typed import EVIDENCE, with_header_unit
from pipelines.warehouse.duck import pieces, put, quoted
from pipelines.warehouse.files import write_parquet
from pipelines.warehouse.lake import FINDING_SCHEMA

_NULL, _BETWEEN = "expect_column_values_to_be_null", "expect_column_values_to_be_between"
_PIECE = 25_000   # rows judged one by one at a time: bounds the memory of a file that is wrong throughout
_SUSPECT: dict[str, Any] = {"row_no": pl.Int64, "acceptable_from": pl.Datetime("us"), "waits": pl.Boolean, "named": pl.Boolean}


@dataclass
class BulkJudgement:
    """The verdict on one file. Its rows lie in the typed file and are named by the temporary table `verdict_row` of the
    connection: row_no and known_at (null = held back) of the rows that a rule may name; every other row counts from `clean_known_at`.

    Attributes:
        clean_known_at: None when the load is refused; known: (moment, rows that count from it);
        findings: Parquet files that together hold all findings of the load.
    """

    delivery: Delivery
    landed: LandedFile
    checks: list[dict]
    findings: list[Path]
    clean_known_at: datetime | None
    known: list[tuple[datetime, int]]
    quantity: tuple[float, float]
    passes_from: datetime | None
    waiting: bool
    refused_by: str | None = None
    reason_zh: str | None = None
    reason_en: str | None = None

    @property
    def rows_received(self) -> int:
        return self.landed.rows + len(self.delivery.malformed)


def judge_bulk(
    db: Any, delivery: Delivery, landed: LandedFile, suite: Suite, known: pl.DataFrame, limit: float, folder: Path
) -> BulkJudgement:
    """Judge one typed file. `known` is uscc -> enterprise_known_from, `limit` as in `judge`; `folder` takes what is in between."""
    return _Bulk(db, delivery, landed, suite, known, limit, folder).run()


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

    def __init__(
        self, db: Any, delivery: Delivery, landed: LandedFile, suite: Suite, known: pl.DataFrame, limit: float, folder: Path
    ) -> None:
        self.db, self.delivery, self.landed, self.suite, self.known = db, delivery, landed, suite, known
        self.source, self.limit, self.folder = delivery.source, limit, folder
        self.moment = _moment(self.source)
        self.counts = {rule.id: 0 for rule in suite.rules}
        self.suspects: list[pl.DataFrame] = [pl.DataFrame(schema=_SUSPECT)]
        self.parts: list[Path] = []
        self.critical: dict | None = None

    def run(self) -> BulkJudgement:
        self._find_duplicates()
        profile, words = self._profile()
        error = self._judge(profile, words)
        return self._conclude(error)

    def _judge(self, profile: pl.DataFrame, words: list[tuple[str, str]]) -> Outcome | None:
        """Judge the profile, then the rows that a failing rule may name. Returns what could not be evaluated."""
        if wrong := next((rule for rule in self.suite.rules if not self._fits_a_profile(rule)), None):
            return Outcome(wrong, (), error="this form of rule cannot be judged on a profile")
        outcomes = evaluate(self.source.name, profile, self.suite.rules)
        if error := next((o for o in outcomes if o.error), None):
            return error
        failing = [outcome for outcome in outcomes if outcome.rows]
        named: set[int] = set()
        for rows in self._rows(failing, words) if failing else ():
            judged = evaluate(self.source.name, rows, self.suite.rules)
            if error := next((o for o in judged if o.error), None):
                return error
            self._take(rows, judged)
            gc.collect()   # the results of Great Expectations hold their frames in cycles
            named |= {i for i, outcome in enumerate(judged) if outcome.rows}
        lost = next((o for i, o in enumerate(outcomes) if o.rows and i not in named), None)
        return Outcome(lost.rule, (), error="the profile fails it, but no row does") if lost else None

    # -- what Great Expectations sees first ------------------------------------------------------------------------

    def _find_duplicates(self) -> None:
        self.db.execute(f"create or replace temp table again as {duplicates_sql(self.landed, self.source)}")
        self.db.execute(
            f"create or replace temp table duplicate as select l.key_no, l.{self.moment}, min(l.row_no) as first_row,"
            " min(l.content_hash) <> max(l.content_hash) as differs"
            f" from {self.landed.relation} as l semi join again using (key_no, {self.moment}) group by l.key_no, l.{self.moment}"
        )

    def _fits_a_profile(self, rule: Rule) -> bool:
        """Null and between follow from the extremes of a column; a condition only from words, which are all in the profile."""
        on_words = rule.when is None or any(rule.when.startswith(f"{name}_problem ") for name in _word_columns(self.source))
        return rule.expect in (_NULL, _BETWEEN) and on_words and "mostly" not in rule.args

    def _profile(self) -> tuple[pl.DataFrame, list[tuple[str, str]]]:
        """The table that stands for the file: two rows of extremes, then a row a word. Returns the words beside it."""
        cursor = self.db.execute(profile_sql(self.landed, self.source))
        extremes = dict(zip([d[0] for d in cursor.description], cursor.fetchone(), strict=True))
        ((row, key),) = self.db.execute(
            "select min(first_row) filter (not differs), min(first_row) filter (differs) from duplicate"
        ).fetchall()
        rows: list[dict[str, Any]] = [
            {**{name: extremes[f"{which}_{name}"] for name in _row_columns(self.source)}, "duplicate_row": row, "duplicate_key": key}
            for which in ("min", "max")
        ]
        words: list[tuple[str, str]] = []
        for name in _word_columns(self.source):
            found = self.db.execute(f"select distinct {name} from {self.landed.relation} where {name} is not null order by 1").fetchall()
            words += [(name, word) for (word,) in found]
        rows += [{name: word} for name, word in words]
        contract = {name: kind for column in self.source.columns for name, kind in column.lake_columns().items()}
        schema = {**contract, **dict.fromkeys(EVIDENCE, pl.String), "duplicate_row": pl.Int64, "duplicate_key": pl.Int64}
        frame = pl.DataFrame({name: pl.Series([row.get(name) for row in rows], dtype=kind) for name, kind in schema.items()})
        return self._with_evidence(frame.with_row_index("_row")), words

    def _with_evidence(self, rows: pl.DataFrame) -> pl.DataFrame:
        rows = rows.with_columns(pl.col("_row").cast(pl.Int64))
        return add_row_evidence(labelled(replace(self.delivery, rows=rows)), self.source, self.known)

    # -- the rows that can fail ------------------------------------------------------------------------------------

    def _rows(self, failing: list[Outcome], words: list[tuple[str, str]]) -> Iterator[pl.DataFrame]:
        """The rows that a failing rule may name, with their evidence and their text, a bounded piece at a time."""
        conditions = {self._condition(o.rule) for o in failing if min(o.rows) < 2}
        wrong = {words[row - 2] for o in failing for row in o.rows if row >= 2}
        for name in sorted({name for name, _ in wrong}):
            put(self.db, f"wrong_{name}", pl.DataFrame({"word": sorted(word for of, word in wrong if of == name)}))
            conditions.add(f"l.{name} in (select word from wrong_{name})")
        self.db.execute(
            "create or replace temp table suspect as select l.row_no,"
            " case when not d.differs and l.row_no > d.first_row then d.first_row end as duplicate_row,"
            " case when d.differs then d.first_row end as duplicate_key"
            f" from {self.landed.relation} as l left join duplicate as d using (key_no, {self.moment})"
            f" where {' or '.join(f'({condition})' for condition in sorted(conditions))}"
        )
        raw = ", ".join(f"nullif(cast(r.{c.name} as varchar), '') as {c.name}__raw" for c in self.source.columns)
        target = quoted(str(self.folder / "suspects.parquet"))
        self.db.execute(
            f"copy (select l.* exclude (key_no, noted), s.duplicate_row, s.duplicate_key, {raw} from suspect as s"
            f" join {self.landed.relation} as l using (row_no) join ({self.landed.raw}) as r using (row_no) order by l.row_no)"
            f" to {target} (format parquet, compression zstd)"
        )
        for piece in pieces(self.db.cursor(), f"select * from read_parquet({target}) order by row_no", _PIECE):
            named = [name for name in piece.columns if name.endswith("__raw")]
            piece = piece.with_columns(pl.Series(name, [None if is_missing(cell) else cell for cell in piece[name]], dtype=pl.String) for name in named)
            for unit, text in self.landed.text.header_units.items():
                filled = [with_header_unit(cell, text) for cell in piece[f"{unit}__raw"]]
                piece = piece.with_columns(pl.Series(f"{unit}__raw", filled, dtype=pl.String))
            yield self._with_evidence(piece.with_row_index("_row"))

    def _condition(self, rule: Rule) -> str:
        """SQL that holds for every row that a rule on extremes may name; which of them it names, the rule itself decides."""
        own = {
            "duplicate_row": "case when not d.differs and l.row_no > d.first_row then 1 end",
            "duplicate_key": "case when d.differs then 1 end",
            "future_period": f"case when l.{self.moment} > {quoted(self.delivery.received_at.isoformat())} then 1 end",
            "period_year": "year(l.period)",
        }
        expression = own.get(rule.column, f"l.{rule.column}")
        if rule.expect == _NULL:
            return f"{expression} is not null"
        limits = [
            (rule.args.get("min_value"), "<=" if rule.args.get("strict_min") else "<"),
            (rule.args.get("max_value"), ">=" if rule.args.get("strict_max") else ">"),
        ]
        return " or ".join(f"{expression} {sign} {float(value)}" for value, sign in limits if value is not None) or "false"

    def _take(self, rows: pl.DataFrame, outcomes: list[Outcome]) -> None:
        """Keep what a piece came to: counts, findings, and from when its rows are in order."""
        mine = failing_rows(rows, outcomes)
        for rule_id, count in count_rules(mine, outcomes).items():
            self.counts[rule_id] += count
        found = merged(rule_findings(self.delivery, self.source, rows, mine, outcomes))
        self.critical = self.critical or next((f for f in found if f["severity"] == "critical"), None)
        self._add_findings(found)
        named = {f["row_no"] for f in found if f["severity"] != "info"}
        judged = acceptable_from(rows, mine, outcomes)
        self.suspects.append(
            judged.select("row_no", "acceptable_from", "waits", pl.col("row_no").is_in(list(named)).alias("named"))
        )

    def _add_findings(self, found: list[dict]) -> None:
        if found:
            self.parts.append(self.folder / f"findings.{len(self.parts)}.parquet")
            write_parquet(self.parts[-1], pl.DataFrame(found, schema=FINDING_SCHEMA, orient="row"))

    # -- the verdict -----------------------------------------------------------------------------------------------

    def _conclude(self, error: Outcome | None) -> BulkJudgement:
        delivery, received_at = self.delivery, self.delivery.received_at
        suspects = pl.concat(self.suspects)
        received = self.landed.rows + len(delivery.malformed)
        clean = self.landed.rows - len(suspects)
        moments = suspects["acceptable_from"].drop_nulls().sort()
        needed = max(math.ceil(received * (1 - self.limit) - 1e-9), 1)
        waiting = bool(suspects["waits"].any()) and not error
        self._add_findings(malformed_findings(delivery) + note_findings(delivery))
        checks = list_checks(self.counts, self.suite.rules, delivery)
        problem = self._refusal(error, received, clean + len(moments), needed)
        if problem and (error or problem.check_id == "L17-share"):
            checks.append(check_of(problem.check_id, "critical", received - (0 if error else clean + len(moments))))
        passes = None if problem else (received_at if needed <= clean else moments[needed - clean - 1])
        known_at = pl.max_horizontal("acceptable_from", pl.lit(passes)) if passes else pl.lit(None)
        verdict = suspects.select(
            "row_no", pl.when(pl.col("acceptable_from").is_not_null()).then(known_at).cast(pl.Datetime("us")).alias("known_at"),
            "named", (pl.col("acceptable_from") < passes if passes else pl.lit(False)).alias("late"),
        )
        put(self.db, "verdict_row", verdict)
        if problem:
            words = Unreadable(problem.check_id, f"整批退回：{problem.zh}", f"the load is refused: {problem.en}")
            self._add_findings([load_finding(delivery, problem)])
            self._name_rows("v.row_no is null or not v.named", words, REDELIVER, None)
        elif passes and passes > received_at:
            good = clean + len(moments.filter(moments <= received_at))
            self._add_findings([{**load_finding(delivery, share_problem(self.limit, received - good, received)), "holds_until": passes}])
            self._name_rows("v.row_no is null or v.late", LATE, WAIT, passes)
        known = verdict.drop_nulls("known_at").group_by("known_at").len().rows()
        return BulkJudgement(
            delivery, self.landed, checks, self.parts, passes, self._known(known, clean, passes), self._quantity(passes is None),
            passes, waiting, *((problem.check_id, problem.zh, problem.en) if problem else ()),
        )

    def _refusal(self, error: Outcome | None, received: int, good: int, needed: int) -> Unreadable | None:
        if error:
            return error_problem(error)
        if self.critical:
            return Unreadable(self.critical["check_id"], self.critical["message_zh"], self.critical["message_en"])
        return share_problem(self.limit, received - good, received) if good < needed else None

    def _known(self, suspects: list[tuple[datetime, int]], clean: int, passes: datetime | None) -> list[tuple[datetime, int]]:
        counts = dict(suspects)
        if passes and clean:
            counts[passes] = counts.get(passes, 0) + clean
        return sorted(counts.items())

    def _quantity(self, refused: bool) -> tuple[float, float]:
        """Physical quantity received and held back, as reported."""
        held = "true" if refused else "v.row_no is not null and v.known_at is null"
        return self.db.execute(
            f"select coalesce(sum({self.source.quantity}), 0), coalesce(sum({self.source.quantity}) filter ({held}), 0)"
            f" from {self.landed.relation} as l left join verdict_row as v using (row_no)"
        ).fetchone()

    def _name_rows(self, where: str, problem: Unreadable, advice: tuple[str, str], until: datetime | None) -> None:
        """One finding in equal words for many rows, without building them in memory."""
        words = finding(
            self.delivery, {}, problem.check_id, "warning", None, None, problem.zh, problem.en, advice, until=until
        )
        columns = {"row_no": "l.row_no", "uscc": "l.uscc", "period": "l.period"}
        select = ", ".join(f"{columns.get(name) or _literal(words[name], kind)} as {name}" for name, kind in FINDING_SCHEMA.items())
        self.parts.append(self.folder / f"findings.{len(self.parts)}.parquet")
        self.db.execute(
            f"copy (select {select} from {self.landed.relation} as l left join verdict_row as v using (row_no) where {where})"
            f" to {quoted(str(self.parts[-1]))} (format parquet, compression zstd)"
        )


def _literal(value: object, kind: object) -> str:
    sql = {pl.String: "varchar", pl.Int64: "bigint", pl.Float64: "double", pl.Date: "date"}.get(kind, "timestamp")  # type: ignore[call-overload]
    return f"cast({'null' if value is None else quoted(str(value))} as {sql})"
