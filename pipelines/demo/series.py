"""A series: the rows of one key over the months, kept as decimals so that balances hold exactly as written."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import numpy as np

from pipelines.contracts.source import load_sources


@dataclass(frozen=True)
class Series:
    """Rows of one source that differ only by month.

    Attributes:
        template: a row in the order of the contract's columns; cells: (column position, text per delivered month).
    """

    source: str
    template: list[str]
    cells: list[tuple[int, list[str]]]

    def row(self, offset: int, period: str) -> list[str]:
        """The row of a delivered month (offset from the first), `period` as YYYY-MM."""
        row = self.template.copy()
        row[positions(self.source)["period"]] = period
        for position, texts in self.cells:
            row[position] = texts[offset]
        return row


@cache
def positions(source: str) -> dict[str, int]:
    """Canonical column -> position in a row of that source."""
    return {column.name: index for index, column in enumerate(load_sources()[source].columns)}


def decimal_texts(values: Iterable[int], decimals: int) -> list[str]:
    """Scaled integers as plain decimals: (12345, 2) -> 123.45."""
    if decimals <= 0:
        return [str(value * 10**-decimals) for value in values]
    unit = 10**decimals
    return [
        f"{value // unit}.{value % unit:0{decimals}d}"
        if value >= 0
        else f"-{-value // unit}.{-value % unit:0{decimals}d}"
        for value in values
    ]


def scaled(values: np.ndarray, decimals: int) -> np.ndarray:
    """Quantities as integers of the last written decimal, at least 1 where the quantity is positive."""
    whole = np.rint(values * 10**decimals).astype(np.int64)
    return np.where(values > 0, np.maximum(whole, 1), 0)


def make_series(source: str, constants: dict[str, str], columns: dict[str, list[str]]) -> Series:
    """A series from constant texts and texts per delivered month, by canonical column name."""
    place = positions(source)
    template = [""] * len(place)
    for name, text in constants.items():
        template[place[name]] = text
    return Series(source, template, [(place[name], texts) for name, texts in columns.items()])
