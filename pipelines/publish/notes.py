"""The release notes (`release.md`): what came, what was held, what moved and what is known to be wrong, from the tables of the release and its predecessor.

The text is the same for the same tables. Whatever a deliverer wrote is text there: no table cell, link, HTML or formula comes of it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from pipelines.contracts.source import load_sources
from pipelines.contracts.text import safe_text

YEARS = 3          # of the province's totals
MOVEMENTS = 10     # of cells, and of enterprises
REASONS = 10
LISTED = 20        # issues, verdicts

Row = dict[str, Any]
_MARKS = re.compile(r"([\\`*_{}\[\]<>|#~!])")
_LONGEST = 200


@dataclass(frozen=True)
class Notes:
    """What the notes say of the release itself.

    before_id, before_day: its predecessor, None = there is none; comparable: the predecessor's file is attached as `before`.
    """

    release_id: str
    knowledge_date: date
    is_synthetic: bool
    code_version: str
    before_id: str | None = None
    before_day: str | None = None
    comparable: bool = False


def release_notes(db: Any, about: Notes) -> str:
    """The text. db: the release attached as `sealed` and, where it is comparable, its predecessor as `before`."""
    reader = _Reader(db, about)
    parts = [_head(about), _came(reader), _held(reader), _totals(reader), _movements(reader), _issues(reader), _worklist(reader), _verdicts(reader)]
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


class _Reader:
    """Queries on the release and its predecessor, which may lack a table or a column that came later."""

    def __init__(self, db: Any, about: Notes) -> None:
        self.db, self.about = db, about
        self.columns = {tuple(row) for row in db.execute(
            "select database_name, schema_name || '.' || table_name, column_name from duckdb_columns() where database_name in ('sealed', 'before')").fetchall()}

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        found = self.db.execute(sql, list(values))
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def has(self, catalog: str, table: str, *columns: str) -> bool:
        return all((catalog, table, column) in self.columns for column in columns)

    def both_have(self, table: str, *columns: str) -> bool:
        return self.about.comparable and self.has("sealed", table, *columns) and self.has("before", table, *columns)


# --- text ------------------------------------------------------------------------------------------------------------


def md(value: Any) -> str:
    """A value as one line of Markdown text: what a deliverer wrote makes no cell, link, HTML, formatting or formula."""
    if value is None:
        return "—"
    text = "".join(" " if unicodedata.category(char)[0] in "CZ" else char for char in str(value))
    text = safe_text(" ".join(text.split()))
    if len(text) > _LONGEST:
        text = text[:_LONGEST] + "…"
    text = _MARKS.sub(r"\\\1", text.replace("&", "&amp;")).replace("\\<", "&lt;").replace("\\>", "&gt;")
    return text.replace("://", "&#58;//").replace("www.", "www&#46;").replace("@", "&#64;")


def _table(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> list[str]:
    """A table; cells are text already."""
    return [f"| {' | '.join(header)} |", f"|{'---|' * len(header)}", *(f"| {' | '.join(str(cell) for cell in row)} |" for row in rows)]


def _heading(zh: str, en: str) -> str:
    return f"## {zh} | {en}"


def _said(zh: str, en: str) -> str:
    return f"{zh} | {en}"


def _number(value: Any, sign: str = "") -> str:
    return "—" if value is None else f"{float(value):{sign},.0f}" if abs(value) >= 10 or not value else f"{float(value):{sign},.3f}"


def _count(value: Any) -> str:
    return f"{int(value or 0):,}"


def _source(name: str) -> str:
    sources = load_sources()
    return f"{sources[name].zh} {name}" if name in sources else md(name)


# --- parts -----------------------------------------------------------------------------------------------------------


def _head(about: Notes) -> list[str]:
    before = "没有 none"
    if about.before_id:
        before = f"{about.before_id}（{about.before_day or '—'}）"
        if not about.comparable:
            before += "；其文件已不在或受损，以下不与它比较；its files are gone or damaged: nothing below is compared with it"
    data = "**演示数据 SYNTHETIC DATA**" if about.is_synthetic else "真实数据 real data"
    return [
        f"# 发布说明 | Release notes {about.release_id}", "",
        *_table(("项目 item", "值 value"), [
            ("版本 release", about.release_id), ("知识截止日 knowledge date", about.knowledge_date), ("数据 data", data),
            ("前一版本 predecessor", before), ("代码版本 code version", md(about.code_version)),
        ]),
    ]


_SINCE = "batch_id not in (select batch_id from before.quality.batch)"


def _came(reader: _Reader) -> list[str]:
    """Batches that the predecessor does not have; all of them where nothing can be compared."""
    since = _SINCE if reader.about.comparable else "true"
    rows = reader.rows(f"""
        select source, count(*) as batches, sum(rows_received) as received, sum(rows_accepted) as accepted, sum(rows_quarantined) as held,
            count(case when outcome = 'refused' then 1 end) as refused
        from sealed.quality.batch where {since} group by source order by source
    """)
    title = _heading("新收", "What came") if reader.about.comparable else _heading("收到的全部", "All that came")
    lines = [title, ""]
    if rows:
        lines += _table(("数据源 source", "批次 batches", "收到行 rows received", "入库 accepted", "隔离或退回 held", "退回批次 refused batches"), [
            (_source(r["source"]), *(_count(r[name]) for name in ("batches", "received", "accepted", "held", "refused"))) for r in rows])
    else:
        lines.append(_said("没有新的批次", "no new batch"))
    if reader.about.comparable:
        [changed] = reader.rows("""
            select count(*) as batches from sealed.quality.batch as a inner join before.quality.batch as b on b.batch_id = a.batch_id
            where a.rows_accepted <> b.rows_accepted or a.outcome <> b.outcome
        """)
        if changed["batches"]:
            lines += ["", _said(f"此前的批次中 {_count(changed['batches'])} 批结论改变", f"{_count(changed['batches'])} earlier batches are judged otherwise now")]
    return lines


def _held(reader: _Reader) -> list[str]:
    new = f"f.{_SINCE}" if reader.about.comparable else "true"
    rows = reader.rows(f"""
        select f.check_id, count(distinct case when {new} then f.batch_id || ':' || f.row_no end) as new_findings, count(distinct f.batch_id || ':' || f.row_no) as findings,
            count(distinct case when f.row_no = 0 then f.batch_id end) as whole_files,
            min_by(f.message_zh, f.batch_id || ':' || lpad(cast(f.row_no as varchar), 12, '0')) as zh,
            min_by(f.message_en, f.batch_id || ':' || lpad(cast(f.row_no as varchar), 12, '0')) as en
        from sealed.quality.failed_row as f where f.severity <> 'info'
        group by f.check_id order by 2 desc, 3 desc, 1
    """)
    lines = [_heading("隔离与退回的原因", "What is held, and why"), ""]
    if not rows:
        return [*lines, _said("没有隔离或退回的行", "nothing is held")]
    since = ["新收的行 rows that came since"] if reader.about.comparable else []
    lines += _table(("规则 check", *since, "行 rows", "其中整份 of them whole files", "例 for instance"), [
        (md(r["check_id"]), *(_count(r["new_findings"]) for _ in since), _count(r["findings"]), _count(r["whole_files"]), f"{md(r['zh'])}；{md(r['en'])}")
        for r in rows[:REASONS]])
    return lines + _more(len(rows) - REASONS, "quality.failed_row")


def _more(left: int, table: str) -> list[str]:
    return ["", _said(f"其余 {left} 项见 {table}", f"{left} more in {table}")] if left > 0 else []


def _totals(reader: _Reader) -> list[str]:
    rows = reader.rows("""
        select * from sealed.marts.fct_total_year
        where level = 'province' and period in (select distinct period from sealed.marts.fct_total_year where level = 'province' order by period desc limit ?)
        order by period desc, code
    """, [YEARS])
    areas = _names(reader, "reference.division", "division_code", "division_name")
    lines = [_heading("全省合计", "Totals of the province"), ""]
    if not rows:
        return [*lines, _said("没有合计", "no totals")]
    return lines + _table(("年份 year", "地区 area", "直接排放 direct [tCO2e]", "外购电力 purchased power [tCO2e]", "覆盖率 coverage", "状态 status"), [
        (r["period"].year, f"{md(areas.get(r['code'], ''))} {md(r['code'])}".strip(), _number(r["direct_tco2e"]), _number(r["purchased_power_location_tco2e"]),
         "—" if r["coverage"] is None else f"{r['coverage']:.1%}（{_count(r['coverage_num'])}/{_count(r['coverage_den'])}）", md(r["status"] if r["status_reason"] in (None, r["status"]) else f"{r['status']}（{r['status_reason']}）"))
        for r in rows])


def _movements(reader: _Reader) -> list[str]:
    lines = [_heading("与前一版本相比变动最大的数字", "What moved most against the predecessor"), ""]
    if not reader.about.comparable:
        return [*lines, _said("没有可比的前一版本", "there is no predecessor to compare with")]
    lines.append(_said("直接排放，年度，统一 GWP 集；— 为该版本没有此数", "direct emission by year, common GWP set; — where a release does not have the figure"))
    for zh, en, level, table, code, column, name in (
        ("市州 × 行业", "prefecture x industry", "prefecture_industry", "marts.fct_total_year", "code", "direct_tco2e", _cell_names(reader)),
        ("企业", "enterprises", "enterprise", "marts.fct_enterprise_account_year", "uscc", "direct_common_tco2e", _enterprise_names(reader)),
    ):
        of_level = f"and coalesce(a.level, b.level) = '{level}'" if code == "code" else ""
        joined = "b.level = a.level and b.code = a.code" if code == "code" else "b.uscc = a.uscc"
        rows = reader.rows(f"""
            select coalesce(a.{code}, b.{code}) as code, coalesce(a.period, b.period) as period, b.{column} as was, a.{column} as is_now,
                coalesce(a.{column}, 0) - coalesce(b.{column}, 0) as delta
            from sealed.{table} as a full join before.{table} as b on {joined} and b.period = a.period
            where a.{column} is distinct from b.{column} {of_level}
            order by abs(coalesce(a.{column}, 0) - coalesce(b.{column}, 0)) desc, 2 desc, 1
        """) if reader.both_have(table, column) else []
        lines += ["", f"### {zh} | {en}", ""]
        if not rows:
            lines.append(_said("没有变动", "nothing moved"))
            continue
        causes = _causes(reader, level)
        lines += _table(("代码 code", "名称 name", "年份 year", "原 was [tCO2e]", "现 is [tCO2e]", "变动 change [tCO2e]", "原因 causes"), [
            (md(r["code"]), md(name.get(r["code"])), r["period"].year, _number(r["was"]), _number(r["is_now"]), _number(r["delta"], "+"),
             causes.get((r["code"], r["period"]), "—")) for r in rows[:MOVEMENTS]])
        lines += _more(len(rows) - MOVEMENTS, table)
    return lines


def _causes(reader: _Reader, level: str) -> dict[tuple[str, date], str]:
    """What fct_restatement says of the yearly change of each figure of a level, the greatest cause first."""
    if not reader.has("sealed", "marts.fct_restatement", "cause", "delta_tco2e"):
        return {}
    rows = reader.rows("""
        select code, period, cause, cause_zh, delta_tco2e from sealed.marts.fct_restatement
        where release_id = ? and from_release_id = ? and level = ? and period_kind = 'year' and measure = 'direct_tco2e' and delta_tco2e <> 0
        order by code, period, abs(delta_tco2e) desc, cause
    """, [reader.about.release_id, reader.about.before_id, level])
    found: dict[tuple[str, date], list[str]] = {}
    for row in rows:
        found.setdefault((row["code"], row["period"]), []).append(f"{md(row['cause_zh'])} {md(row['cause'])} {_number(row['delta_tco2e'], '+')}")
    return {key: "；".join(parts) for key, parts in found.items()}


def _names(reader: _Reader, table: str, code: str, name: str, where: str = "true") -> dict[str, str]:
    """Names by code, where the release has them."""
    if not reader.has("sealed", table, code, name):
        return {}
    return {row["code"]: row["name"] for row in reader.rows(f"select {code} as code, min({name}) as name from sealed.{table} where {where} group by 1")}


def _cell_names(reader: _Reader) -> dict[str, str]:
    """Names of the cells `520100:31`."""
    areas = _names(reader, "reference.division", "division_code", "division_name")
    industries = _names(reader, "reference.industry", "industry_code", "industry_name", "level = '2'")
    codes = [row["code"] for row in reader.rows("select distinct code from sealed.marts.fct_total_year where level = 'prefecture_industry' order by 1")]
    named = {code: [areas.get(code.partition(":")[0]), industries.get(code.partition(":")[2])] for code in codes}
    return {code: "：".join(name for name in names if name) for code, names in named.items() if any(names)}


def _enterprise_names(reader: _Reader) -> dict[str, str]:
    """The name that an enterprise had last."""
    return {row["uscc"]: row["name"] for row in reader.rows("select uscc, max_by(enterprise_name, valid_from) as name from sealed.marts.dim_enterprise group by 1")}


def _issues(reader: _Reader) -> list[str]:
    rows = reader.rows("""
        select * from sealed.marts.fct_known_issue where is_open order by opened_on, issue_id, level, code, period, period_kind, measure
    """)
    lines = [_heading("未关闭的已知问题", "Open known issues"), ""]
    if not rows:
        return [*lines, _said("没有登记未关闭的问题", "no open issue is registered")]
    lines += _table(("问题 issue", "涉及的数字 figure", "期间 period", "偏高 too high by [tCO2e]", "说明 what is known", "责任岗 owner"), [
        (md(r["issue_id"]), f"{md(r['level_zh'])} {md(r['level'])} {md(r['code_name'] or '')} {md(r['code'])} · {md(r['measure'])}",
         f"{r['period']:%Y-%m}" if r["period_kind"] == "month" else r["period"].year,
         "未知 unknown" if r["tonnes_tco2e"] is None else _number(r["tonnes_tco2e"], "+"), f"{md(r['text_zh'])}；{md(r['text_en'])}", md(r["owner"]))
        for r in rows[:LISTED]])
    return lines + _more(len(rows) - LISTED, "marts.fct_known_issue")


def open_work(db: Any, knowledge_date: date) -> dict[str, Any]:
    """The worklist in three figures: items that are open and overdue, and the tonnes at stake, of each delivery its greatest item."""
    found = db.execute("""
        select coalesce(sum(open), 0) as open, coalesce(sum(overdue), 0) as overdue, sum(tonnes) as tonnes
        from (
            select count(*) as open, count(case when due_on < ? then 1 end) as overdue, max(tonnes_at_stake) as tonnes
            from sealed.quality.worklist where state not in ('resolved', 'obsolete') group by batch_id
        ) as by_batch
    """, [knowledge_date])
    return dict(zip((column[0] for column in found.description), found.fetchone(), strict=True))


def _worklist(reader: _Reader) -> list[str]:
    work = open_work(reader.db, reader.about.knowledge_date)
    tonnes = _number(work["tonnes"])
    return [_heading("待办", "Worklist"), "", _said(
        f"未了结 {_count(work['open'])} 项，其中逾期 {_count(work['overdue'])} 项；涉及 {tonnes} tCO2e（每批计其最大一项）",
        f"{_count(work['open'])} items open, {_count(work['overdue'])} of them overdue; {tonnes} tCO2e at stake (the greatest item of each delivery)")]


def _verdicts(reader: _Reader) -> list[str]:
    lines = [_heading("结论改变的规划目标", "Targets whose verdict changed"), ""]
    if not reader.both_have("marts.fct_target_verdict", "verdict"):
        return [*lines, _said("没有可比的前一版本", "there is no predecessor to compare with")]
    rows = reader.rows("""
        select coalesce(a.target_id, b.target_id) as target_id, coalesce(a.division_code, b.division_code) as division_code, coalesce(a.period, b.period) as period,
            b.verdict as was, a.verdict as is_now, a.reason_zh, a.reason_en
        from sealed.marts.fct_target_verdict as a full join before.marts.fct_target_verdict as b
            on b.target_id = a.target_id and b.division_code = a.division_code and b.period = a.period
        where a.verdict is distinct from b.verdict order by 1, 2, 3
    """)
    if not rows:
        return [*lines, _said("没有", "none")]
    lines += _table(("目标 target", "地区 area", "年份 year", "原 was", "现 is", "理由 reason"), [
        (md(r["target_id"]), md(r["division_code"]), r["period"].year, md(r["was"]), md(r["is_now"]), f"{md(r['reason_zh'])}；{md(r['reason_en'])}") for r in rows[:LISTED]])
    return lines + _more(len(rows) - LISTED, "marts.fct_target_verdict")
