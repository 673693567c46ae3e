"""Suites are text that a steward changes: a slip in it is named, and never silently another rule."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from pipelines.contracts.source import load_sources
from pipelines.gate.suite import SuiteError, load_suite
from pipelines.settings import PROJECT

RULE = {
    "id": "R1", "expect": "expect_column_values_to_be_between", "column": "a", "args": {"min_value": 0}, "severity": "warning",
    "zh": "负", "en": "negative", "why_zh": "定义", "why_en": "definition", "advice_zh": "改", "advice_en": "correct",
    "owner": "岗 | desk", "since": "2026-11-22",
}


def _load(folder: Path, *rules: dict, include: tuple[str, ...] = (), shared: dict | None = None) -> object:
    (folder / "_shared.yml").write_text(yaml.safe_dump(shared or {"group": [RULE]}, allow_unicode=True), "utf-8")
    (folder / "x.yml").write_text(yaml.safe_dump({"include": list(include), "rules": list(rules)}, allow_unicode=True), "utf-8")
    return load_suite(folder, "x")


@pytest.mark.parametrize(("rules", "words"), [
    ([{**RULE, "serverity": "info"}], "unknown key serverity"),
    ([{k: v for k, v in RULE.items() if k != "advice_zh"}], "advice_zh missing"),
    ([{k: v for k, v in RULE.items() if k != "column"}], "column missing"),
    ([{**RULE, "severity": "error"}], "severity error"),
    ([RULE, RULE], "R1 occurs twice"),
    ([RULE, {**RULE, "column": "b", "severity": "info"}], "R1 has two severities"),
], ids=lambda value: value if isinstance(value, str) else "")
def test_a_slip_in_a_suite_is_named(tmp_path: Path, rules: list[dict], words: str) -> None:
    with pytest.raises(SuiteError, match=words):
        _load(tmp_path, *rules)


def test_a_group_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match="no group nothing"):
        _load(tmp_path, include=("nothing",))


def test_a_missing_or_broken_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match=r"_shared\.yml: cannot be read"):
        load_suite(tmp_path / "a", "x")
    (tmp_path / "_shared.yml").write_text("a: [", "utf-8")
    (tmp_path / "x.yml").write_text("rules: []", "utf-8")
    with pytest.raises(SuiteError, match=r"_shared\.yml: no YAML"):
        load_suite(tmp_path, "x")
    (tmp_path / "y").mkdir()
    (tmp_path / "y" / "_shared.yml").write_text("- 1", "utf-8")
    (tmp_path / "y" / "x.yml").write_text("rules: []", "utf-8")
    with pytest.raises(SuiteError, match="no mapping"):
        load_suite(tmp_path / "y", "x")


def test_columns_repeat_a_rule_and_a_changed_limit_is_another_version(tmp_path: Path) -> None:
    one, two = tmp_path / "1", tmp_path / "2"
    one.mkdir()
    two.mkdir()
    first = _load(one, {**RULE, "id": "R2", "columns": ["a", "b"]}, include=("group",))
    second = _load(two, {**RULE, "id": "R2", "columns": ["a", "b"], "args": {"min_value": 1}}, include=("group",))
    assert [(rule.id, rule.column) for rule in first.rules] == [("R1", "a"), ("R2", "a"), ("R2", "b")]  # type: ignore[attr-defined]
    assert first.version != second.version  # type: ignore[attr-defined]


@pytest.mark.parametrize("source", list(load_sources()))
def test_every_rule_says_what_why_and_what_to_do_in_both_languages(source: str) -> None:
    suite = load_suite(PROJECT / "expectations", source)
    assert suite.rules
    for rule in suite.rules:
        for text in (rule.zh, rule.why_zh, rule.advice_zh):
            assert any("一" <= character <= "鿿" for character in text), f"{rule.id}: {text}"
        for text in (rule.en, rule.why_en, rule.advice_en):
            assert any(character.isascii() and character.isalpha() for character in text), f"{rule.id}: {text}"
        assert " | " in rule.owner
        assert len(rule.since) == 10
        assert set(rule.report) <= {column.name for column in load_sources()[source].columns} | {"period", "year", "ts"}
