"""A small build database with lines, accounts and totals that agree, for the tests of publishing."""

from __future__ import annotations

import atexit
import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import Any
from unittest.mock import patch

from pipelines.contracts.marts import load_marts
from pipelines.contracts.published import load_published
from pipelines.publish import live as live_set
from pipelines.publish import release as releasing
from pipelines.publish.identities import LEVELS
from pipelines.publish.release import Published
from pipelines.publish.release_info import InputBatch, ReleaseInfo
from pipelines.publish.store import DOWNLOADS, PATHS, release_folder
from pipelines.settings import TIME_ZONE, Settings
from pipelines.warehouse.duck import connect, quoted
from pipelines.warehouse.registry import Registry
from tests.conftest import one_page

A, B = "X1520100MA00000001", "X1520300MA00000002"
HOSTILE = "<script>alert(1)</script>.csv"
ENERGY = "enterprise_energy-aaaaaaaaaaaa"
POWER = "enterprise_power_heat-bbbbbbbbbbbb"
JAN, FEB, YEAR = date(2025, 1, 1), date(2025, 2, 1), date(2025, 1, 1)


def settings_for(data: Path, knowledge_date: date = date(2025, 3, 31), **more: Any) -> Settings:
    """Settings of a small deployment; what people take away costs more than all the rest, so only its own tests ask for it."""
    return Settings(**{"inbox": data / "inbox", "data": data, "knowledge_date": knowledge_date, "downloads": False, **more})


def info(knowledge_date: date = date(2025, 3, 31), fingerprint: str = "a" * 64, minute: int = 0, **more: Any) -> ReleaseInfo:
    batches = (InputBatch(ENERGY, "enterprise_energy", "a" * 64, 3), InputBatch(POWER, "enterprise_power_heat", "b" * 64, 1))
    return ReleaseInfo(
        knowledge_date, fingerprint, "c0de", {"enterprise_energy": "1"}, "AR5", batches, True,
        datetime(2025, 4, 1, 2, minute, tzinfo=TIME_ZONE), "520000", **more,
    )


@contextmanager
def registry_of(settings: Settings) -> Iterator[Registry]:
    """The registry of a data folder, as a night opens it."""
    with closing(Registry(settings.warehouse / "registry.sqlite")) as registry:
        yield registry


def lose_registry(settings: Settings) -> None:
    """Take the registry away with its seal, as if it had never known a release."""
    for name in ("registry.sqlite", "registry.sqlite.sha256"):
        (settings.warehouse / name).unlink()


def publish(settings: Settings, build_db: Path, release: ReleaseInfo, *, site: bool = False, **more: Any) -> Published:
    """Publish as a night does that found nothing to heal. site: with all pages, for which `build_db` must be whole (see `write_build`)."""
    with registry_of(settings) as registry, ExitStack() as patched:
        if not site:
            patched.enter_context(patch.object(releasing, "write_site", one_page))
        return releasing.publish(settings, registry, build_db, release, **more)


def seal(settings: Settings, build_db: Path, release: ReleaseInfo) -> Path:
    """Seal only."""
    with registry_of(settings) as registry, patch.object(releasing, "write_site", one_page):
        return releasing.seal(settings, registry, build_db, release)


def switch(settings: Settings, release_id: str) -> None:
    """Make a sealed release live."""
    with registry_of(settings) as registry:
        live_set.switch(settings, registry, release_folder(settings, release_id))


def heal(settings: Settings) -> live_set.Healed:
    """As a night begins."""
    with registry_of(settings) as registry:
        return live_set.heal(settings, registry)


THERE = tuple(name for name in PATHS if name != DOWNLOADS)   # what the releases of these tests have
FIRST, SECOND = "20250331-aaaaaaaaaa", "20250331-bbbbbbbbbb"


def changed_tables() -> dict[str, list[dict[str, Any]]]:
    """The same with one table more and one line's item changed."""
    rows = {**tables(), "reference.note": [{"note": "x"}]}
    rows["marts.fct_enterprise_emission_line"][0]["item"] = "烟煤"
    return rows


@cache
def _two_releases() -> Path:
    root = Path(mkdtemp(prefix="carbon-releases-"))
    atexit.register(shutil.rmtree, root, ignore_errors=True)
    settings = settings_for(root / "data")
    publish(settings, write_build(root / "one.duckdb"), info())
    publish(settings, write_build(root / "two.duckdb", changed_tables()), info(fingerprint="b" * 64, minute=1))
    return root / "data"


def two_releases(data: Path, **more: Any) -> Settings:
    """A data folder with two releases, SECOND live and sealed after FIRST."""
    shutil.copytree(_two_releases(), data, symlinks=True, dirs_exist_ok=True)
    return settings_for(data, **more)


def flip(path: Path, at: int = 1000) -> None:
    """Change one byte in place and leave size and time as they were: as a failing disk does."""
    before = path.stat()
    path.chmod(0o644)
    with path.open("r+b") as handle:
        handle.seek(at % before.st_size)
        byte = handle.read(1)[0]
        handle.seek(at % before.st_size)
        handle.write(bytes([byte ^ 1]))
    path.chmod(before.st_mode)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def _line(n: int, uscc: str, period: date, emission_source: str, gas: str, gas_t: float, tco2e: str, **more: Any) -> dict[str, Any]:
    base = {
        "line_id": f"L{n}", "uscc": uscc, "period": period, "period_grain": "month", "unit_code": "",
        "division_code": "520102" if uscc == A else "520300", "industry_code": "3011" if uscc == A else "4411",
        "prefecture_code": "520100" if uscc == A else "520300", "industry_section": "C" if uscc == A else "D",
        "field": "industry" if uscc == A else "energy_supply",
        "method_code": "08-cement", "method_version": "ndrc", "emission_source": emission_source, "item": "无烟煤", "gas": gas,
        "activity_quantity": 100.0, "activity_unit": "t", "factor_id": "fuel:ndrc-2015:anthracite:fuel_co2",
        "factor_value": gas_t / 100, "factor_unit": "tCO2/t", "factor_tier": "method_default", "gas_t": gas_t, "gwp_set": "AR2",
        "emission_tco2e": Decimal(tco2e), "emission_common_tco2e": Decimal(tco2e), "electricity_view": None,
        "ets_covered": False, "internal_transfer": False, "batch_id": ENERGY, "row_no": n + 1, "is_synthetic": True, "source": "enterprise_energy",
    }
    return {**base, **more}


def lines() -> list[dict[str, Any]]:
    power = {"batch_id": POWER, "row_no": 2, "source": "enterprise_power_heat", "activity_unit": "MWh", "item": "电力"}
    return [
        _line(1, A, JAN, "fuel", "CO2", 250.5, "250.500"),
        _line(2, A, JAN, "process", "CH4", 2.0, "42.000", gwp_set="AR2", emission_common_tco2e=Decimal("56.000"),
              factor_id="process:ndrc:wastewater/food/mcf", batch_id=ENERGY, field="waste"),
        _line(3, B, FEB, "fuel", "CO2", 1000.0, "1000.000"),
        _line(4, A, JAN, "purchased_power", "CO2", 49.89, "49.890", electricity_view="location", **power),
        _line(5, A, JAN, "purchased_power", "CO2", 53.06, "53.060", electricity_view="national", **power),
        _line(6, A, JAN, "purchased_power", "CO2", 0.0, "0.000", electricity_view="market", **power),
    ]


def _account(uscc: str, period: date, **amounts: str) -> dict[str, Any]:
    names = ("fuel", "process", "product_deduction", "co2_recovered", "direct", "direct_common", "ets_direct", "internal_transfer", "purchased_power_location",
             "purchased_power_national", "purchased_power_market", "purchased_heat", "total_location", "total_market",
             "biomass_memo")
    row: dict[str, Any] = {f"{name}_tco2e": Decimal(amounts.get(name, "0")) for name in names}
    return {"uscc": uscc, "period": period, **row, "energy_tce": 80.5, "energy_equivalent_tce": 95.2, "energy_hold_code": None, "measured_share": None, "completeness": 1.0,
            "measured_share_num": 0.0, "measured_share_den": 0.0, "completeness_num": 1.0, "completeness_den": 1.0,
            "is_synthetic": True}


def accounts(year: bool) -> list[dict[str, Any]]:
    return [
        _account(A, JAN, fuel="250.5", process="42", direct="292.5", direct_common="306.5", purchased_power_location="49.89",
                 purchased_power_national="53.06", total_location="342.39", total_market="292.5"),
        _account(B, YEAR if year else FEB, fuel="1000", direct="1000", direct_common="1000", total_location="1000",
                 total_market="1000"),
    ]


def _codes(uscc: str) -> dict[str, str]:
    if uscc == A:
        return {"prefecture": "520100", "county": "520102", "industry_section": "C", "industry": "30",
                "industry_class": "3011", "prefecture_industry": "520100:30"}
    return {"prefecture": "520300", "county": "520300", "industry_section": "D", "industry": "44",
            "industry_class": "4411", "prefecture_industry": "520300:44"}


def _total(level: str, code: str, period: date, direct: str, power: str) -> dict[str, Any]:
    return {"level": level, "code": code, "period": period, "direct_tco2e": Decimal(direct),
            "purchased_power_location_tco2e": Decimal(power), "enterprises": 1, "coverage": 1.0, "coverage_num": 1.0,
            "coverage_den": 1.0, "measured_share": 0.0, "measured_share_num": 0.0, "measured_share_den": 1.0,
            "held_back_rows": 0, "held_back_tco2e": Decimal(0), "held_back_unknown_rows": 0, "status": "provisional", "status_reason": "not_due",
            "is_synthetic": True}


def totals(year: bool) -> list[dict[str, Any]]:
    b_period = YEAR if year else FEB
    rows = []
    for level in LEVELS:
        if level == "field":
            rows += [_total(level, "industry", JAN, "250.5", "49.89"), _total(level, "waste", JAN, "56", "0"),
                     _total(level, "energy_supply", b_period, "1000", "0")]
        else:
            rows += [_total(level, _codes(A)[level], JAN, "306.5", "49.89"), _total(level, _codes(B)[level], b_period, "1000", "0")]
    if year:
        return [*rows, _total("province", "520000", YEAR, "1306.5", "49.89")]
    return [*rows, _total("province", "520000", JAN, "306.5", "49.89"), _total("province", "520000", FEB, "1000", "0")]


def _bridge() -> dict[str, list[dict[str, Any]]]:
    """The bridge of the inventory's year, which has no accounts: all unexplained, nothing allocated."""
    total = Decimal("1704.376")

    def row(level: str, order: int, cause: str, amount: Decimal) -> dict[str, Any]:
        return {
            "division_code": "520000" if level == "province" else "520000:unallocated", "level": level, "year": 2007, "cause": cause,
            "evaluation_order": order, "tco2e": amount, "located_tco2e": Decimal(0), "allocated_tco2e": None if level == "province" else amount,
            "basis": "computed", "memo_tco2e": None, "unexplained_share": None, "unexplained_share_num": None, "unexplained_share_den": None,
            "gate": "not_assessable" if cause == "unexplained" else None, "factor_set": "ceads", "has_own_balance": False,
            "how_zh": "算法", "how_en": "how it is computed", "is_synthetic": False,
        }

    causes = [("accounts_total", Decimal(0)), ("unexplained", total), ("top_down_total", total)]
    place = {"division_code": "520000:unallocated", "year": 2007, "is_synthetic": False}
    return {
        "marts.fct_reconciliation_year": [
            row(level, order, cause, amount) for level in ("province", "unallocated") for order, (cause, amount) in enumerate(causes)
        ],
        "marts.fct_reconciliation_allocation_year": [{
            **place, "cause": "unexplained", "part": "unexplained", "key_code": None, "share": None, "share_num": None, "share_den": None,
            "tco2e": total, "allocated_from_tco2e": total,
        }],
        "marts.fct_city_year": [{
            **place, "level": "unallocated", "accounts_tco2e": Decimal(0), "adding_total_tco2e": total, "total_tco2e": None, "coverage": None,
            "coverage_num": 0, "coverage_den": 0, "evidence": "not_allocated",
        }],
    }


def _batch(batch_id: str, source: str, received: int, quarantined: int) -> dict[str, Any]:
    return {"batch_id": batch_id, "source": source, "file_name": f"{source}.csv", "sheet": None, "sha256": batch_id[-12:] * 5,
            "received_at": datetime(2025, 3, 5, 8, 30), "rows_received": received, "rows_accepted": received - quarantined,
            "rows_quarantined": quarantined, "outcome": "accepted_in_part" if quarantined else "accepted", "reason": None, "reason_zh": None, "reason_en": None,
            "sender": "某单位", "is_published": False, "is_synthetic": True}


def _grid() -> dict[str, Any]:
    share = {"nonfossil_generation_share": ("0.45", "250", "550"), "nonfossil_capacity_share": ("0.52", "650", "1250")}
    return {
        "generation_mwh": 550.0, "supply_mwh": 490.0, "final_consumption_mwh": None, "loss_mwh": None, "production_factor": 0.327,
        "consumption_factor": 0.312, "published_factor": 0.5683, "published_data_year": 2023, "is_synthetic": True,
        **{name: float(parts[0]) for name, parts in share.items()},
        **{f"{name}_{part}": value for name, parts in share.items() for part, value in zip(("num", "den"), parts[1:], strict=True)},
    }


def _interval() -> dict[str, Any]:
    return {"value": 1306.5, "half_width": 65.0, "low": 1241.5, "high": 1371.5, "relative_half_width": 65 / 1306.5, "factor_share": 0.9,
            "factor_share_num": 3802.5, "factor_share_den": 4225.0, "naive_independent": 6.5, "largest_contributor": "fuel:ndrc-2015:bituminous:ncv",
            "largest_share": 0.7}


def enterprise(uscc: str, **more: Any) -> dict[str, Any]:
    """The register's row of an enterprise, its name one that would be read as a table, a link and HTML."""
    codes = _codes(uscc)
    return {
        "uscc": uscc, "valid_from": date(2020, 1, 1), "valid_to": None, "enterprise_name": "某厂|[甲](x)`\n<b>" if uscc == A else "乙电厂", "aliases": None,
        "industry_code": codes["industry_class"], "industry_name": None, "industry_division": codes["industry"], "industry_division_name": None,
        "industry_section": codes["industry_section"], "industry_section_name": None, "division_code": codes["county"], "division_name": None,
        "prefecture_code": codes["prefecture"], "prefecture_name": None, "method_code": None, "method_version": None, "in_national_ets": False,
        "operating_from": None, "operating_to": None, "predecessor_uscc": None, "successor_uscc": None, "succeeded_from": None, "body_uscc": uscc,
        "is_in_succession_circle": False, "first_delivered_period": JAN, "begins_after_delivery": False, "known_at": datetime(2025, 1, 5),
        "batch_id": ENERGY, "row_no": 1, "is_synthetic": True, **more,
    }


def issues() -> list[dict[str, Any]]:
    """One of the province's year, one of a month of an enterprise, and one of an inventory that is settled."""
    row = {
        "issue_id": "I-1", "level": "province", "code": "520000", "code_name": "贵州省", "period": YEAR, "period_kind": "year", "measure": "direct_tco2e",
        "figure": "total", "level_zh": "全省", "level_en": "province", "measure_zh": "直接排放", "measure_en": "direct emission", "opened_on": FEB,
        "closed_on": None, "is_open": True, "tonnes_tco2e": None, "text_zh": "偏低<script>|", "text_en": "too low <script>|", "owner": "专班",
        "batch_id": POWER, "row_no": 7, "is_synthetic": True,
    }
    return [
        row,
        {**row, "issue_id": "I-2", "level": "enterprise", "code": A, "code_name": "某厂", "period": JAN, "period_kind": "month", "figure": "account",
         "level_zh": "企业", "level_en": "enterprise", "tonnes_tco2e": Decimal("12.5"), "text_zh": "待检定", "text_en": "to be calibrated"},
        {**row, "issue_id": "I-3", "level": "inventory", "code": "520000", "period": date(2007, 1, 1), "figure": "inventory", "measure": "emission_tco2",
         "level_zh": "清单", "level_en": "inventory", "closed_on": date(2025, 3, 1), "is_open": False, "tonnes_tco2e": Decimal("-20")},
    ]


def tables() -> dict[str, list[dict[str, Any]]]:
    """Rows of every required table, and of one of reference."""
    return {
        "marts.fct_enterprise_emission_line": lines(),
        "marts.fct_enterprise_account_month": accounts(year=False),
        "marts.fct_enterprise_account_year": accounts(year=True),
        "marts.fct_power_unit_month": [{
            "uscc": B, "unit_code": "1号机组", "period": FEB, "unit_class": "coal_gt300", "fuel": "coal", "carbon_basis": "measured",
            "fuel_tco2e": Decimal("1000"), "purchased_power_tco2e": Decimal(0), "emission_tco2e": Decimal("1000"),
            "generation_mwh": 1100.0, "supply_mwh": 1040.0, "heat_gj": None, "hours": 700.0, "load_factor": 0.75, "intensity": 0.909,
            "benchmark": None, "benchmark_unit": None, "benchmark_status": "none", "heat_benchmark": None, "allowance_t": None,
            "gap_t": None, "allowance_hold_code": "no_benchmark", "batch_id": ENERGY, "row_no": 2, "is_synthetic": True,
        }],
        "marts.fct_power_unit_year": [{
            "uscc": B, "unit_code": "1号机组", "period": YEAR, "unit_class": "coal_gt300", "months": 1, "emission_tco2e": Decimal("1000"),
            "generation_mwh": 1100.0, "load_factor": 0.75, "load_correction": 1.0, "allowance_t": None, "allowance_hold_code": "no_benchmark",
            "monthly_allowance_t": None, "gap_t": None, "hold_code": None, "is_synthetic": True,
        }],
        "marts.fct_ets_industry_year": [{
            "uscc": A, "period": YEAR, "sector": "cement", "method_code": "08-cement", "method_version": "cets-2024",
            "direct_tco2e": Decimal("292.5"), "direct_common_tco2e": Decimal("292.5"), "ets_direct_tco2e": Decimal("250.5"), "verified_basis": "computed", "product_zh": "水泥熟料",
            "intensity_num": Decimal("250.5"), "intensity_den": 300.0, "intensity": 0.835, "allowance_rule": "rate", "balance_value": None,
            "balance_unit": None, "rate": None, "allowance_t": None, "allowance_status": "none", "allowance_hold_code": "no_balance_value", "gap_t": None, "hold_code": None,
            "is_synthetic": True,
        }],
        "marts.dim_enterprise": [enterprise(A), enterprise(B)],
        "marts.fct_known_issue": issues(),
        "marts.fct_total_month": totals(year=False),
        "marts.fct_total_year": totals(year=True),
        "marts.fct_inventory_year": [{
            "division_code": "520000", "year": 2007, "factor_set": "ceads", "sector": "industry", "fuel": "raw_coal",
            "activity_quantity": 1000.0, "activity_unit": "t", "emission_tco2": 1704.376, "is_synthetic": False,
        }],
        "marts.fct_inventory_gas_year": [{
            "division_code": "520000", "year": 2007, "field": "energy_supply", "activity": "coal_openpit", "part": "mining", "gas": "CH4",
            "activity_quantity": 1000.0, "activity_unit": "t", "factor_id": "process:ndrc:coal_mining/coal_openpit/emission_factor_ch4",
            "factor_value": 0.00134, "factor_unit": "t CH4/t", "factor_status": "confirmed", "gas_t": 1.34, "gwp_set": "AR5",
            "emission_common_tco2e": Decimal("37.520"), "is_held_back": False, "is_synthetic": False,
        }],
        "marts.fct_inventory_view_year": [{
            "division_code": "520000", "year": 2007, "factor_set": "ceads", "production_tco2": Decimal("1704.376"), "inflow_mwh": None,
            "inflow_tco2": None, "outflow_mwh": None, "outflow_tco2": None, "consumption_tco2": None, "held_back_rows": 0,
            "is_complete": True, "hold_code": "no_exchange", "is_synthetic": False,
        }],
        **_bridge(),
        "marts.fct_double_counting_year": [{
            "year": 2025, "overlap": "purchased_power", "removed_from": A, "division_code": "520100", "counted_in": "power_plants",
            "state": "removed", "tco2e": Decimal("49.890"), "counted_tco2e": None, "overlap_rows": 1, "rule_zh": "规则", "rule_en": "rule",
            "is_synthetic": True,
        }],
        "marts.fct_source_overlap_year": [{
            "level": "province", "code": "520000", "year": 2025, "direct_tco2e": Decimal("1306.500"), "lowest_tco2e": Decimal("1306.500"),
            "highest_tco2e": Decimal("1306.500"), "is_synthetic": True,
        }],
        "marts.fct_method_comparison": [{
            "uscc": A, "period": YEAR, "emission_source": "fuel", "item": "无烟煤", "gas": "CO2", "electricity_view": None, "fuel": "无烟煤", "fuel_code": "anthracite",
            "activity_quantity": 100.0, "activity_unit": "t", "method_code": "08-cement", "base_method_version": "ndrc",
            "base_factor_set": "ndrc-2013-chemicals", "base_gwp_set": "AR2", "other_method_version": None,
            "other_factor_set": "ndrc-2015", "other_gwp_set": "AR2", "base_tco2": Decimal("232.280"),
            "other_tco2": Decimal("252.150"), "difference_tco2": Decimal("19.870"), "ncv_tco2": Decimal("20.703"),
            "carbon_content_tco2": Decimal("-0.833"), "oxidation_tco2": Decimal("0.000"), "composite_factor_tco2": Decimal("0.000"),
            "factor_tco2": Decimal("0.000"), "gwp_set_tco2": Decimal("0.000"), "boundary_tco2": Decimal("0.000"),
            "one_side_only_tco2": Decimal("0.000"), "base_factor_status": "confirmed", "other_factor_status": "confirmed",
            "is_synthetic": True,
        }],
        "marts.fct_account_quality_year": [{
            "uscc": A, "period": YEAR, "completeness": 0.5, "completeness_num": "6", "completeness_den": "12",
            "measured_share": 0.0, "measured_share_num": "0", "measured_share_den": "1", "unconfirmed_share": 0.0,
            "held_back_lines": 0, "quarantined_rows": 0, "worst_tier": "method_default", "score": 69, "grade": "C",
            "hold_code": None, "is_synthetic": True,
        }],
        "quality.triangulation": [{
            "uscc": A, "period": JAN, "quantity": "electricity", "unit": "MWh", "account_value": 100.0, "meter_value": 99.0,
            "energy_form_value": None, "ets_evidence_value": None, "stock_balance_value": None, "output_norm_low": None,
            "output_norm_high": None, "grid_sales_value": None, "estimates": 2, "lowest_ratio": 0.99, "highest_ratio": 0.99,
            "verdict": "agree", "disagreeing_sources": None, "patterns": None, "verdict_zh": "一致", "verdict_en": "agree",
            "tonnes_at_stake": Decimal("0.000"), "substitute_value": None, "is_synthetic": True,
        }],
        "quality.meter_month": [{
            "uscc": A, "energy": "电力", "period": JAN, "quantity": 99.0, "unit": "MWh", "meters": 1, "collected": 743, "due": 744,
            "doubtful": 1, "estimated": 0, "days_below": 0, "completeness": 743 / 744, "completeness_num": 743, "completeness_den": 744,
            "is_synthetic": True,
        }],
        "quality.meter_outage": [{
            "uscc": A, "meter_id": "M1", "energy": "电力", "start_day": JAN, "end_day": JAN, "days": 1, "working_days": 1,
            "missing_readings": 20, "is_over": True, "is_late": False, "is_synthetic": True,
        }],
        "marts.fct_grid_factor_month": [{
            "area": "520000", "period": FEB, **_grid(), "inflow_mwh": 40.0, "outflow_mwh": 100.0, "thermal_mwh": 300.0,
            "loss_rate": None, "thermal_factor": 0.6, "thermal_factor_basis": "power_units", "thermal_factor_tier": "measured",
            "production_tco2": Decimal("180"), "inflow_tco2": Decimal("5.332"), "outflow_tco2": Decimal("32.727"),
            "published_tier": "other_year", "production_gap": -0.241, "consumption_gap": -0.256, "hold_code": None,
        }],
        "marts.fct_grid_factor_hour": [{
            "area": "520000", "period": datetime(2025, 2, 1, 10), **{
                column: value for column, value in _grid().items() if not column.startswith(("nonfossil_capacity", "supply", "final", "loss"))
            },
        }],
        "marts.fct_grid_factor_year": [{
            "area": "520000", "period": YEAR, "basis": "grid_statistics", **_grid(), "reported_loss_mwh": None,
        }],
        "marts.fct_driver_year": [{
            "basis": "ledger", "factor_set": "", "level": "province", "code": "520000", "industry": "", "period": YEAR, "from_period": date(2024, 1, 1),
            "is_consecutive": True, "is_base_to_latest": True, "split_by": "economic_group", "from_tco2e": Decimal("1300"), "to_tco2e": Decimal("1306.5"),
            "change_tco2e": Decimal("6.5"), "population_tco2e": Decimal("1.5"), "gdp_per_head_tco2e": Decimal(60), "structure_tco2e": Decimal(-5),
            "energy_intensity_tco2e": Decimal(-50), "fuel_mix_tco2e": Decimal(0), "emission_factor_tco2e": Decimal(0), "process_intensity_tco2e": Decimal(0),
            "residual_tco2e": Decimal(0), "price_basis": "2020", "from_gdp_vintage": "修订", "to_gdp_vintage": "初步", "hold_code": None, "is_synthetic": True,
        }],
        "marts.fct_carbon_productivity_year": [{
            "basis": "ledger", "factor_set": "", "level": "province", "code": "520000", "period": YEAR, "price_basis": "2020", "gdp_vintage": "初步",
            "carbon_productivity": 1000 / 1306.5, "carbon_productivity_num": 1000.0, "carbon_productivity_den": Decimal("1306.5"), "energy_intensity": 0.5,
            "energy_intensity_num": 500.0, "energy_intensity_den": 1000.0, "co2_intensity": 1.3065, "co2_intensity_num": Decimal("1306.5"),
            "co2_intensity_den": 1000.0, "base_period": date(2024, 1, 1), "co2_intensity_change": -0.04, "previous_period": date(2024, 1, 1),
            "elasticity": 0.1, "decoupling_state": "weak_decoupling", "hold_code": None, "is_synthetic": True,
        }],
        "marts.fct_uncertainty_year": [{
            "basis": "ledger", "factor_set": "", "level": "province", "code": "520000", "period": YEAR, "measure": "direct_tco2e", "detail": "",
            "unit": "tCO2e", **_interval(), "mc_low": 1241.0, "mc_high": 1372.0, "mc_draws": 40000, "is_synthetic": True,
        }],
        "marts.fct_uncertainty_month": [{
            "level": "province", "code": "520000", "period": JAN, "measure": "direct_tco2e", **_interval(), "is_synthetic": True,
        }],
        "marts.fct_nowcast_month": [{
            "level": "province", "code": "520000", "period": FEB, "measure": "direct_tco2e", "reported_tco2e": Decimal("1000.000"),
            "estimate_tco2e": Decimal("200.000"), "nowcast_tco2e": Decimal("1200.000"), "low_tco2e": Decimal("1180.000"),
            "high_tco2e": Decimal("1220.000"), "interval_errors": 8, "is_estimate": True, "method": "cell_ratio", "method_zh": "估计",
            "method_en": "estimated", "driver": "power_sold", "driver_mwh": None, "months_behind": 12, "missing_reports": 1, "reports_due": 2,
            "cells": 1, "cells_estimated": 1, "is_synthetic": True,
        }],
        "marts.fct_nowcast_error": [{
            "level": "province", "code": "520000", "period": JAN, "measure": "direct_tco2e", "as_of": datetime(2025, 2, 5, 11, 5),
            "estimate_tco2e": Decimal("200.000"), "reported_tco2e": Decimal("160.000"), "error_tco2e": Decimal("40.000"),
            "relative_error": 0.25, "relative_error_num": Decimal("40.000"), "relative_error_den": Decimal("160.000"), "cells": 1,
            "unscored_cells": 0, "unscored_estimate_tco2e": Decimal("0.000"), "is_synthetic": True,
        }],
        "marts.fct_nowcast_accuracy": [{
            "level": "province", "measure": "direct_tco2e", "errors": 1, "mape": 0.25, "mape_num": 0.25, "mape_den": 1.0,
            "weighted_error": 0.25, "weighted_error_num": Decimal("40.000"), "weighted_error_den": Decimal("160.000"), "bias": 0.25,
            "bias_num": Decimal("40.000"), "bias_den": Decimal("160.000"), "relative_error_95": 0.2, "is_synthetic": True,
        }],
        "marts.fct_target_verdict": [{
            "target_id": "E05", "division_code": "520000", "period": YEAR, "unit": "万千瓦", "target_year": 2025, "target_value": 60.0,
            "qualifier": "达（=）", "reading": "at_least", "stretch_value": None, "observed_value": 64.0, "observed_year": 2025,
            "observed_numerator": None, "observed_denominator": None, "observed_source": "target_observation", "observed_vintage": "",
            "computed_value": None, "verdict": "met", "reason_code": "reached", "reason_zh": "达到", "reason_en": "reached",
            "required_rate": 3.2, "required_rate_num": 16.0, "required_rate_den": 5, "decomposition_value": None, "decomposition_gap": None,
            "lead_agencies": "省能源局", "batch_id": ENERGY, "row_no": 2, "is_synthetic": True,
        }],
        "quality.batch": [_batch(ENERGY, "enterprise_energy", 4, 1), _batch(POWER, "enterprise_power_heat", 1, 0)],
        "quality.check_result": [{"batch_id": ENERGY, "check_id": "R01", "severity": "warning", "passed": False,
                                  "rows_failed": 1, "suite_version": "1"}],
        "quality.failed_row": [{"batch_id": ENERGY, "row_no": 5, "check_id": "R01", "severity": "warning", "uscc": A, "period": JAN,
                                "column_name": "consumed", "reported_value": "-1", "message_zh": "负数", "message_en": "negative",
                                "advice_zh": "请核对", "advice_en": "check"}],
        "quality.coverage_month": [
            {"uscc": A, "period": JAN, "enterprise_name": "甲厂", "division_code": "520102", "prefecture_code": "520100",
             "sources_delivered": 1, "sources_due": 2, "quarantined_rows": 1, "state": "partial", "is_synthetic": True},
            {"uscc": B, "period": JAN, "enterprise_name": "乙厂", "division_code": "520300", "prefecture_code": "520300",
             "sources_delivered": 0, "sources_due": None, "quarantined_rows": 0, "state": "missing", "is_synthetic": True},
        ],
        "quality.call_list": [{
            "prefecture_code": "520300", "source": "*", "uscc": B, "enterprise_name": "乙厂", "division_code": "520300", "months_missing": 1,
            "first_missed_period": JAN, "first_missed_due_on": date(2025, 2, 20), "days_overdue": 8, "last_delivered_period": None, "is_synthetic": True,
        }],
        "quality.source_freshness": [{
            "source": "enterprise_energy", "frequency": "month", "due_on": FEB, "last_received_at": datetime(2025, 3, 5, 8, 30),
            "last_accepted_at": datetime(2025, 3, 5, 8, 30), "batches": 1, "refused_batches": 0, "state": "in_time",
            "basis_zh": "自定", "basis_en": "our setting", "is_synthetic": True,
        }],
        "quality.night": [{
            "night_id": "n1", "started_at": datetime(2025, 3, 6, 2), "finished_at": None, "outcome": "publishing", "exit_status": None,
            "knowledge_date": FEB, "release_id": None, "reason_zh": None, "reason_en": None, "how": "command", "new_batches": None, "judged": None,
            "accepted": None, "accepted_in_part": None, "refused": None, "rows_received": None, "rows_accepted": None, "waiting": None,
            "left_for_next_night": None, "receive_seconds": None, "gate_seconds": None, "build_seconds": None, "publish_seconds": None,
        }],
        "reference.division": [{"division_code": "520100", "division_name": "贵阳市"}, {"division_code": "520300", "division_name": "遵义市"}],
        "quality.worklist": [{"item_id": "W1", "state": "open", "owner": A, "due_on": FEB, "tonnes_at_stake": 12.5, "tonnes_at_most": 12.5,
                              "check_id": "R01", "checks": "R01", "batch_id": ENERGY, "source": "enterprise_energy", "stake_basis": "ledger", "first_seen_on": JAN,
                              "reopened_count": 0, "open_rows": 1, "rows_failed": 1, "due_rule": "自定 | own setting", "affected_cells": "prefecture=520100",
                              "targets": None, "allowance_gap_t": None}],
        "quality.worklist_row": [{"item_id": "W1", "batch_id": ENERGY, "row_no": 5, "check_id": "R01", "state": "open", "uscc": A, "period": JAN, "is_synthetic": True}],
        "quality.worklist_stake": [{"item_id": "W1", "kind": "account", "code": A, "period": YEAR, "tonnes_at_stake": 12.5, "figure": 342.39, "unit": "tCO2e",
                                    "state": None, "name_zh": "企业账户", "name_en": "account", "is_synthetic": True}],
        "quality.decision": [{"decision_id": "D1", "column_name": "consumed", "decision_batch_id": ENERGY, "batch_id": ENERGY, "row_no": 2,
                              "check_id": "R01", "decision": "更正", "state": "corrected", "reported_value": "-1", "used_value": "1",
                              "state_zh": "采用更正值", "state_en": "the corrected value is used", "reason": HOSTILE, "decided_by": "王会计", "second_by": None,
                              "decided_on": FEB, "expires_on": None}],
        "reference.field": [
            {"industry_division": "30", "section": "C", "name_zh": "非金属矿物制品业", "field": "industry"},
            {"industry_division": "44", "section": "D", "name_zh": "电力、热力生产和供应业", "field": "energy_supply"},
        ],
    }


def _types(name: str, row: dict[str, Any], whole: bool = False) -> dict[str, tuple[str, str | None]]:
    """Columns of a table: SQL type and unit. whole: all of its model, else those that a release must have."""
    wanted = load_published().tables.get(name)
    found = {c.name: (c.type, c.unit) for c in wanted.columns} if wanted else {}
    if whole and name in load_marts():
        found = {c.name: (c.type, c.unit) for c in load_marts()[name].columns.values()}
    return {**{column: ("varchar", None) for column in row}, **found}


@cache
def _good_build() -> bytes:
    """The bytes of a build database without a change."""
    with TemporaryDirectory() as folder:
        return _written(Path(folder) / "build.duckdb", tables()).read_bytes()


def write_build(path: Path, rows: dict[str, list[dict[str, Any]]] | None = None, *, change: str = "", whole: bool = False) -> Path:
    """Write the build database; `change` is SQL that is run at the end. whole: with every table and column of the models, as pages need it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if rows is None and not whole:
        path.write_bytes(_good_build())
    else:
        _written(path, rows or tables(), whole)
    if change:
        with connect(path) as db:
            db.execute(change)
    return path


def _written(path: Path, tables_of_rows: dict[str, list[dict[str, Any]]], whole: bool = False) -> Path:
    with connect(path) as db:
        db.execute("begin")
        for schema in ("marts", "quality", "reference", "intermediate"):
            db.execute(f"create schema {schema}")
        db.execute("create table intermediate.secret as select 1 as inside")
        db.execute("create view marts.helper as select 1 as inside")
        for name, rows in tables_of_rows.items():
            _write_table(db, name, _types(name, rows[0], whole), rows)
        for name in (load_marts() if whole else load_published().tables).keys() - tables_of_rows.keys():   # nothing happened that they tell of
            _write_table(db, name, _types(name, {}, whole), [])
        db.execute("commit")
    return path


def _write_table(db: Any, name: str, types: dict[str, tuple[str, str | None]], rows: list[dict[str, Any]]) -> None:
    db.execute(f"create table {name} ({', '.join(f'{column} {kind}' for column, (kind, _) in types.items())})")
    if rows:
        db.executemany(f"insert into {name} values ({', '.join('?' for _ in types)})", [[row.get(column) for column in types] for row in rows])
    db.execute(f"comment on table {name} is {quoted(f'表 | The table {name}, it' + chr(39) + 's whole')}")
    for column, (_, unit) in types.items():
        tail = f" [{unit}]" if unit else ""
        db.execute(f"comment on column {name}.{column} is {quoted(f'列{column} | Column {column}{tail}')}")


# SQL that gives 2025 a bridge which leaves a third of the top-down total unexplained, and all reports in.
UNEXPLAINED_2025 = """
    insert into marts.fct_inventory_year select * replace (2025 as year, 980.000 as emission_tco2) from marts.fct_inventory_year;
    insert into marts.fct_reconciliation_year select * replace (2025 as year,
        case cause when 'accounts_total' then 1306.5 when 'unexplained' then -326.5 else 980 end as tco2e,
        case cause when 'accounts_total' then 1306.5 else 0 end as located_tco2e,
        case when cause = 'unexplained' then 326.5 / 980 end as unexplained_share, case when cause = 'unexplained' then 'refused' end as gate)
        from marts.fct_reconciliation_year;
    insert into marts.fct_city_year select * replace (2025 as year, 980 as adding_total_tco2e) from marts.fct_city_year;
    update marts.fct_total_year set status_reason = 'unexplained_share'
"""
