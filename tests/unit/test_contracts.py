"""The contracts as data: complete, consistent with the code lists, and the one origin of the dbt sources."""

from __future__ import annotations

import csv
import re
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from pipelines.contracts.codes import SEEDS, balance_item_key, load_code_lists, load_fuels, load_units
from pipelines.contracts.dbt_sources import files, rule_models
from pipelines.contracts.dictionary import pages
from pipelines.contracts.marts import load_marts
from pipelines.contracts.rules import RuleError, all_rules, joined
from pipelines.contracts.source import deliverable_sources, load_sources
from pipelines.settings import PROJECT

MARTS = PROJECT / "dbt_project" / "models" / "marts"
KEYS = {
    "enterprise_register": "uscc valid_from",
    "enterprise_energy": "uscc period unit_code energy stream",
    "enterprise_process": "uscc period unit_code role item stream",
    "enterprise_power_heat": "uscc period unit_code carrier direction origin",
    "enterprise_output": "uscc period unit_code item",
    "grid_generation": "area period source",
    "grid_exchange": "from_area to_area period",
    "energy_balance": "division_code year item fuel",
    "sector_statistics": "division_code industry_code indicator period period_kind vintage",
    "emission_factor": "factor_id",
    "target_observation": "target_id division_code period",
    "grid_sales": "division_code industry_code period",
    "certificate": "certificate_id",
    "allowance": "uscc year kind",
    "credit": "uscc year kind",
    "carbon_sink": "division_code year land_class",
    "project_list": "project_id valid_from",
    "known_issue": "issue_id level code period measure",
}


def test_the_sources_and_their_keys() -> None:
    found = {name: " ".join(source.key) for name, source in deliverable_sources().items()}
    assert KEYS.items() <= found.items()


@pytest.mark.parametrize("path", list(files()), ids=lambda p: p.name)
def test_what_dbt_is_told_is_that_of_contracts_and_models(path) -> None:
    assert path.read_text("utf-8") == files()[path], "run `make sources`"


def test_a_rule_is_a_model_that_no_other_of_its_folder_reads(tmp_path: Path) -> None:
    folder = tmp_path / "intermediate" / "rule"
    folder.mkdir(parents=True)
    for name, text in {"heat": "select * from {{ ref('int_rule__helper') }}", "helper": "select 1", "finding": "{{ rule_models() }}"}.items():
        (folder / f"int_rule__{name}.sql").write_text(text, "utf-8")
    assert rule_models(tmp_path) == ["heat"]


@pytest.mark.parametrize("path", list(pages()), ids=lambda p: p.name)
def test_the_dictionary_is_that_of_the_contracts(path) -> None:
    assert path.read_text("utf-8") == pages()[path], "run `make dictionary`"


@pytest.mark.parametrize("name", sorted(load_sources()))
def test_every_column_has_both_headers_and_a_known_code_list(name: str) -> None:
    lists = load_code_lists()
    for column in load_sources()[name].columns:
        assert column.zh and column.en
        if column.codes:
            assert column.codes in lists
        if column.unit_column:
            assert load_sources()[name].column(column.unit_column).type in ("unit", "text")


def test_names_of_fuels_lead_to_one_fuel() -> None:
    fuels = load_code_lists()["fuel"]
    assert set(fuels.spellings.values()) == set(load_fuels())
    for text, energy in (("bituminous", "一般烟煤"), ("原 煤", "原煤"), ("天然气", "天然气(气态)"), ("天然气（气态）", "天然气(气态)"), ("other_petroleum", "其他(石油制品)")):
        assert fuels.resolve(text) == energy
    assert fuels.resolve("神秘燃料") is None


@pytest.mark.parametrize(
    ("text", "dimension", "factor"),
    [
        ("万吨", "mass", 1e4), ("千克", "mass", 1e-3), ("亿立方米", "gas_volume", 1e4), ("Nm3", "gas_volume", 1e-4),
        ("1e10 kJ", "energy", 1e4), ("百万千焦", "energy", 1.0), ("万千瓦时", "electricity", 10.0), ("亿千瓦时", "electricity", 1e5),
        ("kcal/kg", "ncv_mass", 0.0041868), ("MJ/Nm3", "ncv_volume", 10.0), ("kcal/m3", "ncv_volume", 0.041868), ("tC/TJ", "carbon_per_energy", 1e-3),
    ],
)
def test_units(text: str, dimension: str, factor: float) -> None:
    unit = load_units().resolve(text, dimension)
    assert unit is not None and unit.factor == pytest.approx(factor, rel=1e-12)


def test_a_unit_of_another_dimension_is_unknown() -> None:
    assert load_units().resolve("万吨", "gas_volume") is None


@pytest.mark.parametrize("text", ["1.农、林、牧、渔、水利业", "农林牧渔水利业", "（一）农、林、牧、渔、水利业", "１．农、林、牧、渔、水利业", "# 农 林 牧 渔 水利业"])
def test_rows_of_the_balance_match_without_number_blank_bracket_and_width(text: str) -> None:
    assert load_code_lists()["balance_item"].resolve(text) == "agriculture", balance_item_key(text)


def test_every_crosswalk_item_is_in_the_vocabulary() -> None:
    with (SEEDS / "process_item.csv").open(encoding="utf-8") as handle:
        items = {row["param_code"] for row in csv.DictReader(handle)}
    assert items <= set(load_code_lists()["activity_item"].spellings.values())


def test_every_figure_in_co2e_says_its_gwp_set() -> None:
    """`*_tco2e` of accounts is in the set of their method, of totals in the common one: the comment says which."""
    columns = [(path.stem, column["name"], column["description"]) for path in sorted(MARTS.rglob("*.yml"))
               for model in yaml.safe_load(path.read_text("utf-8")).get("models", []) for column in model.get("columns", [])]
    assert len([name for _, name, _ in columns if name.endswith("tco2e")]) > 50
    assert [(table, name) for table, name, text in columns if name.endswith("tco2e") and "GWP" not in text] == []


def test_the_list_of_rules_is_complete() -> None:
    """Every check that the code or a model can name is in the list, and every rule of the list stands in its home."""
    rules = all_rules()
    places = [*(PROJECT / "pipelines").rglob("*.py"), *(PROJECT / "dbt_project" / "models").rglob("*.sql"), *(PROJECT / "dbt_project" / "macros").rglob("*.sql")]
    named = {check: path.name for path in places for check in re.findall(r"""["']([A-Z]\d\d-[a-z][a-z0-9-]*[a-z0-9])["']""", path.read_text("utf-8"))}
    named = {check: place for check, place in named.items() if place != "fct_statistic_check.sql"}   # it names the lines of its own table
    assert {check: place for check, place in named.items() if not any(rule.startswith(check) for rule in rules)} == {}
    astray = [check for check, rule in rules.items() if ("N01-" if check.startswith("N01-") else check) not in _text(PROJECT / rule.home)]
    assert astray == []
    assert len(named) > 60 and {"L17-share", "F01-field-count", "D01-duplicate-delivery", "S21-target-unknown", "F10-non-negative", "R60-ncv"} <= set(rules)


def _text(home: Path) -> str:
    """The text of a file, or of all models below a folder."""
    return "".join(path.read_text("utf-8") for path in ([home] if home.is_file() else sorted(home.rglob("*.sql"))))


def test_a_rule_without_words_or_with_two_homes_is_named_with_its_home() -> None:
    whole = all_rules()["L17-share"]
    with pytest.raises(RuleError, match=r"pipelines/gate/findings\.py: L17-share: .*why_en"):
        replace(whole, why_en="")
    with pytest.raises(RuleError, match=r"a\.yml: L17-share: .*pipelines/gate/findings\.py"):
        joined({"L17-share": whole}, {"L17-share": replace(whole, home="a.yml")})


def test_whatever_the_package_reads_is_installed_with_it() -> None:
    """An installation that is not editable has the files that package-data names, and no others."""
    package = PROJECT / "pipelines"
    named = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]["package-data"]["pipelines"]
    installed = {path for pattern in named for path in package.glob(pattern)}
    there = {path for path in package.rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc", ".md")}
    assert there - installed == set()


def test_a_column_of_another_kind_than_its_namesakes_says_so() -> None:
    """`figure` is a word in one table and a number in another: who reads one comment learns of the other."""
    kinds: dict[str, dict[str, list[str]]] = {}
    for mart in load_marts().values():
        for column in mart.columns.values():
            kind = {"varchar": "text", "date": "day", "timestamp": "moment", "boolean": "flag"}.get(column.type, "number")
            kinds.setdefault(column.name, {}).setdefault(kind, []).append(column.description)
    silent = [name for name, by_kind in kinds.items() if len(by_kind) > 1 and not all("不同于" in said for said in min(by_kind.values(), key=len))]
    assert silent == []
