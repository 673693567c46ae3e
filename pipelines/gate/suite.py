"""The suites: one YAML file per source in `expectations/`, text that a steward reads and changes.

A suite takes groups of shared rules from `_shared.yml` (`include`) and adds its own. Each rule becomes one or more
expectations of Great Expectations; `columns` repeats a rule for several columns.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from pipelines.yaml_text import load_yaml

SEVERITIES = ("critical", "warning", "info")
_RULE_KEYS = {
    "id", "expect", "column", "columns", "args", "when", "severity", "zh", "en", "why_zh", "why_en",
    "advice_zh", "advice_en", "owner", "since", "report", "names_columns", "waits",
}
_TEXT_KEYS = ("zh", "en", "why_zh", "why_en", "advice_zh", "advice_en", "owner", "since")


@dataclass(frozen=True)
class Rule:
    """One rule of a suite.

    Attributes:
        id: stable name, e.g. `R10-stock-balance`; severity: critical refuses the load, warning quarantines the row,
            info lets it enter with a finding.
        expect, column, args, when: the expectation, its column, its limits and its row condition (pandas syntax).
        zh, en: the sentence; why_*: standard and clause or reason; advice_*: what the reporter should do.
        names_columns: the checked column holds the names of the offending columns, joined by `;`.
        report: delivered columns that a finding cites, when it is not the checked column itself.
        waits: evidence column with the moment from which the row is in order (null = not yet).
    """

    id: str
    expect: str
    column: str
    args: dict[str, Any] = field(hash=False)
    when: str | None
    severity: str
    zh: str
    en: str
    why_zh: str
    why_en: str
    advice_zh: str
    advice_en: str
    owner: str
    since: str
    names_columns: bool = False
    report: tuple[str, ...] = ()
    waits: str | None = None


@dataclass(frozen=True)
class Suite:
    """All rules of one source; the version is the hash of the text that they were read from."""

    source: str
    version: str
    rules: tuple[Rule, ...]


class SuiteError(ValueError):
    """A suite file that is not in order: says which rule and what is missing."""


@cache
def load_suite(folder: Path, source: str) -> Suite:
    """Read the suite of a source. Raises SuiteError with the rule that is not in order."""
    path = folder / f"{source}.yml"
    shared_text, text = _text(folder / "_shared.yml"), _text(path)
    shared, own = _mapping(shared_text, "_shared.yml"), _mapping(text, path.name)
    if unknown := [group for group in own.get("include", []) if group not in shared]:
        raise SuiteError(f"{path.name}: no group {', '.join(unknown)} in _shared.yml")
    raw = [rule for group in own.get("include", []) for rule in shared[group]] + own.get("rules", [])
    rules = [rule for spec in raw for rule in _rules(spec, path.name)]
    _consistent(rules, path.name)
    version = hashlib.sha256((shared_text + text).encode()).hexdigest()[:12]
    return Suite(source, version, tuple(rules))


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except OSError as error:
        raise SuiteError(f"{path.name}: cannot be read ({error.strerror})") from error


def _mapping(text: str, file: str) -> dict[str, Any]:
    try:
        value = load_yaml(text)
    except yaml.YAMLError as error:
        raise SuiteError(f"{file}: no YAML ({error})") from error
    if not isinstance(value, dict):
        raise SuiteError(f"{file}: no mapping")
    return value


def _consistent(rules: list[Rule], file: str) -> None:
    """One severity an id, and no rule twice: a result is named by its id alone."""
    places = [(rule.id, rule.column, rule.when) for rule in rules]
    if twice := sorted({place[0] for place in places if places.count(place) > 1}):
        raise SuiteError(f"{file}: {', '.join(twice)} occurs twice for one column and condition")
    severities = {(rule.id, rule.severity) for rule in rules}
    ids = [rule_id for rule_id, _ in severities]
    if mixed := sorted({rule_id for rule_id in ids if ids.count(rule_id) > 1}):
        raise SuiteError(f"{file}: {', '.join(mixed)} has two severities")


def _rules(spec: dict[str, Any], file: str) -> list[Rule]:
    name = f"{file}: {spec.get('id', '?')}"
    if unknown := set(spec) - _RULE_KEYS:
        raise SuiteError(f"{name}: unknown key {', '.join(sorted(unknown))}")
    if missing := [key for key in ("id", "expect", "severity", *_TEXT_KEYS) if not spec.get(key)]:
        raise SuiteError(f"{name}: {', '.join(missing)} missing")
    if spec["severity"] not in SEVERITIES:
        raise SuiteError(f"{name}: severity {spec['severity']}")
    columns = spec.get("columns") or [spec.get("column")]
    if None in columns:
        raise SuiteError(f"{name}: column missing")
    return [
        Rule(
            id=spec["id"], expect=spec["expect"], column=column, args=dict(spec.get("args", {})),
            when=spec.get("when"), severity=spec["severity"],
            names_columns=bool(spec.get("names_columns")), report=tuple(spec.get("report", ())),
            waits=spec.get("waits"), **{key: str(spec[key]) for key in _TEXT_KEYS},
        )
        for column in columns
    ]
