"""What the data steward reads of a release, and the correction sheet that goes to the enterprise.

A filled-in sheet is a delivery of `steward_decision`: nothing is written into the data from here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import xlsxwriter

from pipelines.contracts.source import Source, load_sources
from pipelines.publish.problem import PublishError
from pipelines.publish.store import DATABASE, live_folder
from pipelines.settings import Settings
from pipelines.warehouse.duck import connect

OPEN = ("new", "reopened", "waiting_for_enterprise")
_ITEM = ("item_id", "state", "owner", "due_on", "tonnes_at_stake", "tonnes_at_most", "stake_basis", "check_id", "checks", "batch_id", "severity", "rows_failed",
         "open_rows", "first_seen_on", "reopened_count", "due_rule", "affected_cells", "targets", "allowance_gap_t")
STATES = {
    "new": "待处置", "reopened": "重新打开", "waiting_for_enterprise": "待企业重报", "decided": "已处置", "resolved": "已解决", "obsolete": "已失去对象",
}


def items(settings: Settings, *, every: bool = False) -> list[dict[str, Any]]:
    """Items of the worklist, the most tonnes first; those that are settled only with `every`.

    Raises PublishError when nothing is published.
    """
    where = "true" if every else f"state in {OPEN}"
    return _rows(_live(settings), f"select {', '.join(_ITEM)} from quality.worklist where {where} order by tonnes_at_stake desc nulls first, due_on, item_id")


def item(settings: Settings, item_id: str) -> dict[str, Any]:
    """One item (by its number or the beginning of it) with its rows and the decisions on them.

    Raises PublishError when there is none, or more than one.
    """
    database = _live(settings)
    found = _rows(database, f"select {', '.join(_ITEM)} from quality.worklist where starts_with(item_id, ?)", item_id)
    if len(found) != 1:
        raise PublishError(f"待办 {item_id}：找到 {len(found)} 项", f"item {item_id}: {len(found)} found")
    this = found[0]
    this["rows"] = _rows(
        database, """select f.row_no, f.check_id, w.state, f.uscc, f.period, f.severity, f.column_name, f.reported_value, f.message_zh, f.message_en, f.advice_zh, f.advice_en
        from quality.worklist_row w inner join quality.failed_row f using (batch_id, row_no, check_id) where w.item_id = ? order by f.row_no, f.check_id""", this["item_id"])
    this["decisions"] = _rows(
        database, """select decision_id, row_no, check_id, decision, state, state_zh, state_en, column_name, reported_value, used_value, decided_by,
        second_by, decided_on, expires_on from quality.decision d where batch_id = ? and exists (
            select 1 from quality.worklist_row w where w.item_id = ? and (d.row_no is null or w.row_no = d.row_no) and d.check_id in ('', w.check_id))
        order by decided_on, decision_id, column_name""",
        this["batch_id"], this["item_id"])
    this["stakes"] = _rows(
        database, """select kind, code, period, tonnes_at_stake, figure, unit, state, name_zh, name_en from quality.worklist_stake where item_id = ?
        order by tonnes_at_stake desc nulls last, kind, code, period""", this["item_id"])
    return this


def _live(settings: Settings) -> Path:
    """The database of the live release, resolved once for all queries of an answer."""
    folder = live_folder(settings)
    if folder is None or not (folder / DATABASE).exists():
        raise PublishError("还没有发布版本", "nothing is published yet")
    return folder / DATABASE


def _rows(database: Path, sql: str, *parameters: Any) -> list[dict[str, Any]]:
    with connect(database, read_only=True) as db:
        cursor = db.execute(sql, list(parameters))
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


_ASKED = ("更正值", "理由", "决定人", "决定日期")
_TITLES = (
    "更正表 | Correction sheet：{file}（{batch}）",
    "请填黄色各列（日期如 2026-07-01），不更正的行留空即可，放入收件箱 steward_decision/ | fill in the yellow columns, leave lines that stay empty, deliver to steward_decision/",
)


def write_template(settings: Settings, batch_id: str, out: Path, *, uscc: str | None = None, every: bool = False) -> int:
    """Write the correction sheet of a batch: one line a row and column that a check holds back. Returns the number of lines.

    Args:
        uscc: only the rows of this enterprise, so that none sees those of another; every: also findings that only tell and are open.

    Raises PublishError when the batch is unknown or holds no such row.
    """
    database = _live(settings)
    batch = _rows(database, "select source, file_name from quality.batch where batch_id = ?", batch_id)
    if not batch:
        raise PublishError(f"没有批次 {batch_id}", f"there is no batch {batch_id}")
    source = load_sources().get(batch[0]["source"])
    rows = _rows(
        database, """select f.row_no, f.uscc, n.enterprise_name, f.period, f.check_id, f.column_name, f.reported_value, f.message_zh, f.advice_zh
        from quality.failed_row f
        left join (select uscc, max(enterprise_name) as enterprise_name from quality.coverage_month group by uscc) n on n.uscc = f.uscc
        left join quality.worklist_row w on w.batch_id = f.batch_id and w.row_no = f.row_no and w.check_id = f.check_id and w.state = 'open'
        where f.batch_id = ? and f.row_no > 0 and f.check_id not like 'S0%' and f.check_id not like 'L%'
            and (f.severity = 'warning' or (? and w.item_id is not null and f.column_name is not null)) and f.uscc is not distinct from coalesce(?, f.uscc)
        order by f.row_no, f.check_id""", batch_id, every, uscc)
    lines = [line for row in rows for line in _lines(row, source)]
    if not lines:
        raise PublishError(f"批次 {batch_id} 没有待更正的行", f"batch {batch_id} has no row to correct")
    _write(out, batch_id, batch[0]["file_name"], lines)
    return len(lines)


def _lines(row: dict[str, Any], source: Source | None) -> list[dict[str, str]]:
    names = (row["column_name"] or "").split(";")
    values = (row["reported_value"] or "").split(";")
    known = {column.name: column.zh for column in source.columns} if source else {}
    period = row["period"].strftime("%Y-%m") if row["period"] else ""
    return [
        {
            "源文件行号": str(row["row_no"]), "检查编号": row["check_id"], "字段": known.get(name, name),
            "企业代码": row["uscc"] or "", "企业名称": row["enterprise_name"] or "", "报告期": period, "填报值": values[i] if len(values) == len(names) else row["reported_value"] or "",
            "问题": row["message_zh"], "怎么改": row["advice_zh"] or "", "决定": "更正",
        }
        for i, name in enumerate(names)
    ]


def _write(out: Path, batch_id: str, file_name: str, lines: list[dict[str, str]]) -> None:
    decision = load_sources()["steward_decision"]
    # columns of a decision, and beside them what the enterprise needs to see
    first = ["源文件行号", *decision.told[:3], "字段", *decision.told[3:], *_ASKED]
    rest = [column.zh for column in decision.columns if column.zh not in first]
    out.parent.mkdir(parents=True, exist_ok=True)
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet("更正表")
        bold, asked = book.add_format({"bold": True}), book.add_format({"bold": True, "bg_color": "#FFF2CC"})
        for number, title in enumerate(_TITLES):
            sheet.write_string(number, 0, title.format(file=file_name, batch=batch_id), bold)
        for place, name in enumerate([*first, *rest]):
            sheet.write_string(len(_TITLES), place, name, asked if name in _ASKED else bold)
        for number, line in enumerate(lines, 1):
            filled = {**line, "批次编号": batch_id, "决定编号": f"{batch_id}-{line['源文件行号']}-{line['检查编号']}-{line['字段']}".rstrip("-")}
            for place, name in enumerate([*first, *rest]):
                if filled.get(name):
                    sheet.write_string(len(_TITLES) + number, place, safe_text(filled[name]))
        sheet.freeze_panes(len(_TITLES) + 1, 1)
        sheet.autofit()


def safe_text(text: str) -> str:
    """Text of a deliverer that no spreadsheet takes for a formula, also after it was saved as CSV."""
    starts = text.startswith(("=", "+", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")) or (text.startswith("-") and not text[1:].replace(".", "", 1).isdigit())
    return f"'{text}" if starts else text


def render(found: list[dict[str, Any]]) -> str:
    """The worklist as lines of text."""
    if not found:
        return "没有待办 | nothing to do"
    return "\n".join(
        f"{i['item_id'][:8]}  {STATES[i['state']]} {i['state']:<22} {_tonnes(i):>16}  {i['due_on']}  {i['checks'].replace(';', ' ')}  {i['batch_id']}  {i['open_rows']}/{i['rows_failed']} 行 rows"
        + (f"  目标 targets {i['targets']}" if i["targets"] else "")
        + (f"  配额缺口 allowance gap {i['allowance_gap_t']:,.0f} t" if i["allowance_gap_t"] is not None else "")
        for i in found
    )


def _tonnes(found: dict[str, Any]) -> str:
    """The tonnes at stake, else their upper bound with the sign for it, else a question mark."""
    if found["tonnes_at_stake"] is not None:
        return f"{found['tonnes_at_stake']:,.1f} tCO2e"
    return "? tCO2e" if found["tonnes_at_most"] is None else f"≤ {found['tonnes_at_most']:,.0f} tCO2e"


def render_item(found: dict[str, Any]) -> str:
    """One item with its rows and decisions as text."""
    lines = [render([found]), f"首次发现 first seen {found['first_seen_on']}，重新打开 reopened {found['reopened_count']}，依据 basis {found['stake_basis']}",
             f"期限依据 due by: {found['due_rule']}", f"涉及 affects: {found['affected_cells'] or '-'}"]
    lines += [
        f"  {s['period'].year} {s['name_zh']} | {s['name_en']} {s['code']}: " + ("?" if s["figure"] is None else f"{s['figure']:,.1f}") + f" {s['unit'].replace('*', '')}"
        + (f" ({s['state']})" if s["state"] else "") + (f"，其中 of it {s['tonnes_at_stake']:,.1f} tCO2e" if s["tonnes_at_stake"] is not None else "")
        for s in found["stakes"]
    ]
    lines += [
        f"  第 {r['row_no']} 行 row  {r['check_id']}  {r['uscc'] or ''}  {r['column_name'] or ''} = {r['reported_value'] or ''}\n    {r['message_zh']} | {r['message_en']}\n    {r['advice_zh']} | {r['advice_en']}"
        for r in found["rows"]
    ]
    lines += [
        f"  决定 decision {d['decision_id']} {d['decision']} ({d['decided_by']}, {d['decided_on']}): {d['state_zh']} | {d['state_en']}"
        + (f"  {d['column_name']}: {d['reported_value']} -> {d['used_value']}" if d["column_name"] else "")
        for d in found["decisions"]
    ]
    return "\n".join(lines)
