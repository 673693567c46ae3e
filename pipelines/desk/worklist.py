"""The worklist of the live release: its items, one item with rows and decisions, both as text."""

from __future__ import annotations

from typing import Any

from pipelines.desk.released import live_database, rows_of
from pipelines.problem import Problem
from pipelines.settings import Settings

OPEN = ("new", "reopened", "waiting_for_enterprise")
_ITEM = ("item_id", "state", "owner", "due_on", "tonnes_at_stake", "tonnes_at_most", "stake_basis", "check_id", "checks", "batch_id", "severity", "rows_failed",
         "open_rows", "first_seen_on", "reopened_count", "due_rule", "affected_cells", "targets", "allowance_gap_t")
STATES = {
    "new": "待处置", "reopened": "重新打开", "waiting_for_enterprise": "待企业重报", "decided": "已处置", "resolved": "已解决", "obsolete": "已失去对象",
}


def items(settings: Settings, *, every: bool = False) -> list[dict[str, Any]]:
    """Items of the worklist, the most tonnes first; those that are settled only with `every`.

    Raises Problem when nothing is published.
    """
    where = "true" if every else f"state in {OPEN}"
    return rows_of(live_database(settings), f"select {', '.join(_ITEM)} from quality.worklist where {where} order by tonnes_at_stake desc nulls first, due_on, item_id")


def item(settings: Settings, item_id: str) -> dict[str, Any]:
    """One item (by its number or the beginning of it) with its rows and the decisions on them.

    Raises Problem when there is none, or more than one.
    """
    database = live_database(settings)
    found = rows_of(database, f"select {', '.join(_ITEM)} from quality.worklist where starts_with(item_id, ?)", item_id)
    if len(found) != 1:
        raise Problem(f"待办 {item_id}：找到 {len(found)} 项", f"item {item_id}: {len(found)} found")
    this = found[0]
    this["rows"] = rows_of(
        database, """select f.row_no, f.check_id, w.state, f.uscc, f.period, f.severity, f.column_name, f.reported_value, f.message_zh, f.message_en, f.advice_zh, f.advice_en
        from quality.worklist_row w inner join quality.failed_row f using (batch_id, row_no, check_id) where w.item_id = ? order by f.row_no, f.check_id""", this["item_id"])
    this["decisions"] = rows_of(
        database, """select decision_id, row_no, check_id, decision, state, state_zh, state_en, column_name, reported_value, used_value, decided_by,
        second_by, decided_on, expires_on from quality.decision d where batch_id = ? and exists (
            select 1 from quality.worklist_row w where w.item_id = ? and (d.row_no is null or w.row_no = d.row_no) and d.check_id in ('', w.check_id))
        order by decided_on, decision_id, column_name""",
        this["batch_id"], this["item_id"])
    this["stakes"] = rows_of(
        database, """select kind, code, period, tonnes_at_stake, figure, unit, state, name_zh, name_en from quality.worklist_stake where item_id = ?
        order by tonnes_at_stake desc nulls last, kind, code, period""", this["item_id"])
    return this


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
