"""Verdicts: rules on typed rows -> findings, accepted rows with the moment from which they count, one outcome a batch.

A verdict depends on the file, the suite and the register alone, never on the order of nights: rows that were not in
order when received (their month in the future, their enterprise unknown) carry the moment from which they are.
"""

from __future__ import annotations

import math
import string
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import polars as pl

from pipelines.contracts.source import Source
from pipelines.gate.evidence import add_evidence
from pipelines.gate.expect import Outcome, evaluate
from pipelines.gate.stake import add_stake
from pipelines.gate.suite import Rule, Suite
from pipelines.ingest.problem import Unreadable
from pipelines.ingest.table import Malformed, Remark
from pipelines.ingest.typed import Note

# Longer texts are cut where a finding cites them: the received file has the whole.
_CITED = 500


@dataclass
class Delivery:
    """One batch on its way through the gate. `rows` is None when it could not be read (`problem`)."""

    batch_id: str
    source: Source
    received_at: datetime
    is_synthetic: bool
    is_published: bool
    rows: pl.DataFrame | None = None
    malformed: list[Malformed] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    note_rows: Counter[str] = field(default_factory=Counter)   # kind -> rows, of which `notes` names some
    remarks: list[Remark] = field(default_factory=list)
    unknown_headers: list[str] = field(default_factory=list)
    totals: int = 0
    problem: Unreadable | None = None
    sheet: str | None = None
    decided: Decided | None = None

    @property
    def rows_received(self) -> int:
        rejected = 0 if self.decided is None else len(self.decided.rejected)
        return (0 if self.rows is None else len(self.rows)) + len(self.malformed) + rejected


@dataclass(frozen=True)
class Decided:
    """What the decisions in force say about a batch.

    Attributes:
        rejected: typed rows that were rejected: held, and no evidence for the other rows.
        waived: (row_no, check_id) that were accepted as they are -> words on the decision (Chinese, English).
        withdrawn: decision by which the whole batch was rejected.
    """

    rejected: pl.DataFrame
    rejections: dict[int, str]
    waived: dict[tuple[int, str], tuple[str, str]]
    withdrawn: str | None = None


@dataclass
class Judgement:
    """The verdict on one batch. `accepted` has `known_at`; `held` are the rows that failed or wait."""

    delivery: Delivery
    accepted: pl.DataFrame
    held: pl.DataFrame
    findings: list[dict]
    checks: list[dict]
    refused_by: str | None = None
    reason_zh: str | None = None
    reason_en: str | None = None
    passes_from: datetime | None = None
    waiting: bool = False


def judge(source: Source, deliveries: list[Delivery], suite: Suite, known: pl.DataFrame, limit: float) -> list[Judgement]:
    """Judge all deliveries of one source in one pass of the suite.

    `known` is uscc -> enterprise_known_from; `limit` the share of quarantined rows above which a load is refused.
    """
    readable = [d for d in deliveries if d.problem is None and d.rows is not None and len(d.rows)]
    judged = {id(d): j for d, j in zip(readable, _judge_rows(source, readable, suite, known, limit), strict=True)}
    return [judged.get(id(d)) or unreadable(d) for d in deliveries]


def unreadable(delivery: Delivery) -> Judgement:
    problem = delivery.problem
    if problem is None and delivery.malformed:
        problem = Unreadable("L15-no-rows", "没有一行可以读取", "not one row can be read")
    if problem is None and delivery.decided is not None and len(delivery.decided.rejected):
        problem = _WITHDRAWN
    if problem is None:
        problem = Unreadable("L15-no-rows", "文件没有数据行", "the file has no data row")
    held = pl.DataFrame() if delivery.decided is None else delivery.decided.rejected
    findings = [*malformed_findings(delivery), *_rejected_findings(delivery), load_finding(delivery, problem)]
    check = check_of(problem.check_id, "critical", max(1, delivery.rows_received))
    return Judgement(delivery, pl.DataFrame(), held, findings, [check], problem.check_id, problem.zh, problem.en)


_WITHDRAWN = Unreadable(
    "S02-batch-withdrawn", "经处置决定拒绝，整批撤出；此前入库的值继续有效",
    "the batch was rejected by decision and is withdrawn: what was accepted before stands again",
)


def _rejected_findings(delivery: Delivery) -> list[dict]:
    """A row that was rejected stands in quarantine with the decision that took it out."""
    if delivery.decided is None:
        return []
    advice = ("重新提交正确的行", "deliver the right row again")
    return [
        finding(
            delivery, row, "S01-row-rejected", "warning", None, None,
            f"经处置决定 {delivery.decided.rejections[row['row_no']]} 拒绝，本行撤出；此前入库的值继续有效",
            f"rejected by decision {delivery.decided.rejections[row['row_no']]}: the row is withdrawn, what was accepted before stands",
            advice,
        )
        for row in _identity(delivery.decided.rejected)
    ]


def _judge_rows(
    source: Source, deliveries: list[Delivery], suite: Suite, known: pl.DataFrame, limit: float
) -> list[Judgement]:
    if not deliveries:
        return []
    rows = pl.concat([labelled(d) for d in deliveries]).with_row_index("_row").with_columns(pl.col("_row").cast(pl.Int64))
    rows = add_stake(add_evidence(rows, source, known), source)
    outcomes = evaluate(source.name, rows, suite.rules)
    if any(o.error for o in outcomes) and len(deliveries) > 1:
        # one batch must not be refused for what another one breaks
        return [j for d in deliveries for j in _judge_rows(source, [d], suite, known, limit)]
    failing = failing_rows(rows, outcomes)
    own, failed = ({str(k[0]): part for k, part in f.partition_by("batch_id", as_dict=True).items()} for f in (rows, failing))
    return [
        _verdict(d, source, own[d.batch_id], outcomes, failed.get(d.batch_id, failing.head(0)), limit) for d in deliveries
    ]


def labelled(delivery: Delivery) -> pl.DataFrame:
    assert delivery.rows is not None
    return delivery.rows.with_columns(
        pl.lit(delivery.batch_id).alias("batch_id"),
        pl.lit(delivery.received_at).cast(pl.Datetime("us")).alias("received_at"),
        pl.lit(delivery.is_synthetic).alias("is_synthetic"),
    )


def failing_rows(rows: pl.DataFrame, outcomes: list[Outcome]) -> pl.DataFrame:
    """(_row, position of the outcome) for every failing row."""
    parts = [
        pl.DataFrame({"_row": outcome.rows, "_rule": [i] * len(outcome.rows)}, schema={"_row": pl.Int64, "_rule": pl.Int64})
        for i, outcome in enumerate(outcomes)
        if outcome.rows
    ]
    empty = pl.DataFrame(schema={"_row": pl.Int64, "_rule": pl.Int64})
    return pl.concat([empty, *parts]).join(rows.select("_row", "batch_id"), on="_row", how="left")


def _verdict(
    delivery: Delivery, source: Source, rows: pl.DataFrame, outcomes: list[Outcome], mine: pl.DataFrame, limit: float
) -> Judgement:
    findings = malformed_findings(delivery) + note_findings(delivery) + _rejected_findings(delivery)
    findings = merged(findings + rule_findings(delivery, source, rows, mine, outcomes))
    checks = list_checks(count_rules(mine, outcomes), [o.rule for o in outcomes], delivery)
    findings, mine = _waived(delivery, findings, mine, rows, outcomes)

    error = next((o for o in outcomes if o.error), None)
    critical = next((outcomes[i].rule for i in mine["_rule"].unique().sort() if outcomes[i].rule.severity == "critical"), None)
    rows = acceptable_from(rows, mine, outcomes)
    if error or critical or (delivery.decided and delivery.decided.withdrawn):
        return _refused(delivery, rows, findings, checks, error, critical)
    # what was rejected by decision does not count against the rest of its load
    rejected = pl.DataFrame() if delivery.decided is None else delivery.decided.rejected
    needed = math.ceil((delivery.rows_received - len(rejected)) * (1 - limit) - 1e-9)
    moments = rows["acceptable_from"].drop_nulls().sort()
    waiting = bool(len(rows.filter(pl.col("waits"))))
    if len(moments) < max(needed, 1):
        return _refused_for_share(delivery, rows, findings, checks, limit, len(moments), waiting)
    passes = moments[max(needed, 1) - 1]
    accepted = rows.filter(pl.col("acceptable_from").is_not_null()).with_columns(
        pl.max_horizontal("acceptable_from", pl.lit(passes).cast(pl.Datetime("us"))).alias("known_at")
    )
    late = accepted.filter(pl.col("known_at") > delivery.received_at)
    if passes > delivery.received_at:
        findings += _share_findings(delivery, rows, late["row_no"].to_list(), passes, limit)
    return Judgement(
        delivery, _known(accepted, delivery, source),
        pl.concat([rows.filter(pl.col("acceptable_from").is_null()), rejected], how="diagonal"),
        findings, checks, passes_from=passes, waiting=waiting,
    )


def _waived(
    delivery: Delivery, findings: list[dict], mine: pl.DataFrame, rows: pl.DataFrame, outcomes: list[Outcome]
) -> tuple[list[dict], pl.DataFrame]:
    """Failures that were accepted as they are stand on as `info` and hold nothing back."""
    waived = delivery.decided.waived if delivery.decided else {}
    if not waived:
        return findings, mine
    for finding in findings:
        if words := waived.get((finding["row_no"], finding["check_id"])):
            finding["severity"] = "info"
            finding["message_zh"], finding["message_en"] = f"{words[0]}：{finding['message_zh']}", f"{words[1]}: {finding['message_en']}"
    numbers = dict(rows.select("_row", "row_no").iter_rows())
    stays = [
        (numbers[row], outcomes[rule].rule.id) not in waived for row, rule in mine.select("_row", "_rule").iter_rows()
    ]
    return findings, mine.filter(pl.Series(stays, dtype=pl.Boolean))


def acceptable_from(rows: pl.DataFrame, mine: pl.DataFrame, outcomes: list[Outcome]) -> pl.DataFrame:
    """Add `acceptable_from` (null = not, or not yet) and `waits` (it may become so)."""
    base = rows.with_columns(
        pl.col("received_at").alias("acceptable_from"), pl.lit(False).alias("waits"), pl.lit(False).alias("_final")
    )
    for index in mine["_rule"].unique().sort():
        rule = outcomes[index].rule
        if rule.severity == "info":
            continue
        hit = pl.col("_row").is_in(mine.filter(pl.col("_rule") == index)["_row"].implode())
        if rule.waits is None:
            base = base.with_columns(pl.col("_final") | hit)
            continue
        moment = pl.col(rule.waits)
        base = base.with_columns(
            pl.when(hit).then(pl.max_horizontal("acceptable_from", moment)).otherwise("acceptable_from").alias("acceptable_from"),
            pl.col("waits") | (hit & moment.is_null()),
        )
    return base.with_columns(
        pl.when(~pl.col("waits") & ~pl.col("_final")).then("acceptable_from").alias("acceptable_from"),
        pl.col("waits") & ~pl.col("_final"),
    ).drop("_final")


def _known(accepted: pl.DataFrame, delivery: Delivery, source: Source) -> pl.DataFrame:
    """Set `known_at` (and `received_at`) of published tables, and of figures that carry a publication date."""
    dates = [c for c in ("published_on", "valid_from") if c in accepted.columns and source.known_from_document]
    own = pl.col("published_on").cast(pl.Datetime("us")) if "published_on" in dates else pl.lit(None).cast(pl.Datetime("us"))
    if "valid_from" in dates and "kind" in accepted.columns:
        own = own.fill_null(pl.when(pl.col("kind").is_in(["grid", "benchmark"])).then(pl.col("valid_from").cast(pl.Datetime("us"))))
    if delivery.is_published:
        # what comes with the project and carries no date is always known: the batch says so by its received_at
        moment = own.fill_null(pl.col("received_at"))
        return accepted.with_columns(moment.alias("known_at"), moment.alias("received_at"))
    if source.known_from_document:
        return accepted.with_columns(pl.max_horizontal("known_at", own).alias("known_at"))
    return accepted


def _refused(
    delivery: Delivery, rows: pl.DataFrame, findings: list[dict], checks: list[dict], error: Outcome | None, rule: Rule | None
) -> Judgement:
    if error:
        problem = error_problem(error)
    elif rule is None:
        problem = _WITHDRAWN
    else:
        first = next(f for f in findings if f["check_id"] == rule.id)
        problem = Unreadable(rule.id, first["message_zh"], first["message_en"])
    findings = findings + _rest_findings(delivery, rows, findings, problem, None)
    checks = checks + ([check_of(problem.check_id, "critical", delivery.rows_received)] if error or rule is None else [])
    return Judgement(delivery, rows.head(0), rows, findings, checks, problem.check_id, problem.zh, problem.en)


def error_problem(error: Outcome) -> Unreadable:
    """An expectation that could not be evaluated refuses the load."""
    return Unreadable(
        "L16-check-error",
        f"检查 {error.rule.id} 无法执行（{error.error}），整批不予入库",
        f"the check {error.rule.id} could not be evaluated ({error.error}): nothing of the load enters",
    )


def share_problem(limit: float, failed: int, received: int) -> Unreadable:
    return Unreadable(
        "L17-share",
        f"{received} 行中有 {failed} 行不合格，超过允许的 {limit:.0%}，整批退回",
        f"{failed} of {received} rows are not in order, above the allowed {limit:.0%}: the whole load is refused",
    )


def _refused_for_share(
    delivery: Delivery, rows: pl.DataFrame, findings: list[dict], checks: list[dict], limit: float, good: int, waiting: bool
) -> Judgement:
    problem = share_problem(limit, delivery.rows_received - good, delivery.rows_received)
    findings = findings + _rest_findings(delivery, rows, findings, problem, None)
    checks = [*checks, check_of(problem.check_id, "critical", delivery.rows_received - good)]
    return Judgement(
        delivery, rows.head(0), rows, findings, checks, problem.check_id, problem.zh, problem.en, waiting=waiting
    )


def _share_findings(
    delivery: Delivery, rows: pl.DataFrame, late: list[int], passes: datetime, limit: float
) -> list[dict]:
    """Rows that are in order but wait until enough of their load is; until then the load is refused."""
    good = len(rows.filter(pl.col("acceptable_from") <= delivery.received_at))
    refused = share_problem(limit, delivery.rows_received - good, delivery.rows_received)
    problem = LATE
    hit = rows.filter(pl.col("row_no").is_in(late) & (pl.col("acceptable_from") < passes))
    return [
        {**load_finding(delivery, refused), "holds_until": passes},
        *(
            finding(delivery, row, problem.check_id, "warning", None, None, problem.zh, problem.en, WAIT, until=passes)
            for row in _identity(hit)
        ),
    ]


LATE = Unreadable(
    "L17-share", "本行无误，但整批不合格行过多，暂未入库", "this row is in order, but too many rows of its load are not"
)


def _rest_findings(
    delivery: Delivery, rows: pl.DataFrame, findings: list[dict], problem: Unreadable, until: datetime | None
) -> list[dict]:
    """A refused load holds back all its rows: those without a finding of their own get one."""
    named = {f["row_no"] for f in findings if f["severity"] != "info"}
    rest = rows.filter(~pl.col("row_no").is_in(list(named)))
    zh, en = f"整批退回：{problem.zh}", f"the load is refused: {problem.en}"
    result = [finding(delivery, row, problem.check_id, "warning", None, None, zh, en, REDELIVER, until=until) for row in _identity(rest)]
    return [load_finding(delivery, problem), *result]


WAIT = ("本行无需改动；其余各行就绪后自动入库", "leave this row as it is: it enters by itself once the others are in order")
_AGAIN = ("按所述原因处理后重新提交整个文件", "mend what is said here and deliver the whole file again")
REDELIVER = ("改正所列各行后重新提交整个文件", "correct the rows that are listed and deliver the whole file again")


def _identity(rows: pl.DataFrame) -> Iterable[dict]:
    names = [c for c in ("row_no", "uscc", "period", "estimate_tco2e") if c in rows.columns]
    return rows.select(names).iter_rows(named=True)


def finding(
    delivery: Delivery, row: dict, check_id: str, severity: str, column: str | None, value: str | None,
    zh: str, en: str, advice: tuple[str, str], until: datetime | None = None,
) -> dict:
    return {
        "batch_id": delivery.batch_id, "source": delivery.source.name, "row_no": row.get("row_no"), "check_id": check_id,
        "severity": severity, "uscc": row.get("uscc"), "period": row.get("period"), "column_name": column,
        "reported_value": value, "message_zh": zh, "message_en": en, "advice_zh": advice[0], "advice_en": advice[1],
        "holds_from": delivery.received_at, "holds_until": until, "estimate_tco2e": row.get("estimate_tco2e"),
    }


def load_finding(delivery: Delivery, problem: Unreadable) -> dict:
    return finding(delivery, {"row_no": 0}, problem.check_id, "critical", None, None, problem.zh, problem.en, _AGAIN)


def malformed_findings(delivery: Delivery) -> list[dict]:
    advice = ("检查该行的分隔符和引号后重新提交", "check separators and quotes of the line and deliver it again")
    result = []
    for line in delivery.malformed:
        problem = line.problem or Unreadable(
            "F01-field-count",
            f"本行有 {line.found} 个字段，表头有 {line.expected} 个，无法对应",
            f"the line has {line.found} fields, the header {line.expected}: they cannot be matched",
        )
        result.append(finding(
            delivery, {"row_no": line.row_no}, problem.check_id, "warning", None, line.text, problem.zh, problem.en, advice
        ))
    return result


_NOTE_WORDS = {
    "full_width": ("全角字符已转为半角", "full-width characters were made narrow"),
    "thousands_separator": ("已去掉千分位分隔符", "thousands separators were removed"),
    "percent_sign": ("已去掉百分号", "the percent sign was removed"),
    "blank": ("已去掉空格", "blanks were removed"),
    "date_spelling": ("日期写法已统一", "the spelling of the date was unified"),
    "formula_without_value": (
        "公式没有保存计算结果，按空白处理；请在表格软件中重新计算并保存后重报",
        "the formula has no stored value and counts as blank; recalculate and save the workbook, then deliver again",
    ),
    "fix": ("已知的误写已更正", "a known misspelling was mended"),
}


def note_findings(delivery: Delivery) -> list[dict]:
    advice = ("无需处理；下次请直接按规范填写", "nothing to do; please write it in the standard form next time")
    result = []
    for note in delivery.notes:
        zh, en = _NOTE_WORDS[note.kind]
        result.append(
            finding(delivery, {"row_no": note.row_no}, _note_id(note.kind), "info", note.column, note.raw, zh, en, advice)
        )
    for remark in delivery.remarks:
        result.append(finding(
            delivery, {"row_no": remark.row_no}, remark.check_id, "info", remark.column, None, remark.zh, remark.en,
            ("核对读取的是否为应报数据；如不是，请只保留应报的工作表和行列后重新提交",
             "check that this is what was meant; if not, keep only what is to be delivered and deliver again"),
        ))
    for header in delivery.unknown_headers:
        result.append(
            finding(
                delivery, {"row_no": 0}, "N02-unknown-column", "info", header, None,
                f"列“{header}”不在约定中，未使用", f"the column {header!r} is not in the contract and was not used",
                ("如该列含所需数据，请改用约定的表头", "if it holds needed data, use the header of the contract"),
            )
        )
    return result


def rule_findings(
    delivery: Delivery, source: Source, rows: pl.DataFrame, mine: pl.DataFrame, outcomes: list[Outcome]
) -> list[dict]:
    found = mine.join(rows, on="_row", how="left", maintain_order="left") if len(mine) else mine
    result = []
    for row in found.iter_rows(named=True):
        rule = outcomes[row["_rule"]].rule
        until = row.get(rule.waits) if rule.waits else None
        for column in _cited(rule, row, source):
            raw = row.get(f"{column}__raw")
            value = raw if raw is not None or column is None else _plain(row.get(column))
            value = _cut(value)
            words = _Words({**rule.args, **row}, source, column, value)
            result.append(
                finding(
                    delivery, row, rule.id, rule.severity, column, value, _sentence(rule.zh, words),
                    _sentence(rule.en, words), (rule.advice_zh, rule.advice_en), until=until,
                )
            )
    return result


def merged(findings: list[dict]) -> list[dict]:
    """One finding a row and check: further columns of the same check are added to the first."""
    merged: dict[tuple[int | None, str], dict] = {}
    for finding in findings:
        first = merged.setdefault((finding["row_no"], finding["check_id"]), finding)
        if first is finding:
            continue
        for name, separator in (
            ("column_name", ";"), ("reported_value", ";"), ("message_zh", "；"), ("message_en", "; ")
        ):
            if finding[name] and finding[name] != first[name]:
                first[name] = f"{first[name]}{separator}{finding[name]}" if first[name] else finding[name]
    return list(merged.values())


def _cited(rule: Rule, row: dict, source: Source) -> list[str | None]:
    if rule.names_columns:
        return list(str(row[rule.column]).split(";"))
    if rule.report:
        return [name for name in rule.report if name in {column.name for column in source.columns}] or [None]
    return [rule.column if rule.column in {c.name for c in source.columns} else None]


def _cut(value: str | None) -> str | None:
    return value if value is None or len(value) <= _CITED else f"{value[:_CITED]}…"


def _plain(value: object) -> str | None:
    return None if value is None else str(value)


def _sentence(text: str, words: _Words) -> str:
    """The sentence of a rule with the values of the row put in."""
    return _SENTENCE.vformat(text, (), words)


class _Sentence(string.Formatter):
    """Formats what has a value, whatever its type; no value reads as a dash."""

    def format_field(self, value: Any, format_spec: str) -> str:
        if value is None:
            return "—"
        return format(value, format_spec if isinstance(value, (int, float)) else "")


_SENTENCE = _Sentence()


class _Words(dict):
    """What a rule's sentence may cite: {column}, {value}, its limits and any column or evidence of the row."""

    def __init__(self, row: dict, source: Source, column: str | None, value: str | None) -> None:
        label = next((c.zh for c in source.columns if c.name == column), column or "")
        super().__init__(row)
        self.update(column=column or "", column_zh=label, value="" if value is None else value)

    def __missing__(self, key: str) -> str:
        return f"{{{key}}}"


def check_of(check_id: str, severity: str, rows_failed: int) -> dict:
    return {"check_id": check_id, "severity": severity, "passed": int(rows_failed == 0), "rows_failed": rows_failed}


def count_rules(mine: pl.DataFrame, outcomes: list[Outcome]) -> dict[str, int]:
    """Rule id -> rows that fail it, by one or more of its expectations."""
    failed: dict[str, set[int]] = {}
    by_rule = dict(mine.group_by("_rule").agg(pl.col("_row")).iter_rows())
    for index, outcome in enumerate(outcomes):
        failed.setdefault(outcome.rule.id, set()).update(by_rule.get(index, []))
    return {rule_id: len(rows) for rule_id, rows in failed.items()}


def list_checks(counts: dict[str, int], rules: Iterable[Rule], delivery: Delivery) -> list[dict]:
    """The check results of a batch: its rules, and what its reader noted."""
    severity = {rule.id: rule.severity for rule in rules}
    checks = [check_of(check_id, severity[check_id], rows) for check_id, rows in sorted(counts.items())]
    broken = sum(line.problem is not None for line in delivery.malformed)
    checks.append(check_of("F01-field-count", "warning", len(delivery.malformed) - broken))
    checks.append(check_of("F04-broken-line", "warning", broken))
    checks += [check_of(_note_id(kind), "info", rows) for kind, rows in sorted(delivery.note_rows.items())]
    remarks = Counter(remark.check_id for remark in delivery.remarks)
    checks += [check_of(check_id, "info", count) for check_id, count in sorted(remarks.items())]
    if delivery.unknown_headers:
        checks.append(check_of("N02-unknown-column", "info", len(delivery.unknown_headers)))
    return checks


def _note_id(kind: str) -> str:
    return f"N01-{kind.replace('_', '-')}"
