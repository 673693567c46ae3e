"""The legend: every enumeration has words in both languages, from one home."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.contracts import legend as legends
from pipelines.contracts.codes import load_code_lists
from pipelines.contracts.legend import Name, legend_faults, list_of, load_legend
from pipelines.contracts.marts import load_marts
from pipelines.yaml_text import load_yaml

WITHOUT_ENGLISH = {"balance_fuel"}   # its seed has Chinese names only


def test_the_legend_is_in_order() -> None:
    assert list(legend_faults()) == []
    for legend in load_legend().values():
        assert legend.codes and legend.zh and legend.en and legend.home
        assert all(said.zh for said in legend.codes.values()), legend.name
        unsaid = {code for code, said in legend.codes.items() if not said.en}
        assert not unsaid or legend.name in WITHOUT_ENGLISH, (legend.name, unsaid)


def test_what_a_model_accepts_the_legend_says() -> None:
    """A value that dbt accepts in a column of the legend has its words, so that a new state cannot come without."""
    silent = []
    for path in sorted({mart.file for mart in load_marts().values()}):
        for model in load_yaml(path.read_text("utf-8"))["models"]:
            [table] = [name for name in load_marts() if name.split(".")[1] == model["name"]]
            for column in model["columns"]:
                for test in column.get("data_tests", []):
                    values = test["accepted_values"]["arguments"]["values"] if isinstance(test, dict) and "accepted_values" in test else []
                    legend = list_of(table, column["name"])
                    silent += [(table, column["name"], value) for value in values if legend and value not in legend.codes]
    assert silent == []


def test_a_list_of_the_deliveries_has_a_chinese_and_an_english_name() -> None:
    found = load_legend()["unit_class"].codes
    assert found["gas"] == Name("燃气机组", "gas") and found["coal_gt300"].en == "conventional coal above 300 MW"
    assert set(found) <= set(load_code_lists()["unit_class"].spellings.values())
    assert load_legend()["steward_decision"].codes["拒绝"] == Name("拒绝", "reject")


def test_one_column_has_one_list_and_the_table_goes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert list_of("marts.fct_inventory_year", "fuel") is load_legend()["balance_fuel"]
    assert list_of("marts.fct_method_comparison", "fuel") is load_legend()["item"]
    assert list_of("reference.emission_factor", "item") is None
    wrong = tmp_path / "legend.yml"
    wrong.write_text("a: {words: [甲, a], codes: {x: [子, x]}, columns: [severity, no_such]}\nb: {words: [乙, b], codes: {y: [丑, y]}, columns: [severity]}\n", "utf-8")
    monkeypatch.setattr(legends, "LEGEND_FILE", wrong)
    monkeypatch.setattr(legends, "load_legend", legends.load_legend.__wrapped__)
    told = [problem.en for problem in legend_faults()]
    assert [text.split(": ", 1)[1] for text in told] == ["no published table has column no_such of a: mend the name", "column severity is of a and of b: leave it once"]
