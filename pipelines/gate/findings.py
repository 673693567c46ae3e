"""The words of a verdict: findings on rows and loads in both languages, with advice, and the results of checks.

Nothing is decided here: `verdict` decides, and says it with these.
"""

from __future__ import annotations

import string
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from operator import attrgetter
from typing import Any

import polars as pl

from pipelines.contracts.codes import load_code_lists
from pipelines.contracts.rules import said
from pipelines.contracts.source import Source
from pipelines.gate.delivery import Delivery
from pipelines.gate.expect import Outcome
from pipelines.gate.suite import Rule
from pipelines.ingest.problem import Unreadable
from pipelines.warehouse.lake import FINDING_SCHEMA

# Longer texts are cut where a finding cites them: the received file has the whole.
_CITED = 500


@dataclass(slots=True)
class Finding:
    """One finding on a row (row_no 0: on the load), as the lake keeps it (`FINDING_SCHEMA`)."""

    batch_id: str
    source: str
    row_no: int | None
    check_id: str
    severity: str
    uscc: str | None
    period: date | None
    column_name: str | None
    reported_value: str | None
    message_zh: str
    message_en: str
    advice_zh: str
    advice_en: str
    holds_from: datetime
    holds_until: datetime | None
    estimate_tco2e: float | None

    @property
    def holds_back(self) -> bool:
        """Whether it holds its row back for good; one that ends by itself leaves the row to what is said of its load."""
        return self.severity != "info" and self.holds_until is None


_VALUES = attrgetter(*FINDING_SCHEMA)


def finding_frame(findings: Iterable[Finding]) -> pl.DataFrame:
    """Findings as the lake keeps them."""
    return pl.DataFrame(list(map(_VALUES, findings)), schema=FINDING_SCHEMA, orient="row")


def error_problem(error: Outcome) -> Unreadable:
    """An expectation that could not be evaluated refuses the load."""
    return Unreadable("L16-check-error", *said("L16-check-error", rule=error.rule.id, error=error.error))


def share_problem(limit: float, failed: int, received: int) -> Unreadable:
    return Unreadable("L17-share", *said("L17-share", limit=limit, failed=failed, received=received))


def withdrawn_problem() -> Unreadable:
    return Unreadable("S02-batch-withdrawn", *said("S02-batch-withdrawn"))


LATE = Unreadable(
    "L17-share", "本行无误，但整批不合格行过多，暂未入库", "this row is in order, but too many rows of its load are not"
)
WAIT = ("本行无需改动；其余各行就绪后自动入库", "leave this row as it is: it enters by itself once the others are in order")
_AGAIN = ("按所述原因处理后重新提交整个文件", "mend what is said here and deliver the whole file again")
REDELIVER = ("改正所列各行后重新提交整个文件", "correct the rows that are listed and deliver the whole file again")


def identity(rows: pl.DataFrame) -> Iterable[dict[str, Any]]:
    names = [c for c in ("row_no", "uscc", "period", "estimate_tco2e") if c in rows.columns]
    return rows.select(names).iter_rows(named=True)


def finding(
    delivery: Delivery, row: dict[str, Any], check_id: str, severity: str, column: str | None, value: str | None,
    zh: str, en: str, advice: tuple[str, str], until: datetime | None = None,
) -> Finding:
    return Finding(
        delivery.batch_id, delivery.source.name, row.get("row_no"), check_id, severity, row.get("uscc"), row.get("period"), column, value,
        zh, en, advice[0], advice[1], delivery.received_at, until, row.get("estimate_tco2e"),
    )


def load_finding(delivery: Delivery, problem: Unreadable, until: datetime | None = None) -> Finding:
    return finding(delivery, {"row_no": 0}, problem.check_id, "critical", None, None, problem.zh, problem.en, _AGAIN, until=until)


def refused_row(delivery: Delivery, row: dict[str, Any], problem: Unreadable) -> Finding:
    """A refused load holds back all its rows: the words for those without a finding of their own."""
    zh, en = f"整批退回：{problem.zh}", f"the load is refused: {problem.en}"
    return finding(delivery, row, problem.check_id, "warning", None, None, zh, en, REDELIVER)


def waiting_row(delivery: Delivery, row: dict[str, Any], until: datetime) -> Finding:
    """A row in order that waits until enough of its load is."""
    return finding(delivery, row, LATE.check_id, "warning", None, None, LATE.zh, LATE.en, WAIT, until=until)


def reader_findings(delivery: Delivery) -> list[Finding]:
    """What is said of a delivery before any rule looks at it: lines that are no record, what was understood, what was rejected."""
    return [*malformed_findings(delivery), *note_findings(delivery), *rejected_findings(delivery)]


def malformed_findings(delivery: Delivery) -> list[Finding]:
    """The lines that are no record."""
    advice = ("检查该行的分隔符和引号后重新提交", "check separators and quotes of the line and deliver it again")
    result = []
    for line in delivery.malformed:
        problem = line.problem or Unreadable("F01-field-count", *said("F01-field-count", found=line.found, expected=line.expected))
        result.append(finding(
            delivery, {"row_no": line.row_no}, problem.check_id, "warning", None, line.text, problem.zh, problem.en, advice
        ))
    return result


def _code_of(source: Source, column: str, text: str) -> str | None:
    codes = next((c.codes for c in source.columns if c.name == column), None)
    return load_code_lists()[codes].resolve(text) if codes else None


def note_findings(delivery: Delivery) -> list[Finding]:
    advice = ("无需处理；下次请直接按规范填写", "nothing to do; please write it in the standard form next time")
    result = []
    for note in delivery.notes:
        zh, en = said(_note_id(note.kind))
        if note.kind == "fix" and (code := _code_of(delivery.source, note.column, note.raw)):
            zh, en = f"{zh}：{code}", f"{en}: {code}"
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
                delivery, {"row_no": 0}, "N02-unknown-column", "info", header, None, *said("N02-unknown-column", header=header),
                ("如该列含所需数据，请改用约定的表头", "if it holds needed data, use the header of the contract"),
            )
        )
    return result


def rule_findings(
    delivery: Delivery, source: Source, rows: pl.DataFrame, mine: pl.DataFrame, outcomes: list[Outcome]
) -> list[Finding]:
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


def merged(findings: list[Finding]) -> list[Finding]:
    """One finding a row and check: further columns of the same check are added to the first, each with its value in the same place."""
    merged: dict[tuple[int | None, str], Finding] = {}
    for finding in findings:
        first = merged.setdefault((finding.row_no, finding.check_id), finding)
        if first is not finding:
            _add(first, finding)
    return list(merged.values())


def _add(first: Finding, further: Finding) -> None:
    if first.column_name and further.column_name and first.column_name != further.column_name:
        if first.reported_value is not None or further.reported_value is not None:
            before = first.reported_value if first.reported_value is not None else ";" * first.column_name.count(";")
            first.reported_value = f"{before};{further.reported_value or ''}"
        first.column_name = f"{first.column_name};{further.column_name}"
    else:
        first.column_name = first.column_name or further.column_name
        if further.reported_value and further.reported_value != first.reported_value:
            first.reported_value = f"{first.reported_value};{further.reported_value}" if first.reported_value else further.reported_value
    for name, separator in (("message_zh", "；"), ("message_en", "; ")):
        before, words = getattr(first, name), getattr(further, name)
        if words != before:
            setattr(first, name, f"{before}{separator}{words}")


def _cited(rule: Rule, row: dict[str, Any], source: Source) -> list[str | None]:
    if rule.names_columns:
        return list(row[rule.column].split(";")) if row[rule.column] else [None]
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


class _Words(dict[str, Any]):
    """What a rule's sentence may cite: {column}, {value}, its limits and any column or evidence of the row."""

    def __init__(self, row: dict[str, Any], source: Source, column: str | None, value: str | None) -> None:
        label = next((c.zh for c in source.columns if c.name == column), column or "")
        super().__init__(row)
        hint = _hint(source, column, value) or ("", "")
        self.update(
            column=column or "", column_zh=label, value="" if value is None else value,
            hint_zh=f"；{hint[0]}" if hint[0] else "", hint_en=f"; {hint[1]}" if hint[1] else "",
        )

    def __missing__(self, key: str) -> str:
        return f"{{{key}}}"


def _hint(source: Source, column: str | None, value: str | None) -> tuple[str, str] | None:
    """Which code to write instead of a text that is in no list, where that can be said."""
    codes = next((c.codes for c in source.columns if c.name == column), None)
    return load_code_lists()[codes].hint(value) if codes and value else None


def check_of(check_id: str, severity: str, rows_failed: int) -> dict[str, Any]:
    return {"check_id": check_id, "severity": severity, "passed": int(rows_failed == 0), "rows_failed": rows_failed}


def count_rules(mine: pl.DataFrame, outcomes: list[Outcome]) -> dict[str, int]:
    """Rule id -> rows that fail it, by one or more of its expectations."""
    failed: dict[str, set[int]] = {}
    by_rule = dict(mine.group_by("_rule").agg(pl.col("_row")).iter_rows())
    for index, outcome in enumerate(outcomes):
        failed.setdefault(outcome.rule.id, set()).update(by_rule.get(index, []))
    return {rule_id: len(rows) for rule_id, rows in failed.items()}


def list_checks(counts: dict[str, int], rules: Iterable[Rule], delivery: Delivery) -> list[dict[str, Any]]:
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


def rejected_findings(delivery: Delivery) -> list[Finding]:
    """A row that was rejected stands in quarantine with the decision that took it out."""
    if delivery.decided is None:
        return []
    advice = ("重新提交正确的行", "deliver the right row again")
    return [
        finding(
            delivery, row, "S01-row-rejected", "warning", None, None, *said("S01-row-rejected", decision=delivery.decided.rejections[row["row_no"]]), advice,
        )
        for row in identity(delivery.decided.rejected)
    ]
