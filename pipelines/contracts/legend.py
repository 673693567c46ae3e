"""The legend: what the codes of the published tables mean, in both languages, from the one home that each list has (`legend.yml`).

`load_legend` reads it all; `list_of` says which list a column of a table is spelt in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pipelines.contracts.codes import SEEDS, read_rows
from pipelines.contracts.marts import load_marts
from pipelines.contracts.rules import all_rules
from pipelines.contracts.source import load_sources
from pipelines.problem import Problem
from pipelines.settings import PROJECT
from pipelines.yaml_text import load_yaml

LEGEND_FILE = Path(__file__).parent / "legend.yml"
_FILE = LEGEND_FILE.relative_to(PROJECT)
_CODES_FILE = Path(__file__).parent / "codes.yml"
_HAN = re.compile(r"[\u4e00-\u9fff]")
_LATIN = re.compile(r"[A-Za-z]")


@dataclass(frozen=True)
class Name:
    """What one code is called. en: None = its home has no English; unit: of the quantity that it names, None = none."""

    zh: str
    en: str | None
    unit: str | None = None


@dataclass(frozen=True)
class Legend:
    """One enumeration: its words, the file that is its home, its codes in the order of that file, and the columns spelt in it."""

    name: str
    zh: str
    en: str
    home: str
    codes: dict[str, Name]
    columns: tuple[str, ...]


@cache
def load_legend() -> dict[str, Legend]:
    """Every list by its name, in the order of `legend.yml`. Raises Problem for a list that cannot be read."""
    return {name: _legend(name, spec) for name, spec in load_yaml(LEGEND_FILE.read_text("utf-8")).items()}


def _legend(name: str, spec: dict[str, Any]) -> Legend:
    seeds = spec.get("seed", [])
    seeds = [seeds] if isinstance(seeds, dict) else seeds
    codes: dict[str, Name] = {}
    homes = []
    for seed in seeds:
        homes.append(f"dbt_project/seeds/{seed['file']}")
        for code, said in _of_seed(seed):
            codes.setdefault(code, said)
    if "list" in spec:
        homes.append("pipelines/contracts/codes.yml")
        codes |= _of_list(spec["list"])
    if "of" in spec:
        home, found = _OTHER_HOMES[spec["of"]]
        homes.append(home)
        codes |= found()
    if "codes" in spec:
        homes.append(str(_FILE))
        codes |= {str(code): Name(zh, en) for code, (zh, en) in spec["codes"].items()}
    zh, en = spec["words"]
    return Legend(name, zh, en, ", ".join(homes), codes, tuple(spec["columns"]))


def _of_seed(seed: dict[str, Any]) -> Iterator[tuple[str, Name]]:
    """The codes of a seed; of a code in several rows the first one's words."""
    for row in read_rows(SEEDS / seed["file"]):
        if all(row[column] == value for column, value in seed.get("where", {}).items()) and row[seed["code"]]:
            yield row[seed["code"]], Name(row[seed["zh"]], _or_none(row, seed.get("en")), _or_none(row, seed.get("unit")))


def _or_none(row: dict[str, str], column: str | None) -> str | None:
    return (row[column] or None) if column else None


def _of_list(name: str) -> dict[str, Name]:
    """The codes of a short list of `codes.yml`: of each its first Chinese and its first Latin spelling."""
    values = load_yaml(_CODES_FILE.read_text("utf-8"))[name]["values"]
    return {str(code): Name(_first(code, *aliases, han=True) or str(code), _first(*aliases, code, han=False)) for code, aliases in values.items()}


def _first(*texts: str, han: bool) -> str | None:
    """The first text with Chinese characters, or the first with Latin letters alone; None = there is none."""
    found = (text for text in texts if bool(_HAN.search(text)) == han and (han or _LATIN.search(text)))
    return next((text if han else text.replace("_", " ") for text in found), None)


def _of_rules() -> dict[str, Name]:
    return {check_id: Name(rule.zh, rule.en) for check_id, rule in sorted(all_rules().items())}


def _of_sources() -> dict[str, Name]:
    return {name: Name(source.zh, source.en) for name, source in load_sources().items()}


_OTHER_HOMES = {
    "rules": ("expectations, dbt_project/seeds/quality_rule.csv", _of_rules),
    "sources": ("pipelines/contracts/sources", _of_sources),
}


def list_of(table: str, column: str) -> Legend | None:
    """The list in which a column of a published table (`marts.fct_total_year`) is spelt; None = none is."""
    return _by_column().get(f"{table.split('.', 1)[1]}.{column}") or _by_column().get(column)


@cache
def _by_column() -> dict[str, Legend]:
    return {column: legend for legend in load_legend().values() for column in legend.columns}


def legend_faults() -> Iterator[Problem]:
    """Columns of the legend that no published table has, and columns that two lists claim."""
    known = {column for mart in load_marts().values() for column in mart.columns}
    known |= {f"{name.split('.', 1)[1]}.{column}" for name, mart in load_marts().items() for column in mart.columns}
    claimed: dict[str, str] = {}
    for legend in load_legend().values():
        for column in legend.columns:
            if column not in known:
                yield Problem(f"{_FILE}：{legend.name} 的列 {column} 不在任何公布的表中；请改正",
                              f"{_FILE}: no published table has column {column} of {legend.name}: mend the name")
            if column in claimed:
                yield Problem(f"{_FILE}：列 {column} 同时属于 {claimed[column]} 与 {legend.name}；请只留一处",
                              f"{_FILE}: column {column} is of {claimed[column]} and of {legend.name}: leave it once")
            claimed[column] = legend.name
