"""Write the synthetic province: which files there are, in which layout, when they were received, and in which order."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from pipelines.contracts.source import load_sources
from pipelines.demo.activity import Activity, make_activity
from pipelines.demo.enterprises import Enterprise, make_enterprises
from pipelines.demo.faults import Planted, Planter, faults_csv, read_faults
from pipelines.demo.files import Delivery, Layout, write_delivery
from pipelines.demo.grid import make_power_system
from pipelines.demo.meters import meter_deliveries
from pipelines.demo.months import Window, first_day, label, make_window, year_of
from pipelines.demo.own import LABELS, foreign, remove_earlier
from pipelines.demo.provincial import DECIDED, provincial_deliveries
from pipelines.demo.registers import register_deliveries
from pipelines.demo.series import Series, positions
from pipelines.demo.world import World, load_world

_MONTHLY = ("enterprise_energy", "enterprise_process", "enterprise_power_heat", "enterprise_output", "power_unit_month")
_SHORT = {
    "enterprise_energy": "能源",
    "enterprise_process": "过程",
    "enterprise_power_heat": "电热",
    "enterprise_output": "产品",
    "power_unit_month": "机组",
}
_CORRECTED_BEFORE = 3  # the correction delivery concerns the month this many months before the last
_CORRECTED_ROWS = 3


@dataclass
class DemoReport:
    """What `write_province` wrote.

    Attributes:
        months: first and last delivered month, YYYY-MM; rows: data rows by source, as written; files: number of deliveries;
        planted: the labels of faults.csv; unplanted: kinds for which no fitting row was left.
    """

    out: Path
    seed: int
    enterprises: int
    months: tuple[str, str]
    files: int = 0
    rows: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    planted: list[Planted] = field(default_factory=list)
    unplanted: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        first, last = self.months
        rows = sum(self.rows.values())
        left = f"，未能植入 not planted: {', '.join(self.unplanted)}" if self.unplanted else ""
        return (
            f"演示数据 SYNTHETIC: {self.enterprises} 家企业 enterprises, {first} - {last}, {self.files} 个文件 files, "
            f"{rows} 行 rows, {len(self.planted)} 处植入故障 planted faults{left}"
        )


def write_province(
    out: Path,
    seed: int = 1,
    enterprises: int = 300,
    months: int = 24,
    until: str = "2025-12",
    faults: Path | str | None = "default",
) -> DemoReport:
    """Write deliveries of a synthetic province below `out`, the same bytes for the same arguments.

    Args:
        out: folder that becomes an inbox: `<out>/<source>/...` with sidecars, and `<out>/faults.csv` where faults were planted.
        seed: 0 or more; enterprises, months: how many; until: last month, YYYY-MM.
        faults: `none`, `default`, `all` (some of every kind), or a CSV or YAML file of `kind,count`.

    Raises:
        ValueError: an argument that cannot be understood.
        FileExistsError: `out` holds deliveries that no run of this program wrote; those of an earlier run are replaced.
    """
    out = Path(out)
    counts = read_faults(faults)
    if seed < 0:
        raise ValueError(f"seed must be 0 or more, not {seed}")
    world = load_world()
    window = make_window(months, until)
    members = make_enterprises(world, seed, enterprises)
    suppliers = [member.uscc for member in members if member.sector.key == "power_chp"]
    activities = [make_activity(world, window, seed, member, suppliers) for member in members]
    plan = _Plan(world, window, members, activities, seed)
    planter = Planter(counts, seed, until, _small(members), plan.files_per_source())
    report = DemoReport(out, seed, enterprises, (label(window.delivered_from), until))
    _make_room(out)
    for delivery in plan.deliveries():
        spoiled = [] if delivery.name == plan.correction_name or delivery.source in DECIDED else planter.plant(delivery)
        for each in [delivery, *spoiled]:
            write_delivery(out, each)
            report.files += 1
            report.rows[each.source] += len(each.rows)
    report.planted, report.unplanted = planter.planted, planter.unplanted
    labels = out / LABELS
    if counts:
        labels.write_bytes(faults_csv(planter.planted).encode())
    return report


def _small(members: list[Enterprise]) -> frozenset[str]:
    """The smaller half of the enterprises by expected CO2: rows of theirs may be spoiled."""
    ranked = sorted(members, key=lambda member: (member.co2_mt, member.number))
    return frozenset(member.uscc for member in ranked[: max(1, len(ranked) // 2)])


def _make_room(out: Path) -> None:
    """Take away what an earlier run wrote; stop where something else lies in `out`: it would be read as one with the province."""
    remove_earlier(out)
    other = foreign(out)
    if other is not None:
        raise FileExistsError(
            f"{out} 中有不是本程序生成的 {other.relative_to(out)}，未做改动；请换一个空文件夹"
            f" | {out} already holds {other.relative_to(out)}, which this program did not write: it was left as it is; choose an empty folder"
        )


class _Plan:
    """The deliveries of a run in the order in which they are written. Rows are laid out one file at a time."""

    def __init__(
        self, world: World, window: Window, members: list[Enterprise], activities: list[Activity], seed: int
    ) -> None:
        self.world = world
        self.window = window
        self.members = members
        self.groups = world.groups
        self.series: dict[tuple[str, str], list[Series]] = defaultdict(list)
        for activity in activities:
            for series in activity.series:
                self.series[series.source, activity.enterprise.prefecture.group].append(series)
        self.with_units = {member.uscc for member in members if member.sector.units is not None}
        self.provincial = provincial_deliveries(
            world, window, activities, make_power_system(world, window, seed, activities)
        ) + register_deliveries(world, window, activities, seed) + meter_deliveries(window, seed, activities)

    def files_per_source(self) -> dict[str, int]:
        """How many files each source will have (the correction left out), as faults are spread: power sold by the year."""
        counts: dict[str, int] = defaultdict(int)
        counts["enterprise_register"] = 1
        for source, _ in self.series:
            counts[source] += len(self.window.delivered)
        for delivery in self.provincial:
            if delivery.source not in DECIDED:
                counts[delivery.source] += 1
        counts["grid_sales"] = len({year_of(month) for month in self.window.computed})
        return dict(counts)

    def deliveries(self) -> Iterator[Delivery]:
        yield self._register()
        for month in self.window.delivered:
            for number, source in enumerate(_MONTHLY):
                for place, group in enumerate(self.groups):
                    if (source, group) in self.series:
                        yield self._month(source, number, group, place, month)
        correction = self._correction()
        if correction:
            yield correction
        yield from self.provincial

    def _register_name(self) -> str:
        return f"演示_企业名录_{label(self.window.delivered_from)}"

    def _register(self) -> Delivery:
        start = first_day(self.window.delivered_from)
        valid_from = dt.date(min(2020, start.year), 1, 1).isoformat()
        rows = [
            [
                member.uscc,
                member.name,
                member.industry,
                member.division,
                member.sector.method,
                "是" if member.sector.ets else "否",
                member.operating_from.isoformat(),
                "",
                "",
                valid_from,
            ]
            for member in self.members
        ]
        received = dt.datetime.combine(start - dt.timedelta(days=12), dt.time(9, 30))
        layout = Layout(encoding="utf-8-sig")
        document = "演示数据 重点企业名录"
        sender = "省级主管部门(演示数据)"
        return Delivery(
            "enterprise_register",
            self._register_name(),
            rows,
            received,
            label(self.window.delivered_from),
            sender,
            document,
            layout,
        )

    def _month(self, source: str, number: int, group: str, place: int, month: int) -> Delivery:
        period = label(month)
        offset = month - self.window.delivered_from
        rows = [series.row(offset, period) for series in self.series[source, group]]
        after = first_day(month + 1)
        day = 10 + (month * 7 + number * 3 + place * 5) % 11
        received = dt.datetime(after.year, after.month, day, 8 + number, 5 + 15 * place)
        sender = f"{group}片区统计汇总员(演示数据)"
        document = f"演示数据 {load_sources()[source].zh} {period} {group}"
        layout = _layout(source, number, place, month, period, group)
        return Delivery(source, _monthly_name(source, month, group), rows, received, period, sender, document, layout)

    @property
    def correction_name(self) -> str:
        return f"演示_能源_{label(self._corrected_month())}_更正"

    def _corrected_month(self) -> int:
        return max(self.window.delivered_from, self.window.last - _CORRECTED_BEFORE)

    def _correction(self) -> Delivery | None:
        """A later file with a few corrected rows of an earlier month: more was bought and used than first reported."""
        month = self._corrected_month()
        place = positions("enterprise_energy")
        rows: list[list[str]] = []
        candidates = [series for group in self.groups for series in self.series.get(("enterprise_energy", group), [])]
        for series in candidates[:: max(1, len(candidates) // (4 * _CORRECTED_ROWS))]:
            row = series.row(month - self.window.delivered_from, label(month))
            if row[place["uscc"]] in self.with_units:  # the coal of its units would no longer be that of the plant
                continue
            bought, used = Decimal(row[place["purchased"]] or 0), Decimal(row[place["consumed"]])
            if bought <= 0 or row[place["feedstock"]] or row[place["transformation_input"]]:
                continue
            more = (used * Decimal("0.02")).quantize(used)
            row[place["purchased"]], row[place["consumed"]] = f"{bought + more:f}", f"{used + more:f}"
            rows.append(row)
            if len(rows) == _CORRECTED_ROWS:
                break
        if not rows:
            return None
        last = first_day(self.window.last + 1)
        received = dt.datetime(last.year, last.month, 24, 15, 40)
        document = f"演示数据 企业能源更正 {label(month)}"
        return Delivery(
            "enterprise_energy",
            self.correction_name,
            rows,
            received,
            label(month),
            "省级统计汇总员(演示数据)",
            document,
        )


def _monthly_name(source: str, month: int, group: str) -> str:
    return f"演示_{_SHORT[source]}_{label(month)}_{group}"


def _layout(source: str, number: int, place: int, month: int, period: str, group: str) -> Layout:
    """Layouts rotate so that every month has CSV in three encodings and a workbook; odd spellings of numbers stay few."""
    turn = (month + number + place) % 12
    if place == 2 and (number + month) % 2 == 0:
        titles = [
            f"{load_sources()[source].zh}月报表(演示数据)",
            f"填报单位：{group}片区(演示数据)　报告期：{period[:4]}年{int(period[5:])}月",
        ]
        if turn % 3 and source != "power_unit_month":  # its units stand in the contract
            titles.append("计量单位：见“计量单位”列，空白为标准单位")
        return Layout(suffix="xlsx", titles=tuple(titles), total=turn % 2 == 0)
    if place == 0:
        return Layout(encoding="gb18030", total=turn % 6 == 1, thousands=turn == 5)
    if turn % 2:
        return Layout(
            encoding="utf-8-sig",
            total=turn == 7,
            wide=turn == 9 and year_of(month) % 2 == 1 and source == "enterprise_output",
        )
    return Layout(encoding="utf-8", thousands=turn == 10)
