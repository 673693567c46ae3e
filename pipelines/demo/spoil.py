"""Faults that need more than a changed cell: other columns, other rows, the month before, a whole file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from pipelines.demo.credit_code import synthetic_code
from pipelines.demo.files import Delivery, Layout, columns_of
from pipelines.demo.series import positions
from pipelines.demo.target import Marks, Target, positive, quantity_column, spoil
from pipelines.demo.world import load_world

_AMOUNTS = ("opening_stock", "purchased", "produced", "consumed", "feedstock", "transformation_input", "used_elsewhere", "sold", "closing_stock")


def fuel_ten_times(target: Target) -> Marks:
    """Every quantity of the row: it balances within itself."""
    index = target.pick(positive(target, "consumed"))
    if index is None:
        return []
    for column in _AMOUNTS:
        if target.cell(index, column):
            target.set(index, column, f"{target.number(index, column) * 10:f}")
    return [(index, "consumed")]


def fuel_wan_unit(target: Target) -> Marks:
    """吨 under 万吨."""
    use = positive(target, "consumed")
    return spoil(target, "unit", lambda text: "万吨", lambda i: use(i) and target.cell(i, "unit") in ("t", "吨"))


def swapped_columns(target: Target) -> Marks:
    """Use and closing stock in each other's column."""
    use, stock = positive(target, "consumed"), positive(target, "closing_stock")

    def differ(i: int) -> bool:
        if not (use(i) and stock(i)) or target.cell(i, "feedstock") or target.cell(i, "transformation_input"):
            return False
        gap = abs(target.number(i, "consumed") - target.number(i, "closing_stock"))
        return gap > max(target.number(i, "consumed"), target.number(i, "closing_stock")) / 10

    index = target.pick(differ)
    return [] if index is None else _swap(target, index, "consumed", "closing_stock")


def swapped_parameters(target: Target) -> Marks:
    """Calorific value and carbon content in each other's column."""
    ncv, carbon = positive(target, "ncv"), positive(target, "carbon_content")
    index = target.pick(lambda i: ncv(i) and carbon(i) and not target.cell(i, "carbon_content_unit"))
    return [] if index is None else _swap(target, index, "ncv", "carbon_content")


def _swap(target: Target, index: int, one: str, other: str) -> Marks:
    first, second = target.cell(index, one), target.cell(index, other)
    target.set(index, one, second)
    target.set(index, other, first)
    return [(index, one)]


def feedstock_above_use(target: Target) -> Marks:
    """More used as feedstock than used at all."""
    index = target.pick(positive(target, "consumed"))
    if index is None:
        return []
    target.set(index, "feedstock", f"{target.number(index, 'consumed') * Decimal('1.5'):f}")
    return [(index, "feedstock")]


def stock_across_months(target: Target) -> Marks:
    """A fifth more stock at the start and as much less bought: the row balances, the months do not join."""
    def fits(i: int) -> bool:
        before = target.before(i)
        return before is not None and target.number(i, "purchased") > target.number(i, "opening_stock") / 5 > 1

    index = target.pick(fits)
    if index is None:
        return []
    more = (target.number(index, "opening_stock") / 5).quantize(Decimal("0.01"))
    target.set(index, "opening_stock", f"{target.number(index, 'opening_stock') + more:f}")
    target.set(index, "purchased", f"{target.number(index, 'purchased') - more:f}")
    return [(index, "opening_stock")]


def missing_month(target: Target) -> Marks:
    """The enterprise's rows of the month are left out, quantities among them; rows before and after stand."""
    index = target.pick(lambda i: target.before(i) is not None and not ("role" in target.places and target.cell(i, "role") == "参数"))
    if index is None:
        return []
    code = target.cell(index, "uscc")
    target.drop([i for i, row in enumerate(target.delivery.rows) if row[positions(target.delivery.source)["uscc"]] == code])
    return [(None, "period")]


def zero_month(target: Target) -> Marks:
    """A quantity of 0 after a month that had one."""
    column = quantity_column(target)
    above = positive(target, column)

    def fits(i: int) -> bool:
        before = target.before(i)
        parameter = target.delivery.source == "enterprise_process" and target.cell(i, "role") == "参数"
        return above(i) and not parameter and before is not None and Decimal(before[positions(target.delivery.source)[column]] or 0) > 0

    return spoil(target, column, lambda text: "0", fits)


def copied_month(target: Target) -> Marks:
    """All rows of the enterprise as last month, but for the period. Of a form of one row nobody could tell it from chance."""
    place = positions(target.delivery.source)
    groups: dict[str, list[int]] = {}
    for i in range(len(target.delivery.rows)):
        groups.setdefault(target.cell(i, "uscc"), []).append(i)
    index = target.pick(lambda i: len(groups[target.cell(i, "uscc")]) > 1 and all(
        target.before(j) is not None and j not in target.used for j in groups[target.cell(i, "uscc")]))
    if index is None:
        return []
    rows = groups[target.cell(index, "uscc")]
    for i in rows:
        before = target.before(i)
        assert before is not None
        period = target.cell(i, "period")
        target.delivery.rows[i] = before.copy()
        target.delivery.rows[i][place["period"]] = period
        target.used.add(i)
    return [(i, quantity_column(target)) for i in rows]


def duplicate_enterprise(target: Target) -> Marks:
    """A second row of the register with the same name under another code."""
    index = target.pick()
    if index is None:
        return []
    code = target.cell(index, "uscc")
    twin = target.append(target.delivery.rows[index].copy())
    second = synthetic_code(code[2:8], target.seed, 98_000 + len(target.twins))
    target.twins[code] = second
    target.set(twin, "uscc", second)
    return [(twin, "uscc")]


def reported_under_two_codes(target: Target) -> Marks:
    """A row of an enterprise again under its second code."""
    index = target.pick(lambda i: target.cell(i, "uscc") in target.twins and positive(target, quantity_column(target))(i))
    if index is None:
        return []
    twin = target.append(target.delivery.rows[index].copy())
    target.set(twin, "uscc", target.twins[target.cell(index, "uscc")])
    target.subject = target.owner(twin)
    return [(twin, "uscc")]


def closed_enterprise(target: Target) -> Marks:
    """Closed on the day before the last month."""
    return _in_register(target, "operating_to", lambda index: f"{int(target.last_month[:4]) - 1}-12-31")


def not_yet_operating(target: Target) -> Marks:
    """Opened after the last month."""
    return _in_register(target, "operating_from", lambda index: f"{int(target.last_month[:4]) + 1}-06-01")


def succeeded_enterprise(target: Target) -> Marks:
    """Another enterprise of the register took over long ago."""
    def other(index: int) -> str:
        return next(row[0] for row in target.delivery.rows if row[0] != target.cell(index, "uscc"))

    return _in_register(target, "successor_uscc", other)


def wrong_city(target: Target) -> Marks:
    """A county of another prefecture."""
    return _in_register(target, "division_code", lambda index: _elsewhere(target.cell(index, "division_code")))


def moved_city(target: Target) -> Marks:
    """A later row of the register in another prefecture."""
    index = target.pick(lambda i: not target.cell(i, "operating_to"))
    if index is None:
        return []
    twin = target.append(target.delivery.rows[index].copy())
    target.set(twin, "division_code", _elsewhere(target.cell(index, "division_code")))
    target.set(twin, "valid_from", f"{target.last_month}-01")
    return [(twin, "division_code")]


def _elsewhere(division: str) -> str:
    return next(place.counties[0] for code, place in load_world().prefectures.items() if code[:4] != division[:4])


def _in_register(target: Target, column: str, value: Callable[[int], str]) -> Marks:
    index = target.pick(lambda i: not target.cell(i, "operating_to"))
    if index is None:
        return []
    target.set(index, column, value(index))
    return [(index, column)]


def certificate_claimed_twice(target: Target) -> Marks:
    """A certificate of another row of the file cited once more."""
    index = target.pick(lambda i: bool(target.cell(i, "certificate_id")) and len(_certificates(target) - {target.cell(i, "certificate_id")}) > 0)
    if index is None:
        return []
    target.set(index, "certificate_id", min(_certificates(target) - {target.cell(index, "certificate_id")}))
    return [(index, "certificate_id")]


def _certificates(target: Target) -> set[str]:
    return {target.cell(i, "certificate_id") for i in range(len(target.delivery.rows))} - {""}


def unit_beside_site(target: Target) -> Marks:
    """A row of one unit beside the row of the whole site."""
    index = target.pick(lambda i: not target.cell(i, "unit_code") and positive(target, quantity_column(target))(i))
    if index is None:
        return []
    target.set(target.append(target.delivery.rows[index].copy()), "unit_code", "补报单元")
    return [(index, "unit_code")]


def _readings(target: Target, index: int, *, same_meter: bool = True) -> list[int]:
    """All rows of the meter (or of all meters) of the enterprise of that row."""
    code, meter = target.cell(index, "uscc"), target.cell(index, "meter_id")
    return [
        i for i in range(len(target.delivery.rows))
        if target.cell(i, "uscc") == code and (target.cell(i, "meter_id") == meter or not same_meter)
    ]


def readings_missing(target: Target) -> Marks:
    """Six hours of a day of one meter are missing."""
    return _without(target, lambda text: text[8:10] == "12" and text[11:13] < "06")


def meter_outage(target: Target) -> Marks:
    """Nine days of one meter are missing: five working days at the least."""
    return _without(target, lambda text: "08" <= text[8:10] <= "16")


def _without(target: Target, gone: Callable[[str], bool]) -> Marks:
    index = target.pick()
    if index is None:
        return []
    target.drop([i for i in _readings(target, index) if gone(target.cell(i, "ts"))])
    return [(None, "ts")]


def meter_beside_report(target: Target) -> Marks:
    """All readings of an enterprise's month a fifth larger than what it reports."""
    index = target.pick()
    if index is None:
        return []
    for i in _readings(target, index, same_meter=False):
        target.set(i, "value", f"{target.number(i, 'value') * 6 // 5:f}")
        target.used.add(i)
    return [(None, "value")]


def late_evidence(target: Target) -> Marks:
    """The whole file comes 20 days later."""
    target.delivery.received_at += dt.timedelta(days=20)
    target.subject = ("", "")
    return [(None, "period")]


_INVENTED = 30


def invented_indicators(target: Target) -> Marks:
    """Many figures that somebody made up: all begin with a digit from 5 to 9."""
    index = target.pick()
    if index is None:
        return []
    marks: Marks = []
    for number in range(_INVENTED):
        twin = target.append(target.delivery.rows[index].copy())
        target.set(twin, "item", f"演示指标{number + 1:02d}")
        target.set(twin, "unit", "吨")
        digits = 5 + int(target.rng.integers(5)), int(target.rng.integers(10 ** (2 + number % 5)))
        target.set(twin, "quantity", f"{digits[0]}{digits[1]:0{2 + number % 5}d}")
        marks.append((twin, "quantity"))
    return marks


def full_width_digits(target: Target) -> Marks:
    """Digits of Chinese input methods."""
    column = quantity_column(target)
    wide = str.maketrans("0123456789.", "０１２３４５６７８９．")
    return spoil(target, column, lambda text: text.translate(wide), positive(target, column))


def truncated_csv(delivery: Delivery) -> Delivery:
    """The second half was lost, inside a row."""
    return replace(delivery, name=f"{delivery.name}_重报", layout=Layout(encoding="gb18030"), cut=0.6)


def mixed_encodings(delivery: Delivery) -> Delivery:
    """Two halves pasted together, one in GB18030 and one in UTF-8."""
    return replace(delivery, name=f"{delivery.name}_合并", layout=Layout(encoding="gb18030"), second_encoding="utf-8")


def wrong_checksum(delivery: Delivery) -> Delivery:
    """The sidecar describes other bytes."""
    return replace(delivery, name=f"{delivery.name}_补发", rows=delivery.rows[:-1], layout=Layout(encoding="gb18030"), checksum="0" * 64)


def zero_bytes(delivery: Delivery) -> Delivery:
    """A file of no bytes."""
    return replace(delivery, name=f"{delivery.name}_空白", layout=Layout(encoding="gb18030"), cut=0.0)


def repeated_header(delivery: Delivery) -> Delivery:
    """The heading of the first column twice."""
    headers = [column.zh for column in columns_of(delivery.source)]
    return replace(
        delivery, name=f"{delivery.name}_重复", headers=[headers[0], *headers], layout=Layout(encoding="gb18030"),
        rows=[[row[0], *row] for row in delivery.rows],
    )
