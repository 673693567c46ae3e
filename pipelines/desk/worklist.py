"""The worklist of the live release: its items, one item with rows and decisions, both as text."""

from __future__ import annotations

from typing import Any

from pipelines.contracts.legend import load_legend
from pipelines.desk.released import live_database, rows_of
from pipelines.problem import Problem
from pipelines.publish.correction import ENTERPRISE_NAMES
from pipelines.settings import Settings
from pipelines.text_table import aligned, terminal_width

OPEN = ("new", "reopened", "waiting_for_enterprise")
_ITEM = ("item_id", "state", "owner", "due_on", "tonnes_at_stake", "tonnes_at_most", "stake_basis", "check_id", "checks", "batch_id", "severity", "rows_failed",
         "open_rows", "first_seen_on", "reopened_count", "due_rule", "affected_cells", "targets", "allowance_gap_t")


def items(settings: Settings, *, every: bool = False) -> list[dict[str, Any]]:
    """Items of the worklist, the most tonnes first; those that are settled only with `every`.

    Raises Problem when nothing is published.
    """
    where = "true" if every else f"state in {OPEN}"
    return rows_of(live_database(settings), f"""
        with of_item as (
            select r.item_id, min(f.uscc) as uscc, count(distinct f.uscc) as enterprises,
                arg_min(f.message_zh, (f.check_id <> w.check_id, f.row_no)) as message_zh, arg_min(f.message_en, (f.check_id <> w.check_id, f.row_no)) as message_en
            from quality.worklist_row r
            inner join quality.worklist w using (item_id)
            inner join quality.failed_row f on f.batch_id = r.batch_id and f.row_no = r.row_no and f.check_id = r.check_id
            group by r.item_id
        )
        select {', '.join(f'w.{name}' for name in _ITEM)}, b.source, b.file_name, o.uscc, n.enterprise_name, coalesce(o.enterprises, 0) as enterprises,
            o.message_zh, o.message_en
        from quality.worklist w
        left join quality.batch b using (batch_id)
        left join of_item o using (item_id)
        left join {ENTERPRISE_NAMES} n on n.uscc = o.uscc
        where {where} order by w.tonnes_at_stake desc nulls first, w.due_on, w.item_id""")


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
            select 1 from quality.worklist_row w where w.item_id = ? and (d.row_no is null or w.row_no = d.row_no))
        order by decided_on, decision_id, column_name""",
        this["batch_id"], this["item_id"])
    this["stakes"] = rows_of(
        database, """select kind, code, period, tonnes_at_stake, figure, unit, state, name_zh, name_en from quality.worklist_stake where item_id = ?
        order by tonnes_at_stake desc nulls last, kind, code, period""", this["item_id"])
    return this


_HEADER = ("待办 item", "状态 state", "涉及 at stake", "期限 due", "检查 checks", "文件 file", "企业 enterprise", "未了结 open", "问题 what is wrong")


def render(found: list[dict[str, Any]]) -> str:
    """The worklist as a table of text, with what hangs on an item below it."""
    if not found:
        return "没有待办 | nothing to do"
    return aligned(_HEADER, [
        (i["item_id"][:8], _state(i), _tonnes(i), i["due_on"], i["checks"].replace(";", " "), i["file_name"], _enterprise(i),
         f"{i['open_rows']}/{i['rows_failed']}" if i["rows_failed"] else "整个文件 file", f"{i['message_zh']} | {i['message_en']}" if i["message_zh"] else None)
        for i in found
    ], width=terminal_width())


def _enterprise(found: dict[str, Any]) -> str | None:
    """The one enterprise that an item is about, or how many."""
    if found["enterprises"] > 1:
        return f"{found['enterprises']} 家企业 enterprises"
    return f"{found['enterprise_name']} {found['uscc']}" if found["enterprise_name"] else found["uscc"]


def _state(found: dict[str, Any]) -> str:
    return f"{load_legend()['worklist_state'].codes[found['state']].zh} {found['state']}"


def _tonnes(found: dict[str, Any]) -> str:
    """The tonnes at stake, else their upper bound with the sign for it, else a question mark."""
    if found["tonnes_at_stake"] is not None:
        return f"{found['tonnes_at_stake']:,.1f} tCO2e"
    return "? tCO2e" if found["tonnes_at_most"] is None else f"≤ {found['tonnes_at_most']:,.0f} tCO2e"


def _one(i: dict[str, Any]) -> str:
    """The head of an item on one line."""
    return (
        f"{i['item_id'][:8]}  {_state(i)}  {_tonnes(i)}  {i['due_on']}  {i['checks'].replace(';', ' ')}  {i['batch_id']}  {i['open_rows']}/{i['rows_failed']} 行 rows"
        + (f"  目标 targets {i['targets']}" if i["targets"] else "")
        + (f"  配额缺口 allowance gap {i['allowance_gap_t']:,.0f} t" if i["allowance_gap_t"] is not None else "")
    )


def render_item(found: dict[str, Any]) -> str:
    """One item with its rows and decisions as text."""
    lines = [_one(found), f"首次发现 first seen {found['first_seen_on']}，重新打开 reopened {found['reopened_count']}，依据 basis {found['stake_basis']}",
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
