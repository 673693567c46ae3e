"""Evidence that only one source has: its balances, shares, rates and physical limits."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from statistics import median

import polars as pl

from pipelines.contracts.codes import PUBLISHED, SEEDS, load_code_lists, load_fuels, load_units, read_rows
from pipelines.contracts.credit_code import has_form, is_valid
from pipelines.contracts.source import load_sources
from pipelines.contracts.text import code_key, tidy


def _fuel_frame() -> pl.DataFrame:
    rows = [
        {
            "energy": name, "fuel_code": fuel["fuel_code"], "fuel_group": fuel["fuel_group"],
            "parent": fuel["parent"] or None, "is_parent": fuel["is_parent"] == "true",
            "fuel_unit": fuel["canonical_unit"], "requires_fossil_share": fuel["requires_fossil_share"] == "true",
        }
        for name, fuel in load_fuels().items()
    ]
    return pl.DataFrame(rows)


def _factor(column: str, dimension: str) -> pl.Expr:
    """What a quantity is multiplied with to be in the canonical unit of the dimension; a blank unit is that unit."""
    factors = {key: unit.factor for (key, of), unit in load_units().by_key.items() if of == dimension}
    known = pl.col(column).replace_strict(factors, default=None, return_dtype=pl.Float64)
    return pl.when(pl.col(column).is_null()).then(1.0).otherwise(known)


@cache
def _usual_gas_ncv() -> dict[str, float]:
    """Fuel code of a gas -> its calorific value in the official sets (the middle one), GJ/1e4 Nm3."""
    values: dict[str, list[float]] = {}
    for row in read_rows(PUBLISHED / "emission_factor" / "fuel.csv"):
        if row["kind"] == "ncv" and row["unit"] == "GJ/1e4Nm3":
            values.setdefault(row["item"], []).append(float(row["value"]))
    usual = {item: median(found) for item, found in values.items()}
    return {**usual, "coalbed_methane": usual["natural_gas"]}


def _ncv_suspect(gas: pl.Expr) -> pl.Expr:
    """The unit in which a calorific value makes sense when it does not in its own (R42)."""
    ncv = pl.col("ncv_si")
    ratio = ncv / pl.col("fuel_code").replace_strict(_usual_gas_ncv(), default=None, return_dtype=pl.Float64)
    return (
        pl.when(~gas & ncv.is_between(3000, 8000)).then(pl.lit("kcal/kg"))
        .when(~gas & (ncv > 8000)).then(pl.lit("kJ/kg"))
        .when(gas & ratio.is_between(0.07, 0.14)).then(pl.lit("MJ/Nm3"))
        .when(gas & ratio.is_between(17, 34)).then(pl.lit("kcal/Nm3"))
        .when(gas & ratio.is_between(70, 140)).then(pl.lit("kJ/Nm3"))
    )


def _energy(rows: pl.DataFrame) -> pl.DataFrame:
    rows = rows.join(_fuel_frame(), on="energy", how="left", maintain_order="left")
    gas = pl.col("fuel_unit").eq_missing("1e4 Nm3")
    ncv_factor = pl.when(gas).then(_factor("ncv_unit", "ncv_volume")).otherwise(_factor("ncv_unit", "ncv_mass"))
    rows = rows.with_columns(
        (pl.col("ncv") * ncv_factor).alias("ncv_si"),
        (pl.col("carbon_content") * _factor("carbon_content_unit", "carbon_per_energy")).round(9).alias("carbon_si"),
    )
    group = ["batch_id", "uscc", "period", "period_grain"]
    children = rows.filter(pl.col("parent").is_not_null() & (pl.col("energy") != pl.col("parent")))
    beside = children.group_by(*group, pl.col("parent").alias("energy")).agg(pl.col("unit_code").unique().alias("_units"))
    rows = rows.join(beside, on=[*group, "energy"], how="left", maintain_order="left")
    # a blank unit is the whole site, parent or child
    overlaps = (pl.col("unit_code") == "") | pl.col("_units").list.contains("") | pl.col("_units").list.contains(pl.col("unit_code"))
    rows = rows.with_columns(pl.when(overlaps & pl.col("_units").is_not_null()).then(pl.lit("child")).alias("parent_beside_child")).drop("_units")
    zero = [pl.col(c).fill_null(0.0) for c in ("purchased", "produced", "used_elsewhere", "sold")]
    expected = pl.col("opening_stock") + zero[0] + zero[1] - pl.col("closing_stock") - zero[2] - zero[3]
    used = pl.col("consumed").abs()
    scale = pl.when(used > 0).then(used).otherwise(pl.max_horizontal(expected.abs(), pl.lit(1e-9)))
    gap = (pl.col("consumed") - expected).abs()
    burned = pl.col("consumed") - pl.col("feedstock").fill_null(0.0) - pl.col("transformation_input").fill_null(0.0)
    cc, ox = pl.col("carbon_si"), pl.col("oxidation_rate")
    ncv_suspect = _ncv_suspect(gas)
    carbon_suspect = (
        pl.when(cc.is_between(0.2, 1)).then(pl.lit("tC/t")).when(cc.is_between(5, 80)).then(pl.lit("tC/TJ, kgC/GJ"))
    )
    return rows.with_columns(
        expected.alias("stock_expected"),
        pl.when(gap > 1e-6).then(gap / scale).otherwise(gap * 0.0).alias("stock_gap"),
        (burned / pl.max_horizontal(used, pl.lit(1e-9))).alias("burned_share"),
        # with a suspected unit the product says nothing more
        pl.when(~gas & ncv_suspect.is_null() & carbon_suspect.is_null()).then(pl.col("ncv_si") * cc).alias("carbon_by_mass"),
        ncv_suspect.alias("ncv_suspect"),
        carbon_suspect.alias("carbon_suspect"),
        pl.when(ox.is_between(0, 1, closed="right")).then(pl.lit("0-1")).alias("oxidation_suspect"),
        pl.when(pl.col("fossil_share").is_between(0, 1, closed="right")).then(pl.lit("0-1")).alias("fossil_share_suspect"),
        pl.when((pl.col("parameter_basis") == "实测") & pl.col("ncv").is_null() & cc.is_null())
        .then("parameter_basis").alias("measured_without_value"),
        pl.when(pl.col("requires_fossil_share") & pl.col("fossil_share").is_null()).then(pl.lit("missing")).alias("fossil_share_missing"),
    )


def _power_heat(rows: pl.DataFrame) -> pl.DataFrame:
    steam = pl.col("steam_t").is_not_null()  # its enthalpy may come with enterprise_process; without any the ledger holds the line back
    heat, power = pl.col("carrier") == "热力", pl.col("carrier") == "电力"
    origin = pl.col("origin")
    no_quantity = pl.col("quantity").is_null() & ~(heat & steam) & ~pl.col("unreadable").fill_null("").str.contains("quantity")
    mismatch = (
        (heat & origin.is_in(["电网", "绿电交易", "绿证"]))
        | (power & (origin == "外购热"))
        | ((pl.col("direction") == "自发自用") & origin.is_in(["电网", "绿电交易", "绿证", "外购热"]))
    )
    green = power & (pl.col("direction") == "购入") & origin.is_in(["绿电交易", "直供非化石", "绿证"])
    return rows.with_columns(
        pl.when(no_quantity).then(pl.lit("missing")).alias("quantity_missing"),
        pl.when(mismatch).then(origin).alias("origin_mismatch"),
        pl.when(green & pl.col("certificate_id").is_null()).then(origin).alias("certificate_missing"),
        pl.when(power).then("emission_factor").alias("power_factor"),
        pl.when(heat).then("emission_factor").alias("heat_factor"),
        pl.when(heat).then("steam_temp_c").alias("heat_temperature"),
        pl.when(heat).then("steam_pressure_mpa").alias("heat_pressure"),
        pl.when(heat & (pl.col("steam_t") > 0))
        .then((pl.col("quantity") * _factor("unit", "energy") / pl.col("steam_t")).round(9)).alias("heat_of_steam"),
    )


@cache
def _power_default(item: str) -> tuple[float, float]:
    """Calorific value and carbon content of an item in the ETS set: what an unmeasured unit is computed with."""
    rows = read_rows(PUBLISHED / "emission_factor" / "fuel.csv")
    found = {r["kind"]: float(r["value"]) for r in rows if r["item"] == item and r["method_version"] == "cets-ag"}
    return found["ncv"], found["carbon_content"]


def _power_unit(rows: pl.DataFrame) -> pl.DataFrame:
    """A power unit's month: its coal rate, intensity, load and own use. Gases count per 1e4 Nm3."""
    coal = {"energy": "coal", "fuel_code": "coal", "fuel_group": "coal", "fuel_unit": "t"}
    fuels = pl.concat([_fuel_frame().select(*coal), pl.DataFrame([coal])])
    rows = rows.join(fuels, left_on="fuel", right_on="energy", how="left", maintain_order="left")
    is_coal, gas = pl.col("fuel_group").eq_missing("coal"), pl.col("fuel_unit").eq_missing("1e4 Nm3")
    rows = rows.with_columns(pl.col("ncv_gj_per_t").alias("ncv_si"))
    ncv_suspect, car, ncv = _ncv_suspect(gas), pl.col("carbon_tc_per_t"), pl.col("ncv_si")
    carbon_suspect = (
        pl.when(~gas & car.is_between(20, 100)).then(pl.lit("%"))
        .when(~gas & car.is_between(0.01, 0.05)).then(pl.lit("tC/GJ"))
        .when(~gas & car.is_between(10, 20, closed="left")).then(pl.lit("tC/TJ"))
    )
    coal_ncv, coal_carbon = _power_default("coal_power_unmeasured")
    gas_ncv, gas_carbon = _power_default("natural_gas")
    natural_gas = pl.col("fuel_code").eq_missing("natural_gas")
    carbon = (
        pl.when(car.is_not_null()).then(car)
        .when(is_coal).then(ncv.fill_null(coal_ncv) * coal_carbon)
        .when(natural_gas).then(ncv.fill_null(gas_ncv) * gas_carbon)
    )
    generated, supplied, burned = (pl.col(c) for c in ("generation_mwh", "supply_mwh", "coal_t"))
    for_power = 1 - pl.col("heat_ratio").fill_null(0.0)
    emitted = burned * carbon * pl.col("oxidation_rate").fill_null(99.0) / 100 * 44 / 12
    month_hours = (pl.col("period").dt.offset_by("1mo") - pl.col("period")).dt.total_hours()
    possible = pl.col("capacity_mw") * pl.col("hours").fill_null(month_hours)
    load = pl.when(possible > 0).then(generated / possible).when((possible == 0) & (generated > 0)).then(pl.lit(999.0)).round(9)
    readable = ncv_suspect.is_null() & carbon_suspect.is_null()
    mismatch = ((pl.col("unit_class") == "gas") & is_coal) | ((pl.col("unit_class") != "gas") & gas)
    return rows.with_columns(
        pl.when(pl.col("period_grain") != "month").then(pl.col("period_grain")).alias("not_monthly"),
        pl.when(mismatch).then(pl.col("fuel")).alias("class_fuel_mismatch"),
        ncv_suspect.alias("ncv_suspect"),
        carbon_suspect.alias("carbon_suspect"),
        pl.when(pl.col("oxidation_rate").is_between(0, 1, closed="right")).then(pl.lit("0-1")).alias("oxidation_suspect"),
        # with a suspected unit the products say nothing more
        pl.when(carbon_suspect.is_null() & ~gas).then(car).alias("carbon_by_mass"),
        pl.when(readable & (ncv > 0)).then((car / ncv).round(9)).alias("carbon_si"),
        month_hours.cast(pl.Float64).alias("month_hours"),
        (pl.col("hours") - month_hours).alias("hours_over"),
        load.alias("load_factor"),
        pl.when(generated > 0).then((supplied / generated).round(9)).alias("supply_share"),
        pl.when(generated > 0).then((1 - supplied / generated).round(9)).alias("own_use"),
        pl.when(readable & is_coal & (supplied > 0))
        .then(burned * ncv.fill_null(coal_ncv) / 29.3076 * 1000 * for_power / supplied).alias("coal_rate"),
        pl.when(readable & (generated > 0)).then(emitted * for_power / generated).alias("intensity"),
    )


def _process(rows: pl.DataFrame) -> pl.DataFrame:
    items = read_rows(SEEDS / "activity_item.csv")
    known = [row["param_code"] for row in items]
    unit = pl.col("item").replace_strict({row["param_code"]: row["unit"] for row in items}, default=None)
    bare = ~pl.col("item").is_in(known) & pl.col("emission_factor").is_null() & pl.col("carbon_content").is_null()
    return rows.with_columns(
        pl.when(bare).then("item").alias("item_without_factor"),
        pl.when(unit.ne_missing("C")).then("quantity").alias("amount"),
        pl.when(unit == "%").then("quantity").when(unit == "fraction").then(pl.col("quantity") * 100).alias("share"),
        pl.when(unit == "t").then("carbon_content").alias("carbon_by_mass"),
        pl.when(pl.col("purity").is_between(0, 1, closed="right")).then(pl.lit("0-1")).alias("purity_suspect"),
    )


def _register(rows: pl.DataFrame) -> pl.DataFrame:
    methods = read_rows(SEEDS / "method_version.csv")
    known = {row["method_code"] for row in methods} | {f"{row['method_code']}@{row['version']}" for row in methods}
    method = pl.col("accounting_method").map_elements(code_key, return_dtype=pl.String)
    return rows.with_columns(
        pl.when(~method.is_in(list(known))).then("accounting_method").alias("unknown_method"),
        (pl.col("operating_to") - pl.col("operating_from")).dt.total_days().alias("operating_days"),
        pl.when(pl.col("successor_uscc") == pl.col("uscc")).then("successor_uscc").alias("successor_self"),
    )


def _generation(rows: pl.DataFrame) -> pl.DataFrame:
    end = pl.col("period").dt.offset_by(
        pl.when(pl.col("period_grain") == "year").then(pl.lit("1y")).otherwise(pl.lit("1mo"))
    )
    hours = pl.when(pl.col("period_grain") == "hour").then(1).otherwise((end - pl.col("period")).dt.total_hours())
    possible = pl.col("capacity") * _factor("capacity_unit", "power") * hours
    generated = pl.col("generation") * _factor("unit", "electricity")
    return rows.with_columns(pl.when(possible > 0).then(generated / possible).alias("load_factor"))


def _exchange(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(pl.when(pl.col("from_area") == pl.col("to_area")).then("to_area").alias("same_area"))


def _emission_factor(rows: pl.DataFrame) -> pl.DataFrame:
    kind, value = pl.col("kind"), pl.col("value")
    fuels = {fuel["fuel_code"] for fuel in load_fuels().values()}
    fuel_kinds = ["ncv", "carbon_content", "oxidation", "fuel_co2", "tce"]
    stranger = kind.is_in(fuel_kinds) & ~pl.col("item").is_in(list(fuels | _published_items()))
    odd = pl.any_horizontal(((kind == name) & ~pl.col("item").is_in(sorted(_items_of(name)))) for name in ("grid", "heat"))
    set_needed = kind.is_in(["ncv", "carbon_content", "oxidation", "fuel_co2", "gwp"])
    return rows.with_columns(
        pl.when(stranger).then("item").alias("unknown_item"),
        pl.when(odd).then("item").alias("item_without_use"),
        pl.when(set_needed & pl.col("method_version").is_null()).then(kind).alias("set_missing"),
        pl.when((kind == "grid") & pl.col("area").is_null()).then(kind).alias("area_missing"),
        (pl.col("valid_to") - pl.col("valid_from")).dt.total_days().alias("valid_days"),
        *(pl.when(kind == name).then(value).alias(f"{name}_value") for name in ("carbon_content", "oxidation", "grid", "heat")),
        pl.when(kind.is_in(["ncv", "fuel_co2", "gwp", "tce"])).then(value).alias("positive_value"),
    )


@cache
def _items_of(kind: str) -> set[str]:
    """What the published factors of a kind are for."""
    files = sorted((PUBLISHED / "emission_factor").glob("*.csv"))
    return {row["item"] for file in files for row in read_rows(file) if row["kind"] == kind}


@cache
def _published_items() -> set[str]:
    """Items of fuels that the published tables have beside the fuels of the forms."""
    files = ("fuel.csv", "tce.csv")
    return {row["item"] for file in files for row in read_rows(PUBLISHED / "emission_factor" / file)}


def _target(rows: pl.DataFrame) -> pl.DataFrame:
    targets = read_rows(PUBLISHED / "plan_target" / "targets.csv")
    wanted = pl.col("target_id").replace_strict({row["target_id"]: row["unit"] for row in targets}, default=None)
    rows = rows.with_columns(wanted.alias("target_unit"))
    keys = [
        (unit is not None and wants is not None and code_key(unit) != code_key(wants))
        for unit, wants in rows.select("unit", "target_unit").iter_rows()
    ]
    return rows.with_columns(
        pl.when(pl.Series(keys, dtype=pl.Boolean)).then("unit").alias("target_unit_mismatch")
    )


def _certificate(rows: pl.DataFrame) -> pl.DataFrame:
    """A vintage in the future waits for its first day, as a period does."""
    start = pl.col("vintage").cast(pl.Datetime("us"))
    return rows.with_columns(
        pl.when(start > pl.col("received_at")).then(start).alias("period_open_from"),
        (pl.col("retired_on") - pl.col("vintage")).dt.total_days().alias("retired_after_days"),
    ).with_columns(pl.col("period_open_from").dt.strftime("%Y-%m").alias("future_period"))


def _compliance(rows: pl.DataFrame) -> pl.DataFrame:
    """What is surrendered beyond what the same file says is held."""
    held = pl.when(pl.col("kind") == "持有").then("tonnes").max().over("batch_id", "uscc", "year")
    return rows.with_columns(pl.when(pl.col("kind") == "清缴").then((pl.col("tonnes") - held).round(6)).alias("surrender_over_held"))


def _sink(rows: pl.DataFrame) -> pl.DataFrame:
    masses = [key for key, dimension in load_units().by_key if dimension == "mass"]
    is_mass = pl.col("unit").map_elements(code_key, return_dtype=pl.String).is_in(masses)
    return rows.with_columns(pl.when(pl.col("factor").is_null() & ~is_mass).then("unit").alias("sink_unit_unclear"))


def _steward_decision(rows: pl.DataFrame) -> pl.DataFrame:
    known = [name for name in load_sources() if name != "steward_decision"]
    batch, row, correct = pl.col("target_batch_id"), pl.col("target_row_no"), pl.col("decision") == "更正"
    form = batch.str.contains(f"^(?:{'|'.join(known)})-[0-9a-f]{{12}}(-s[0-9]+)?$")
    accept = pl.col("decision") == "按原值接受"
    return rows.with_columns(
        pl.when(~form).then("target_batch_id").alias("target_problem"),
        pl.when((row < 1) | (row != row.round()) | (row.is_null() & correct & ~pl.col("unreadable").fill_null("").str.contains("target_row_no")))
        .then(pl.lit("target_row_no")).alias("target_row_problem"),
        pl.when(correct & pl.col("new_value").is_null()).then(pl.lit("new_value")).alias("new_value_missing"),
        pl.when(accept).then((pl.col("expires_on") - pl.col("decided_on")).dt.total_days()).alias("waiver_days"),
        pl.when(accept & pl.col("expires_on").is_null()).then(pl.lit("expires_on")).alias("waiver_without_end"),
    )


@cache
def _names_of(file: str, column: str) -> frozenset[str]:
    return frozenset(row[column] for row in read_rows(SEEDS / file))


# fields that lines have of their own, without a division of industry
_OWN_FIELDS = frozenset({"industrial_processes", "waste", "households"})


def _code_fits(level: str, code: str, synthetic: bool) -> bool:
    """Whether a code is one of a level of figures that an issue may touch."""
    lists = load_code_lists()
    divisions, industries = lists["division"].spellings, lists["any_industry"].spellings
    above, _, below = code.partition(":")
    digits = {"industry": 2, "industry_class": 4}
    if level == "enterprise":
        return has_form(code) and is_valid(code) and (synthetic or not code.startswith("X"))
    if level == "inventory":   # other provinces have inventories too
        sectors = _names_of("inventory_leaf_sector.csv", "sector") | {"process"}
        return lists["any_division"].resolve(above) == above and (":" not in code or below.lower() in sectors)
    if level == "prefecture_industry":
        return _code_fits("prefecture", above, synthetic) and _code_fits("industry", below, synthetic)
    if level == "field":
        return code.lower() in _names_of("field_of_division.csv", "field") | _OWN_FIELDS
    if level == "industry_section":
        return len(code) == 1 and industries.get(code.lower()) == code
    if level in digits:
        return len(code) == digits[level] and industries.get(code) == code
    grade = "province" if code.endswith("0000") else "prefecture" if code.endswith("00") else "county"
    # who is registered with the prefecture stands under its code among the counties
    return code in divisions and (grade == level or (level == "county" and grade == "prefecture"))


def _known_issue(rows: pl.DataFrame) -> pl.DataFrame:
    figures = {row["level"]: row["figure"] for row in read_rows(SEEDS / "issue_level.csv")}
    measures = {(row["figure"], row["measure"]) for row in read_rows(SEEDS / "issue_measure.csv")}
    told = rows.select("level", "code", "measure", "is_synthetic").rows()
    strange_code = [
        code if level in figures and code and not _code_fits(level, tidy(code).upper(), synthetic) else None for level, code, _, synthetic in told
    ]
    strange_measure = [measure if level in figures and measure and (figures[level], measure) not in measures else None for level, _, measure, _ in told]
    return rows.with_columns(
        pl.Series("issue_code_stranger", strange_code, dtype=pl.String),
        pl.Series("issue_measure_stranger", strange_measure, dtype=pl.String),
        (pl.col("closed_on") - pl.col("opened_on")).dt.total_days().alias("issue_open_days"),
        pl.when(pl.col("opened_on") > pl.col("received_at").dt.date()).then(pl.lit("opened_on")).alias("issue_to_come"),
    )


def _meter(rows: pl.DataFrame) -> pl.DataFrame:
    quality = pl.col("quality")
    return rows.with_columns(pl.when(quality.is_in(["异常", "缺测"])).then(quality).alias("quality_doubt"))


SPECIAL: dict[str, Callable[[pl.DataFrame], pl.DataFrame]] = {
    "enterprise_energy": _energy,
    "enterprise_power_heat": _power_heat,
    "enterprise_process": _process,
    "enterprise_register": _register,
    "grid_generation": _generation,
    "grid_exchange": _exchange,
    "emission_factor": _emission_factor,
    "meter_reading": _meter,
    "power_unit_month": _power_unit,
    "target_observation": _target,
    "certificate": _certificate,
    "allowance": _compliance,
    "credit": _compliance,
    "carbon_sink": _sink,
    "steward_decision": _steward_decision,
    "known_issue": _known_issue,
}
