"""The list of all rules: every check that a finding can name, with its words, its reason, who answers for it, and its home.

The homes stay where they are: suites (`expectations/<source>.yml`), limits on the current view (seed `quality_rule`), what becomes of
decisions (seed `decision_state`), and what reading and the gate as a whole say (`expectations/_reader.yml`). Whoever needs all of them
(the dictionary, the pages, the scoreboard) asks here.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from pipelines.contracts.codes import SEEDS, read_rows
from pipelines.contracts.source import load_sources
from pipelines.settings import PROJECT
from pipelines.yaml_text import load_yaml

EXPECTATIONS = PROJECT / "expectations"


class RuleError(ValueError):
    """A rule that is not in order: says where it stands and what is missing."""


@dataclass(frozen=True)
class RuleText:
    """One rule as it is told.

    Attributes:
        kind: gate (of a suite), reader (of `_reader.yml`), or as in `quality_rule`: exact, range, statistical;
        zh, en: the sentence, with {values} of the row or the file; home: the file in which it stands.
    """

    check_id: str
    kind: str
    severity: str
    zh: str
    en: str
    why_zh: str
    why_en: str
    owner: str
    since: str
    home: str

    def __post_init__(self) -> None:
        if missing := [name for name, value in vars(self).items() if not value]:
            raise RuleError(f"{self.home}: {self.check_id}: 缺少 missing {', '.join(missing)}")


@cache
def reader_rules() -> dict[str, RuleText]:
    """The rules of `_reader.yml`. Raises RuleError where one lacks a word."""
    text = load_yaml((EXPECTATIONS / "_reader.yml").read_text("utf-8"))
    words = ("severity", "zh", "en", "why_zh", "why_en", "home")
    return {
        check_id: RuleText(check_id, rule.get("kind", "reader"), **{name: str(rule.get(name, "")) for name in words}, owner=text["owner"], since=text["since"])
        for check_id, rule in text["rules"].items()
    }


def said(check_id: str, **values: Any) -> tuple[str, str]:
    """What a rule of `_reader.yml` says of these values, in both languages."""
    rule = reader_rules()[check_id]
    return rule.zh.format(**values), rule.en.format(**values)


@cache
def all_rules() -> dict[str, RuleText]:
    """Every rule by its id, in order. Raises RuleError where one lacks a word, or stands in two homes."""
    return joined(_suite_rules(), _seed_rules(), reader_rules())


def joined(*lists: dict[str, RuleText]) -> dict[str, RuleText]:
    """Several lists of rules as one. Raises RuleError where two have the same rule."""
    found: dict[str, RuleText] = {}
    for rules in lists:
        if twice := sorted(found.keys() & rules.keys()):
            raise RuleError(f"{rules[twice[0]].home}: {twice[0]}: 已在 {found[twice[0]].home} 中定义，须另编号 already stands there, give it another number")
        found |= rules
    return dict(sorted(found.items()))


def _suite_rules() -> dict[str, RuleText]:
    names = ["_shared", *load_sources()]
    texts = {name: load_yaml((EXPECTATIONS / f"{name}.yml").read_text("utf-8")) for name in names}
    rules = [(rule, "_shared") for group, rows in texts["_shared"].items() if isinstance(rows, list) for rule in rows if isinstance(rule, dict)]
    rules += [(rule, name) for name in load_sources() for rule in texts[name].get("rules", [])]
    words = ("severity", "zh", "en", "why_zh", "why_en", "owner", "since")
    return {
        rule["id"]: RuleText(rule["id"], "gate", **{name: str(rule.get(name, "")) for name in words}, home=f"expectations/{name_of}.yml")
        for rule, name_of in rules
    }


def _seed_rules() -> dict[str, RuleText]:
    words = ("zh", "en", "why_zh", "why_en", "owner", "since")
    found = {
        row["check_id"]: RuleText(row["check_id"], row["kind"], "info", **{name: row[name] for name in words}, home="dbt_project/seeds/quality_rule.csv")
        for row in read_rows(SEEDS / "quality_rule.csv")
    }
    reader = load_yaml((EXPECTATIONS / "_reader.yml").read_text("utf-8"))
    why = reader["decisions"]
    for row in read_rows(SEEDS / "decision_state.csv"):
        if row["check_id"]:
            first = found.get(row["check_id"])
            zh, en = (f"{first.zh}；{row['message_zh']}", f"{first.en}; {row['message_en']}") if first else (row["message_zh"], row["message_en"])
            found[row["check_id"]] = RuleText(
                row["check_id"], "exact", "info", zh, en, why["why_zh"], why["why_en"], reader["owner"], reader["since"], "dbt_project/seeds/decision_state.csv"
            )
    return found
