"""Find the header of a table in either vocabulary, and what of it is read.

One description of how a table is read, for small, large and bulk files alike: `lines` finds the header, `heading` understands its
cells, `beside` the units beside the table, `survey` what all rows together tell, `rows` the rows that are data. Whatever is
interpreted is said.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from pipelines.contracts.codes import load_units
from pipelines.contracts.source import Source
from pipelines.contracts.text import code_key
from pipelines.ingest.heading import Heading, fixed_units, header_names, is_told, name_key, same_unit, table_words
from pipelines.ingest.layout import unfold
from pipelines.ingest.lines import Header, find_header
from pipelines.ingest.problem import Unreadable
from pipelines.ingest.rows import MALFORMED_LIMIT, MAY_BE_NO_DATA, data_rows, is_no_data, named_by, too_many_malformed
from pipelines.ingest.survey import Survey, survey_rows
from pipelines.ingest.table import HeaderedTable, Remark, TextTable
from pipelines.ingest.workbook_xml import column_letters

__all__ = ["MALFORMED_LIMIT", "MAY_BE_NO_DATA", "find_table", "header_names", "is_no_data", "too_many_malformed"]

_HEADER_NAMES = 50   # of the headers that are in no contract, those that are named


def find_table(tables: Iterable[TextTable], source: Source, sheet: int = 0) -> HeaderedTable:
    """The table of a file: the `sheet`-th (from 0) of those whose header matches, with its data rows.

    Sheets whose name says example, instructions or template are passed over and named; the others that match are deliveries of
    their own, named in `further` of the first. Raises Unreadable: not this source's columns, one header twice, no such sheet.
    """
    found: list[TextTable] = []
    wanted: tuple[TextTable, Header] | None = None
    best: tuple[set[str], list[str]] = (set(), [])
    examples: list[str] = []
    for table in tables:
        header, seen, cells = find_header(table, source)
        if header is None and source.layouts and (turned := unfold(table, source)):
            table = turned
            header, seen, cells = find_header(table, source)
        if header is None:
            if len(seen) > len(best[0]) or not best[1]:
                best = seen, cells
        elif table.sheet is not None and _is_no_delivery(table.sheet):
            examples.append(table.sheet)
        else:
            if len(found) == sheet:
                wanted = table, header
            found.append(table)
    if wanted is None:
        raise _only_examples(examples) if examples else _wrong_columns(source, *best)
    result = _with_header(*wanted, source)
    result.further = [str(table.sheet) for table in found[1:]] if sheet == 0 else []
    if sheet == 0:
        result.remarks += [_passed_over(name) for name in examples]
    return result


def _is_no_delivery(sheet: str) -> bool:
    key = code_key(sheet)
    return key.strip("()[]【】") in table_words()["no_delivery_whole"] or any(word in key for word in table_words()["no_delivery"])


def _passed_over(sheet: str) -> Remark:
    return Remark(
        0, None, "N05-example-sheet", f"工作表“{sheet}”的名称表明是示例、说明或模板，未作为数据读取",
        f"the name of the sheet {sheet!r} says example, instructions or template: it was not read as data",
    )


def _only_examples(sheets: list[str]) -> Unreadable:
    some = "、".join(sheets[:5])
    return Unreadable(
        "L28-only-examples", f"表头相符的工作表“{some}”从名称看是示例、说明或模板，不作为数据读取；如是应报数据，请改工作表名称后重新提交",
        f"the sheets whose header fits ({', '.join(sheets[:5])}) are examples, instructions or templates by their names and are not read; if they hold data, rename them and deliver again",
    )


def _wrong_columns(source: Source, seen: set[str], header: list[str]) -> Unreadable:
    required = {column.name for column in source.columns if column.required}
    missing = [f"{source.column(n).zh}({n})" for n in sorted(required - seen)]
    shown = [text[:40] for text in header[:12]]
    return Unreadable(
        "L13-columns",
        f"表头不符：缺少 {'、'.join(missing)}；读到的表头：{'、'.join(shown) or '无'}",
        f"wrong columns: missing {', '.join(missing)}; header found: {', '.join(shown) or 'none'}",
    )


def _with_header(table: TextTable, header: Header, source: Source) -> HeaderedTable:
    columns: dict[str, int] = {}
    unknown: list[int] = []
    units: dict[str, tuple[str, ...]] = {}
    near: dict[int, tuple[str, str]] = {}
    for position, (text, heading) in enumerate(zip(header.texts, header.headings, strict=True)):
        if heading.name is None:
            if heading.near or not is_told(text, source):   # also a column without a heading: it may hold figures
                unknown.append(position)
                if heading.near:
                    near[position] = text, heading.near
        elif heading.name == "period" and "period" in columns and (pair := _year_and_month(header.texts, columns["period"], position)):
            columns["period"], months = pair
            header.months = months
        elif heading.name in columns:
            kept = _of_two(heading, header.headings[columns[heading.name]], source)
            if kept is None:
                raise Unreadable(
                    "L14-duplicate-header",
                    f"表头“{text.strip()}”重复，无法判断以哪一列为准",
                    f"the header {text.strip()!r} occurs twice: which column counts cannot be told",
                )
            loser = position if kept is not heading else columns[heading.name]
            unknown.append(loser)
            if kept is heading:
                columns[heading.name] = position
                units[heading.name] = heading.units
        else:
            columns[heading.name] = position
            if heading.units:
                units[heading.name] = heading.units
    _add_columns(header, columns, units, source)
    units = {name: found for name, found in units.items() if found}
    near = {position: said for position, said in near.items() if said[1] not in columns}
    plain = source.bulk and table.is_plain()
    survey = Survey() if plain else survey_rows(table, header, columns, unknown, source)
    near.update({position: (header.texts[position], name) for position, name in survey.coded.items() if position not in near})
    _check_spans(table, header, columns, survey, source)
    result = HeaderedTable(
        columns, _named_headers(header, [p for p in unknown if p not in survey.figures and p not in near]), [], table.sheet,
        remarks=[*table.remarks, *header.remarks],
        header_units=_header_units(units, source), header_row=header.number, width=len(header.texts), near=near, plain=plain, title_period=header.period,
        headers=dict(enumerate(text.strip() for text in header.texts)) | {columns[name]: source.column(name).zh for name in header.constants},
        note_units=tuple(header.units) if header.unclear_unit is None else (header.unclear_unit,),
    )
    _check_fixed(result, source)
    result.remarks += _remarks_on(header, survey, result, unknown, source)
    result.rows = data_rows(table, header, result, survey, source)
    return result


def _add_columns(header: Header, columns: dict[str, int], units: dict[str, tuple[str, ...]], source: Source) -> None:
    """Columns behind the last one for what all rows have alike, or say elsewhere."""
    for name in list(units):
        unit_column = source.column(name).unit_column
        if unit_column and source.column(unit_column).type == "text" and unit_column not in columns:
            header.constants[unit_column] = "、".join(units.pop(name))
    if not source.bulk and named_by(source) and "unit" not in columns:
        header.constants["unit"] = ""   # a name may state the unit of its row: 水泥熟料（万吨）
    for offset, name in enumerate(header.constants):
        columns[name] = len(header.texts) + offset


def _check_spans(table: TextTable, header: Header, columns: dict[str, int], survey: Survey, source: Source) -> None:
    """Refuse a table with a heading merged over several columns of figures that no line below it tells apart."""
    for name, position in columns.items():
        for first, left, last, right in table.merged:
            if not (left == position < right and first <= header.number and last >= header.first) or source.column(name).type not in ("number", "percent"):
                continue
            alike = [p for p in range(left + 1, right + 1) if p in survey.figures and p < len(header.texts) and not header.texts[p].strip()]
            if alike:
                some = "、".join(map(column_letters, [position, *alike]))
                text = header.texts[position].strip()
                raise Unreadable(
                    "L29-merged-header", f"表头“{text}”合并了 {some} 列，各列都有数字而没有各自的名称，无法判断哪一列是应报的数；请为各列写明名称后重新提交",
                    f"the header {text!r} is merged over the columns {some.replace('、', ', ')}, which all hold figures and have no names of their own: which one counts cannot be told; name each column and deliver again",
                )


def _year_and_month(texts: list[str], one: int, other: int) -> tuple[int, int] | None:
    """(column of the year, column of the month) where a table has them apart."""
    keys = {name_key(texts[position]): position for position in (one, other)}
    year = next((at for key, at in keys.items() if key in ("年", "年份", "年度", "报告年度", "统计年度")), None)
    month = next((at for key, at in keys.items() if key in ("月", "月份", "报告月份", "统计月份")), None)
    return None if year is None or month is None else (year, month)


def _of_two(one: Heading, other: Heading, source: Source) -> Heading | None:
    """Of two columns of one name, the one that counts where the other is the same amount in coal equivalent."""
    column = source.column(str(one.name))
    if column.unit_column is None or not one.units or not other.units:
        return None
    coal = [all("标准煤" in u or "标煤" in u or "tce" in u for u in heading.units) for heading in (one, other)]
    return None if coal[0] == coal[1] else (other if coal[0] else one)


def _named_headers(header: Header, positions: list[int]) -> list[str]:
    names = [name for position in positions if (name := header.texts[position].strip()[:100])]
    return names if len(names) <= _HEADER_NAMES else [*names[:_HEADER_NAMES], f"… ({len(names) - _HEADER_NAMES})"]


def _header_units(found: dict[str, tuple[str, ...]], source: Source) -> dict[str, tuple[str, ...]]:
    """Unit column -> the units in the headers of its numbers; a column of fixed unit can only repeat that unit."""
    units: dict[str, tuple[str, ...]] = {}
    for name, said in found.items():
        column = source.column(name)
        wanted = list(units.setdefault(column.unit_column, said)) if column.unit_column else fixed_units(column)
        if not all(any(same_unit(unit, other) for other in wanted) for unit in said):
            raise Unreadable(
                "L20-header-unit",
                f"表头“{column.zh}”的单位“{'、'.join(said)}”与应有的“{'、'.join(wanted)}”不一致；请统一单位后重新提交",
                f"the unit {', '.join(map(repr, said))} in the header of {name} is not {' or '.join(map(repr, wanted))}; use one unit and deliver again",
            )
    return units


def _check_fixed(result: HeaderedTable, source: Source) -> None:
    """A unit in a line beside the table cannot be another one than the fixed unit of a column that measures the same."""
    if any(column.type == "unit" for column in source.columns):
        return
    for column in source.columns:
        for unit in result.note_units:
            if column.name in result.columns and _same_measure(unit, fixed_units(column)) and not any(same_unit(unit, own) for own in fixed_units(column)):
                raise Unreadable(
                    "L20-header-unit",
                    f"表外注明的计量单位“{unit}”与“{column.zh}”应有的单位“{column.unit}”不一致；请按约定单位填报后重新提交",
                    f"the unit {unit!r} beside the table is not the unit of {column.name}, {column.unit!r}; deliver in the unit of the contract",
                )


def _same_measure(unit: str, others: list[str]) -> bool:
    dimensions = _dimensions()
    return bool(dimensions.get(unit, frozenset()) & frozenset().union(*(dimensions.get(other, frozenset()) for other in others)))


@cache
def _dimensions() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for key, dimension in load_units().by_key:
        if dimension != "verbatim":
            found.setdefault(key, set()).add(dimension)
    return {key: frozenset(dimensions) for key, dimensions in found.items()}


def _remarks_on(header: Header, survey: Survey, result: HeaderedTable, unknown: list[int], source: Source) -> list[Remark]:
    """What was interpreted of the table as a whole, in words."""
    remarks = []
    if header.unclear_unit is not None:
        remarks.append(Remark(
            0, None, "F10-unit-line", f"表外注明的计量单位“{header.unclear_unit}”不认识，没有另写单位的行不予采用",
            f"the unit {header.unclear_unit!r} that stands beside the table is not known: rows without a unit of their own are held",
        ))
    elif header.units:
        shown = "、".join(header.units)
        remarks.append(Remark(
            0, None, "N10-unit-line", f"表外注明计量单位“{shown}”，没有另写单位的数按此读取", f"a line beside the table gives the unit {shown}: numbers without a unit of their own are read in it",
        ))
    if survey.unclear:
        remarks.append(Remark(
            0, None, "F12-decimal-unclear", f"“{survey.unclear}”中的符号是小数点还是千分位，本文件（以分号分隔）中无法判断，这样写的数不予采用；请不写千分位，以点为小数点",
            f"whether the mark in {survey.unclear!r} is a decimal mark or a separator of thousands cannot be told in this file with semicolons: numbers written so are held; write no thousands and a decimal point",
        ))
    if survey.comma:
        also = f"，同一文件又有“{survey.point}”以点为小数点，无法统一，带逗号的数不予采用" if survey.point else "，全文件按此读取"
        also_en = f", but {survey.point!r} uses a point: numbers with a comma are held" if survey.point else ": read so throughout the file"
        remarks.append(Remark(
            0, None, "N11-decimal-comma", f"“{survey.comma}”说明文件以逗号为小数点{also}", f"{survey.comma!r} shows that the file uses a decimal comma{also_en}",
        ))
    for position, (text, name) in result.near.items():
        column = source.column(name)
        remarks.append(Remark(
            0, name, "F11-near-header", f"第 {column_letters(position)} 列表头“{text.strip()}”像是“{column.zh}”但不能确定，填了此列的行不予采用；请改用约定的表头",
            f"the header {text.strip()!r} (column {column_letters(position)}) reads like {name}, but not surely: rows that fill it are held; use the header of the contract",
        ))
    for position in unknown:
        if position in survey.figures and position not in result.near:
            text = header.texts[position].strip()[:100] or column_letters(position)
            remarks.append(Remark(
                0, text, "F08-figures-not-read", f"第 {column_letters(position)} 列“{text}”有数字，但不在约定中，没有读取",
                f"the column {text!r} ({column_letters(position)}) holds figures but is not in the contract: it was not read",
            ))
    return remarks
