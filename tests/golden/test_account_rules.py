"""What an account counts, and what it must not: worked by hand in account_rules.md."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.conftest import query
from tests.deliveries import deliver, register_row, uscc
from tests.golden.province import Golden

TABLES = (
    "fct_enterprise_emission_line", "fct_enterprise_account_month", "fct_enterprise_account_year", "fct_enterprise_held_back_line", "fct_total_month",
    "fct_certificate", "coverage_month", "int_rule__finding",
)

HOLDER, OTHER_BUYER, LONE, USED_UP, CONTRACT, TWO_YEARS, SMELTER = range(61, 68)
TWICE, PARENT, FORGOTTEN, MENDED = range(84, 88)
DEFAULTS, STEEL, ACID, FLUORO, ALUMINIUM, MINE, PAPER, CARBIDE, GRID, NONSENSE, RAW_COAL, DIESEL, AIRLINE = range(70, 83)

REGISTER = [
    *(register_row(n, "21-public-building", "6450") for n in (HOLDER, OTHER_BUYER, LONE, USED_UP, CONTRACT, TWO_YEARS)),
    register_row(SMELTER, "05-aluminium", "3216", ets="是"), register_row(DEFAULTS, "04-chemicals", "2613"), register_row(STEEL, "03-steel", "3120", ets="是"),
    register_row(ACID, "04-chemicals", "2613"), register_row(FLUORO, "23-fluorochemical", "2613"), register_row(ALUMINIUM, "05-aluminium@ndrc", "3216"),
    register_row(MINE, "12-coal-mining", "0610"), register_row(PAPER, "15-paper", "2221"), register_row(CARBIDE, "04-chemicals", "2613"),
    register_row(GRID, "02-grid", "4420"), register_row(NONSENSE, "99-nonsense", "3012", division="520201"), register_row(RAW_COAL, "24-other-industry", "3012"),
    register_row(DIESEL, "24-other-industry", "3012"), register_row(AIRLINE, "10-civil-aviation", "5611"),
    *(register_row(n, "24-other-industry", "3012", division=d) for n, d in ((TWICE, "520302"), (PARENT, "520402"), (FORGOTTEN, "520502"), (MENDED, "520602"))),
]


def _bought(number: int, period: str, quantity: float, origin: str = "绿证", certificate: str = "", **more: object) -> dict:
    return {"uscc": uscc(number), "period": period, "carrier": "电力", "direction": "购入", "origin": origin, "quantity": quantity, "unit": "MWh",
            "certificate_id": certificate, **more}


POWER = [
    _bought(HOLDER, "2025-01", 600, certificate="C1"), _bought(HOLDER, "2025-02", 300, certificate="C1"), _bought(HOLDER, "2025-03", 400, certificate="C1"),
    _bought(HOLDER, "2025-04", 50, certificate="C1"),
    _bought(OTHER_BUYER, "2025-01", 200, certificate="C1"),
    _bought(LONE, "2025-01", 100, certificate="C-UNKNOWN"), _bought(LONE, "2025-02", 100, "绿电交易", "C-UNKNOWN"), _bought(LONE, "2025-03", 100, "绿电交易"),
    _bought(USED_UP, "2025-01", 100, certificate="C2"),
    _bought(CONTRACT, "2025-01", 80, "绿电交易", "C3"), _bought(CONTRACT, "2025-01", 10, "直供非化石", "C3"),
    _bought(TWO_YEARS, "2024-12", 80, certificate="C4"), _bought(TWO_YEARS, "2025-01", 80, certificate="C4"),
    _bought(SMELTER, "2025-01", 1000, "绿电交易", "C5"),
    {**_bought(GRID, "2025-01", 100, "外购热"), "carrier": "热力", "direction": "外供", "unit": "GJ"}, _bought(GRID, "2025-01", 100, "电网"),
    {**_bought(GRID, "2025-01", 70, "自备非化石"), "direction": "自发自用"}, {**_bought(GRID, "2025-01", 5, "余热余压"), "direction": "外供"},
]
CERTIFICATES = [
    {"certificate_id": name, "uscc": uscc(holder), "mwh": mwh, "vintage": "2024", "retired_on": "2025-12-31" if retired else "", "retired_for": retired}
    for name, holder, mwh, retired in (
        ("C1", HOLDER, 1000, "2025年自用"), ("C2", USED_UP, 500, "能耗双控扣除"), ("C3", CONTRACT, 85, ""), ("C4", TWO_YEARS, 100, ""), ("C5", SMELTER, 400, ""),
    )
]


def _fuel(number: int, period: str, energy: str, consumed: float, **more: object) -> dict:
    return {"uscc": uscc(number), "period": period, "energy": energy, "unit": "t", "consumed": consumed, **more}


FUEL = [
    _fuel(DEFAULTS, "2025-01", "一般烟煤", 1000, parameter_basis="缺省", ncv=20, carbon_content=0.0262, oxidation_rate=98),
    _fuel(DEFAULTS, "2025-02", "一般烟煤", 1000, parameter_basis="缺省", ncv=23.204),
    _fuel(STEEL, "2025-03", "焦炭", 100, parameter_basis="缺省", oxidation_rate=93),
    _fuel(NONSENSE, "2025-01", "柴油", 200), _fuel(RAW_COAL, "2025-01", "原煤", 100), _fuel(RAW_COAL, "2025-01", "柴油", 200),
    _fuel(RAW_COAL, "2025-02", "柴油", 200), _fuel(DIESEL, "2025-01", "柴油", 12734), _fuel(AIRLINE, "2025-01", "喷气/航空煤油", 100),
]


# held: the second of two identical rows, a parent beside its child, two rows of an unknown unit
HELD_FUEL = [
    _fuel(TWICE, "2025-01", "柴油", 10), _fuel(TWICE, "2025-01", "柴油", 10), _fuel(PARENT, "2025-01", "原煤", 100), _fuel(PARENT, "2025-01", "无烟煤", 100),
    *(row for n in (FORGOTTEN, MENDED) for row in (_fuel(n, "2025-01", "无烟煤", 100) | {"unit": "袋"}, _fuel(n, "2025-01", "柴油", 10))),
]
LATER_FUEL = [_fuel(FORGOTTEN, "2025-01", "柴油", 11), _fuel(MENDED, "2025-01", "无烟煤", 100)]


def _row(number: int, role: str, item: str, quantity: float, period: str = "2025-01", **more: object) -> dict:
    return {"uscc": uscc(number), "period": period, "role": role, "item": item, "quantity": quantity, **more}


PROCESS = [
    _row(ACID, "过程", "nitric_acid_high_pressure", 1000), _row(ACID, "参数", "n2o_abatement_efficiency", 80),
    _row(ACID, "过程", "nitric_acid_high_pressure", 1000, "2025-02"), _row(ACID, "参数", "n2o_abatement_efficiency", 80, "2025-02"),
    _row(ACID, "参数", "n2o_abatement_usage", 90, "2025-02"),
    _row(ACID, "过程", "nitric_acid_high_pressure", 1000, "2025-03", emission_factor=7),
    _row(ACID, "过程", "nitric_acid_high_pressure", 1000, "2025-04", emission_factor=7, emission_factor_unit="kgN2O/t"),
    _row(FLUORO, "参数", "hcfc22_output", 7000, carbon_content=0.1386), _row(FLUORO, "参数", "hfc23_rate", 3),
    _row(ALUMINIUM, "过程", "al_liquid", 1000, emission_factor=1.5), _row(ALUMINIUM, "过程", "al_liquid", 1000, "2025-02", carbon_content=0.4),
    _row(ALUMINIUM, "过程", "al_liquid", 1000, "2025-03", emission_factor=1.5, emission_factor_unit="tCO2/t"),
    _row(MINE, "过程", "coal_raw_openpit", 1000, emission_factor=0.01),
    _row(PAPER, "过程", "ch4_recovered_ww", 1000, emission_factor=1, emission_factor_unit="kgCH4/kgCH4"),
    _row(PAPER, "回收", "ch4_recovered_ww", 1000, "2025-02", emission_factor=1, emission_factor_unit="kgCH4/kgCH4"),
    _row(PAPER, "参数", "ch4_recovered_ww", 1000, "2025-03", emission_factor=1, emission_factor_unit="kgCH4/kgCH4"),
    _row(PAPER, "产品固碳", "limestone", 1000, "2025-04", emission_factor=0.4),
    _row(PAPER, "辅料", "limestone", 1000, "2025-05"),
    _row(CARBIDE, "过程", "calcium_carbide", 100, emission_factor=1.1), _row(CARBIDE, "产品固碳", "calcium_carbide", 100, "2025-02", emission_factor=1.1),
    _row(AIRLINE, "参数", "bio_jet_share", 20, unit="%"),
]


OWN = f"uscc in ({', '.join(repr(row['uscc']) for row in REGISTER)})"   # the golden province has others


def deliver_to(inbox: Path) -> None:
    """What these accounts are made from."""
    for source, rows in {"enterprise_register": REGISTER, "enterprise_power_heat": POWER, "certificate": CERTIFICATES, "enterprise_energy": FUEL,
                         "enterprise_process": PROCESS}.items():
        deliver(inbox, source, f"{source}.csv", rows)
    deliver(inbox, "enterprise_energy", "held.csv", HELD_FUEL)
    deliver(inbox, "enterprise_energy", "later.csv", LATER_FUEL, "2026-01-11T09:00:00+08:00")


@pytest.fixture(scope="module")
def built(golden: Golden) -> Path:
    assert golden.held_of("account_rules") == [4], golden.held
    return golden.database


# enterprise, month, emission source, item, view, the lines' tonnes CO2e in the method's set
GOLDEN = [
    (HOLDER, "2025-01", "purchased_power", "电力购入", "market", ["0.000"]),
    (HOLDER, "2025-03", "purchased_power", "电力购入", "market", ["0.000", "182.880"]),
    (HOLDER, "2025-04", "purchased_power", "电力购入", "market", ["30.480"]),
    (HOLDER, "2025-03", "purchased_power", "电力购入", "location", ["227.320"]),
    (OTHER_BUYER, "2025-01", "purchased_power", "电力购入", "market", ["121.920"]),
    (LONE, "2025-01", "purchased_power", "电力购入", "market", ["60.960"]),
    (LONE, "2025-02", "purchased_power", "电力购入", "market", ["0.000"]),
    (LONE, "2025-03", "purchased_power", "电力购入", "market", ["0.000"]),
    (USED_UP, "2025-01", "purchased_power", "电力购入", "market", ["60.960"]),
    (CONTRACT, "2025-01", "purchased_power", "电力购入", "market", ["0.000", "0.000", "3.048"]),
    (TWO_YEARS, "2024-12", "purchased_power", "电力购入", "market", ["0.000"]),
    (TWO_YEARS, "2025-01", "purchased_power", "电力购入", "market", ["0.000", "36.576"]),
    (SMELTER, "2025-01", "purchased_power", "电力购入", "market", ["0.000", "365.760"]),
    (SMELTER, "2025-01", "purchased_power", "电力购入", "method", ["0.000", "318.360"]),
    (DEFAULTS, "2025-01", "fuel", "一般烟煤", None, ["2071.509"]),
    (STEEL, "2025-03", "fuel", "焦炭", None, ["306.738"]),
    (ACID, "2025-01", "process", "nitric_acid_high_pressure", None, ["4309.000"]),
    (ACID, "2025-02", "process", "nitric_acid_high_pressure", None, ["1206.520"]),
    (ACID, "2025-04", "process", "nitric_acid_high_pressure", None, ["2170.000"]),
    (ALUMINIUM, "2025-03", "process", "al_liquid", None, ["31.280", "221.000", "1500.000"]),
    (PAPER, "2025-02", "co2_recovered", "ch4_recovered_ww", None, ["-21.000"]),
    (PAPER, "2025-03", "co2_recovered", "ch4_recovered_ww", None, ["-21.000"]),
    (PAPER, "2025-05", "process", "limestone", None, ["405.000"]),
    (CARBIDE, "2025-02", "product_deduction", "calcium_carbide", None, ["-110.000"]),
    (GRID, "2025-01", "purchased_heat", "热力外供", None, ["-11.000"]),
]


@pytest.mark.parametrize(("number", "month", "source", "item", "view", "expected"), GOLDEN)
def test_golden_lines(built: Path, number: int, month: str, source: str, item: str, view: str | None, expected: list[str]) -> None:
    rows = query(built, "select emission_tco2e from marts.fct_enterprise_emission_line where uscc = ? and period = cast(? || '-01' as date)"
                        " and emission_source = ? and item = ? and electricity_view is not distinct from ? order by 1",
                 uscc(number), month, source, item, view)
    assert [str(t) for (t,) in rows] == expected


def test_every_expected_figure_stands_in_the_working() -> None:
    working = (Path(__file__).parent / "account_rules.md").read_text("utf-8").replace(" ", "")
    figures = {figure for *_, expected in GOLDEN for figure in expected if Decimal(figure) != 0}
    assert [figure for figure in sorted(figures) if figure not in working] == []


def test_the_views_of_power_count_the_same_mwh(built: Path) -> None:
    rows = query(built, """select batch_id, row_no, count(distinct mwh) from (
        select batch_id, row_no, electricity_view, sum(activity_quantity) as mwh from marts.fct_enterprise_emission_line
        where emission_source = 'purchased_power' group by all) group by all having count(distinct mwh) > 1""")
    assert rows == []


def test_a_certificate_is_told_with_what_it_covered(built: Path) -> None:
    rows = query(built, "select certificate_id, claimed_mwh, served_mwh from marts.fct_certificate where certificate_id like 'C%' order by 1")
    assert rows == [("C1", 1550, 1000), ("C2", 100, 0), ("C3", 90, 85), ("C4", 160, 100), ("C5", 1000, 400)]


# enterprise, month, item of the line, why it is held
HELD = {
    (ACID, "2025-03", "nitric_acid_high_pressure", "gas_not_named"), (FLUORO, "2025-01", "hcfc22_output", "gas_not_named"),
    (ALUMINIUM, "2025-01", "al_liquid", "gas_not_named"), (ALUMINIUM, "2025-02", "al_liquid", "gas_not_named"),
    (MINE, "2025-01", "coal_raw_openpit", "gas_not_named"), (PAPER, "2025-01", "ch4_recovered_ww", "role_contradicts_item"),
    (PAPER, "2025-04", "limestone", "role_contradicts_item"), (CARBIDE, "2025-01", "calcium_carbide", "role_contradicts_item"),
    (NONSENSE, "2025-01", "柴油", "method_not_in_force"), (RAW_COAL, "2025-01", "原煤", "no_factor"),
}


def test_what_contradicts_itself_is_held_in_words(built: Path) -> None:
    rows = query(built, "select uscc, strftime(period, '%Y-%m'), item, reason_code, reason_zh, reason_en from marts.fct_enterprise_held_back_line where " + OWN)
    assert {row[:4] for row in rows} == {(uscc(n), *rest) for n, *rest in HELD}
    assert all(zh != code and en != code for *_, code, zh, en in rows)
    lines = query(built, "select count(*) from marts.fct_enterprise_emission_line where uscc = ? and period in ('2025-01-01', '2025-02-01')", uscc(ALUMINIUM))
    assert lines == [(0,)]


def test_findings_say_what_was_set_aside(built: Path) -> None:
    rows = query(built, "select check_id, uscc, strftime(period, '%Y-%m'), message_en from intermediate.int_rule__finding"
                        f" where {OWN} and check_id in ('R04-value-beside-default', 'P02-abatement-without-use', 'R74-unknown-certificate', 'R74-used-elsewhere') order by 1, 2, 3")
    assert rows == [
        ("P02-abatement-without-use", uscc(ACID), "2025-01", "an N2O abatement of 80 % without its usage rate (n2o_abatement_usage): no abatement is counted"),
        ("R04-value-beside-default", uscc(DEFAULTS), "2025-01",
         "the basis says default: the calorific value, the oxidation rate counts with the default, 23.204、93; the value reported, 20、98, is not used"),
        ("R04-value-beside-default", uscc(STEEL), "2025-03",
         "the basis says default: the oxidation rate counts with the default, 100; the value reported, 93, is not used"),
        ("R74-unknown-certificate", uscc(LONE), "2025-01", "certificate C-UNKNOWN is not in the register: the power (绿证) counts as power without proof"),
        ("R74-unknown-certificate", uscc(LONE), "2025-02",
         "certificate C-UNKNOWN is not in the register: the power (绿电交易) counts as zero, on the strength of its contract"),
        ("R74-used-elsewhere", uscc(USED_UP), "2025-01",
         "certificate C2 was retired for the deduction from the double control of energy and covers no power here: it counts at the residual factor"),
    ]


def test_parameters_of_other_rows_stand_in_the_factor(built: Path) -> None:
    def ids(number: int, month: str) -> list[str]:
        return [name for (name,) in query(built, "select factor_id from marts.fct_enterprise_emission_line where uscc = ? and period = cast(? || '-01' as date)"
                                          " and emission_source in ('fuel', 'process')", uscc(number), month)]

    acid = "process:ndrc:chemicals/nitric_acid_high_pressure/emission_factor_n2o"
    assert ids(ACID, "2025-01") == [acid]
    assert ids(ACID, "2025-02") == [f"{acid}+reported:n2o_abatement_efficiency+reported:n2o_abatement_usage"]
    assert all(name.endswith("+reported:bio_jet_share") for name in ids(AIRLINE, "2025-01"))
    assert "method:oxidation=1" in ids(STEEL, "2025-03")[0] and "reported" not in ids(STEEL, "2025-03")[0]


def test_an_account_that_cannot_be_computed_is_not_counted(built: Path) -> None:
    months = query(built, "select uscc, energy_tce, energy_hold_code, completeness, hold_code from marts.fct_enterprise_account_month"
                          " where uscc in (?, ?) order by uscc, period", uscc(NONSENSE), uscc(RAW_COAL))
    assert months == [
        (uscc(NONSENSE), None, "method_not_in_force", 0.0, "method_not_in_force"), (uscc(RAW_COAL), None, "no_factor", 1.0, None),
        (uscc(RAW_COAL), Decimal("291.064"), None, 1.0, None),
    ]
    years = query(built, "select energy_tce, energy_hold_code, completeness_num from marts.fct_enterprise_account_year where uscc in (?, ?) order by uscc",
                  uscc(NONSENSE), uscc(RAW_COAL))
    assert years == [(None, "method_not_in_force", 0), (None, "no_factor", 2)]
    assert query(built, "select coverage_num, coverage_den, held_back_rows from marts.fct_total_month where level = 'prefecture' and code = '520200'"
                        " and period = date '2025-01-01'") == [(0, 1, 1)]
    assert query(built, "select state from quality.coverage_month where uscc = ? and period = date '2025-01-01'", uscc(NONSENSE)) == [("held_back",)]


def test_energy_is_rounded_once(built: Path) -> None:
    # 12 734 t x 42.652 / 29.3076 = 18 532.072 499 966: 0.072 500 in six places, 0.073 if those were rounded again
    assert query(built, "select energy_tce from marts.fct_enterprise_account_month where uscc = ?", uscc(DIESEL)) == [(Decimal("18532.072"),)]


def test_power_and_heat_rows_lie_outside_by_name(built: Path) -> None:
    rows = query(built, "select carrier, direction, outside from intermediate.int_ledger__power_heat_row where uscc = ? order by 1, 2", uscc(GRID))
    assert rows == [("热力", "外供", None), ("电力", "外供", "waste_heat"), ("电力", "自发自用", "own_use"), ("电力", "购入", "loss_formula")]


@pytest.mark.parametrize(("number", "county", "held"), [(TWICE, "520302", 0), (PARENT, "520402", 0), (FORGOTTEN, "520502", 1), (MENDED, "520602", 0)])
def test_a_row_stays_held_until_its_own_key_is_made_good(built: Path, number: int, county: str, held: int) -> None:
    """Identical rows and a parent beside its child count already; a later diesel row says nothing of the coal."""
    rows = query(built, "select held_back_rows from marts.fct_total_month where level = 'county' and code = ? and period = date '2025-01-01'", county)
    assert rows == [(held,)]
    assert query(built, "select quarantined_rows from quality.coverage_month where uscc = ? and period = date '2025-01-01'", uscc(number)) == [(held,)]
