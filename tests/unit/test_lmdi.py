"""The decomposition macro on numbers of all kinds: effects add up, the order of factors does not matter, zero cells take the analytical limits."""

from __future__ import annotations

import math

from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import Environment

from pipelines.settings import PROJECT
from pipelines.warehouse.duck import connect

MACROS = (PROJECT / "dbt_project" / "macros" / "lmdi.sql").read_text("utf-8").split("{# The factors of fct_driver_year.")[0]
FACTORS = ["a", "b", "c"]


def effects(rows: list[list[tuple[float | None, float | None]]], factors: list[str] = FACTORS) -> list[dict[str, float]]:
    """Effects of rows of factor values [(year 0, year 1), ...]; the value is their product, what is None is left out of it."""
    values = []
    for row in rows:
        v = [math.prod(x[year] for x in row if x[year] is not None) for year in (0, 1)]
        values.append([*v, *(number for x in row for number in x)])
    columns = ["v_0", "v_1", *(f"{x}_{year}" for x in FACTORS for year in (0, 1))]
    casts = ", ".join(f"cast({c} as double) as {c}" for c in columns)
    literal = ", ".join("(" + ", ".join("null" if x is None else repr(float(x)) for x in row) + f", {n})" for n, row in enumerate(values))
    source = f"(select n, {casts} from (values {literal}) as t({', '.join(columns)}, n)) as given"
    sql = Environment().from_string(MACROS + "{{ lmdi(relation, factors) }}").render(relation=source, factors=factors)
    with connect() as db:
        found = db.execute(f"select v_0, v_1, a_effect, b_effect, c_effect from ({sql}) order by n").fetchall()
    return [dict(zip(["v_0", "v_1", "a", "b", "c"], row, strict=True)) for row in found]


number = st.one_of(st.floats(1e-6, 1e9), st.just(0.0))
row = st.lists(st.tuples(number, number), min_size=3, max_size=3)


@settings(max_examples=25)
@given(st.lists(row, min_size=1, max_size=30))
def test_effects_add_up_in_any_order_of_factors(rows: list) -> None:
    found = effects(rows)
    for one in found:
        assert math.isclose(one["a"] + one["b"] + one["c"], one["v_1"] - one["v_0"], rel_tol=0, abs_tol=1e-9 * max(one["v_0"], one["v_1"]))
    assert effects(rows, ["c", "a", "b"]) == found


def test_zero_cells_take_their_limits() -> None:
    new_fuel, gone, two_zero, undefined, never, turns = effects([
        [(2, 3), (0, 0.5), (1, 1)], [(2, 3), (0.5, 0), (4, 1)], [(2, 3), (0, 0.5), (0, 2)], [(2, 3), (0, 0.5), (None, 2)],
        [(0, 0), (2, 3), (1, 1)], [(2, 3), (-1, 1), (1, 1)],
    ])
    assert (new_fuel["a"], new_fuel["b"], new_fuel["c"]) == (0, 1.5, 0)
    assert (gone["a"], gone["b"], gone["c"]) == (0, -4, 0)
    assert (two_zero["a"], two_zero["b"], two_zero["c"]) == (0, 1.5, 1.5)
    assert (undefined["a"], undefined["b"], undefined["c"]) == (0, 3, 0)
    assert (never["a"], never["b"], never["c"]) == (0, 0, 0)
    assert (turns["a"], turns["b"], turns["c"]) == (0, 5, 0)


def test_the_limits_are_where_small_values_lead() -> None:
    """Put a small number for the zero: its share of the change goes to one, as the logarithm goes to infinity."""
    (small,) = effects([[(2, 3), (1e-300, 0.5), (1, 1)]])
    assert math.isclose(small["b"], 1.5, rel_tol=1e-3) and abs(small["a"]) < 2e-3


def test_near_equal_values_keep_their_figures() -> None:
    """One part in 1e12 changes: L is the value itself, to the last figures."""
    (one,) = effects([[(1e8, 1e8 * (1 + 1e-12)), (3, 3), (1, 1)]])
    assert math.isclose(one["a"], one["v_1"] - one["v_0"], rel_tol=1e-3)
    (same,) = effects([[(2, 4), (3, 1.5), (1, 1)]])
    assert math.isclose(same["a"], 6 * math.log(2)) and math.isclose(same["b"], -6 * math.log(2))
