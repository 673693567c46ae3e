"""What `make check` says of contracts, suites and words that are not in order."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from pipelines.contracts.check import faults, of_source, unfilled, unreadable
from pipelines.contracts.published import published_faults
from pipelines.contracts.rules import RuleError, RuleText
from pipelines.contracts.source import Column, ContractError, _known, load_sources
from pipelines.yaml_text import load_yaml


def test_what_the_project_has_is_in_order() -> None:
    assert list(map(str, faults())) == []


def test_a_column_twice_and_a_key_that_is_none_are_named_with_the_file() -> None:
    source = load_sources()["enterprise_output"]
    twice = replace(source, columns=(*source.columns, source.columns[0]), key=(*source.key, "nothing"))
    told = list(map(str, of_source(twice)))
    assert any("enterprise_output.yml" in text and f"{source.columns[0].name!r} names more than one column" in text for text in told)
    assert any("names nothing, which is no column" in text for text in told)


def test_a_header_of_two_columns_is_named() -> None:
    source = load_sources()["enterprise_output"]
    first, second, *rest = source.columns
    shared = replace(source, columns=(first, replace(second, aliases=(*second.aliases, first.zh)), *rest))
    assert [text for text in map(str, of_source(shared)) if repr(first.zh) in text]


@pytest.mark.parametrize(("spec", "told"), [
    ({"marts.nosuch": {"key": [], "columns": []}}, "no model describes table marts.nosuch"),
    ({"quality.batch": {"key": ["batch_id"], "columns": ["batch_id", "nosuch"]}},
     "quality.batch.nosuch is not in dbt_project/models/marts/quality/batch.yml"),
    ({"quality.batch": {"key": ["batch_id"], "columns": ["batch_id", "source", "batch_id"]}}, "quality.batch names column batch_id twice"),
    ({"quality.batch": {"key": ["batch_id"], "order": ["source"], "columns": ["batch_id"]}}, "names source, which is not among its columns"),
])
def test_what_a_release_must_hold_is_what_models_describe(spec: dict, told: str) -> None:
    [found] = map(str, published_faults(spec))
    assert told in found and "published.yml" in found


def test_a_word_that_a_column_does_not_have_and_a_type_that_is_none() -> None:
    with pytest.raises(ContractError, match=r"gas\.yml: column quantity has no as CH4: mend it; a text with a comma needs quotes"):
        _known("gas.yml", {"name": "quantity", "en": "Gas", "as CH4": None}, Column)
    source = load_sources()["enterprise_output"]
    first, *rest = source.columns
    assert any("is of no type 'numbr'" in text for text in map(str, of_source(replace(source, columns=(replace(first, type="numbr"), *rest)))))


def test_a_blank_that_a_skeleton_left_is_named_with_its_line(tmp_path: Path) -> None:
    for file, text in {"expectations/a.yml": "rules:\n  zh: FILL_IN\n  en: FILL_IN\n", "tests/golden/test_a.py": "X = 1\n", "dbt_project/seeds/s.csv": "FILL_IN\n"}.items():
        (tmp_path / file).parent.mkdir(parents=True)
        (tmp_path / file).write_text(text, "utf-8")
    told = [problem.en for problem in unfilled(tmp_path)]
    assert told == [
        "expectations/a.yml:2: 2 lines are still to be filled in (FILL_IN): fill them in",
        "dbt_project/seeds/s.csv:1: 1 lines are still to be filled in (FILL_IN): fill them in",
    ]


def test_a_key_twice_is_no_yaml(tmp_path: Path) -> None:
    path = tmp_path / "seed.yml"
    path.write_text("config:\n  a: 1\nother: 2\nconfig:\n  b: 2\n", "utf-8")
    with pytest.raises(yaml.YAMLError):
        load_yaml(path.read_text("utf-8"))
    [told] = map(str, unreadable([path]))
    assert "seed.yml:4: the key 'config' stands twice" in told
    path.write_text("base: &b {a: 1}\none: {<<: *b, a: 2}\n", "utf-8")
    assert load_yaml(path.read_text("utf-8"))["one"] == {"a": 2}, "a merge may be overridden"


def test_a_rule_without_words_in_one_language_is_named() -> None:
    words = dict.fromkeys(("kind", "severity", "zh", "en", "why_zh", "why_en", "owner", "since", "home"), "x")
    with pytest.raises(RuleError, match=r"R1: .*missing why_en"):
        RuleText("R1", **{**words, "why_en": ""})
