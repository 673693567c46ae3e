"""The published inventories of Guizhou against a release: the tables of docs/method.md, from the release's own figures.

`python -m pipelines.publish.method_check` prints it for the live release, `--write` puts it into docs/method.md.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from pipelines.publish.problem import PublishError
from pipelines.publish.store import DATABASE
from pipelines.settings import PROJECT, load_settings
from pipelines.warehouse.duck import connect

METHOD = PROJECT / "docs" / "method.md"
START, END = "<!-- method-check: start -->", "<!-- method-check: end -->"

# a difference of rounding only: tonnes are rounded to the kilogram in each sector
_EQUAL = 1e-6

_BY_FUEL = """
select f.name_zh || ' ' || replace(c.fuel, '_', ' '), c.computed_mtco2, c.published_mtco2
from marts.fct_inventory_check_year as c
inner join (select distinct fuel, fuel_zh as name_zh from marts.fct_inventory_year) as f on c.fuel = f.fuel
where c.division_code = '520000' and c.year = 2007 and c.factor_set = 'ceads_uniform' and c.published_mtco2 is not null
order by c.published_mtco2 desc
"""
_BY_SET = """
select c.factor_set, c.computed_mtco2, c.published_mtco2, c.held_back_rows, h.fuels
from marts.fct_inventory_check_year as c
left join (
    select factor_set, string_agg(distinct fuel, ', ' order by fuel) as fuels
    from marts.fct_inventory_year
    where division_code = '520000' and year = 2007 and is_held_back
    group by factor_set
) as h on c.factor_set = h.factor_set
where c.division_code = '520000' and c.year = 2007 and c.fuel = 'fuels_total'
order by c.factor_set
"""
_BY_YEAR = """
select u.year, u.computed_mtco2, u.published_mtco2, s.computed_mtco2, g.computed_mtco2, g.published_mtco2
from marts.fct_inventory_check_year as u
left join marts.fct_inventory_check_year as s
    on s.division_code = u.division_code and s.year = u.year and s.inventory = u.inventory and s.fuel = u.fuel and s.factor_set = 'ceads'
left join marts.fct_inventory_check_year as g
    on g.division_code = u.division_code and g.year = u.year and g.inventory = u.inventory and g.fuel = 'other_gas' and g.factor_set = u.factor_set
where u.division_code = '520000' and u.factor_set = 'ceads_uniform' and u.fuel = 'fuels_total' and u.computed_mtco2 is not null
    and u.published_mtco2 is not null and not u.is_synthetic
order by u.year
"""


def render(release: Path) -> str:
    """The table as Markdown. Raises PublishError when the release does not hold the inventory of 2007."""
    with connect(release, read_only=True) as db:
        fuels = db.execute(_BY_FUEL).fetchall()
        sets = db.execute(_BY_SET).fetchall()
        years = db.execute(_BY_YEAR).fetchall()
    if not fuels or not sets:
        raise PublishError("发布版本中没有贵州省2007年清单", "the release does not hold the inventory of Guizhou 2007")
    lines = [
        "贵州省2007年各品种燃料排放，因子集 `ceads_uniform` | emissions of Guizhou 2007 by fuel, factor set `ceads_uniform`", "",
        *_table(
            ("品种 fuel", "计算 computed [MtCO2]", "公布 published [MtCO2]", "差额 difference [%]"),
            [(name, _mt(ours), _mt(theirs), _gap(ours, theirs)) for name, ours, theirs in fuels],
        ),
    ]
    lines += [
        "", "燃料合计，各因子集 | total of fuels, by factor set", "",
        *_table(
            ("因子集 factor set", "计算 computed [MtCO2]", "公布 published [MtCO2]", "差额 difference [%]", "暂不计 held back"),
            [(f"`{name}`", _mt(ours), _mt(theirs), _gap(ours, theirs) if not held else "—", fuels_held or "—")
             for name, ours, theirs, held, fuels_held in sets],
        ),
        "", "逐年合计 | totals by year [MtCO2]", "",
        *_table(
            ("年份 year", "`ceads_uniform`", "公布 published", "差额 difference [%]", "`ceads`", "差额 difference [%]", "其他煤气 other gas", "公布 published", "差额 difference [%]"),
            [(str(year), _mt(ours), _mt(theirs), _gap(ours, theirs), _mt(by_sector), _gap(by_sector, theirs), _mt(gas), _mt(published_gas), _gap(gas, published_gas))
             for year, ours, theirs, by_sector, gas, published_gas in years],
        ),
    ]
    return "\n".join(lines)


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[str]:
    rule = ["---"] + ["---:"] * (len(head) - 1)
    return [f"| {' | '.join(cells)} |" for cells in (head, tuple(rule), *rows)]


def _mt(value: float | None) -> str:
    return "—" if value is None else f"{value:.6f}"


def _gap(ours: float | None, theirs: float | None) -> str:
    if ours is None or not theirs:
        return "—"
    share = (float(ours) - float(theirs)) / float(theirs)
    return "一致 equal" if abs(share) < _EQUAL else f"{100 * share:+.2f}"


def written(text: str, table: str) -> str:
    """The text with the table between its marks. Raises PublishError when they are missing."""
    if START not in text or END not in text:
        raise PublishError(f"{METHOD.name} 中没有标记 {START} 与 {END}", f"{METHOD.name} has no marks {START} and {END}")
    before, rest = text.split(START, 1)
    return f"{before}{START}\n{table}\n{END}{rest.split(END, 1)[1]}"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="核对表 | the published inventories against a release")
    parser.add_argument("--release", type=Path, default=None, help="carbon.duckdb 路径，默认当前发布 | default: the live release")
    parser.add_argument("--write", action="store_true", help="写入 docs/method.md | put the table into docs/method.md")
    given = parser.parse_args(arguments)
    release = given.release or load_settings().marts / DATABASE
    if not release.is_file():
        print(f"没有发布版本 {release}，请先运行 carbon nightly | no release at {release}: run carbon nightly first", file=sys.stderr)
        return 1
    try:
        table = render(release)
        print(table)
        if given.write:
            METHOD.write_text(written(METHOD.read_text("utf-8"), table), "utf-8")
    except PublishError as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
