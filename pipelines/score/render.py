"""The scoreboard as Markdown (docs/gates-score.md) and as data."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from pipelines.demo.faults import FaultKind, load_kinds
from pipelines.score.card import CATCHERS, Fault, false_alarms
from pipelines.score.run import Scored

_CATCHER = {
    "reader": "读取 reader", "gate": "关口 gate", "dbt_test": "dbt 测试 dbt test", "current_view": "现行视图 current view",
    "triangulation": "多源比对 triangulation", "normalised": "已规范 normalised",
}
_CLASS = {"gate": "关口 gate", "exact": "精确 exact", "range": "范围 range", "statistical": "统计 statistical", "": "读取 reader"}
_BAR = 0.001  # of a prefecture's month


def as_markdown(scored: Scored) -> str:
    """The page: what was measured, faults by kind, what is missed, rules, false alarms of clean provinces."""
    return "\n\n".join([_head(scored), _by_kind(scored), _missed(scored), _by_rule(scored), _clean(scored)]) + "\n"


def as_data(scored: Scored) -> dict[str, Any]:
    """The same for machines."""
    asked = scored.asked
    return {
        "seed": asked.seed, "seeds": asked.seeds, "enterprises": asked.enterprises, "months": asked.months, "faults": asked.faults,
        "recall": scored.board.recall, "not_planted": dict(sorted(scored.board.unplanted.items())),
        "rules": [
            {"check_id": r.check_id, "planted": r.planted, "following": r.following, "false": r.false, "expected": r.expected, "told": r.told,
             "precision": r.precision, "recall": r.recall, "missed_tco2e": float(r.missed_tco2e)}
            for r in scored.board.rules.values()
        ],
        "faults_planted": [
            {"kind": f.kind.kind, "outcome": f.kind.outcome, "file": f.file, "uscc": f.uscc, "period": f.period, "rows": sorted(f.rows),
             "caught": f.caught, "missed_tco2e": float(f.missed_tco2e), "missed_share": f.missed_share}
            for f in scored.board.faults
        ],
        "false_alarms": dict(sorted(false_alarms(scored.clean.values()).items())),
        "enterprise_years": sum(evidence.enterprise_years for evidence in scored.clean.values()),
    }


def _command(scored: Scored) -> str:
    asked = scored.asked
    return (
        f"carbon gates score --seed {asked.seed} --seeds {asked.seeds} --enterprises {asked.enterprises} --months {asked.months} "
        f"--faults {asked.faults} --write"
    )


def _head(scored: Scored) -> str:
    board = scored.board
    above = board.above(_BAR)
    missed = sum((fault.missed_tco2e for fault in above), start=type(board.faults[0].missed_tco2e)(0)) if board.faults else 0
    due = sum(fault.kind.outcome == "caught" for fault in board.faults)
    return f"""# 关口成绩单 | How good the gates are

<!-- written by `{_command(scored)}`: do not edit -->

全部为**演示数据**：同一种子生成无故障与有故障两个演示省，各运行一夜，逐条核对埋设的故障。命令 `{_command(scored)}`，种子 {scored.asked.seed}。
All data are **synthetic**: the same seed makes a province without faults and one with them, the night runs over both, and every planted fault is looked for. A fault is
caught where a finding stands on its row or file, or where a rule that is named for its kind tells the enterprise in the month that follows (or in the year, for a rule on years).
Tonnes missed = direct emission stated differently in the two releases, for faults that nothing told.

- 应发现的故障 faults that should be caught: {due}; 发现 caught: {board.recall:.1%} (目标 bar 99 %)
- 未发现且超过市州月排放 0.1 % not caught and above 0.1 % of a prefecture's month: {len(above)}, {missed:,.0f} tCO2e (目标 bar 0)"""


def _by_kind(scored: Scored) -> str:
    groups: dict[str, list[Fault]] = defaultdict(list)
    for fault in scored.board.faults:
        groups[fault.kind.kind].append(fault)
    lines = ["## 按故障种类 | By kind of fault", "",
             "| 种类 kind | 说明 what | 埋设 planted | 发现 caught | 在何处 where | 规则 rules | 漏掉 missed [tCO2e] | 最大占市州月 largest share of a prefecture's month |",
             "|---|---|---|---|---|---|---|---|"]
    for name, kind in load_kinds().items():
        lines.append(_kind_line(name, kind, groups[name], scored.board.unplanted[name]))
    return "\n".join(lines)


def _kind_line(name: str, kind: FaultKind, faults: list[Fault], unplanted: int) -> str:
    where = Counter(catcher for fault in faults for catcher in set(fault.caught.values()))
    rules = sorted({rule for fault in faults for rule in fault.caught})
    caught = "–" if kind.outcome != "caught" else str(sum(bool(fault.caught) for fault in faults))
    label = {"normalised": "（不是错误 no error）", "not_catchable": "（按设计不能发现 not catchable by design）"}.get(kind.outcome, "")
    planted = str(len(faults)) + (f"（{unplanted} 无合适的行 no row fits）" if unplanted else "")
    missed = sum(fault.missed_tco2e for fault in faults)
    return (
        f"| `{name}` | {kind.zh}{label}<br>{kind.en} | {planted} | {caught} | {', '.join(f'{_CATCHER[c]} {where[c]}' for c in CATCHERS if where[c])} "
        f"| {', '.join(f'`{rule}`' for rule in rules)} | {missed:,.0f} | {max((fault.missed_share for fault in faults), default=0.0):.2%} |"
    )


def _missed(scored: Scored) -> str:
    faults = sorted((f for f in scored.board.faults if not f.caught and f.kind.outcome != "normalised"), key=lambda f: (-f.missed_tco2e, f.kind.kind, f.file, f.uscc))
    lines = ["## 未被发现的 | What is not caught", "", "| 种类 kind | 企业与月份 enterprise, month | 漏掉 missed [tCO2e] | 占市州月 share of a prefecture's month | 原因 why |", "|---|---|---|---|---|"]
    for fault in faults:
        why = fault.kind.why or "缺口 | a gap"
        lines.append(f"| `{fault.kind.kind}` | {fault.uscc or fault.file} {fault.period} | {fault.missed_tco2e:,.0f} | {fault.missed_share:.2%} | {why} |")
    return "\n".join(lines if faults else [*lines[:2], "无 none"])


def _by_rule(scored: Scored) -> str:
    lines = ["## 按规则 | By rule", "",
             "埋设行上 = 提示落在埋设的行或文件；连带 = 无故障时没有、落在有故障的企业；其他 = 误报。召回只计须由该规则发现的故障。",
             "On planted rows; following = not there without faults, on an enterprise that carries one; elsewhere = false. Recall counts the faults that this rule has to tell.", "",
             "| 规则 rule | 类别 class | 埋设行上 planted | 连带 following | 其他 elsewhere | 精确率 precision | 应发现 expected | 召回 recall | 漏掉 missed [tCO2e] |",
             "|---|---|---|---|---|---|---|---|---|"]
    idle = []
    for entry in scored.board.rules.values():
        if not (entry.expected or entry.planted or entry.following or entry.false):
            idle.append(f"`{entry.check_id}`")
            continue
        precision = "–" if entry.precision is None else f"{entry.precision:.1%}"
        recall = "–" if entry.recall is None else f"{entry.recall:.1%}"
        lines.append(
            f"| `{entry.check_id}` | {_CLASS[scored.classes.get(entry.check_id, '')]} | {entry.planted} | {entry.following} | {entry.false} | {precision} "
            f"| {entry.expected} | {recall} | {entry.missed_tco2e:,.0f} |"
        )
    return "\n".join([*lines, "", f"没有为其埋设故障、也没有提示的规则 | rules without a planted fault and without a finding ({len(idle)}): {', '.join(idle)}"])


def _clean(scored: Scored) -> str:
    alarms = false_alarms(scored.clean.values())
    years = sum(evidence.enterprise_years for evidence in scored.clean.values())
    seeds = ", ".join(str(seed) for seed in scored.clean)
    lines = ["## 无故障演示省的提示 | Findings of clean provinces", "",
             f"种子 seeds {seeds}; 企业年 enterprise-years: {years}. 精确与代码规则应为 0；统计规则每千企业年至多 1 | exact and code rules: none; statistical rules: at most one in a thousand enterprise-years. 不足 1000 企业年时，0 条不能证明该比例 | below 1000 enterprise-years none found does not prove that rate.", "",
             "| 规则 rule | 类别 class | 提示 findings | 每千企业年 per 1000 enterprise-years |", "|---|---|---|---|"]
    for rule, count in sorted(alarms.items()):
        lines.append(f"| `{rule}` | {_CLASS[scored.classes.get(rule, '')]} | {count} | {1000 * count / years if years else 0:.2f} |")
    return "\n".join(lines if alarms else [*lines[:-2], "无 none"])
