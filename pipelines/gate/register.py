"""What the register knows of the enterprise of a row, and from when: rows wait until it does."""

from __future__ import annotations

import polars as pl

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


def add_enterprise(rows: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
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
