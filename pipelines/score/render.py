"""The scoreboard as Markdown (docs/gates-score.md) and as data."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from pipelines.demo.kinds import FaultKind, load_kinds
from pipelines.score.card import CATCHERS, Fault, bars, false_alarms
from pipelines.score.offices import HELD, REFUSED, RIGHT, WRONG, Outcome, office_bars
from pipelines.score.run import Scored, catalogue, unplanted_rules

_CATCHER = {
    "reader": "读取 reader", "gate": "关口 gate", "dbt_test": "dbt 测试 dbt test", "current_view": "现行视图 current view",
    "triangulation": "多源比对 triangulation", "normalised": "已规范 normalised",
}
_RESULT = {RIGHT: "读对或已提示 right", HELD: "扣下并说明 held", WRONG: "**悄悄错 silently wrong**", REFUSED: "**不必要的退回 needlessly refused**"}
_CLASS = {"gate": "关口 gate", "exact": "精确 exact", "range": "范围 range", "statistical": "统计 statistical", "": "读取 reader"}


def as_markdown(scored: Scored) -> str:
    """The page: what was measured, faults by kind, what is missed, rules, false alarms of clean provinces."""
    return "\n\n".join([_head(scored), _by_kind(scored), _missed(scored), _by_rule(scored), _clean(scored), _catalogue(), *_offices(scored)]) + "\n"


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
        "bars": [{"zh": bar.zh, "en": bar.en, "measured": bar.measured, "met": bar.met} for bar in bars(scored.board, scored.clean.values(), scored.classes)],
        "offices": [{"case": o.case.name, "kind": o.case.kind, "result": o.result, "why": list(o.why)} for o in scored.offices],
        "office_bars": [{"zh": bar.zh, "en": bar.en, "measured": bar.measured, "met": bar.met} for bar in office_bars(scored.offices)],
        "enterprise_years": sum(evidence.enterprise_years for evidence in scored.clean.values()),
    }


def _command(scored: Scored) -> str:
    asked = scored.asked
    return (
        f"carbon gates score --seed {asked.seed} --seeds {asked.seeds} --enterprises {asked.enterprises} --months {asked.months} "
        f"--faults {asked.faults} --write"
    )


def _head(scored: Scored) -> str:
    measured = bars(scored.board, scored.clean.values(), scored.classes)
    due = sum(fault.kind.outcome == "caught" for fault in scored.board.faults)
    lines = "\n".join(f"| {bar.zh}<br>{bar.en} | {bar.measured} | {'达到 met' if bar.met else '**未达到 not met**'} |" for bar in measured)
    return f"""# 关口成绩单 | How good the gates are

<!-- written by `{_command(scored)}`: do not edit -->

全部为**演示数据**：同一种子生成无故障与有故障两个演示省，各运行一夜，逐条核对埋设的故障。命令 `{_command(scored)}`，种子 {scored.asked.seed}。
All data are **synthetic**: the same seed makes a province without faults and one with them, the night runs over both, and every planted fault is looked for. A fault is
caught where a finding stands on its row or file, or where a rule that is named for its kind tells the enterprise in the month that follows (or in the year, for a rule on years).
Tonnes missed = direct emission stated differently in the two releases, for faults that nothing told.

应发现的故障 faults that should be caught: {due}

| 目标 bar | 测得 measured | |
|---|---|---|
{lines}"""


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
    reasons = unplanted_rules()
    lines += ["", f"没有为其埋设故障的规则 | rules without a planted fault ({len(reasons)}):", ""]
    lines += [f"- `{rule}`: {why['zh']} | {why['en']}" for rule, why in sorted(reasons.items())]
    left = [rule for rule in idle if rule.strip("`") not in reasons]
    return "\n".join([*lines, "", f"其余没有提示的 others that told nothing ({len(left)}): {', '.join(left) or '无 none'}"])


def _clean(scored: Scored) -> str:
    alarms = false_alarms(scored.clean.values())
    years = sum(evidence.enterprise_years for evidence in scored.clean.values())
    seeds = ", ".join(str(seed) for seed in scored.clean)
    chance = sorted(rule for rule, kind in scored.classes.items() if kind == "statistical")
    lines = ["## 无故障演示省的提示 | Findings of clean provinces", "",
             f"种子 seeds {seeds}; 企业年 enterprise-years: {years}. 统计规则逐条列出 | statistical rules are listed one by one.", "",
             "| 规则 rule | 类别 class | 提示 findings | 每千企业年 per 1000 enterprise-years |", "|---|---|---|---|"]
    for rule in sorted({*alarms, *chance}):
        lines.append(f"| `{rule}` | {_CLASS[scored.classes.get(rule, '')]} | {alarms[rule]} | {1000 * alarms[rule] / years if years else 0:.2f} |")
    return "\n".join(lines)


def _catalogue() -> str:
    lines = ["## 规则目录的编号在哪里 | Where the numbers of the catalogue live", "", "| 编号 number | 规则与测试 rules and tests | 说明 note |", "|---|---|---|"]
    for number, entry in catalogue().items():
        homes = [f"`{name}`" for name in (*entry.get("rules", ()), *entry.get("tests", ()))]
        lines.append(f"| {number} | {', '.join(homes)} | {entry.get('note', '').replace(' | ', '<br>')} |")
    return "\n".join(lines)


def _offices(scored: Scored) -> list[str]:
    """The part on faults that others made, which is never mixed with the planted ones."""
    if not scored.offices:
        return []
    by_kind: dict[str, Counter[str]] = defaultdict(Counter)
    for outcome in scored.offices:
        by_kind[outcome.case.kind][outcome.result] += 1
    lines = [
        "## 别人的差错 | Faults that others made", "",
        f"另一类证据，不计入上表：{len(scored.offices)} 份小上报，仿照公开的数据质量通报和各单位的实际写法，数据全部虚构（`pipelines/score/offices`），各有正确答案。",
        f"Evidence of another kind, not part of the tables above: {len(scored.offices)} small deliveries modelled on public data-quality reports and on how offices write, all data invented"
        " (`pipelines/score/offices`), each with its right answer.", "",
        "| 目标 bar | 测得 measured | |", "|---|---|---|",
        *(f"| {bar.zh}<br>{bar.en} | {bar.measured} | {'达到 met' if bar.met else '**未达到 not met**'} |" for bar in office_bars(scored.offices)), "",
        "| 种类 kind | 份数 cases | 读对或已提示 read right, or told | 扣下并说明 held with the reason | 悄悄错 silently wrong | 不必要的退回 needlessly refused |", "|---|---|---|---|---|---|",
        *(f"| `{kind}` | {found.total()} | {found[RIGHT]} | {found[HELD]} | {found[WRONG]} | {found[REFUSED]} |" for kind, found in sorted(by_kind.items())), "",
        "| 编号 case | 种类 kind | 习惯 habit | 结果 result |", "|---|---|---|---|",
        *(f"| `{o.case.name}` | `{o.case.kind}` | {o.case.zh}<br>{o.case.en} | {_RESULT[o.result]}{_why(o)} |" for o in scored.offices),
    ]
    return ["\n".join(lines)]


def _why(outcome: Outcome) -> str:
    return f"<br>{'; '.join(outcome.why)}" if outcome.result in (WRONG, REFUSED) else ""
