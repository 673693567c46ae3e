"""Explanations as text for a terminal, Chinese and English side by side."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

from pipelines.explain.evidence import Batch, Factor, SourceRow, plain
from pipelines.explain.explanation import AccountExplanation, Branch, CellExplanation, LineBrief, LineExplanation, Node
from pipelines.explain.known_issues import issue_lines
from pipelines.explain.proof import Proof


def render(explanation: LineExplanation | AccountExplanation | CellExplanation) -> str:
    """The explanation as lines of text."""
    if isinstance(explanation, LineExplanation):
        lines = _line(explanation)
    elif isinstance(explanation, AccountExplanation):
        lines = [*_account(explanation), *issue_lines(explanation.issues)]
    else:
        lines = [*_cell(explanation), *issue_lines(explanation.issues)]
    return "\n".join([*lines, f"版本 | Release: {explanation.release_id}"])


def render_proof(proof: Proof) -> str:
    """What a check found, as lines of text: by table how many cells came out, then each that did not."""
    by_table: dict[str, Counter[str]] = {}
    for name, cells in proof.cells.items():
        by_table.setdefault(name.rsplit(".", 1)[0], Counter()).update(cells)
    lines = [f"{table}: " + ", ".join(f"{_COUNTED[kind]} {cells[kind]:,}" for kind in _COUNTED if cells[kind]) for table, cells in sorted(by_table.items())]
    lines += [f"不符 | broken: {cell}" for cell in proof.broken]
    lines += [f"不符 | broken: {column}: 另有 {more:,} 格 | {more:,} more cells" for column, more in sorted(proof.more.items())]
    lines += [f"没有算法 | no figure: {name}" for name in proof.unnamed]
    all_cells: Counter[str] = sum(proof.cells.values(), Counter())
    lines.append(f"合计 | together: {', '.join(f'{_COUNTED[kind]} {all_cells[kind]:,}' for kind in _COUNTED if all_cells[kind])}")
    lines.append("能由已发布的表算出的数字全部相符 | every figure that the published tables can give comes out" if proof.holds else "有数字与其各部分不符 | some figures are not what their parts give")
    return "\n".join([*lines, f"版本 | Release: {proof.release_id}"])


_COUNTED = {
    "computed": "由各部分算得 computed", "reported": "申报 reported", "attested": "取自文件 attested",
    "lacking": "不能完全展开 not resolvable", "decided": "空，有原因 empty with a reason",
}


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
    sheet = f"，工作表 | sheet {row.sheet}" if row.sheet else ""
    lines = [f"  行 | Row {row.row_no}（{row.file or '—'}{sheet}）"]
    values, title = (row.reported, "填报 | As reported") if row.reported else (row.entered, "入库 | As entered")
    if not values:
        return [*lines, "    原始行不可读 | the delivered row cannot be read here"]
    cells = [f"      {name} = {value}" for name, value in plain(values).items() if value not in (None, "")]
    decided = [
        f"    决定 | Decision {d['decision_id']} {d['decision']}（{d['decided_by']}{'、' + d['second_by'] if d['second_by'] else ''}，{d['decided_on']}）: "
        f"{d['state_zh']} | {d['state_en']}" + (f"  {d['column_name']}: {d['reported_value'] or '—'} -> {d['used_value']}" if d["column_name"] else "")
        for d in row.decisions
    ]
    judged = [f"    规则 | Rules: {len(row.checks)} 条判断了该批次，对该行有话说的 | judged its batch; those with something to say of the row: {len(row.findings)}"] if row.checks else []
    said = [f"      {found['check_id']} ({found['severity']}): {found['message_zh']} | {found['message_en']}" for found in row.findings]
    return [*lines, f"    {title}:", *cells, *judged, *said, *decided]


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
    lines = _node(found.tree, "", set()) if found.tree else []
    if found.amount_of_lines is not None:
        lines.append(f"排放行合计 | Sum of lines: {_shown(found.amount_of_lines)}")
    if found.note_zh:
        lines.append(f"{found.note_zh} | {found.note_en}")
    if found.contributions:
        lines.append(f"企业 | Enterprises: {found.enterprises}")
        lines += [
            f"  {part.uscc}  {_shown(part.amount)} tCO2e  {part.lines} 行 | lines, {part.batches} 批次 | batches"
            for part in found.contributions
        ]
    lines += [f"  {', '.join(f'{name}={_shown(value)}' for name, value in part.items())}" for part in found.parts]
    return lines


# --- trees -----------------------------------------------------------------------------------------------------------

_KINDS = {
    "attested": "取自文件，不是计算所得 | attested, not computed",
    "reported": "申报 | as delivered",
    "lacking": "仅凭已发布的表不能完全展开 | not resolvable from the published tables",
    "decided": "不是计算的数字，由规则或模型给出 | no figure: decided by a rule or model",
}


def _node(node: Node, indent: str, seen: set[tuple[str, int]]) -> list[str]:
    """A cell with its formula, then its parts, each a step further in. seen: delivered rows that were shown in full already."""
    key = ", ".join(f"{name}={plain(value)}" for name, value in node.key.items())
    unit = f" {node.unit}" if node.unit else ""
    gives = f"  [{_shown(node.gives)}]" if node.gives is not None and node.gives != node.value else ""
    lines = [f"{indent}{node.table}.{node.column} ({key}) = {_shown(node.value)}{unit}{gives}"]
    inner = indent + "  "
    if not indent:
        lines.append(f"{inner}{node.zh} | {node.en}")
    if node.arithmetic:
        lines += [f"{inner}= {node.formula_zh}", f"{inner}= {node.formula_en}"]
        if node.arithmetic != _shown(node.computed):
            lines.append(f"{inner}= {node.arithmetic} = {_shown(node.computed)}")
    if node.holds is False:
        lines.append(f"{inner}各部分给出的数与公布值不同，差额 | the parts do not give what is published, difference: {_shown(node.difference)}")
    if node.kind in _KINDS:
        decided = f"（{node.decided_by}）" if node.decided_by else ""
        lines.append(f"{inner}{_KINDS[node.kind]}{decided}")
    if node.note_zh:
        lines.append(f"{inner}{node.note_zh} | {node.note_en}")
    if node.document:
        lines.append(f"{inner}文件 | Document: {node.document}")
    lines += [f"{inner}因子 | Factor: {text}" for factor in node.factors for text in _factor(factor)]
    if node.kind == "decided" and not indent:
        lines += [f"{inner}  {name} = {value if isinstance(value, int) else _shown(value)}" for name, value in plain(node.row).items() if value is not None]
    for row in node.sources:
        again = (row.batch_id, row.row_no) in seen
        lines += [f"{inner}{text}" for text in _row(row)[:1 if again else None]]
        seen.add((row.batch_id, row.row_no))
    for branch in node.branches:
        lines += _branch(branch, inner, seen)
    return [*lines, f"{inner}…（--depth）"] if node.more else lines


def _branch(branch: Branch, indent: str, seen: set[tuple[str, int]]) -> list[str]:
    if branch.rows is None:
        own = [text for node in branch.nodes for text in _node(node, indent, seen)]
        return own or [f"{indent}{branch.name} = {_shown(branch.value)}  {branch.zh} | {branch.en}"]
    lines = [f"{indent}{branch.zh} | {branch.en} = {_shown(branch.value)}（{branch.rows:,} 行 | rows）"]
    lines += [text for node in branch.nodes for text in _node(node, indent + "  ", seen)]
    if branch.rest_rows:
        rest = f" = {_shown(branch.rest)}" if branch.rest is not None else ""
        lines.append(f"{indent}  … 其余 | the other {branch.rest_rows:,} 行 | rows{rest}")
    return lines


def _shown(value: Any) -> str:
    if value is None:
        return "—"
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return str(value)
    return f"{value:,}" if isinstance(value, int | Decimal) else f"{value:,.10g}"
