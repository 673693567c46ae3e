"""Tables as text whose columns stand one below the other: a Chinese character takes two cells of a terminal, a control character none."""

from __future__ import annotations

import re
import shutil
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

from rich.cells import cell_len, set_cell_size

_GAP = "  "
_LONGEST = 44   # cells of one column on a terminal


def plain_text(value: Any) -> str:
    """A value on one line: no control characters, no marks that turn the direction of what follows; `-` for none."""
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.6g}"
    text = re.sub(r"\s+", " ", str(value)).strip()
    return "".join(c for c in text if unicodedata.category(c) not in ("Cc", "Cf") or c == "\u200d")


def aligned(header: Sequence[str], rows: Iterable[Sequence[Any]], *, width: int | None = None) -> str:
    """Lines of a table. width: cells of the terminal, None = as wide as it gets; columns that do not fit are counted at the end."""
    cells = [[plain_text(value) for value in row] for row in rows]
    numeric = [_is_number(values) for values in zip(*cells, strict=True)] if cells else [False] * len(header)
    widths = [max(cell_len(text) for text in (name, *values)) for name, values in zip(header, zip(*cells, strict=True) if cells else [()] * len(header), strict=True)]
    shown = len(header)
    if width is not None:
        widths = [min(wanted, max(_LONGEST, cell_len(name))) for wanted, name in zip(widths, header, strict=True)]
        shown = next((number for number in range(len(widths), 1, -1) if sum(widths[:number]) + len(_GAP) * (number - 1) <= width), 1)
    lines = [_line(header, widths, [False] * len(header), shown), *(_line(row, widths, numeric, shown) for row in cells)]
    if shown < len(header):
        lines.append(f"另有 {len(header) - shown} 列未显示 | {len(header) - shown} more columns: {', '.join(header[shown:])}")
    return "\n".join(lines)


def terminal_width() -> int | None:
    """Cells of a line of standard output; None where it is no terminal."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def _is_number(values: Sequence[str]) -> bool:
    return any(value != "-" for value in values) and all(re.fullmatch(r"-|-?[\d.,e+-]+", value) for value in values)


def _line(texts: Sequence[str], widths: Sequence[int], numeric: Sequence[bool], shown: int) -> str:
    cells = [_cell(text, width, right) for text, width, right in zip(texts[:shown], widths[:shown], numeric[:shown], strict=True)]
    return _GAP.join(cells).rstrip()


def _cell(text: str, width: int, right: bool) -> str:
    if cell_len(text) > width:
        return set_cell_size(text, width - 1) + "…"
    return (" " * (width - cell_len(text)) + text) if right else set_cell_size(text, width)
