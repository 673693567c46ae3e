"""Golden accounts: worked by hand in accounts.md, equal to the kilogram."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from pathlib import Path

import pytest

from tests.conftest import query
from tests.deliveries import deliver, register_row, uscc
from tests.golden.province import Golden

# what the figures below are looked up in
TABLES = ("fct_enterprise_emission_line", "fct_enterprise_account_month", "fct_enterprise_held_back_line")


def _register() -> list[dict]:
    return [
        register_row(1, "01-power", "4411", ets="是"), register_row(2, "01-power", "4411", ets="是"),
        register_row(3, "03-steel@ndrc", "3120", ets="是"), register_row(4, "21-public-building", "8411"),
        register_row(5, "21-public-building", "6450"), register_row(6, "08-cement", "3011", ets="是"),
        register_row(7, "24-other-industry", "3012"), register_row(8, "04-chemicals", "2613"),
        register_row(9, "20-food-beverage", "1512"), register_row(10, "24-other-industry", "3012"),
        register_row(11, "12-coal-mining", "0610"), register_row(12, "04-chemicals", "2613"),
        register_row(13, "05-aluminium", "3216", ets="是"), register_row(14, "99-nonsense", "3216"),
        register_row(15, "03-steel", "3120", ets="是"), register_row(16, "10-civil-aviation", "5611"),
    ]


def _energy() -> list[dict]:
    def row(number: int, energy: str, consumed: float, unit: str = "t", period: str = "2025-05", **more: object) -> dict:
        return {"uscc": uscc(number), "period": period, "energy": energy, "unit": unit, "consumed": consumed, **more}

    measured = {"parameter_basis": "实测"}
    return [
        row(1, "一般烟煤", 1000, ncv=20, ncv_unit="GJ/t", **measured),
        row(2, "一般烟煤", 1000, ncv=20, carbon_content=0.02618, oxidation_rate=98, **measured),
        row(1, "一般烟煤", 1000, period="2025-06", ncv=20, ncv_unit="GJ/t", **measured), row(1, "一般烟煤", 1000, period="2025-07"),
        row(16, "喷气/航空煤油", 100),
        row(3, "bituminous", 1, "kt") | {"consumed": 1000, "unit": "吨"},
        row(4, "焦炭", 1000), row(4, "天然气", 10_000_000, "Nm3"), row(4, "柴油", 0.1, "万吨"),
        row(9, "原煤", 100), row(9, "原煤", 100, period="2025-06", ncv=5000, ncv_unit="kcal/kg", carbon_content=26.2,
                               carbon_content_unit="tC/TJ", oxidation_rate=95),
        row(10, "柴油", 200, feedstock=50),
        row(14, "柴油", 200),
        row(15, "焦炭", 100, period="2025-03", parameter_basis="缺省"), row(15, "焦炭", 100, period="2024-03"),
    ]


def _power() -> list[dict]:
    def row(number: int, period: str, quantity: float, carrier: str = "电力", direction: str = "购入", origin: str = "电网", unit: str = "MWh", **more: object) -> dict:
        return {"uscc": uscc(number), "period": period, "carrier": carrier, "direction": direction, "origin": origin,
                "quantity": quantity, "unit": unit, **more}

    return [
        row(5, "2021-03", 1000, unit="万千瓦时"), row(5, "2022-03", 10_000), row(5, "2023-03", 10_000), row(5, "2025-03", 10_000),
        row(5, "2023-03", 5000, carrier="热力", origin="外购热", unit="GJ"),
        row(12, "2023-03", 1000, direction="外供", origin="自备化石"), row(1, "2025-05", 1000, direction="外供", origin="自备化石"),
        row(13, "2024-05", 1000, origin="绿电交易", certificate_id="GEC-2024-0001"),
    ]


def _process() -> list[dict]:
    def row(number: int, role: str, item: str, quantity: float, **more: object) -> dict:
        return {"uscc": uscc(number), "period": "2025-05", "role": role, "item": item, "quantity": quantity, "unit": "t", **more}

    return [
        row(6, "参数", "clinker_portland", 1_000_000), row(6, "原料", "磷石膏", 50_000),
        row(7, "辅料", "石灰石", 1000, purity=95), row(8, "产品固碳", "电石", 100), row(8, "原料", "feed_coal", 100, carbon_content=0.6),
        row(11, "参数", "coal_raw_openpit", 100_000), row(7, "辅料", "碳酸锶", 100),
        *({**row(1, "参数", item, value, unit=unit), "period": period} for period in ("2025-06", "2025-07") for item, value, unit in (
            ("coal_carbon_air_dry", 0.58, "tC/t"), ("全水分Mar", 10, "%"), ("coal_moisture_inherent", 2, "%")) if period == "2025-06" or unit == "tC/t"),
        row(16, "参数", "bio_jet_share", 20, unit="%"),
        {**row(9, "原料", "外购工业CO2", 100), "period": "2025-06"},
        row(7, "辅料", "碳酸钡", 100), {**row(7, "辅料", "碳酸钡", 100), "period": "2025-06"},
    ]


def deliver_to(inbox: Path) -> None:
    """What these accounts are made from."""
    deliver(inbox, "enterprise_register", "register.csv", _register())
    deliver(inbox, "enterprise_energy", "energy.csv", _energy())
    deliver(inbox, "enterprise_power_heat", "power.csv", _power())
    deliver(inbox, "enterprise_process", "process.csv", _process())
    factor = {"factor_id": "zz:srco3", "kind": "process", "item": "common/SrCO3/emission_factor", "value": 0.3, "unit": "tCO2/t",
              "confidence": "B", "status": "confirmed", "document": "测试文件"}
    dated = {**factor, "factor_id": "zz:baco3", "item": "common/BaCO3/emission_factor", "value": 0.4, "valid_from": "2025-06-01"}
    delivered = deliver(inbox, "emission_factor", "factor.csv", [factor, dated], "2026-03-01", synthetic=False)
    # in the place of published ones: two people accept them
    batch = f"emission_factor-{hashlib.sha256(delivered.read_bytes()).hexdigest()[:12]}"
    deliver(inbox, "steward_decision", "accepted.csv", [
        {"decision_id": f"F{row_no}", "target_batch_id": batch, "target_row_no": row_no, "check_id": "E01-published-factor-stands", "decision": "按原值接受",
         "reason": "测试", "by": "甲", "second_by": "乙", "decided_on": "2026-03-02", "expires_on": "2030-12-31"} for row_no in (2, 3)
    ], "2026-03-02", synthetic=False)
    unreal = {**factor, "factor_id": "zz:lime", "item": "common/CaCO3/emission_factor_3_digit", "value": 0.9}
    deliver(inbox, "emission_factor", "unreal.csv", [unreal], "2026-03-01", synthetic=True)


@pytest.fixture(scope="module")
def ledger(golden: Golden) -> Path:
    assert golden.held_of("accounts") == [], golden.held
    return golden.database


GOLDEN = [
    (1, "2025-05-01", "fuel", "一般烟煤", None, "2239.710"),
    (2, "2025-05-01", "fuel", "一般烟煤", None, "1881.469"),
    (1, "2025-06-01", "fuel", "一般烟煤", None, "1933.531"),
    (1, "2025-07-01", "fuel", "一般烟煤", None, "2990.013"),
    (16, "2025-05-01", "fuel", "喷气/航空煤油", None, "252.252"),
    (16, "2025-05-01", "biomass_memo", "喷气/航空煤油", None, "63.063"),
    (3, "2025-05-01", "fuel", "一般烟煤", None, "1747.088"),
    (4, "2025-05-01", "fuel", "焦炭", None, "2860.419"),
    (4, "2025-05-01", "fuel", "天然气(气态)", None, "21621.888"),
    (4, "2025-05-01", "fuel", "柴油", None, "3095.910"),
    (5, "2021-03-01", "purchased_power", "电力购入", "location", "5182.000"),
    (5, "2022-03-01", "purchased_power", "电力购入", "location", "4989.000"),
    (5, "2023-03-01", "purchased_power", "电力购入", "location", "5683.000"),
    (5, "2023-03-01", "purchased_power", "电力购入", "national", "5306.000"),
    (5, "2023-03-01", "purchased_power", "电力购入", "market", "6096.000"),
    (5, "2025-03-01", "purchased_power", "电力购入", "location", "5683.000"),
    (5, "2023-03-01", "purchased_heat", "热力购入", None, "550.000"),
    (6, "2025-05-01", "process", "clinker_portland", None, "535000.000"),
    (6, "2025-05-01", "process", "nc_phosphogypsum", None, "-12250.000"),
    (7, "2025-05-01", "process", "limestone", None, "418.000"),
    (8, "2025-05-01", "product_deduction", "calcium_carbide", None, "-115.133"),
    (8, "2025-05-01", "process", "feed_coal", None, "220.000"),
    (9, "2025-06-01", "fuel", "原煤", None, "191.051"),
    (9, "2025-06-01", "process", "co2_purchased", None, "40.000"),
    (10, "2025-05-01", "fuel", "柴油", None, "464.386"),
    (11, "2025-05-01", "process", "coal_raw_openpit", None, "3528.000"),
    (12, "2023-03-01", "purchased_power", "电力外供", "location", "-568.300"),
    (7, "2025-05-01", "process", "strontium_carbonate", None, "30.000"),
    (7, "2025-05-01", "process", "barium_carbonate", None, "22.300"),
    (7, "2025-06-01", "process", "barium_carbonate", None, "40.000"),
    (15, "2025-03-01", "fuel", "焦炭", None, "306.738"),
    (15, "2024-03-01", "fuel", "焦炭", None, "300.603"),
    (13, "2024-05-01", "purchased_power", "电力购入", "location", "568.300"),
    (13, "2024-05-01", "purchased_power", "电力购入", "national", "536.600"),
    (13, "2024-05-01", "purchased_power", "电力购入", "market", "0.000"),
]


@pytest.mark.parametrize(("number", "period", "source", "item", "view", "expected"), GOLDEN)
def test_golden_line(ledger: Path, number: int, period: str, source: str, item: str, view: str | None, expected: str) -> None:
    rows = query(
        ledger,
        "select sum(emission_tco2e) from marts.fct_enterprise_emission_line where uscc = ? and period = cast(? as date)"
        " and emission_source = ? and item = ? and electricity_view is not distinct from ?",
        uscc(number), period, source, item, view,
    )
    assert rows == [(Decimal(expected),)]


def test_every_expected_figure_stands_in_the_working() -> None:
    working = (Path(__file__).parent / "accounts.md").read_text("utf-8")
    figures = {expected for *_, expected in GOLDEN if Decimal(expected) != 0}
    assert [f for f in sorted(figures) if f not in working.replace(" ", "")] == []


def test_methane_stands_in_both_gwp_sets(ledger: Path) -> None:
    rows = query(
        ledger, "select sum(gas_t), sum(emission_tco2e), sum(emission_common_tco2e) from marts.fct_enterprise_emission_line"
        " where uscc = ? and gas = 'CH4'", uscc(11),
    )
    assert rows == [(pytest.approx(168.0), Decimal("3528.000"), Decimal("4704.000"))]


def test_what_cannot_be_computed_is_shown_not_zero(ledger: Path) -> None:
    rows = query(ledger, "select uscc, period, item, reason_code, activity_quantity from marts.fct_enterprise_held_back_line order by 1, 2")
    held = {(row[0], row[2], row[3]) for row in rows}
    assert (uscc(9), "原煤", "no_factor") in held
    assert (uscc(14), "柴油", "method_not_in_force") in held
    shown = query(ledger, "select hold_code, held_back_lines from marts.fct_enterprise_account_month where uscc = ?", uscc(14))
    assert shown == [("method_not_in_force", 1)]


def test_power_plants_export_makes_no_line(ledger: Path) -> None:
    assert query(ledger, "select count(*) from marts.fct_enterprise_emission_line where uscc = ? and emission_source = 'purchased_power'", uscc(1)) == [(0,)]


def test_tiers(ledger: Path) -> None:
    rows = query(ledger, "select uscc, factor_tier from marts.fct_enterprise_emission_line where emission_source = 'fuel' and uscc in (?, ?, ?) and period = date '2025-05-01'",
                 uscc(1), uscc(2), uscc(3))
    assert sorted(rows) == sorted([(uscc(1), "method_default"), (uscc(2), "measured"), (uscc(3), "method_default")])
    other = query(ledger, "select distinct factor_tier, factor_id from marts.fct_enterprise_emission_line where uscc = ? and period = date '2025-03-01'"
                  " and electricity_view = 'location'", uscc(5))
    assert other == [("other_year", "grid:average:520000:2023")]


def test_energy_in_tce_counts_feedstock_and_power(ledger: Path) -> None:
    # 200 t diesel x 42.652 / 29.3076 (burned and feedstock)
    assert query(ledger, "select energy_tce from marts.fct_enterprise_account_month where uscc = ?", uscc(10)) == [(Decimal("291.064"),)]
    # 10 000 MWh x 0.1229 + 5 000 GJ / 29.3076
    assert query(ledger, "select energy_tce from marts.fct_enterprise_account_month where uscc = ? and period = date '2023-03-01'", uscc(5)) == [
        (Decimal("1399.604"),)
    ]
    # 1 000 t x 20 / 29.3076 - 1 000 MWh x 0.1229: exports of 01 make no line, and are energy that left
    assert query(ledger, "select energy_tce from marts.fct_enterprise_account_month where uscc = ? and period = date '2025-05-01'", uscc(1)) == [(Decimal("559.517"),)]


def test_a_default_share_marks_its_line(ledger: Path) -> None:
    rows = query(ledger, "select factor_id, factor_tier from marts.fct_enterprise_emission_line where item = 'co2_purchased'")
    assert len(rows) == 1 and rows[0][0].endswith("food_drink/co2_purchased/loss_rate") and rows[0][1] == "unconfirmed", rows


def test_carbon_from_moistures_is_measured_and_half_a_set_is_shown(ledger: Path) -> None:
    rows = query(ledger, "select factor_tier, factor_id from marts.fct_enterprise_emission_line where uscc = ? and emission_source = 'fuel'"
                         " and period = date '2025-06-01'", uscc(1))
    assert [(tier, "reported:coal_carbon_air_dry" in ids) for tier, ids in rows] == [("method_default", True)]
    held = query(ledger, "select item, reason_code from marts.fct_enterprise_held_back_line where uscc = ?", uscc(1))
    assert held == [("coal_carbon_air_dry", "unused_parameter")]
    assert query(ledger, "select item, reason_code from marts.fct_enterprise_held_back_line where uscc = ?", uscc(16)) == []
