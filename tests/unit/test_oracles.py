"""Tables and formulas of ours against libraries of others, made for other purposes."""

from __future__ import annotations

import re

import pint
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum.cn import uscc as stdnum_uscc

from pipelines.contracts.codes import SEEDS, read_rows
from pipelines.contracts.credit_code import ALPHABET, check_digit, is_valid

# Chinese names of units, longest first, and how the library calls them; calories are those of the steam tables
NAMES = {
    "百万千焦": "GJ", "百亿千焦": "1e4 GJ", "百万千瓦小时": "GWh", "百万千瓦时": "GWh", "百万千瓦": "GW", "吨碳": "t", "千克碳": "kg", "公斤碳": "kg", "克碳": "g",
    "千瓦小时": "kWh", "兆瓦小时": "MWh", "千瓦时": "kWh", "兆瓦时": "MWh", "吉瓦时": "GWh", "太瓦时": "TWh", "kw时": "kWh", "千瓦": "kW", "兆瓦": "MW", "吉瓦": "GW",
    "吉焦": "GJ", "太焦": "TJ", "拍焦": "PJ", "兆焦": "MJ", "千焦": "kJ", "焦耳": "J", "焦": "J", "千卡": "kcal", "大卡": "kcal", "卡": "cal", "千吨": "1e3 t", "公吨": "t",
    "吨c": "t", "t碳": "t", "吨": "t", "公斤": "kg", "千克": "kg", "克": "g", "度": "kWh",
    "kgc": "kg", "gc": "g", "tc": "t", "kwh": "kWh", "mwh": "MWh", "gwh": "GWh", "twh": "TWh", "kcal": "kcal", "cal": "cal", "kg": "kg", "kt": "kt",
    "gj": "GJ", "tj": "TJ", "pj": "PJ", "mj": "MJ", "kj": "kJ", "kw": "kW", "mw": "MW", "gw": "GW", "j": "J", "t": "t", "g": "g",
}
NUMBERS = {"百万": "1e6", "十亿": "1e9", "万": "1e4", "亿": "1e8"}
DIMENSIONS = ("mass", "energy", "electricity", "power", "ncv_mass", "carbon_per_energy")
UNITS = [row for row in read_rows(SEEDS / "unit.csv") if row["dimension"] in DIMENSIONS]


@pytest.fixture(scope="module")
def registry() -> pint.UnitRegistry:
    units = pint.UnitRegistry()
    units.define("kcal = 4.1868 kJ")
    units.define("cal = 4.1868 J")
    return units


def _spelt(key: str) -> str:
    """A spelling of ours as the library reads it."""
    parts = []
    for part in key.split("/"):
        number = re.match(r"1e\d+|" + "|".join(NUMBERS), part) if not any(part.startswith(name) for name in NAMES) else None
        rest = part[number.end():] if number else part
        assert rest in NAMES, f"{key}: no name for {rest}"
        parts.append((f"{NUMBERS.get(number[0], number[0])} * " if number else "") + NAMES[rest].replace(" ", " * "))
    return " / ".join(f"({part})" for part in parts)


@pytest.mark.parametrize("row", UNITS, ids=lambda row: f"{row['dimension']}:{row['unit_key']}")
def test_a_unit_is_worth_what_a_unit_library_says(registry: pint.UnitRegistry, row: dict[str, str]) -> None:
    canonical = {"tC/GJ": "t / GJ", "GJ/t": "GJ / t"}.get(row["canonical_unit"], row["canonical_unit"])
    assert registry(_spelt(row["unit_key"])).to(canonical).magnitude == pytest.approx(float(row["factor"]), rel=1e-12)


@settings(max_examples=300)
@given(st.text(alphabet=ALPHABET, min_size=17, max_size=17), st.sampled_from(ALPHABET))
def test_credit_codes_have_the_check_digit_that_another_library_gives(body: str, last: str) -> None:
    assert check_digit(body) == stdnum_uscc.calc_check_digit(body)
    # the library also wants digits where the division stands
    if body[2:8].isdigit() and body[0] in "159Y":
        assert is_valid(body + last) == stdnum_uscc.is_valid(body + last)
    assert is_valid(body + last) == (last == stdnum_uscc.calc_check_digit(body))
