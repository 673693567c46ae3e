"""Explanations as text for a terminal, Chinese and English side by side."""

from __future__ import annotations

from typing import Any

from pipelines.explain.evidence import Batch, Factor, SourceRow, plain
from pipelines.explain.explanation import AccountExplanation, CellExplanation, LineBrief, LineExplanation
from pipelines.explain.known_issues import issue_lines


def render(explanation: LineExplanation | AccountExplanation | CellExplanation) -> str:
    """The explanation as lines of text."""
    if isinstance(explanation, LineExplanation):
        lines = _line(explanation)
    elif isinstance(explanation, AccountExplanation):
        lines = [*_account(explanation), *issue_lines(explanation.issues)]
    else:
        lines = [*_cell(explanation), *issue_lines(explanation.issues)]
    return "\n".join([*lines, f"版本 | Release: {explanation.release_id}"])


def _line(found: LineExplanation) -> list[str]:
    line = found.line
    lines = [
        f"排放行 | Emission line {line['line_id']}",
        f"  企业 | Enterprise: {line['uscc']}  期间 | Period: {line['period']}  单元 | Unit: {line['unit_code'] or '—'}",
        f"  来源 | Source: {line['emission_source']}  对象 | Item: {line['item']}  气体 | Gas: {line['gas']}"
        f"  电力视角 | View: {line['electricity_view'] or '—'}",
        f"  方法 | Method: {line['method_code']}@{line['method_version']}",
        f"  计算：{found.formula_zh}",
        f"  Formula: {found.formula_en}",
    ]
    if line.get("formula"):
        lines.append(f"  因子的算法 | The formula behind it: {line['formula']}")
    if found.holds is False:
        lines.append("  活动水平与因子之积与气体量不同：该行由其他参数算得 | activity x factor is not the gas: the line has further parameters")
    lines.append(f"  因子 | Factor: {line['factor_id'] or '—'}  等级 | Tier: {line['factor_tier'] or '—'}")
    lines += [f"    {text}" for factor in found.factors for text in _factor(factor)]
    if found.gwp and found.line["gas"] != "CO2":
        lines += [f"  GWP: {text}" for text in _factor(found.gwp)]
    return [*lines, *_batch(found.batch), *(_row(found.row) if found.row else [])]


def _factor(factor: Factor) -> list[str]:
    if factor.value is None:
        return [f"{factor.factor_id}：取自申报行或方法 | from the delivered row or the method itself"]
    year = f"  数据年份 | Data year: {factor.data_year}" if factor.data_year else ""
    lines = [f"{factor.factor_id} = {factor.value:g} {factor.unit or ''}{year}"]
    if factor.document:
        where = f"  ({factor.batch_id}, {factor.row_no})" if factor.batch_id else ""
        lines.append(f"  文件 | Document: {factor.document}{where}")
    return lines


def _batch(batch: Batch | None) -> list[str]:
    if batch is None:
        return []
    details = plain(batch.details)
    return [
        f"  批次 | Batch: {batch.batch_id}",
        f"    文件 | File: {details.get('source', '—')}/{details.get('file_name', '—')}",
        f"    接收 | Received: {details.get('received_at', '—')}  SHA-256: {details.get('sha256', '—')}",
    ]


def _row(row: SourceRow) -> list[str]:
    lines = [f"  行 | Row {row.row_no}（{row.file or '—'}）"]
    values, title = (row.reported, "填报 | As reported") if row.reported else (row.entered, "入库 | As entered")
    if not values:
        return [*lines, "    原始行不可读 | the delivered row cannot be read here"]
    cells = [f"      {name} = {value}" for name, value in plain(values).items() if value not in (None, "")]
    decided = [
        f"    决定 | Decision {d['decision_id']} {d['decision']}（{d['decided_by']}{'、' + d['second_by'] if d['second_by'] else ''}，{d['decided_on']}）: "
        f"{d['state_zh']} | {d['state_en']}" + (f"  {d['column_name']}: {d['reported_value'] or '—'} -> {d['used_value']}" if d["column_name"] else "")
        for d in row.decisions
    ]
    return [*lines, f"    {title}:", *cells, *decided]


def _brief(brief: LineBrief) -> list[str]:
    line = brief.line
    view = f" [{line['electricity_view']}]" if line["electricity_view"] else ""
    return [
        f"  {line['emission_source']}{view} · {line['item']} · {line['unit_code'] or '—'}：{brief.formula_zh}",
        f"    {brief.formula_en}",
        f"    {line['line_id']}  {line['factor_id'] or '—'} ({line['factor_tier'] or '—'})"
        f"  {brief.file_name or line['batch_id'] or '—'}:{brief.row_no if brief.row_no is not None else '—'}",
    ]


def _account(found: AccountExplanation) -> list[str]:
    lines = [f"碳账户 | Account {found.uscc} {found.period}"]
    lines += [f"  {name} = {_shown(value)}" for name, value in found.account.items() if name not in ("uscc", "period")]
    lines.append(f"排放行 | Lines: {len(found.lines)}")
    return lines + [text for brief in found.lines for text in _brief(brief)]


def _cell(found: CellExplanation) -> list[str]:
    key = ", ".join(f"{name}={value}" for name, value in found.key.items())
    lines = [f"{found.table}.{found.column} ({key}) = {_shown(found.value)}", f"  {found.comment or ''}"]
    if found.amount_of_lines is not None:
        total, difference = _shown(found.amount_of_lines), _shown(found.difference)
        lines.append(f"  排放行合计 | Sum of lines: {total}  差额 | Difference: {difference}")
    if found.note_zh:
        lines.append(f"  {found.note_zh} | {found.note_en}")
    if found.contributions:
        lines.append(f"企业 | Enterprises: {found.enterprises}")
        lines += [
            f"  {part.uscc}  {_shown(part.amount)} tCO2e  {part.lines} 行 | lines, {part.batches} 批次 | batches"
            for part in found.contributions
        ]
    lines += [f"  {', '.join(f'{name}={_shown(value)}' for name, value in part.items())}" for part in found.parts]
    lines += [text for brief in found.lines for text in _brief(brief)]
    return [*lines, *_batch(found.batch), *(text for row in found.sources for text in _row(row))]


def _shown(value: Any) -> str:
    if value is None:
        return "—"
    return str(value) if isinstance(value, bool) or not isinstance(value, int | float) else f"{value:,.10g}"
