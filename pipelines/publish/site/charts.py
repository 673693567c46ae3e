"""What a chart shows, as little data as it takes. `static/site.js` draws it, tells it in words and lists its data."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from pipelines.publish.site.catalogue import Chart
from pipelines.publish.site.words import Pair, Text, pair, plain, tone, written

Row = dict[str, Any]
Spec = dict[str, Any]
MOST_SERIES = 11
_MONTH = re.compile(r"\d{4}-\d{2}")
_TONES = {"good": 0, "info": 2, "warn": 1, "bad": 10, "none": 9}   # places in the palette of static/site.js


def chart(block: Chart, rows: Sequence[Row], link: Callable[[str, Row], str]) -> Spec:
    """The data of a chart: `k` names its form, words are text or [Chinese, English]."""
    spec = _FORMS[block.form](block, rows, link)
    spec |= {"k": block.form, "u": list(block.unit)}
    if block.tonnes:
        spec["t"] = 1
    spec["n"] = list(block.title)
    return spec


def _number(value: Any) -> float | int | None:
    """A number in as few digits as a chart needs."""
    if value is None:
        return None
    found = float(value)
    if abs(found) >= 1000 or found == round(found):
        return round(found)
    return float(f"{found:.5g}")


def _words(text: Text) -> str | list[str]:
    zh, en = pair(text)
    return zh if zh == en else [zh, en]


def _named(row: Row, name: str | Pair, way: str = "x") -> Text:
    """A column's value as words; of a pair the Chinese and the English column."""
    if isinstance(name, tuple):
        return plain(str(row[name[0]] or "—")), plain(str(row[name[1]] or row[name[0]] or "—"))
    return written(row[name], way)


def _xy(block: Chart, rows: Sequence[Row], link: Callable[[str, Row], str]) -> Spec:
    if block.by:
        return _by_value(block, rows)
    spec: Spec = {"x": _along([_words(_named(row, block.x, block.x_way)) for row in rows]), "s": []}
    for series in block.series:
        one: Spec = {"n": list(series.name), "d": [_number(row[series.c]) for row in rows], "t": series.form}
        one |= {"h": [_number(row[series.high]) for row in rows]} if series.high else {}
        one |= {"k": series.stack} if series.stack else {}
        one |= {"y2": 1} if series.second else {}
        one |= {"c": series.colour} if series.colour is not None else {}
        spec["s"].append(one)
    # what is zero throughout is not drawn; its colour stays with those that are
    for place, one in enumerate(spec["s"]):
        one.setdefault("c", place)
    kept = [one for one in spec["s"] if any(one["d"])]
    spec["s"] = kept or spec["s"][:1]
    return spec | _looks(block, rows, link)


def _by_value(block: Chart, rows: Sequence[Row]) -> Spec:
    """A series for each value of `by`, the greatest first; what is beyond the number that can be told apart becomes one."""
    keys: dict[Any, str | list[str]] = {}
    names: dict[Any, Text] = {}
    cells: dict[Any, dict[Any, float]] = {}
    first = block.x if isinstance(block.x, str) else block.x[0]
    by = block.by if isinstance(block.by, str) else block.by[0]
    for row in rows:
        keys.setdefault(row[first], _words(_named(row, block.x, block.x_way)))
        names.setdefault(row[by], _named(row, block.by, block.by_way))
        if row[block.value] is not None:
            held = cells.setdefault(row[by], {})
            held[row[first]] = held.get(row[first], 0.0) + float(row[block.value])
    order = sorted(cells, key=lambda name: (-sum(map(abs, cells[name].values())), str(name)))
    shown, rest = order[:MOST_SERIES], order[MOST_SERIES:]
    stacked = {"k": "all"} if block.by_form == "bar" else {}
    series: list[Spec] = [{"n": _words(names[name]), "d": [_number(cells[name].get(key)) for key in keys], "t": block.by_form, **stacked} for name in shown]
    for name, one in zip(shown, series, strict=True):
        if (block.by_way.startswith("word/") and (look := tone(block.by_way[5:], name)) != "none") or block.by_way == "word/target_verdict":
            one["c"] = _TONES[look]
    if rest:
        series.append({"n": ["其余", "others"], "d": [_number(sum(cells[name].get(key, 0.0) for name in rest)) for key in keys], "t": block.by_form, **stacked})
    return {"x": _along(list(keys.values())), "s": series} | _looks(block, [], lambda *_: "")


def _along(names: list[str | list[str]]) -> Any:
    """Names along a chart; months that follow each other as the first one and their number."""
    months = [int(name[:4]) * 12 + int(name[5:]) for name in names if isinstance(name, str) and _MONTH.fullmatch(name)]
    if len(months) == len(names) > 1 and months == list(range(months[0], months[0] + len(months))):
        return {"from": names[0], "n": len(names)}
    return names


def _looks(block: Chart, rows: Sequence[Row], link: Callable[[str, Row], str]) -> Spec:
    spec: Spec = {name: 1 for name in ("flat", "fit") if getattr(block, name)}
    if any(block.second_unit):
        spec["u2"] = list(block.second_unit)
    if block.marks:
        spec["mark"] = [{"v": mark.at, "n": list(mark.name)} for mark in block.marks]
    if block.href and rows:
        spec["href"] = [link(block.href, row) for row in rows]
    return spec


def _map(block: Chart, rows: Sequence[Row], link: Callable[[str, Row], str]) -> Spec:
    """Rows: code, short name, value, link, full name."""
    found = []
    for row in rows:
        words = _words(_named(row, block.name, "word/division"))
        short = [words[0].removesuffix("市"), words[1]] if isinstance(words, list) else words
        found.append([str(row[block.code]), short, _number(row[block.value]), link(block.href, row), words])
    return {"rows": found, "v": 2}


def _sankey(block: Chart, rows: Sequence[Row], link: Callable[[str, Row], str]) -> Spec:
    """Rows: source, target (each `floor/zh/en` in columns source_zh ...), value. A flow goes from left to right."""
    nodes: dict[tuple[int, str], int] = {}
    names: list[str | list[str]] = []
    depth: list[int] = []
    flows = []

    def node(floor: int, zh: str, en: str) -> int:
        if (floor, zh) not in nodes:
            nodes[floor, zh] = len(names)
            names.append(_words((plain(zh), plain(en))))
            depth.append(floor)
        return nodes[floor, zh]

    for row in rows:
        value = _number(row[block.value])
        if value and value > 0:
            flows.append([node(row["floor"], row["source_zh"], row["source_en"]), node(row["floor"] + 1, row["target_zh"], row["target_en"]), value])
    return {"nodes": names, "depth": depth, "rows": flows, "v": 2}


def _tree(block: Chart, rows: Sequence[Row], link: Callable[[str, Row], str]) -> Spec:
    kept = [row for row in rows if row[block.value] and float(row[block.value]) > 0]
    return {"rows": [[_words(_named(row, block.by, block.by_way)), _words(_named(row, block.name)), _number(row[block.value]), link(block.href, row)] for row in kept], "v": 2}


def _fall(block: Chart, rows: Sequence[Row], link: Callable[[str, Row], str]) -> Spec:
    return {"rows": [
        [_words(_named(row, block.name)), _number(row[block.value]), 1 if row[block.whole] else 0, _words(_named(row, block.how)) if block.how else ""] for row in rows
    ], "v": 1}


def _heat(block: Chart, rows: Sequence[Row], link: Callable[[str, Row], str]) -> Spec:
    first = block.by if isinstance(block.by, str) else block.by[0]
    along = list(dict.fromkeys(pair(written(row[block.x if isinstance(block.x, str) else block.x[0]], block.x_way))[0] for row in rows))
    down = {row[first]: row for row in rows}
    places = {name: i for i, name in enumerate(down)}
    across = {name: i for i, name in enumerate(along)}
    cells = [[across[pair(written(row[block.x if isinstance(block.x, str) else block.x[0]], block.x_way))[0]], places[row[first]], _number(row[block.value]) or 0] for row in rows]
    spec: Spec = {"x": along, "y": [_words(_named(row, block.by, block.by_way)) for row in down.values()], "rows": cells, "v": 2}
    if block.href:
        spec["href"] = [link(block.href, row) for row in down.values()]
    return spec


_FORMS: dict[str, Callable[[Chart, Sequence[Row], Callable[[str, Row], str]], Spec]] = {
    "xy": _xy, "map": _map, "sankey": _sankey, "tree": _tree, "fall": _fall, "heat": _heat,
}
