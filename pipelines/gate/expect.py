"""The one place that knows Great Expectations. Imported lazily: its import costs seconds."""

from __future__ import annotations

import logging
import re
import warnings
from dataclasses import dataclass
from functools import cache
from typing import Any

import polars as pl

from pipelines.gate.suite import Rule

# Rows that are a pandas frame at one time: text in pandas takes many times its size.
_ROWS_A_PART = 200_000


@dataclass(frozen=True)
class Outcome:
    """Result of one rule on one frame: the failing `_row` numbers, or an error that kept it from being evaluated."""

    rule: Rule
    rows: tuple[int, ...]
    error: str | None = None


@cache
def _context() -> Any:
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    return context


@cache
def _rows() -> Any:
    # defined once: each new definition writes the whole context anew
    return _context().data_sources.add_pandas("gate").add_dataframe_asset(name="rows").add_batch_definition_whole_dataframe("rows")


def _batch(frame: Any) -> Any:
    return _rows().get_batch({"dataframe": frame})


def evaluate(name: str, frame: pl.DataFrame, rules: tuple[Rule, ...]) -> list[Outcome]:
    """Evaluate rules on a frame that has a column `_row`, in the order of the rules.

    An expectation that could not be evaluated comes back with `error`: it is never a pass.
    """
    needed = frame.select([c for c in frame.columns if c == "_row" or c in _columns(rules)])
    parts = [_evaluate_part(name, needed.slice(start, _ROWS_A_PART), rules) for start in range(0, max(len(needed), 1), _ROWS_A_PART)]
    return [_joined([part[rule] for part in parts]) for rule in rules]


def failing_sql(rule: Rule, value: str) -> str | None:
    """SQL that holds for the values which a rule names, as Great Expectations does (`tests/gate/test_rules.py` holds the two together);
    None for a form that does not follow from the extremes of a column."""
    args = dict(rule.args)
    if rule.expect == "expect_column_values_to_be_null" and not args:
        return f"{value} is not null"
    limits = args.pop("min_value", None), args.pop("max_value", None)
    signs = "<=" if args.pop("strict_min", False) else "<", ">=" if args.pop("strict_max", False) else ">"
    if rule.expect != "expect_column_values_to_be_between" or args:
        return None
    return " or ".join(f"{value} {sign} {limit!r}" for sign, limit in zip(signs, limits, strict=True) if limit is not None) or "false"


def _joined(outcomes: list[Outcome]) -> Outcome:
    """The outcomes of one rule on the parts of a frame: every expectation of ours looks at one row at a time."""
    error = next((outcome.error for outcome in outcomes if outcome.error), None)
    return Outcome(outcomes[0].rule, () if error else tuple(row for outcome in outcomes for row in outcome.rows), error)


def _evaluate_part(name: str, frame: pl.DataFrame, rules: tuple[Rule, ...]) -> dict[Rule, Outcome]:
    pandas = frame.to_pandas()
    found: dict[Rule, Outcome] = {}
    for when in dict.fromkeys(rule.when for rule in rules):
        # rules of one condition share its rows: the condition is evaluated once, not once a metric
        group = [rule for rule in rules if rule.when == when]
        try:
            rows = pandas.query(when) if when else pandas
        except (SyntaxError, LookupError, NameError, AttributeError, TypeError, ValueError) as error:
            found.update({rule: Outcome(rule, (), error=_words(error)) for rule in group})
            continue
        found.update(_evaluate_group(name, rows, group))
    return found


def _evaluate_group(name: str, rows: Any, rules: list[Rule]) -> dict[Rule, Outcome]:
    import great_expectations as gx

    if not len(rows):
        return {rule: Outcome(rule, ()) for rule in rules}
    suite = gx.ExpectationSuite(name=name)
    outcomes = {rule: Outcome(rule, (), error="no result came back") for rule in rules}
    for position, rule in enumerate(rules):
        try:
            suite.add_expectation_configuration(_configuration(rule, position))
        except (ValueError, TypeError, gx.exceptions.GreatExpectationsError) as error:
            # a rule that is not in order refuses the load, it does not break the night
            outcomes[rule] = Outcome(rule, (), error=_words(error))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = _batch(rows).validate(
            suite, result_format={"result_format": "COMPLETE", "unexpected_index_column_names": ["_row"]}
        )
    for item in result.results:
        rule = rules[item.expectation_config.meta["position"]]
        outcomes[rule] = _outcome(rule, item)
    return outcomes


def _configuration(rule: Rule, position: int) -> Any:
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    return ExpectationConfiguration(
        type=rule.expect, kwargs={"column": rule.column, **rule.args}, severity=rule.severity, meta={"position": position}
    )


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:300]


def _outcome(rule: Rule, item: Any) -> Outcome:
    indices = item.result.get("unexpected_index_list") if item.result else None
    if item.success:
        return Outcome(rule, ())
    if not indices:
        return Outcome(rule, (), error=_reason(item))
    return Outcome(rule, tuple(sorted(int(row["_row"]) for row in indices)))


def _columns(rules: tuple[Rule, ...]) -> set[str]:
    """Columns that the rules look at (words of a condition that are no column do not matter)."""
    names = {rule.column for rule in rules}
    return names.union(*(re.findall(r"[A-Za-z_]\w*", rule.when or "") for rule in rules))


def _reason(item: Any) -> str:
    info = item.exception_info or {}
    flat = [info] if "exception_message" in info else [v for v in info.values() if isinstance(v, dict)]
    messages = [str(entry.get("exception_message")) for entry in flat if entry.get("exception_message")]
    return messages[0][:300] if messages else "no failing rows were named"
