"""Evidence: columns derived from the rows of one delivery (and the register) that the suites put limits on.

Here is only arithmetic; whether a value is acceptable stands in `expectations/`. Windows never leave a batch,
so the evidence on a row depends on its own file alone.
"""

from __future__ import annotations

from datetime import datetime
from functools import reduce

import polars as pl

from pipelines.contracts.codes import SEEDS, industries_without_zero, load_units, read_rows
from pipelines.contracts.credit_code import has_form, is_valid
from pipelines.contracts.source import Source
from pipelines.contracts.text import tidy
from pipelines.gate.evidence_of_source import SPECIAL
from pipelines.gate.magnitude import add_magnitude
from pipelines.gate.register import add_enterprise


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
        rows = add_enterprise(rows, known)
    rows = _lost_zeros(_blank_beside_named(rows, source), source)
    special = SPECIAL.get(source.name)
    rows = special(rows) if special else rows
    return add_magnitude(_magnitude(rows, source) if source.name in _PARAMETERS else rows, source)


def _duplicates(rows: pl.DataFrame, source: Source) -> pl.DataFrame:
    key = ["batch_id", *source.key_columns]
    again = pl.all_horizontal(pl.col(c).is_not_null() for c in source.key_columns if not c.endswith("_ts")) & (pl.len().over(key) > 1)
    marked = rows.with_columns(
        pl.when(again).then(pl.col("row_no").min().over(key)).alias("_first"),
        (again & (pl.col("content_hash").n_unique().over(key) > 1)).alias("_differs"),
    )
    return mark_duplicates(marked.with_columns(_rival(source, key) if marked["_differs"].any() else pl.lit(None, pl.String).alias("_rival")))


def _rival(source: Source, key: list[str]) -> pl.Expr:
    """`_rival`: the columns in which rows of a key differ."""
    others = {column.name: column.lake_columns() for column in source.columns if column.name not in source.key}
    differing = (
        pl.when(pl.any_horizontal(pl.col(part).n_unique().over(key) > 1 for part in parts)).then(pl.lit(name)) for name, parts in others.items()
    )
    return pl.concat_str(*differing, separator=";", ignore_nulls=True).alias("_rival")


def mark_duplicates(rows: pl.DataFrame) -> pl.DataFrame:
    """`duplicate_row`, `duplicate_key` (the columns in which the rows of a key differ) and `duplicate_of`. `_first` is the first row of the file with the
    same key (null: there is no other row of it), `_differs` whether the rows of the key say different things, `_rival` in which columns."""
    first, differs = pl.col("_first"), pl.col("_differs") & pl.col("_first").is_not_null()
    return rows.with_columns(
        pl.when(~differs & (pl.col("row_no") > first)).then(first).alias("duplicate_row"),
        pl.when(differs).then(pl.col("_rival")).alias("duplicate_key"), pl.when(differs).then(first).alias("duplicate_of"),
    ).drop("_first", "_differs", "_rival")


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
