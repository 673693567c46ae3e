"""Side by side and quality label, worked by hand in accounts.md: equal to the kilogram and to the point."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.conftest import build_tables_here, query
from tests.deliveries import deliver, register_row, uscc
from tests.golden.province import Golden

# what the figures below are looked up in
TABLES = ("fct_enterprise_emission_line", "fct_account_quality_year", "fct_enterprise_held_back_line", "fct_method_comparison")

POWER, STEEL, MEASURED, RAW_COAL, CEMENT, NO_METHOD, OFFICE, LNG, QUARANTINED, CHANGED = range(41, 51)
# whole accounts, and the same deliveries of an enterprise whose register names the other version
KILN, SMELTER, MILL, PLANT = range(51, 55)
TWIN = {KILN: 121, SMELTER: 122, MILL: 123, PLANT: 124}
METHOD = {
    KILN: ("08-cement", "3011", "是", "08-cement@ndrc"), SMELTER: ("05-aluminium@ndrc", "3216", "否", "05-aluminium@cets-2024"),
    MILL: ("03-steel", "3120", "是", "03-steel@ndrc"), PLANT: ("01-power@ndrc", "4411", "否", "01-power@cets-2022"),
}

REGISTER = [
    register_row(POWER, "01-power", "4411", ets="是"), register_row(STEEL, "03-steel@ndrc", "3120", ets="是"),
    register_row(MEASURED, "24-other-industry", "3012"), register_row(RAW_COAL, "20-food-beverage", "1512"),
    register_row(CEMENT, "08-cement", "3011", ets="是"), register_row(NO_METHOD, "99-nonsense", "3216"),
    register_row(OFFICE, "21-public-building", "8411"), register_row(LNG, "24-other-industry", "3012"),
    register_row(QUARANTINED, "24-other-industry", "3012"), register_row(CHANGED, "08-cement@ndrc", "3011", ets="是"),
    register_row(CHANGED, "08-cement@cets-2024", "3011", ets="是") | {"valid_from": "2025-06-01"},
    *(register_row(n, own, industry, ets=ets) for n, (own, industry, ets, _) in METHOD.items()),
    *(register_row(TWIN[n], other, industry) for n, (_, industry, _, other) in METHOD.items()),
]


def _row(number: int, energy: str, consumed: float, period: str = "2025-05", **more: object) -> dict:
    return {"uscc": uscc(number), "period": period, "energy": energy, "unit": "t", "consumed": consumed, **more}


MEASURED_COAL = {"ncv": 20, "ncv_unit": "GJ/t", "carbon_content": 0.02618, "oxidation_rate": 98, "parameter_basis": "实测"}
ENERGY = [
    _row(POWER, "一般烟煤", 1000), _row(STEEL, "一般烟煤", 1000), _row(MEASURED, "一般烟煤", 1000, **MEASURED_COAL),
    _row(RAW_COAL, "原煤", 100), _row(CEMENT, "煤矸石用于燃料", 1000),
    _row(CEMENT, "煤矸石用于燃料", 100, "2025-06", ncv=10, ncv_unit="GJ/t", carbon_content=0.025, oxidation_rate=95, parameter_basis="实测"),
    _row(NO_METHOD, "柴油", 200), _row(LNG, "液化天然气(液态)", 100), _row(QUARANTINED, "柴油", 100), _row(QUARANTINED, "神秘燃料", 100),
    _row(CHANGED, "一般烟煤", 1000), _row(CHANGED, "一般烟煤", 1000, "2025-06"),
]
BOUGHT = [
    {"uscc": uscc(OFFICE), "period": f"2025-{month:02d}", "carrier": "电力", "direction": "购入", "origin": "电网", "quantity": 100, "unit": "MWh"}
    for month in range(1, 13)
]


def _item(number: int, role: str, item: str, quantity: float, period: str = "2025-05", **more: object) -> dict:
    return {"uscc": uscc(number), "period": period, "role": role, "item": item, "quantity": quantity, **more}


def _bought(number: int, quantity: float, period: str = "2024-05", carrier: str = "电力", origin: str = "电网", unit: str = "MWh", **more: object) -> dict:
    return {"uscc": uscc(number), "period": period, "carrier": carrier, "direction": "购入", "origin": origin, "quantity": quantity, "unit": unit, **more}


WHOLE_ENERGY = [_row(KILN, "一般烟煤", 100), _row(MILL, "焦炭", 100), _row(MILL, "其他煤气", 1, unit="1e4Nm3"), _row(PLANT, "一般烟煤", 1000)]
WHOLE_PROCESS = [
    _item(KILN, "过程", "clinker_portland", 1000), _item(KILN, "参数", "clinker_cao", 65), _item(KILN, "参数", "clinker_mgo", 2),
    _item(KILN, "参数", "clinker_cao_noncarb", 1), _item(KILN, "参数", "clinker_mgo_noncarb", 0.5), _item(KILN, "参数", "kiln_dust", 10),
    _item(KILN, "原料", "raw_meal", 1500), _item(KILN, "原料", "nc_phosphogypsum", 50), _item(KILN, "过程", "clinker_portland", 1000, "2025-06"),
    _item(KILN, "过程", "clinker_portland", 1000, "2025-07"), _item(KILN, "原料", "nc_phosphogypsum", 4000, "2025-07"),
    _item(SMELTER, "过程", "al_liquid", 100_000), _item(SMELTER, "过程", "al_liquid", 1000, "2025-06"),
    _item(SMELTER, "参数", "anode_gross_consumption", 0.5, "2025-06"), _item(SMELTER, "参数", "anode_sulphur", 1.8, "2025-06"),
    _item(SMELTER, "参数", "anode_ash", 0.5, "2025-06"), _item(SMELTER, "参数", "ae_minutes", 0.2, "2025-06"),
    _item(SMELTER, "辅料", "limestone", 1000), _item(SMELTER, "回收", "回收二氧化碳", 10, emission_factor=1, emission_factor_unit="tCO2/t"),
    _item(MILL, "辅料", "limestone", 1000), _item(MILL, "辅料", "dolomite", 1000), _item(MILL, "辅料", "electrode", 100),
    _item(MILL, "辅料", "electrode", 100, "2025-06", emission_factor=3.7, emission_factor_unit="tCO2/t"),
    _item(MILL, "产品固碳", "crude_steel", 1000), _item(MILL, "产品固碳", "coke_out", 100), _item(PLANT, "辅料", "fgd_sorbent", 1000),
]
WHOLE_BOUGHT = [
    _bought(KILN, 1000), _bought(KILN, 100, carrier="热力", origin="外购热", unit="GJ"),
    _bought(SMELTER, 1000, "2025-05", origin="绿电交易", certificate_id="GEC-2025-0001"), _bought(PLANT, 500, "2025-05"),
]


def _with_twins(rows: list[dict]) -> list[dict]:
    return rows + [
        {**row, "uscc": uscc(TWIN[n])} | ({"certificate_id": "GEC-2025-0002"} if row.get("certificate_id") else {})
        for n in TWIN for row in rows if row["uscc"] == uscc(n)
    ]


def deliver_to(inbox: Path) -> None:
    """What is compared."""
    deliver(inbox, "enterprise_register", "register.csv", REGISTER)
    deliver(inbox, "enterprise_energy", "energy.csv", ENERGY + _with_twins(WHOLE_ENERGY))
    deliver(inbox, "enterprise_process", "process.csv", _with_twins(WHOLE_PROCESS))
    deliver(inbox, "enterprise_power_heat", "power.csv", BOUGHT + _with_twins(WHOLE_BOUGHT))


@pytest.fixture(scope="module")
def marts(golden: Golden) -> Path:
    assert golden.held_of("comparison") == [1], golden.held
    return golden.database


# enterprise, other version, other set: base, other, then NCV, carbon content, oxidation, composite, one side only
COMPARED = [
    (STEEL, None, "ndrc-2015", "1747.088 1741.750", "0.000 -5.338 0.000 0.000 0.000"),
    (STEEL, "cets-2024", "cets-ag", "1747.088 1872.849", "0.000 -5.338 131.099 0.000 0.000"),
    (STEEL, None, "cets-ag", "1747.088 1741.750", "0.000 -5.338 0.000 0.000 0.000"),
    (POWER, "ndrc", "ndrc-2013-chemicals", "2990.013 2071.509", "-391.501 -393.357 -133.646 0.000 0.000"),
    (POWER, None, "ndrc-2013-chemicals", "2990.013 2071.509", "-391.501 -393.357 -133.646 0.000 0.000"),
    (MEASURED, None, "cets-ag", "1881.469 1881.469", "0.000 0.000 0.000 0.000 0.000"),
    (CEMENT, "ndrc", "ndrc-2013-chemicals", "851.684 87.083", "0.000 0.000 0.000 0.000 -764.601"),
]


@pytest.mark.parametrize(("number", "version", "factor_set", "tonnes", "causes"), COMPARED)
def test_difference_by_cause(marts: Path, number: int, version: str | None, factor_set: str, tonnes: str, causes: str) -> None:
    rows = query(
        marts, "select base_tco2, other_tco2, ncv_tco2, carbon_content_tco2, oxidation_tco2, composite_factor_tco2, one_side_only_tco2,"
        " difference_tco2 from marts.fct_method_comparison where uscc = ? and period = date '2025-01-01'"
        " and other_method_version is not distinct from ? and other_factor_set = ?", uscc(number), version, factor_set,
    )
    parts = [Decimal(part) for part in causes.split()]
    assert rows == [(*(Decimal(t) for t in tonnes.split()), *parts, sum(parts))]


def test_every_other_version_and_set_stands_beside(marts: Path) -> None:
    rows = query(marts, "select other_method_version, other_factor_set from marts.fct_method_comparison where uscc = ?", uscc(POWER))
    assert sorted(rows, key=str) == sorted([
        ("ndrc", "ndrc-2013-chemicals"), (None, "ndrc-2013-aviation"), (None, "ndrc-2013-chemicals"), (None, "ndrc-2013-metals"), (None, "ndrc-2015"),
    ], key=str)


def test_what_the_account_holds_back_has_no_difference(marts: Path) -> None:
    rows = query(marts, "select distinct base_tco2, other_tco2, difference_tco2, ncv_tco2, base_held_back_lines, other_held_back_lines"
                 " from marts.fct_method_comparison where uscc = ?", uscc(RAW_COAL))
    assert rows == [(None, None, None, None, 1, 1)]
    assert query(marts, "select count(*) from marts.fct_method_comparison where uscc = ?", uscc(NO_METHOD)) == [(0,)]


def test_status_of_the_factors(marts: Path) -> None:
    rows = query(marts, "select base_factor_status, other_factor_status, other_worst_tier from marts.fct_method_comparison"
                 " where uscc = ? and other_factor_set = 'cets-ag'", uscc(LNG))
    assert rows == [("unconfirmed", "confirmed", "method_default")]
    assert query(marts, "select distinct base_factor_status, other_factor_status from marts.fct_method_comparison where uscc = ?", uscc(MEASURED)) == [
        ("reported", "reported")
    ]


def test_a_version_that_changes_within_the_year_has_two_bases(marts: Path) -> None:
    rows = query(marts, "select base_method_version, other_method_version, base_tco2, other_tco2 from marts.fct_method_comparison"
                 " where uscc = ? and other_method_version is not null order by 1 desc", uscc(CHANGED))
    assert rows == [
        ("ndrc", "cets-2024", Decimal("2071.509"), Decimal("1741.750")), ("cets-2024", "ndrc", Decimal("1741.750"), Decimal("2071.509")),
    ]


# enterprise, source, item, gas, view, other version, other set: base, other, then factor, GWP set, boundary, one side only
WHOLE = [
    (KILN, "process", "clinker_portland", "CO2", None, "ndrc", "1605.000 519.357", "-15.643 0.000 0.000 -1070.000"),
    (KILN, "process", "kiln_dust", "CO2", None, "ndrc", "0.000 5.194", "0.000 0.000 5.194 0.000"),
    (KILN, "process", "raw_meal", "CO2", None, "ndrc", "0.000 5.500", "0.000 0.000 5.500 0.000"),
    (KILN, "process", "nc_phosphogypsum", "CO2", None, "ndrc", "-547.250 0.000", "0.000 0.000 547.250 0.000"),
    (KILN, "purchased_power", "电力购入", "CO2", "location", "ndrc", "568.300 568.300", "0.000 0.000 0.000 0.000"),
    (KILN, "purchased_power", "电力购入", "CO2", "national", "ndrc", "536.600 530.600", "-6.000 0.000 0.000 0.000"),
    (KILN, "purchased_power", "电力购入", "CO2", "market", "ndrc", "609.600 609.600", "0.000 0.000 0.000 0.000"),
    (KILN, "purchased_power", "电力购入", "CO2", "method", "ndrc", "536.600 568.300", "31.700 0.000 0.000 0.000"),
    (KILN, "purchased_heat", "热力购入", "CO2", None, "ndrc", "11.000 11.000", "0.000 0.000 0.000 0.000"),
    (SMELTER, "process", "al_liquid", "CO2", None, "cets-2024", "151808.580 148602.468", "-3206.112 0.000 0.000 0.000"),
    (SMELTER, "process", "al_liquid", "CF4", None, "cets-2024", "22285.900 22731.618", "0.000 445.718 0.000 0.000"),
    (SMELTER, "process", "al_liquid", "C2F6", None, "cets-2024", "3154.312 3805.746", "0.000 651.434 0.000 0.000"),
    (SMELTER, "process", "limestone", "CO2", None, "cets-2024", "405.000 439.700", "34.700 0.000 0.000 0.000"),
    (SMELTER, "co2_recovered", "回收二氧化碳", "CO2", None, "cets-2024", "-10.000 -10.000", "0.000 0.000 0.000 0.000"),
    (SMELTER, "purchased_power", "电力购入", "CO2", "method", "cets-2024", "568.300 0.000", "-568.300 0.000 0.000 0.000"),
    (MILL, "process", "limestone", "CO2", None, "ndrc", "439.700 440.000", "0.300 0.000 0.000 0.000"),
    (MILL, "process", "dolomite", "CO2", None, "ndrc", "477.300 471.000", "-6.300 0.000 0.000 0.000"),
    (MILL, "process", "electrode", "CO2", None, "ndrc", "370.000 736.300", "0.000 0.000 0.000 366.300"),
    (MILL, "product_deduction", "coke_out", "CO2", None, "ndrc", "-306.738 -307.702", "-0.964 0.000 0.000 0.000"),
    (PLANT, "process", "fgd_sorbent", "CO2", None, "cets-2022", "396.000 0.000", "0.000 0.000 -396.000 0.000"),
]


@pytest.mark.parametrize(("number", "source", "item", "gas", "view", "version", "tonnes", "causes"), WHOLE)
def test_whole_account_by_cause(
    marts: Path, number: int, source: str, item: str, gas: str, view: str | None, version: str, tonnes: str, causes: str
) -> None:
    rows = query(
        marts, "select base_tco2, other_tco2, factor_tco2, gwp_set_tco2, boundary_tco2, one_side_only_tco2, difference_tco2"
        " from marts.fct_method_comparison where uscc = ? and emission_source = ? and item = ? and gas = ?"
        " and electricity_view is not distinct from ? and other_method_version = ?", uscc(number), source, item, gas, view, version,
    )
    parts = [Decimal(part) for part in causes.split()]
    assert rows == [(*(Decimal(t) for t in tonnes.split()), *parts, sum(parts))]


@pytest.mark.parametrize("number", TWIN)
@pytest.mark.parametrize("swap", [False, True], ids=["own", "twin"])
def test_the_other_side_is_the_account_of_a_register_that_names_it(marts: Path, number: int, swap: bool) -> None:
    compared, named = (TWIN[number], number) if swap else (number, TWIN[number])
    key = "year(period), emission_source, item, gas, electricity_view"
    other = query(marts, f"select {key}, other_tco2 from marts.fct_method_comparison where uscc = ? and other_method_version is not null"
                  " and other_tco2 is not null", uscc(compared))
    account = query(marts, f"select {key}, sum(emission_tco2e) from marts.fct_enterprise_emission_line where uscc = ?"
                    f" and emission_source <> 'biomass_memo' group by {key}", uscc(named))
    absent = {row for row in other if row[:-1] not in {line[:-1] for line in account}}
    assert set(other) - absent == set(account) and len(account) >= 5
    assert {row[-1] for row in absent} <= {Decimal(0)}
    held = query(marts, "select count(*) from marts.fct_enterprise_held_back_line where uscc = ?", uscc(named))
    assert held == query(marts, "select coalesce(sum(other_held_back_lines), 0) from marts.fct_method_comparison where uscc = ?"
                         " and other_method_version is not null", uscc(compared))


def test_what_the_account_holds_back_is_beside_what_the_other_version_computes(marts: Path) -> None:
    rows = query(marts, "select base_tco2, other_tco2, difference_tco2, factor_tco2, base_held_back_lines, other_held_back_lines"
                 " from marts.fct_method_comparison where uscc = ? and item = 'crude_steel'", uscc(MILL))
    assert rows == [(None, Decimal("-15.400"), None, None, 1, 0)]


def test_carbon_of_a_product_under_each_default_set(marts: Path) -> None:
    rows = query(marts, "select other_factor_set, other_tco2, factor_tco2 from marts.fct_method_comparison where uscc = ?"
                 " and emission_source <> 'fuel' and other_method_version is null order by 1", uscc(MILL))
    assert rows == [
        (name, Decimal(other), Decimal(other) - Decimal("-306.738")) for name, other in (
            ("ndrc-2013-aviation", "-307.572"), ("ndrc-2013-chemicals", "-306.648"), ("ndrc-2013-metals", "-307.702"), ("ndrc-2015", "-307.572"),
        )
    ]


def test_gwp_sets_are_named(marts: Path) -> None:
    rows = query(marts, "select distinct base_gwp_set, other_gwp_set from marts.fct_method_comparison where uscc = ? and gas = 'CF4'", uscc(SMELTER))
    assert rows == [("AR2", "AR5")]


# enterprise: points for completeness, parameters, confirmed, lines; score, grade, worst tier, held back, quarantined
QUALITY = [
    (STEEL, "2.500 24.000 10.000 20.000", 57, "D", "method_default", 0, 0),
    (MEASURED, "2.500 40.000 10.000 20.000", 73, "C", "measured", 0, 0),
    (RAW_COAL, "2.500 0.000 0.000 0.000", 3, "E", None, 1, 0),
    (NO_METHOD, "0.000 0.000 0.000 0.000", 0, "E", None, 1, 0),
    (OFFICE, "30.000 None None 20.000", 100, "A", None, 0, 0),
    (LNG, "2.500 0.000 0.000 20.000", 23, "E", "unconfirmed", 0, 0),
    (QUARANTINED, "2.500 24.000 10.000 10.000", 47, "D", "method_default", 0, 1),
    (CEMENT, "5.000 25.636 10.000 20.000", 61, "C", "method_default", 0, 0),
]


@pytest.mark.parametrize(("number", "points", "score", "grade", "tier", "held", "quarantined"), QUALITY)
def test_quality_label(
    marts: Path, number: int, points: str, score: int, grade: str, tier: str | None, held: int, quarantined: int
) -> None:
    rows = query(
        marts, "select completeness_points, parameters_points, confirmed_points, lines_points, score, grade, worst_tier, held_back_lines,"
        " quarantined_rows from marts.fct_account_quality_year where uscc = ?", uscc(number),
    )
    assert rows == [(*(None if p == "None" else Decimal(p) for p in points.split()), score, grade, tier, held, quarantined)]


def test_shares_of_the_label(marts: Path) -> None:
    rows = query(marts, "select completeness_num, completeness_den, measured_share_num, measured_share_den, unconfirmed_share, method_default_share_num"
                 " from marts.fct_account_quality_year where uscc = ?", uscc(CEMENT))
    assert rows == [(2, 12, Decimal("87.083"), Decimal("851.684"), 0.0, Decimal("764.601"))]


def test_the_working_names_every_figure() -> None:
    working = (Path(__file__).parent / "accounts.md").read_text("utf-8").replace(" ", "")
    figures = {f.lstrip("-") for *_, tonnes, causes in COMPARED + WHOLE for f in (tonnes + " " + causes).split() if Decimal(f) != 0}
    assert [f for f in sorted(figures) if f not in working] == []


def test_an_enterprise_that_changes_its_method_within_a_year_is_compared_under_each(tmp_path: Path) -> None:
    """Diesel of January to June under 24, from July under 15: each half is compared with its own lines, and the night goes on."""
    half_year = {**register_row(1, "15-paper", "2221"), "valid_from": "2024-07-01"}
    deliver(tmp_path / "inbox", "enterprise_register", "r.csv", [register_row(1, "24-other-industry", "3012"), half_year])
    deliver(tmp_path / "inbox", "enterprise_energy", "e.csv", [
        {"uscc": uscc(1), "period": f"2024-{month:02d}", "energy": "柴油", "unit": "t", "consumed": 10 + month} for month in range(1, 13)])
    database, _ = build_tables_here(tmp_path / "inbox", tmp_path / "data", "fct_method_comparison", "fct_enterprise_emission_line")
    compared = "select method_code, max(base_tco2) from marts.fct_method_comparison group by 1"
    lines = "select method_code, sum(emission_tco2e) from marts.fct_enterprise_emission_line group by 1"
    assert sorted(query(database, compared)) == sorted(query(database, lines)) != []
    assert len(query(database, lines)) == 2
