"""figures.yml: every figure of the marts is named, and what it names is there."""

from __future__ import annotations

import pytest

from pipelines.contracts.marts import load_marts
from pipelines.explain import figures as module
from pipelines.explain.evaluate import alone
from pipelines.explain.figures import COMPUTED, DECIDED, LACKING, Figure, figure_columns, load_figures
from pipelines.problem import Problem
from pipelines.publish.contract import Column, Table

MARTS = {name: Table(name, mart.description, {c.name: Column(c.name, c.type.upper(), c.description) for c in mart.columns.values()}) for name, mart in load_marts().items()}


@pytest.mark.parametrize("table", [name for name in MARTS if name.startswith("marts.")])
def test_every_figure_of_a_table_is_named(table: str) -> None:
    """A new column of numbers has an entry, is a label, or a share with its two columns beside it; a row has a key to walk on by."""
    found, figures = MARTS[table], load_figures()
    assert set(figures.key(table)) and set(figures.key(table)) <= found.columns.keys()
    for column in figure_columns(figures, found):
        assert figures.of(table, column, found.columns), f"{table}.{column}: pipelines/explain/figures.yml"


def test_what_is_named_is_there() -> None:
    figures = load_figures()
    for (table, column), cases in figures.cases.items():
        assert column in MARTS[table].columns, (table, column)
        for figure in cases:
            for part in figure.parts:
                where = (table, column, part.name)
                if part.relation is None:
                    assert part.name in MARTS[table].columns, where
                    continue
                walked = MARTS[figures.relation(part.relation).table]
                assert part.cell is None or part.cell in walked.columns, where
                assert part.name not in MARTS[table].columns, where   # a part never takes the name of a column
    for table, column in figures.rules:
        assert column in MARTS[table].columns, (table, column)


def test_a_figure_that_is_not_resolvable_says_why_and_one_that_is_empty_is_no_figure() -> None:
    for (table, column), cases in load_figures().cases.items():
        for figure in cases:
            assert figure.kind != LACKING or (figure.words and figure.words.zh and figure.words.en), (table, column)
            assert (figure.expression == "null") == (figure.kind == DECIDED), (table, column)
            assert figure.kind != COMPUTED or figure.expression, (table, column)


def test_the_first_case_that_holds_counts() -> None:
    first, second = Figure("t", "c", COMPUTED, "a > 0", "1"), Figure("t", "c", COMPUTED, "true", "2")
    assert alone((first, second), 0) == "(a > 0)" and alone((first, second), 1) == "(true) and (a > 0) is not true"


def test_a_share_is_the_ratio_of_its_two_columns() -> None:
    figure, = load_figures().of("marts.new", "share", {"share", "share_num", "share_den"})
    assert [part.name for part in figure.read(["share", "share_num", "share_den"])] == ["share_num", "share_den"]
    assert load_figures().of("marts.new", "share", {"share", "share_num"}) == ()


def test_an_expression_reads_the_columns_that_it_names_but_no_texts() -> None:
    figure = Figure("t", "c", COMPUTED, expression="case when kind = 'gas' then a else b end")
    assert [part.name for part in figure.read(["a", "b", "gas", "kind", "c"])] == ["kind", "a", "b"]


@pytest.mark.parametrize("wrong", [{"sum": ["a"]}, {"when": "a"}, {"is": "a", "unheard_of": 1}])
def test_an_entry_that_cannot_be_read_is_named(wrong: dict[str, object]) -> None:
    with pytest.raises(Problem, match=r"marts\.fct_t\.c cannot be read"):
        module._figure("marts.fct_t", "c", wrong)
