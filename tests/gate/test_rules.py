"""Every rule of every suite catches what it is for and passes what is in order."""

from __future__ import annotations

import csv
import math
import string
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import polars as pl
import pytest

from pipelines.contracts.codes import load_fuels
from pipelines.contracts.source import load_sources
from pipelines.gate.delivery import Delivery
from pipelines.gate.evidence import add_evidence
from pipelines.gate.expect import evaluate, failing_sql
from pipelines.gate.judge import InMemory, judge
from pipelines.gate.standard import Standard
from pipelines.gate.verdict import Judgement
from pipelines.ingest.read import read_file
from pipelines.settings import PROJECT

from .cases import SYNTHETIC, Case, all_cases, base_row, delivery, known_enterprises, rows_of, suite_of

SOURCES = list(load_sources())
PUBLISHED = PROJECT / "data" / "raw" / "published"


def _ids(judgement: Judgement[InMemory]) -> set[str]:
    return {finding.check_id for finding in judgement.load.findings}


@pytest.mark.parametrize("case", all_cases(), ids=lambda case: case.id)
def test_rule_catches(case: Case, verdict: Callable[[str, str, str], Judgement[InMemory]]) -> None:
    judgement = verdict(case.source, case.id, "catch")
    found = [f for f in judgement.load.findings if f.check_id == case.rule]
    assert found, f"{case.rule} did not catch; found {_ids(judgement)}"
    assert {f.severity for f in found} == {case.severity}
    assert {check["passed"] for check in judgement.checks if check["check_id"] == case.rule} == {0}
    entered = set(judgement.load.accepted["row_no"].to_list()) if judgement.refused_by is None else set()
    at_once = {
        row_no for row_no in entered
        if judgement.load.accepted.filter(pl.col("row_no") == row_no)["known_at"][0] <= judgement.delivery.received_at
    }
    for finding in found:
        assert (finding.row_no in at_once) == (case.severity == "info")


@pytest.mark.parametrize("case", all_cases(), ids=lambda case: case.id)
def test_rule_passes(case: Case, verdict: Callable[[str, str, str], Judgement[InMemory]]) -> None:
    judgement = verdict(case.source, case.id, "pass")
    assert case.rule not in _ids(judgement)
    assert judgement.refused_by is None
    wrong = [f for f in judgement.load.findings if f.severity != "info"]
    assert not wrong, f"the passing row breaks another rule: {wrong}"


@pytest.mark.parametrize("source", SOURCES)
def test_every_rule_has_rows_to_catch_and_rows_to_pass(source: str) -> None:
    cases = [case for case in all_cases() if case.source == source]
    assert {case.rule for case in cases} == {rule.id for rule in suite_of(source).rules}
    assert all(case.catch and case.passing for case in cases)


@pytest.mark.parametrize("source", SOURCES)
def test_every_expectation_has_a_row_that_it_catches(source: str) -> None:
    """Not only every id: every column and every condition of it."""
    frames = []
    for case in all_cases():
        if case.source == source:
            rows = delivery(source, rows_of(source, case.catch), case.id).rows
            assert rows is not None
            frames.append(rows.with_columns(
                pl.lit(case.id).alias("batch_id"), pl.lit(datetime(2025, 12, 15)).cast(pl.Datetime("us")).alias("received_at"),
                pl.lit(False).alias("is_synthetic"),
            ))
    frame = add_evidence(pl.concat(frames).with_row_index("_row"), load_sources()[source], known_enterprises())
    outcomes = evaluate(source, frame, suite_of(source).rules)
    assert [o.rule.id for o in outcomes if o.error] == []
    assert [(o.rule.id, o.rule.column, o.rule.when) for o in outcomes if not o.rows] == []


@pytest.mark.parametrize("source", SOURCES)
def test_a_clean_row_has_no_finding(source: str) -> None:
    (judgement,) = judge(Standard(load_sources()[source], suite_of(source), known_enterprises(), 0.5), [delivery(source, [base_row(source)])])
    assert judgement.load.findings == []
    assert len(judgement.load.accepted) == 1
    assert all(check["passed"] for check in judgement.checks)


@pytest.mark.parametrize("source", SOURCES)
def test_sentences_cite_only_what_a_row_has(source: str) -> None:
    rows = delivery(source, [base_row(source)]).rows
    assert rows is not None
    frame = add_evidence(
        rows.with_columns(pl.lit("b").alias("batch_id"), pl.lit(datetime(2025, 1, 1)).alias("received_at"), pl.lit(False).alias("is_synthetic")),
        load_sources()[source], known_enterprises(),
    )
    for rule in suite_of(source).rules:
        citable = {*frame.columns, *rule.args, "column", "column_zh", "value", "hint_zh", "hint_en"}
        for text in (rule.zh, rule.en):
            fields = {name for _, name, _, _ in string.Formatter().parse(text) if name}
            assert fields <= citable, f"{rule.id}: {fields - citable}"
        assert not any(mark in rule.advice_zh + rule.advice_en + rule.why_zh + rule.why_en for mark in "{}"), rule.id
        if rule.waits:
            assert rule.waits in frame.columns


def test_no_finding_shows_a_mark_instead_of_a_value(verdict: Callable[[str, str, str], Judgement[InMemory]]) -> None:
    for case in all_cases():
        for finding in verdict(case.source, case.id, "catch").load.findings:
            assert not set("{}") & set(finding.message_zh + finding.message_en), finding


def test_suites_and_sources_are_the_same_list() -> None:
    folder = PROJECT / "expectations"
    assert {path.stem for path in folder.glob("[a-z]*.yml")} == set(SOURCES)


def _fuel_defaults() -> dict[tuple[str, str], dict[str, dict[str, str]]]:
    """(fuel code, set) -> kind -> row of the published table."""
    defaults: dict[tuple[str, str], dict[str, dict[str, str]]] = {}
    with (PUBLISHED / "emission_factor" / "fuel.csv").open(encoding="utf-8", newline="") as handle:
        for row in csv.DictReader(handle):
            defaults.setdefault((row["item"], row["method_version"]), {})[row["kind"]] = row
    return defaults


def _rows_of_defaults() -> list[dict[str, str]]:
    names: dict[str, list[str]] = {}
    for name, fuel in load_fuels().items():
        names.setdefault(fuel["fuel_code"], []).append(name)
    # the value of unmeasured power-plant coal applies to coal of any kind; its calorific value is that of hard coal
    names["coal_power_unmeasured"] = ["无烟煤", "一般烟煤"]
    rows = []
    for (code, factor_set), kinds in _fuel_defaults().items():
        for energy in names[code]:
            row = {"energy": energy, "stream": f"{code} {factor_set}", "fossil_share": "", "parameter_basis": "缺省"}
            if load_fuels()[energy]["is_parent"] == "true":
                row["uscc"] = "B"   # a parent beside its children would be quarantined for that
            for kind, column in (("ncv", "ncv"), ("carbon_content", "carbon_content"), ("oxidation", "oxidation_rate")):
                row[column] = kinds[kind]["value"] if kind in kinds else ""
            row["unit"] = ""
            rows.append(base_row("enterprise_energy", row))
    return rows


def test_no_official_default_breaches_a_rule() -> None:
    rows = _rows_of_defaults()
    assert len(rows) > 90
    (judgement,) = judge(
        Standard(load_sources()["enterprise_energy"], suite_of("enterprise_energy"), known_enterprises(), 0.0), [delivery("enterprise_energy", rows)]
    )
    assert [(f.check_id, rows[f.row_no - 2]["stream"], f.message_en) for f in judgement.load.findings] == []


@pytest.mark.parametrize("source", [source for source in SOURCES if (PUBLISHED / source).is_dir()])
def test_published_tables_pass_their_suites(source: str) -> None:
    contract = load_sources()[source]
    deliveries = []
    for path in sorted((PUBLISHED / source).glob("*.csv")):
        read = read_file(path, contract)
        deliveries.append(
            Delivery(path.name, contract, datetime(2026, 1, 1), False, True, rows=read.typed.frame)
        )
    for judgement in judge(Standard(contract, suite_of(source), known_enterprises(), 0.5), deliveries):
        assert [f for f in judgement.load.findings if f.severity != "info"] == []
        assert len(judgement.load.accepted) == judgement.delivery.rows_received


def test_synthetic_codes_pass_for_synthetic_deliveries_only() -> None:
    rows = [base_row("enterprise_output", {"uscc": SYNTHETIC})]
    for synthetic in (True, False):
        (judgement,) = judge(
            Standard(load_sources()["enterprise_output"], suite_of("enterprise_output"), known_enterprises(), 0.5),
            [delivery("enterprise_output", rows, synthetic=synthetic)],
        )
        assert (judgement.refused_by is None) == synthetic


def test_the_sql_of_a_rule_names_what_great_expectations_names() -> None:
    """The rows that a limit names in a bulk file are fetched by SQL: on every limit of the suites, and just beside it."""
    rules = {(rule.expect, repr(rule.args)): rule for source in load_sources() for rule in suite_of(source).rules if failing_sql(rule, "value") is not None}
    strict = [replace(rule, args={**rule.args, "strict_min": True, "strict_max": True}) for rule in rules.values() if rule.args]
    limits = sorted({float(rule.args[name]) for rule in rules.values() for name in ("min_value", "max_value") if rule.args.get(name) is not None})
    values = [None, *sorted({value for limit in limits for value in (limit, math.nextafter(limit, math.inf), math.nextafter(limit, -math.inf))})]
    tried = tuple(replace(rule, column=f"value_{number}", when=None) for number, rule in enumerate([*rules.values(), *strict]))
    frame = pl.DataFrame({"_row": range(len(values)), **{rule.column: pl.Series(values, dtype=pl.Float64) for rule in tried}})
    assert len(limits) > 10 and len(tried) > 15
    for outcome in evaluate("sql", frame, tried):
        condition = pl.sql_expr(failing_sql(outcome.rule, outcome.rule.column) or "")
        assert outcome.error is None and list(outcome.rows) == frame.filter(condition)["_row"].to_list(), outcome.rule
