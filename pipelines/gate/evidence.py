"""Evidence: columns derived from the rows of one delivery (and the register) that the suites put limits on.

Here is only arithmetic; whether a value is acceptable stands in `expectations/`. Windows never leave a batch,
so the evidence on a row depends on its own file alone.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cache, reduce
from statistics import median

import polars as pl

from pipelines.contracts.codes import PUBLISHED, SEEDS, industries_without_zero, load_fuels, load_units, read_rows
from pipelines.contracts.credit_code import has_form, is_valid
from pipelines.contracts.source import Source, load_sources
from pipelines.contracts.text import code_key, tidy
from pipelines.gate.magnitude import add_magnitude


def credit_code_problem(code: str | None, synthetic: bool) -> str | None:
    """Why a unified social credit code is not in order (GB 32100-2015), or None.

    Codes that begin with X1 have no registration authority: they are for synthetic deliveries only.
    """
    if code is None:
        return None
    if not has_form(code):
        return "form"
    if not is_valid(code):
        return "check_digit"
    if code.startswith("X") and not synthetic:
        return "reserved"
    return None


def add_evidence(rows: pl.DataFrame, source: Source, known: pl.DataFrame) -> pl.DataFrame:
    """All evidence columns for the rows of one source (one or more batches).

    `rows` has batch_id, received_at, is_synthetic, the lake columns, `__raw` columns and the reader's evidence;
    `known` is what the register knows from when (`Lake.known_enterprises`).
    """
    return add_row_evidence(_duplicates(rows, source), source, known)


def add_row_evidence(rows: pl.DataFrame, source: Source, known: pl.DataFrame) -> pl.DataFrame:
    """All evidence columns but those of duplicates: what can be said of a source's rows without seeing all of a file.

    Of a source that is not `bulk`, some evidence still looks at the other rows of a batch.
    """
    rows = _time(rows)
    names = {column.name for column in source.columns}
    for name in sorted(names & {"uscc", "successor_uscc", "supplier_uscc"}):
        rows = _credit_code(rows, name)
    if source.enterprise and source.name != "enterprise_register":
        rows = _enterprise(rows, known)
    rows = _lost_zeros(_blank_beside_named(rows, source), source)
    special = _SPECIAL.get(source.name)
    rows = special(rows) if special else rows
    return add_magnitude(_magnitude(rows, source) if source.name in _PARAMETERS else rows, source)


def _duplicates(rows: pl.DataFrame, source: Source) -> pl.DataFrame:
    key = ["batch_id", *source.key_columns]
    again = pl.all_horizontal(pl.col(c).is_not_null() for c in source.key_columns if not c.endswith("_ts")) & (pl.len().over(key) > 1)
    return mark_duplicates(rows.with_columns(
        pl.when(again).then(pl.col("row_no").min().over(key)).alias("_first"),
        (again & (pl.col("content_hash").n_unique().over(key) > 1)).alias("_differs"),
    ))


def mark_duplicates(rows: pl.DataFrame) -> pl.DataFrame:
    """`duplicate_row`, `duplicate_key`. `_first` is the first row of the file with the same key (null: there is no other row of it),
    `_differs` whether the rows of the key say different things."""
    first, differs = pl.col("_first"), pl.col("_differs")
    return rows.with_columns(
        pl.when(~differs & (pl.col("row_no") > first)).then(first).alias("duplicate_row"), pl.when(differs).then(first).alias("duplicate_key")
    ).drop("_first", "_differs")


def _time(rows: pl.DataFrame) -> pl.DataFrame:
    """`period_year`, and `period_open_from`: the first moment at which the period is no longer in the future."""
    if "period" in rows.columns:
        start = pl.col("period").cast(pl.Datetime("us"))
        for moment in ("period_ts", "ts"):
            if moment in rows.columns:
                start = pl.coalesce(moment, start)
        rows = rows.with_columns(start.alias("_start"), pl.col("period").dt.year().alias("period_year"))
    elif "year" in rows.columns:
        rows = rows.with_columns(
            pl.datetime(pl.col("year"), 1, 1).cast(pl.Datetime("us")).alias("_start"), pl.col("year").alias("period_year")
        )
    else:
        return rows
    return rows.with_columns(
        pl.when(pl.col("_start") > pl.col("received_at")).then(pl.col("_start")).alias("period_open_from")
    ).drop("_start").with_columns(pl.col("period_open_from").dt.strftime("%Y-%m").alias("future_period"))


def time_sql(moment: str, received_at: datetime) -> dict[str, str]:
    """What `_time` says of a row with this moment, in SQL of the typed rows `l`: for files whose rows are too many to be frames."""
    return {
        "future_period": f"case when l.{moment} > timestamp '{received_at.isoformat(sep=' ')}' then strftime(l.{moment}, '%Y-%m') end",
        "period_year": "year(l.period)",
    }


def _credit_code(rows: pl.DataFrame, name: str) -> pl.DataFrame:
    """`<name>_problem` for a column of credit codes."""
    pairs = rows.select(name, "is_synthetic").unique()
    problems = [
        credit_code_problem(None if code is None else tidy(code).upper(), synthetic) for code, synthetic in pairs.iter_rows()
    ]
    pairs = pairs.with_columns(pl.Series(f"{name}_problem", problems, dtype=pl.String))
    return rows.join(pairs, on=[name, "is_synthetic"], how="left", nulls_equal=True, maintain_order="left")


# the checks that a later row of the register may settle
REGISTER_CHECKS = ("K01-unknown-enterprise", "K12-register-begins-later")


def with_register(rows: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """Add from when the register knows a row's enterprise at all (`enterprise_known_from`), and from when for the row's period
    (`period_known_from`: a row of it in force on the last day of the period); `register_begins`: its first day in the register."""
    first = known.group_by("uscc").agg(pl.col("enterprise_known_from").min(), pl.col("valid_from").min().alias("register_begins"))
    rows = rows.join(first, on="uscc", how="left", maintain_order="left")
    if "period" in rows.columns:
        yearly = pl.col("period_grain") == "year" if "period_grain" in rows.columns else pl.lit(False)
        last_day = pl.when(yearly).then(pl.col("period").dt.offset_by("1y").dt.offset_by("-1d")).otherwise(pl.col("period").dt.month_end())
    elif "year" in rows.columns:
        last_day = pl.date(pl.col("year"), 12, 31)
    else:   # no period that a register row could begin after
        return rows.with_columns(pl.col("enterprise_known_from").alias("period_known_from"))
    rows = rows.with_columns(last_day.alias("_last_day"))
    periods = rows.select("uscc", "_last_day").unique().drop_nulls().sort("_last_day")
    moments = known.rename({"enterprise_known_from": "period_known_from"}).sort("valid_from")
    periods = periods.join_asof(moments, left_on="_last_day", right_on="valid_from", by="uscc", check_sortedness=False)
    return rows.join(periods.drop("valid_from"), on=["uscc", "_last_day"], how="left", maintain_order="left")


def _enterprise(rows: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    rows = with_register(rows, known)
    in_order = pl.col("uscc").is_not_null() & pl.col("uscc_problem").is_null()
    late = pl.col("enterprise_known_from").is_null() | (pl.col("enterprise_known_from") > pl.col("received_at"))
    rows = rows.with_columns(pl.when(late & in_order).then(pl.col("uscc")).alias("unknown_enterprise"))
    if "_last_day" not in rows.columns:
        return rows.with_columns(pl.lit(None, dtype=pl.String).alias("before_register"))
    # an enterprise that is not known at all is told once, by K01
    begins = pl.col("enterprise_known_from").is_not_null() & pl.col("_last_day").is_not_null()
    late = pl.col("period_known_from").is_null() | (pl.col("period_known_from") > pl.col("received_at"))
    other = pl.col("period_known_from").is_null() | (pl.col("period_known_from") > pl.col("enterprise_known_from"))
    return rows.with_columns(
        pl.when(in_order & begins & late & other).then(pl.col("register_begins").dt.to_string("%Y-%m-%d")).alias("before_register")
    ).drop("_last_day")


# parameters that multiply the quantities of a source, alone and (energy) with each other
_PARAMETERS = {
    "enterprise_energy": ("ncv_si", "carbon_si"), "enterprise_process": ("emission_factor", "carbon_content"),
    "enterprise_power_heat": ("emission_factor",), "power_unit_month": ("ncv_gj_per_t", "carbon_tc_per_t"),
    **dict.fromkeys(("energy_balance", "sector_statistics", "grid_generation", "grid_exchange", "grid_sales"), ()),
}


def _magnitude(rows: pl.DataFrame, source: Source) -> pl.DataFrame:
    """`magnitude`: the greatest quantity of a row in canonical units, times what multiplies it where that is above 1."""
    parameters = [pl.col(name).abs().fill_null(1.0) for name in _PARAMETERS[source.name]]
    # 万立方米 is 1 as a volume of gas and 10000 as one of water: every fuel measured so is a gas, elsewhere the greater counts
    choose = min if source.name in ("enterprise_energy", "energy_balance") else max
    factors: dict[str, float] = {}
    for (key, _), unit in load_units().by_key.items():
        factors[key] = choose(unit.factor, factors.get(key, unit.factor))
    reported = pl.col("unit").replace_strict(factors, default=1.0, return_dtype=pl.Float64) if "unit" in rows.columns else pl.lit(1.0)
    if source.name == "energy_balance":   # blank: the unit of the printed form
        printed = {row["fuel_code"]: float(row["factor_to_canonical"]) for row in read_rows(SEEDS / "balance_fuel.csv")}
        blank = pl.col("fuel").replace_strict(printed, default=1.0, return_dtype=pl.Float64)
        reported = pl.when(pl.col("unit").is_null()).then(blank).otherwise(reported)
    quantities = [
        pl.col(column.name).abs() * (reported if column.unit_column == "unit" else 1.0)
        for column in source.columns
        if column.type == "number" and column.name not in _PARAMETERS[source.name]
        and column.unit_column in ("unit", "capacity_unit", None) and not column.name.endswith("_factor")
    ]
    product = reduce(lambda a, b: a * b, parameters, pl.lit(1.0))
    return rows.with_columns(
        (pl.max_horizontal(quantities) * pl.max_horizontal(pl.lit(1.0), *parameters, product)).alias("magnitude")
    )


def _blank_beside_named(rows: pl.DataFrame, source: Source) -> pl.DataFrame:
    """`blank_unit_code_beside_named`, `blank_stream_beside_named`: totals beside their parts. Blank means all of them, so rows overlap
    where their units and streams are equal or one of the two is blank. A parameter is no quantity: one for all streams stands beside one of its own."""
    parts = [name for name in ("unit_code", "stream") if name in source.key]
    base = ["batch_id", *(c for c in source.key_columns if c not in parts)]
    for name in parts:
        named = pl.col(name) != ""
        beside = named.any().over([*base, *(other for other in parts if other != name)])
        for other in parts:
            if other != name:
                blank = pl.col(other) == ""
                beside = beside | (named & blank).any().over(base) | (blank & named.any().over(base))
        if name == "stream" and "role" in source.key:
            beside = beside & (pl.col("role") != "参数")
        rows = rows.with_columns(pl.when((pl.col(name) == "") & beside).then(pl.lit("blank")).alias(f"blank_{name}_beside_named"))
    return rows


def _lost_zeros(rows: pl.DataFrame, source: Source) -> pl.DataFrame:
    """`zero_lost`: industry columns with a code such as 61 that may be 061, in a file that has codes of three digits beside it."""
    names = [c.name for c in source.columns if c.codes == "any_industry"]
    if not names:
        return rows
    lost = {code: longer for code, longer in industries_without_zero().items()}
    marks = []
    for name in names:
        code = pl.col(name)
        longer = code.replace_strict(lost, default=None, return_dtype=pl.String)
        # the longer codes of the file tell in which length its codes are written
        digits = code.str.extract(r"^([0-9]+)$").str.len_chars()
        beside = (digits == longer.str.len_chars()).fill_null(False)
        lengths = digits.max().over("batch_id")
        marks.append(pl.when(longer.is_not_null() & (lengths >= longer.str.len_chars()) & ~beside).then(pl.lit(name)))
    return rows.with_columns(pl.concat_str(marks, separator=";", ignore_nulls=True).replace("", None).alias("zero_lost"))


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


def _meter(rows: pl.DataFrame) -> pl.DataFrame:
    quality = pl.col("quality")
    return rows.with_columns(pl.when(quality.is_in(["异常", "缺测"])).then(quality).alias("quality_doubt"))


_SPECIAL: dict[str, Callable[[pl.DataFrame], pl.DataFrame]] = {
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
}
