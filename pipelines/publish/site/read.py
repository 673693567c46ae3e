"""What the pages show, read from the published tables of a release (an open connection with the file attached as `sealed`)."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from pipelines.warehouse.duck import identifier

TREND_DAYS = 30
ITEMS_A_PAGE = 2000     # the same for the worklist
ROWS_A_PAGE = 2000      # a batch page lists so many rows; the table quality.failed_row has them all

Row = dict[str, Any]
_OPEN = "state not in ('resolved', 'obsolete')"


@dataclass
class Delivery:
    """One batch with its checks and the rows that have findings."""

    batch: Row
    consequence: tuple[str, str]
    items: list[Row] = field(default_factory=list)
    checks: list[Row] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    rows_total: int = 0
    decisions: list[Row] = field(default_factory=list)
    stakes: list[Row] = field(default_factory=list)
    is_new: bool = False      # received since the release before

    @property
    def holds(self) -> bool:
        """Whether something of it did not enter, or someone has to settle an item."""
        return self.batch["outcome"] != "accepted" or bool(self.items)

    @property
    def tonnes(self) -> float | None:
        """Tonnes at stake of its greatest open item, for one row can stand in several; None while none is estimated [tCO2e]."""
        known = [item["tonnes_at_stake"] for item in self.items if item["tonnes_at_stake"] is not None]
        return float(max(known)) if known else None


@dataclass(frozen=True)
class Trend:
    """Failed rows by check and day of receipt, and the share quarantined by day."""

    days: list[date]
    checks: list[tuple[str, str, list[int]]]      # check_id, severity, failed rows by day
    quarantined: list[tuple[int, int]]            # rows quarantined, rows received by day

    @property
    def most(self) -> int:
        return max((count for _, _, counts in self.checks for count in counts), default=0)


@dataclass(frozen=True)
class Coverage:
    """Enterprises of one prefecture, their states by month, and whom to call for which form."""

    code: str
    name: str
    rows: list[tuple[str, str, list[Row | None]]]   # uscc, name, cell by month
    calls: list[Row]                                # rows of quality.call_list, by form, the longest overdue first

    def count(self, state: str) -> int:
        return sum(1 for _, _, cells in self.rows for cell in cells if cell and cell["state"] == state)


@dataclass(frozen=True)
class Report:
    """All that the pages of one release show."""

    release: Row
    deliveries: list[Delivery]
    items: list[Row]
    items_total: int
    settled: list[Row]        # items by state, of those that nobody has to touch any more
    new: Row                  # deliveries since the release before, by outcome
    totals: Row
    freshness: list[Row]
    trend: Trend
    months: list[date]
    coverage: list[Coverage]
    issues: list[Row]         # known issues with the figures that they touch, the open ones first

    @property
    def open_issues(self) -> int:
        return len({issue["issue_id"] for issue in self.issues if issue["is_open"]})


def read_report(db: Any, release: Row) -> Report:
    """Read everything. `release`: release_id, knowledge_date, is_synthetic."""
    months, coverage = _coverage(db)
    items, issues = _rows(db, _ITEMS), _issues(db)
    return Report(
        release, _deliveries(db, release, issues), items[:ITEMS_A_PAGE], len(items), _rows(db, _SETTLED), _new(db, release), _totals(db, release), _rows(db, _FRESHNESS, [release["knowledge_date"]]),
        _trend(db), months, coverage, issues,
    )


def _rows(db: Any, sql: str, parameters: list[Any] | None = None) -> list[Row]:
    found = db.execute(sql, parameters or [])
    names = [column[0] for column in found.description]
    return [dict(zip(names, values, strict=True)) for values in found.fetchall()]


_FRESHNESS = """
select *, case when state = 'overdue' then date_diff('day', due_on, ?) end as days_late from sealed.quality.source_freshness
order by case state when 'overdue' then 0 when 'never_received' then 1 when 'in_time' then 2 else 3 end, source
"""

_ITEMS = f"""
select w.*, b.file_name, b.outcome <> 'accepted' or b.batch_id in (select batch_id from sealed.quality.failed_row)
    or b.batch_id in (select batch_id from sealed.quality.decision) as has_page,
    (select string_agg(distinct d.division_name, '、' order by d.division_name) from sealed.quality.worklist_stake as s
        inner join sealed.reference.division as d on d.division_code = s.code where s.item_id = w.item_id and s.kind = 'prefecture') as places,
    (select string_agg(distinct s.code, '、' order by s.code) from sealed.quality.worklist_stake as s where s.item_id = w.item_id and s.kind = 'industry') as industries
from sealed.quality.worklist as w inner join sealed.quality.batch as b on b.batch_id = w.batch_id
where w.{_OPEN} order by w.tonnes_at_stake desc nulls first, w.due_on, w.item_id
"""

_SETTLED = """
select state, count(*) as items, max(reopened_count) as reopened from sealed.quality.worklist
where state in ('decided', 'resolved', 'obsolete') group by 1 order by 1
"""

_BATCHES = """
select b.*,
    (select max(e.received_at) from sealed.quality.batch as e
        where e.source = b.source and e.outcome <> 'refused' and e.received_at < b.received_at and not e.is_published) as earlier_at
from sealed.quality.batch as b
where b.outcome <> 'accepted' or b.batch_id in (select batch_id from sealed.quality.failed_row)
    or b.batch_id in (select batch_id from sealed.quality.decision)
order by b.received_at desc, b.source, b.batch_id
"""


def _new(db: Any, release: Row) -> Row:
    """What came in since the release before (all of it where there is none)."""
    [row] = _rows(db, """
        select count(*) as batches, count(case when outcome = 'accepted' then 1 end) as accepted,
            count(case when outcome = 'accepted_in_part' then 1 end) as in_part, count(case when outcome = 'refused' then 1 end) as refused,
            coalesce(sum(rows_received), 0) as received, coalesce(sum(rows_quarantined), 0) as quarantined
        from sealed.quality.batch where not is_published and cast(received_at as date) > coalesce(?, date '0001-01-01')
    """, [release["previous_date"]])
    return row


# where the figure of an issue stands, by `figure` and `period_kind`; an inventory has one of every factor set, none of which is the figure
_FIGURES = {
    ("total", "month"): ("marts.fct_total_month", "level = ? and code = ?"), ("total", "year"): ("marts.fct_total_year", "level = ? and code = ?"),
    ("account", "month"): ("marts.fct_enterprise_account_month", "? = 'enterprise' and uscc = ?"),
    ("account", "year"): ("marts.fct_enterprise_account_year", "? = 'enterprise' and uscc = ?"),
}
_ISSUES = """
select * from sealed.marts.fct_known_issue order by is_open desc, opened_on, issue_id, level, code, period, period_kind, measure
"""


def _issues(db: Any) -> list[Row]:
    """Known issues; `value`: the figure as it is published in this release, None where it is not."""
    columns = {f"{table}.{column}" for table, column in db.execute(
        "select schema_name || '.' || table_name, column_name from duckdb_columns() where database_name = 'sealed'").fetchall()}
    issues = _rows(db, _ISSUES)
    for issue in issues[:ITEMS_A_PAGE]:
        table, where = _FIGURES.get((issue["figure"], issue["period_kind"]), ("", ""))
        issue["value"] = None
        if f"{table}.{issue['measure']}" in columns:
            found = db.execute(f"select {identifier(issue['measure'])} from sealed.{table} where {where} and period = ?",
                               [issue["level"], issue["code"], issue["period"]]).fetchone()
            issue["value"] = found[0] if found else None
    return issues[:ITEMS_A_PAGE]


def _deliveries(db: Any, release: Row, issues: list[Row]) -> list[Delivery]:
    items = _by_batch(_rows(db, f"select * from sealed.quality.worklist where {_OPEN} order by tonnes_at_stake desc nulls first, item_id"))
    checks = _by_batch(_rows(db, "select * from sealed.quality.check_result order by passed, severity, check_id"))
    counts = dict(db.execute("select batch_id, count(*) from sealed.quality.failed_row group by 1").fetchall())
    rows = _by_batch(_rows(db, f"""
        select f.*, n.enterprise_name
        from (select *, row_number() over (partition by batch_id order by row_no, check_id) as place from sealed.quality.failed_row) as f
        left join (select uscc, max(enterprise_name) as enterprise_name from sealed.quality.coverage_month group by uscc) as n on n.uscc = f.uscc
        where f.place <= {ROWS_A_PAGE}
        order by f.batch_id, f.place
    """))
    decisions = _by_batch(_rows(db, "select * from sealed.quality.decision order by row_no nulls first, decided_on, decision_id, column_name"))
    stakes = _by_batch(_rows(db, """
        select w.batch_id, s.kind, s.code, s.period, max(s.tonnes_at_stake) as tonnes_at_stake, max(s.figure) as figure, min(s.unit) as unit,
            min(s.state) as state, min(s.name_zh) as name_zh, min(s.name_en) as name_en
        from sealed.quality.worklist_stake as s inner join sealed.quality.worklist as w on w.item_id = s.item_id
        group by 1, 2, 3, 4 order by max(s.tonnes_at_stake) desc nulls last, s.kind, s.code, s.period"""))
    _mark_touched([stake for found in stakes.values() for stake in found], issues)
    since = release["previous_date"]
    found = []
    for batch in _rows(db, _BATCHES):
        key = batch["batch_id"]
        found.append(Delivery(
            batch, consequence(batch), items.get(key, []), checks.get(key, []), rows.get(key, []), counts.get(key, 0), decisions.get(key, []),
            stakes.get(key, []), since is not None and batch["received_at"].date() > since,
        ))
    return sorted(found, key=_urgency)


def _mark_touched(stakes: list[Row], issues: list[Row]) -> None:
    """`issues`: the open known issues of the same figure and year as a row of worklist_stake."""
    by_figure: dict[tuple[str, str, int], set[str]] = defaultdict(set)
    for issue in issues:
        if issue["is_open"]:
            by_figure[issue["level"], issue["code"], issue["period"].year].add(issue["issue_id"])
    for stake in stakes:
        level = "enterprise" if stake["kind"] == "account" else stake["kind"]
        stake["issues"] = sorted(by_figure.get((level, stake["code"], stake["period"].year), ()))


def _urgency(delivery: Delivery) -> tuple[Any, ...]:
    """Open items first, then by tonnes at stake, refused before accepted in part, the latest first."""
    rank = {"refused": 0, "accepted_in_part": 1, "accepted": 2}[delivery.batch["outcome"]]
    received = delivery.batch["received_at"]
    return (not delivery.holds, -(delivery.tonnes or 0.0), rank, -received.timestamp(), delivery.batch["batch_id"])


def _by_batch(rows: list[Row]) -> dict[str, list[Row]]:
    grouped: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        grouped[row["batch_id"]].append(row)
    return grouped


def consequence(batch: Row) -> tuple[str, str]:
    """What the verdict means for the figures, in words (Chinese, English)."""
    if batch["outcome"] == "accepted":
        return "全部入库；以下为提示，不影响入库", "everything entered; what follows is told, it holds nothing back"
    if batch["outcome"] == "accepted_in_part":
        accepted, held = batch["rows_accepted"], batch["rows_quarantined"]
        return f"其余 {accepted} 行已入库；{held} 行隔离，等待更正", f"the other {accepted} rows entered; {held} wait for correction"
    if batch["earlier_at"]:
        day = f"{batch['earlier_at']:%Y-%m-%d}"
        return f"整批未入库；下游沿用 {day} 及以前收到的数据", f"nothing entered; figures rest on what was received up to {day}"
    return "整批未入库；该来源此前没有可用数据", "nothing entered; this source has no earlier data"


def _totals(db: Any, release: Row) -> Row:
    [totals] = _rows(db, """
        select count(*) as batches, count(case when outcome = 'refused' then 1 end) as refused,
            count(case when outcome = 'accepted_in_part' then 1 end) as in_part,
            sum(rows_received) as received, sum(rows_accepted) as accepted, sum(rows_quarantined) as quarantined
        from sealed.quality.batch where not is_published
    """)
    items = open_work(db, release["knowledge_date"])
    [reported] = _rows(db, """
        select count(case when state = 'reported' then 1 end) as reported, count(*) as due
        from sealed.quality.coverage_month where period = (select max(period) from sealed.quality.coverage_month)
    """)
    return {**totals, **items, "reported": reported["reported"], "due": reported["due"]}


def open_work(db: Any, knowledge_date: date) -> Row:
    """The worklist in three figures: items that are open and overdue, and the tonnes at stake, of each delivery its greatest item."""
    [items] = _rows(db, f"""
        select coalesce(sum(open), 0) as open, coalesce(sum(overdue), 0) as overdue, sum(tonnes) as tonnes
        from (
            select count(*) as open, count(case when due_on < ? then 1 end) as overdue, max(tonnes_at_stake) as tonnes
            from sealed.quality.worklist where {_OPEN} group by batch_id
        ) as by_batch
    """, [knowledge_date])
    return items


def _trend(db: Any) -> Trend:
    by_day = db.execute(f"""
        select cast(received_at as date) as day, sum(rows_quarantined), sum(rows_received)
        from sealed.quality.batch where not is_published group by 1 order by 1 desc limit {TREND_DAYS}
    """).fetchall()
    days = sorted(day for day, _, _ in by_day)
    shares = {day: (int(held or 0), int(received or 0)) for day, held, received in by_day}
    counts: dict[tuple[str, str], dict[date, int]] = defaultdict(dict)
    for check, severity, day, rows in db.execute("""
        select c.check_id, c.severity, cast(b.received_at as date), sum(c.rows_failed)
        from sealed.quality.check_result as c inner join sealed.quality.batch as b on b.batch_id = c.batch_id
        where not c.passed and not b.is_published and c.check_id not like 'N0%' group by 1, 2, 3 order by 1, 2, 3
    """).fetchall():
        if day in shares:
            counts[check, severity][day] = int(rows or 0)
    checks = [(check, severity, [found.get(day, 0) for day in days]) for (check, severity), found in sorted(counts.items())]
    return Trend(days, checks, [shares[day] for day in days])


def _coverage(db: Any) -> tuple[list[date], list[Coverage]]:
    """States by enterprise and month, the last 24 months."""
    months = sorted(row[0] for row in db.execute(
        "select distinct period from sealed.quality.coverage_month order by 1 desc limit 24").fetchall())
    names = dict(db.execute("select division_code, division_name from sealed.reference.division").fetchall())
    cells: dict[str, dict[tuple[str, str], dict[date, Row]]] = defaultdict(lambda: defaultdict(dict))
    for row in _rows(db, "select * from sealed.quality.coverage_month order by prefecture_code, uscc, period"):
        if months and row["period"] >= months[0]:
            cells[row["prefecture_code"]][row["uscc"], row["enterprise_name"] or row["uscc"]][row["period"]] = row
    calls: dict[str, list[Row]] = defaultdict(list)
    for row in _rows(db, "select * from sealed.quality.call_list order by source, days_overdue desc, uscc"):
        calls[row["prefecture_code"]].append(row)
    return months, [
        Coverage(code, names.get(code, code), [
            (uscc, name, [found.get(month) for month in months]) for (uscc, name), found in cells[code].items()
        ], calls[code])
        for code in sorted(cells.keys() | calls.keys())
    ]
