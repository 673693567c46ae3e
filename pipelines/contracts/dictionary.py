"""The data dictionary, written from the contracts, the suites and the marts' YAML (`make dictionary`); a test keeps it equal to them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipelines.contracts.codes import SEEDS, read_rows
from pipelines.contracts.legend import load_legend
from pipelines.contracts.marts import load_marts
from pipelines.contracts.rules import all_rules
from pipelines.contracts.source import Column, Source, load_sources
from pipelines.settings import PROJECT
from pipelines.yaml_text import load_yaml

FOLDER = PROJECT / "docs" / "dictionary"
EXPECTATIONS = PROJECT / "expectations"
_NOTE = "<!-- written by `make dictionary` from the contracts: do not edit -->\n\n"


def _unit(column: Column) -> str:
    return column.unit or (f"见 see `{column.unit_column}`" if column.unit_column else "")


def _values(column: Column) -> str:
    return f"代码表 list `{column.codes}`" if column.codes else column.type


def _source(source: Source) -> str:
    lines = [
        f"## {source.name} · {source.zh} | {source.en}\n",
        f"键 key: {' + '.join(f'`{name}`' for name in source.key)}\n",
        "| 列 column | 中文表头 header | 含义 meaning | 值 values | 单位 unit | 必填 required |",
        "|---|---|---|---|---|---|",
    ]
    for column in source.columns:
        header = "、".join((column.zh, *column.aliases))
        required = "是 yes" if column.required else ""
        lines.append(f"| `{column.name}` | {header} | {column.en} | {_values(column)} | {_unit(column)} | {required} |")
    return "\n".join(lines) + "\n"


def deliveries() -> str:
    """Every source with its columns."""
    sources = [s for s in load_sources().values() if not s.published_only]
    own = [s for s in load_sources().values() if s.published_only]
    return (
        "# 上报数据字典 | Dictionary of deliveries\n\n" + _NOTE
        + "两套表头可混用；空单位表示规范单位。 | Both vocabularies may be mixed; a blank unit means the canonical one.\n\n"
        + "\n".join(_source(s) for s in sources)
        + "\n# 随项目附带的公开表 | Published tables of the project\n\n"
        + "\n".join(_source(s) for s in own)
    )


def marts() -> str:
    """Every published table with its columns, from the YAML beside each model."""
    parts = ["# 发布数据字典 | Dictionary of published tables\n\n" + _NOTE]
    for mart in load_marts().values():
        lines = [f"## {mart.name}\n", f"{mart.description}\n", "| 列 column | 类型 type | 含义 meaning |", "|---|---|---|"]
        lines += [f"| `{c.name}` | {c.type} | {c.description.replace('|', chr(92) + '|')} |" for c in mart.columns.values()]
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def _cell(*texts: Any) -> str:
    return "<br>".join(str(text).replace("|", "\\|") for text in texts if text not in (None, ""))


def _limits(args: dict[str, Any]) -> str:
    low, high = args.get("min_value"), args.get("max_value")
    bounds = f"{'' if low is None else low} … {'' if high is None else high}" if low is not None or high is not None else ""
    return bounds or ", ".join(str(value) for value in args.values())


def _suite_rules(rules: list[dict[str, Any]]) -> str:
    lines = ["| 规则 rule | 级别 severity | 列 column | 条件 when | 限值 limits | 提示 sentence | 依据 why | 责任岗 owner | 自 since |", "|---|---|---|---|---|---|---|---|---|"]
    for rule in rules:
        columns = ", ".join(rule.get("report") or rule.get("columns") or [rule["column"]])
        when = f"`{_cell(rule['when'])}`" if rule.get("when") else ""
        lines.append(
            f"| `{rule['id']}` | {rule['severity']} | {columns} | {when} | {_limits(rule.get('args', {}))} | {_cell(rule['zh'], rule['en'])}"
            f" | {_cell(rule['why_zh'], rule['why_en'])} | {_cell(rule['owner'])} | {rule['since']} |"
        )
    return "\n".join(lines) + "\n"


def rules() -> str:
    """The rule catalogue: suites of the gate, then the rules on the current view."""
    shared = load_yaml((EXPECTATIONS / "_shared.yml").read_text("utf-8"))
    suites = {name: load_yaml((EXPECTATIONS / f"{name}.yml").read_text("utf-8")) for name in load_sources()}
    parts = [
        "# 规则目录 | Catalogue of rules\n\n" + _NOTE
        + "关口判断送来的行（critical 整批退回，warning 该行隔离，info 入库并提示）；现行视图上的规则对照其他批次、以往数据和名录，只提示。\n"
        "The gate judges what arrives (critical refuses the load, warning quarantines the row, info lets it enter with a finding); rules on the current view\n"
        "compare with other deliveries, the past and the register, and only tell.\n"
    ]
    for group, rows in shared.items():
        users = [name for name, suite in suites.items() if group in suite.get("include", [])]
        if group != "owners":
            parts.append(f"## 共用 shared: {group}\n\n用于 taken by: {', '.join(users)}\n\n" + _suite_rules(rows))
    parts += [
        f"## {name} · {load_sources()[name].zh} | {load_sources()[name].en}\n\n" + _suite_rules(suite["rules"])
        for name, suite in suites.items() if suite.get("rules")
    ]
    lines = [
        "## 现行视图上的规则 | Rules on the current view\n",
        "限值在 seed `quality_rule`。 | Limits stand in seed `quality_rule`.\n",
        "| 规则 rule | 类别 kind | 限值 limits | 最少期数 least count | 提示 sentence | 依据 why | 办法 advice | 责任岗 owner | 自 since |", "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in read_rows(SEEDS / "quality_rule.csv"):
        limits = _limits({"min_value": row["lower_limit"] or None, "max_value": row["upper_limit"] or None})
        lines.append(
            f"| `{row['check_id']}` | {row['kind']} | {limits} | {row['least_count']} | {_cell(row['zh'], row['en'])}"
            f" | {_cell(row['why_zh'], row['why_en'])} | {_cell(row['advice_zh'], row['advice_en'])} | {_cell(row['owner'])} | {row['since']} |"
        )
    lines += ["\n## 产品强度范围 | Ranges of product intensities (`P01-product-intensity`)\n",
              "| 产品 product | 指标 measure | 工艺 route | 范围 range | 单位 unit | 含义 meaning | 注 note |", "|---|---|---|---|---|---|---|"]
    lines += [
        f"| {row['product_item']} | {row['measure']} | {row['route']} | {row['lower_limit']} … {row['upper_limit']} | {row['unit']} | {_cell(row['name_zh'], row['name_en'])} | {row['note']} |"
        for row in read_rows(SEEDS / "product_intensity.csv")
    ]
    return "\n".join([*parts, "\n".join(lines) + "\n", _reader_rules()])


def _reader_rules() -> str:
    """What stands in no suite and no seed of limits: reading, the gate as a whole, decisions."""
    told = [rule for rule in all_rules().values() if rule.kind != "gate" and rule.home not in _LISTED]
    lines = [
        "## 读取、整批判断与处置决定的规则 | Rules of reading, of the load and of decisions\n",
        "| 规则 rule | 级别 severity | 提示 sentence | 依据 why | 责任岗 owner | 自 since | 所在 home |", "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| `{rule.check_id}` | {rule.severity} | {_cell(rule.zh, rule.en)} | {_cell(rule.why_zh, rule.why_en)} | {_cell(rule.owner)} | {rule.since} | `{rule.home}` |"
        for rule in told
    ]
    return "\n".join(lines) + "\n"


_LISTED = ("dbt_project/seeds/quality_rule.csv",)   # have tables of their own


_TOLD_ELSEWHERE = ("source", "rule")   # each has a page of its own


def legend() -> str:
    """Every enumeration of the published tables with its words."""
    parts = ["# 代码表 | Legend\n\n" + _NOTE + "各列代码的含义；已发布文件中为 `reference.legend`。 | What the codes of the columns mean; in the published file `reference.legend`.\n"]
    for found in (found for name, found in load_legend().items() if name not in _TOLD_ELSEWHERE):
        used = ", ".join(f"`{column}`" for column in found.columns)
        lines = [f"## {found.name} · {found.zh} | {found.en}\n", f"出处 home: `{found.home}`" + (f"；用于 used in: {used}" if used else "") + "\n", "| 代码 code | 含义 | meaning |", "|---|---|---|"]
        lines += [f"| `{_cell(code)}` | {_cell(said.zh)} | {_cell(said.en)} |" for code, said in found.codes.items()]
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def pages() -> dict[Path, str]:
    """File -> text of the dictionary."""
    return {FOLDER / "deliveries.md": deliveries(), FOLDER / "marts.md": marts(), FOLDER / "rules.md": rules(), FOLDER / "legend.md": legend()}


def main() -> None:
    for path, text in pages().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
