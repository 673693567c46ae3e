"""Equalities that every release keeps, to the kilogram: between lines, accounts and totals, and of the batches.

Amounts are tCO2e with three decimals and added exactly, so a difference is never a matter of rounding.
The ledger holds a fact of a year once: its twelve months, or the year where that is what counts. So monthly tables are
the lines of monthly facts, yearly tables all lines of their year.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from pipelines.publish.problem import both
from pipelines.warehouse.duck import attach, connect, identifier, quoted

DIRECT_SOURCES = ("fuel", "process", "product_deduction", "co2_recovered")
# Level of the totals -> the code under which an emission line counts there.
LINE_CODES = {
    "province": "left(division_code, 2) || '0000'",
    "prefecture": "prefecture_code",
    "county": "division_code",
    "industry_section": "industry_section",
    "industry": "left(industry_code, 2)",
    "industry_class": "industry_code",
    "field": "field",
    "prefecture_industry": "prefecture_code || ':' || left(industry_code, 2)",
}
LINE_CODE_COLUMNS = ("prefecture_code", "industry_section", "field")
LEVELS = tuple(level for level in LINE_CODES if level != "province")
DRIVER_EFFECTS = (
    "population", "gdp_per_head", "structure", "energy_intensity", "fuel_mix", "emission_factor", "process_intensity",
)
MEASURES = ("direct_tco2e", "purchased_power_location_tco2e")

_DIRECT = f"emission_source in ({', '.join(quoted(source) for source in DIRECT_SOURCES)})"
ACCOUNT_PARTS = {
    "direct_tco2e": DIRECT_SOURCES,
    "total_location_tco2e": ("direct", "purchased_power_location", "purchased_heat"),
    "total_market_tco2e": ("direct", "purchased_power_market", "purchased_heat"),
}


@dataclass(frozen=True)
class AccountMeasure:
    """How an account's column comes from lines: a sum of `amount` over the lines of `where`."""

    amount: str
    where: str


ACCOUNT_MEASURES = {
    "fuel_tco2e": AccountMeasure("emission_tco2e", "emission_source = 'fuel'"),
    "process_tco2e": AccountMeasure("emission_tco2e", "emission_source = 'process'"),
    "product_deduction_tco2e": AccountMeasure("emission_tco2e", "emission_source = 'product_deduction'"),
    "co2_recovered_tco2e": AccountMeasure("emission_tco2e", "emission_source = 'co2_recovered'"),
    "direct_common_tco2e": AccountMeasure("emission_common_tco2e", _DIRECT),
    "ets_direct_tco2e": AccountMeasure("emission_tco2e", "ets_covered"),
    "internal_transfer_tco2e": AccountMeasure("emission_tco2e", "internal_transfer and emission_source = 'fuel'"),
    "purchased_heat_tco2e": AccountMeasure("emission_tco2e", "emission_source = 'purchased_heat'"),
    "biomass_memo_tco2e": AccountMeasure("emission_tco2e", "emission_source = 'biomass_memo'"),
    **{
        f"purchased_power_{view}_tco2e": AccountMeasure(
            "emission_tco2e", f"emission_source = 'purchased_power' and electricity_view = '{view}'"
        )
        for view in ("location", "national", "market")
    },
}
TOTAL_MEASURES = {
    "direct_tco2e": AccountMeasure("emission_common_tco2e", _DIRECT),
    "purchased_power_location_tco2e": AccountMeasure(
        "emission_common_tco2e", "emission_source = 'purchased_power' and electricity_view = 'location'"
    ),
}


@dataclass(frozen=True)
class Failure:
    """An identity that does not hold. `difference` is left side minus right side at the worst place (tCO2e or rows)."""

    identity: str
    zh: str
    en: str
    cases: int
    where: str
    difference: Decimal

    def __str__(self) -> str:
        tail = f"{self.where}, {self.difference}"
        return both(f"恒等式不成立：{self.zh}，{self.cases} 处，最大差 {tail}",
                    f"identity broken: {self.en}; {self.cases} place(s), greatest difference {tail}")


@dataclass(frozen=True)
class _Identity:
    """`sql` gives (place as text, left side, right side)."""

    name: str
    zh: str
    en: str
    sql: str


def identity_failures(db: Any, catalog: str) -> list[Failure]:
    """All identities of a built or published database that do not hold."""
    return _failures(db, _identities(identifier(catalog)))


def bridge_failures(path: Path) -> list[Failure]:
    """Those of the reconciliation bridge alone."""
    with connect() as db:
        attach(db, path, "checked")
        return _failures(db, _bridge("checked"))


def _failures(db: Any, identities: list[_Identity]) -> list[Failure]:
    failures = []
    for identity in identities:
        cases, where, difference = db.execute(
            f"""select count(*), arg_max(place, abs(difference)), arg_max(difference, abs(difference))
                from (select place, coalesce(left_side, 0) - coalesce(right_side, 0) as difference
                      from ({identity.sql}))
                where difference <> 0"""
        ).fetchone()
        if cases:
            failures.append(Failure(identity.name, identity.zh, identity.en, cases, where, difference))
    return failures


def check_identities(path: Path) -> list[Failure]:
    """The identities of a database file that do not hold."""
    with connect() as db:
        attach(db, path, "checked")
        return identity_failures(db, "checked")


def _identities(catalog: str) -> list[_Identity]:
    found = [*_lines_to_totals(catalog), *_accounts_to_province(catalog), *_lines_to_accounts(catalog), *_bridge(catalog), _removed_power(catalog)]
    for grain in ("month", "year"):
        found += [*_levels(catalog, grain), *_account_parts(catalog, grain)]
    found.append(_drivers(catalog))
    found.append(_Identity(
        "batch_rows", "批次收到行数 = 入库 + 隔离", "rows received = accepted + quarantined",
        f"""select batch_id as place, cast(rows_received as bigint) as left_side,
                cast(rows_accepted as bigint) + cast(rows_quarantined as bigint) as right_side
            from {catalog}.quality.batch""",
    ))
    return found


def _drivers(catalog: str) -> _Identity:
    """Effects add up to the change: what a numerical residual leaves is below 1e-9 of the greater year."""
    effects = " + ".join(f"coalesce({effect}_tco2e, 0)" for effect in DRIVER_EFFECTS)   # no effect of GDP where it cannot be compared
    return _Identity(
        "driver_effects", "驱动因素各效应之和 = 排放变化", "effects of the drivers = change of emissions",
        f"""select concat_ws(':', basis, factor_set, level, code, industry, period, from_period) as place, change_tco2e as left_side,
                case when abs(change_tco2e - ({effects})) <= 1e-9 * greatest(abs(from_tco2e), abs(to_tco2e), 0.001) then change_tco2e
                    else {effects} end as right_side
            from {catalog}.marts.fct_driver_year where hold_code is null""",
    )


def _grains() -> tuple[tuple[str, str, str], ...]:
    """(grain, the lines of that grain's tables, their period)."""
    return (("month", "period_grain = 'month'", "period"), ("year", "true", "make_date(year(period), 1, 1)"))


def _lines_to_totals(catalog: str) -> list[_Identity]:
    return [
        _Identity(
            f"lines_to_totals_{grain}:{measure}",
            f"排放行按层级合计 = 各层级 {measure}（{grain}）", f"lines of a {grain} = {measure} of every level and code",
            f"""select concat_ws(' ', coalesce(l.level, t.level), coalesce(l.code, t.code), coalesce(l.period, t.period)) as place, left_side, right_side
                from ({_summed_lines(catalog, f"{period} as period", how, lines)}) as l
                full join (select level, code, period, {measure} as right_side from {catalog}.marts.fct_total_{grain}) as t
                    on l.level = t.level and l.code is not distinct from t.code and l.period = t.period""",
        )
        for grain, lines, period in _grains() for measure, how in TOTAL_MEASURES.items()
    ]


def _summed_lines(catalog: str, period: str, how: AccountMeasure, lines: str) -> str:
    """Lines by level, code and period. They are added once by the columns that every code is made of."""
    columns = f"division_code, industry_code, {', '.join(LINE_CODE_COLUMNS)}"
    levels = " union all ".join(
        f"select {quoted(level)} as level, {code} as code, period, sum(amount) as left_side from summed group by 2, 3" for level, code in LINE_CODES.items()
    )
    return f"""with summed as materialized (
            select {columns}, {period}, sum({how.amount}) as amount
            from {catalog}.marts.fct_enterprise_emission_line where {lines} and {how.where} group by {columns}, 6)
        {levels}"""


def _accounts_to_province(catalog: str) -> list[_Identity]:
    pairs = {"direct_common_tco2e": "direct_tco2e", "purchased_power_location_tco2e": "purchased_power_location_tco2e"}
    return [
        _Identity(
            f"accounts_to_province_{grain}:{measure}",
            f"企业账户合计 = 全省 {measure}（{grain}）", f"accounts of a {grain} = {measure} of the province",
            f"""select cast(coalesce(a.period, t.period) as varchar) as place, left_side, right_side
                from (select period, sum({column}) as left_side from {catalog}.marts.fct_enterprise_account_{grain}
                      group by period) as a
                full join (select period, {measure} as right_side from {catalog}.marts.fct_total_{grain}
                           where level = 'province') as t on a.period = t.period""",
        )
        for grain in ("month", "year") for column, measure in pairs.items()
    ]


def _levels(catalog: str, grain: str) -> list[_Identity]:
    levels = ", ".join(f"({quoted(level)})" for level in LEVELS)
    return [
        _Identity(
            f"levels_{grain}:{measure}",
            f"各层级合计 = 全省 {measure}（{grain}）", f"every level sums to the province: {measure}, {grain}",
            f"""select p.level || ' ' || p.period as place, left_side, right_side
                from (select v.level, t.period, t.{measure} as right_side from {catalog}.marts.fct_total_{grain} as t
                      cross join (values {levels}) as v(level) where t.level = 'province') as p
                left join (select level, period, sum({measure}) as left_side from {catalog}.marts.fct_total_{grain}
                           group by level, period) as s on p.level = s.level and p.period = s.period
                union all
                select level || ' ' || period, {measure}, 0 from {catalog}.marts.fct_total_{grain}
                where level <> 'province' and period not in (
                    select period from {catalog}.marts.fct_total_{grain} where level = 'province')""",
        )
        for measure in MEASURES
    ]


def _lines_to_accounts(catalog: str) -> list[_Identity]:
    return [
        _Identity(
            f"lines_to_accounts_{grain}:{column}",
            f"企业排放行合计 = 账户 {column}（{grain}）", f"lines of an enterprise = {column} of its account, {grain}",
            f"""select coalesce(l.uscc, a.uscc) || ' ' || coalesce(l.period, a.period) as place, left_side, right_side
                from (select uscc, {period} as period, sum({how.amount}) as left_side
                      from {catalog}.marts.fct_enterprise_emission_line where {how.where} and {lines} group by 1, 2) as l
                full join (select uscc, period, {column} as right_side
                           from {catalog}.marts.fct_enterprise_account_{grain}) as a
                    on l.uscc = a.uscc and l.period = a.period""",
        )
        for column, how in ACCOUNT_MEASURES.items() for grain, lines, period in _grains()
    ]


def _account_parts(catalog: str, grain: str) -> list[_Identity]:
    return [
        _Identity(
            f"account_parts_{grain}:{total}",
            f"账户 {total} = 各部分之和（{grain}）", f"{total} of an account = its parts, {grain}",
            f"""select uscc || ' ' || period as place, {total} as left_side,
                    {' + '.join(f'{part}_tco2e' for part in parts)} as right_side
                from {catalog}.marts.fct_enterprise_account_{grain}""",
        )
        for total, parts in ACCOUNT_PARTS.items()
    ]


_ADDENDS = "cause <> 'top_down_total'"


def _bridge(catalog: str) -> list[_Identity]:
    """The reconciliation bridge: it adds up, opens on the totals, closes on the inventory, and its prefectures make the province."""
    bridge, city = f"{catalog}.marts.fct_reconciliation_year", f"{catalog}.marts.fct_city_year"
    inventory, total = f"{catalog}.marts.fct_inventory_year", f"{catalog}.marts.fct_total_year"
    return [
        _Identity(
            "bridge_adds_up", "对账桥：期初 + 各原因 = 期末", "bridge: opening + causes = closing",
            f"""select division_code || ' ' || year as place, sum(case when {_ADDENDS} then tco2e end) as left_side,
                    sum(case when {_ADDENDS} then null else tco2e end) as right_side
                from {bridge} group by division_code, year""",
        ),
        _Identity(
            "bridge_opening", "对账桥期初 = 合计表的直接排放", "opening of the bridge = direct emissions of the totals",
            f"""select b.division_code || ' ' || b.year as place, b.tco2e as left_side, t.direct_tco2e as right_side
                from {bridge} as b
                left join {total} as t on t.level = b.level and t.code = b.division_code and year(t.period) = b.year
                where b.cause = 'accounts_total' and b.level in ('province', 'prefecture')""",
        ),
        _Identity(
            "bridge_closing", "对账桥期末 = 自上而下清单之和", "closing of the bridge = sum of the inventory",
            f"""select b.division_code || ' ' || b.year as place, b.tco2e as left_side, i.tco2 as right_side
                from {bridge} as b
                left join (select division_code, year, factor_set, sum(emission_tco2) as tco2 from {inventory} group by 1, 2, 3) as i
                    on i.division_code = b.division_code and i.year = b.year and i.factor_set = b.factor_set
                where b.cause = 'top_down_total' and (b.level = 'province' or b.has_own_balance)""",
        ),
        _Identity(
            "bridge_prefectures", "各市州与未分摊部分之和 = 全省（逐原因）", "prefectures and what is unallocated = province, in every cause",
            f"""select p.year || ' ' || p.cause as place, c.tco2e as left_side, p.tco2e as right_side
                from {bridge} as p
                left join (select year, cause, sum(tco2e) as tco2e from {bridge} where level <> 'province' group by 1, 2) as c
                    on c.year = p.year and c.cause = p.cause
                where p.level = 'province'""",
        ),
        _Identity(
            "cities_to_province", "各市州总量与未分摊部分之和 = 全省自上而下合计", "cities and what is unallocated = top-down total of the province",
            f"""select cast(p.year as varchar) as place, c.tco2e as left_side, p.tco2e as right_side
                from {bridge} as p
                left join (select year, sum(adding_total_tco2e) as tco2e from {city} group by year) as c on c.year = p.year
                where p.level = 'province' and p.cause = 'top_down_total'""",
        ),
        _Identity(
            "cities_to_accounts", "市州账户合计 = 合计表（市州）", "accounts of a city = the totals of its prefecture",
            f"""select c.division_code || ' ' || c.year as place, c.accounts_tco2e as left_side, t.direct_tco2e as right_side
                from {city} as c
                left join {total} as t on t.level = 'prefecture' and t.code = c.division_code and year(t.period) = c.year
                where c.level = 'prefecture'""",
        ),
    ]


def _removed_power(catalog: str) -> _Identity:
    """What the table of double counting keeps out of the direct totals is what users bought."""
    return _Identity(
        "removed_power", "重复计算表中的购电 = 合计表的净购入电力", "bought power of the table of double counting = that of the totals",
        f"""select cast(t.year as varchar) as place, d.tco2e as left_side, t.tco2e as right_side
            from (select year(period) as year, sum(purchased_power_location_tco2e) as tco2e from {catalog}.marts.fct_total_year
                  where level = 'province' group by 1) as t
            left join (select year, sum(tco2e) as tco2e from {catalog}.marts.fct_double_counting_year
                       where overlap = 'purchased_power' group by year) as d on d.year = t.year""",
    )
