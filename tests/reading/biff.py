"""A writer of small legacy workbooks (.xls: BIFF8 in an OLE2 file), as tests need them."""

from __future__ import annotations

import struct

_SECTOR = 512
_FREE, _END, _FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD


def xls(sheets: dict[str, dict], *, date1904: bool = False, stream: str = "Workbook") -> bytes:
    """A workbook. sheets: name -> rows (of texts, numbers, None, (number, format code), (text, raised text)), merged ((first row, last row,
    first column, last column), all from 0), hidden."""
    formats = sorted({cell[1] for sheet in sheets.values() for row in sheet["rows"] for cell in row if isinstance(cell, tuple) and not isinstance(cell[0], str)})
    head = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0, 1997, 0, 0)) + _record(0x0042, struct.pack("<H", 1200))
    head += _record(0x0022, struct.pack("<H", int(date1904)))
    for escapement in (0, 0, 0, 0, 1):   # a fifth font is raised; there is no font 4, so that it has the number 5
        head += _record(0x0031, struct.pack("<HHHHHBBBBBB", 200, 0, 0, 400, escapement, 0, 0, 0, 0, 1, 0) + b"A")
    for number, code in enumerate(formats):
        head += _record(0x041E, struct.pack("<H", 164 + number) + _text(code))
    head += _record(0x00E0, struct.pack("<HHH", 0, 0, 0xFFF5) + bytes(14))
    for code in (0, *range(164, 164 + len(formats))):
        head += _record(0x00E0, struct.pack("<HHH", 0, code, 0x0001) + bytes(14))
    bodies = [_sheet(sheet, formats) for sheet in sheets.values()]
    place = len(head) + sum(len(_bound(name, 0, False)) for name in sheets) + 4
    bounds = b""
    for (name, sheet), body in zip(sheets.items(), bodies, strict=True):
        bounds += _bound(name, place, sheet.get("hidden", False))
        place += len(body)
    return _ole2(head + bounds + _record(0x000A, b"") + b"".join(bodies), stream)


def _sheet(sheet: dict, formats: list[str]) -> bytes:
    data = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0, 1997, 0, 0))
    for i, row in enumerate(sheet["rows"]):
        for j, cell in enumerate(row):
            if cell is None:
                continue
            if isinstance(cell, str):
                data += _record(0x0204, struct.pack("<HHH", i, j, 1) + _text(cell))
            elif isinstance(cell, tuple) and isinstance(cell[0], str):
                runs = struct.pack("<H", 1) + struct.pack("<HH", len(cell[0]), 5)
                data += _record(0x00D6, struct.pack("<HHH", i, j, 1) + _text(cell[0] + cell[1]) + runs)
            else:
                number, style = (cell[0], 2 + formats.index(cell[1])) if isinstance(cell, tuple) else (cell, 1)
                data += _record(0x0203, struct.pack("<HHHd", i, j, style, number))
    if merged := sheet.get("merged"):
        data += _record(0x00E5, struct.pack("<H", len(merged)) + b"".join(struct.pack("<HHHH", *one) for one in merged))
    return data + _record(0x000A, b"")


def _bound(name: str, place: int, hidden: bool) -> bytes:
    text = name.encode("utf-16-le")
    return _record(0x0085, struct.pack("<IBBBB", place, int(hidden), 0, len(name), 1) + text)


def _text(text: str) -> bytes:
    return struct.pack("<HB", len(text), 1) + text.encode("utf-16-le")


def _record(kind: int, data: bytes) -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def _ole2(data: bytes, name: str) -> bytes:
    """The container: a table of sectors, a directory and one stream, which is long enough for sectors of full size."""
    data = data.ljust(max(4096, -(-len(data) // _SECTOR) * _SECTOR), b"\0")
    count = len(data) // _SECTOR
    if count + 2 > _SECTOR // 4:
        raise ValueError("one sector of the table of sectors holds 126 sectors of data")
    table = [_FAT, _END, *range(3, 2 + count), _END]
    fat = struct.pack(f"<{_SECTOR // 4}I", *table, *[_FREE] * (_SECTOR // 4 - len(table)))
    head = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    head += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, _END, 0, _END, 0) + struct.pack("<109I", 0, *[_FREE] * 108)
    directory = _entry("Root Entry", 5, 1, _END, 0) + _entry(name, 2, _FREE, 2, len(data)) + _entry("", 0, _FREE, 0, 0) * 2
    return head + fat + directory + data


def _entry(name: str, kind: int, child: int, first: int, size: int) -> bytes:
    text = name.encode("utf-16-le")
    return (text.ljust(64, b"\0") + struct.pack("<HBBIII", len(text) + 2 if name else 0, kind, 1, _FREE, _FREE, child) + bytes(36) + struct.pack("<IQ", first, size))
