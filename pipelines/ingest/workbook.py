"""Look through an XLSX before it is opened: its true size, how far its sheets reach, what its cells do not say.

A workbook is a ZIP of XML. It is read here as a stream with bounded memory, so that what would exhaust the machine
(a bomb, a stray cell in the last row and column, an entity that unfolds) is refused before anything is laid out.
"""

from __future__ import annotations

import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat

from pipelines.ingest.problem import Unreadable
from pipelines.ingest.workbook_xml import Names, Sheet, SheetFacts, Strings, Styles, broken, parse

# A workbook that unpacks to more than this is no honest monthly form.
_UNPACKED_LIMIT = 512 << 20
# XML of sheets packs 5 to 30 times; what packs better is a bomb. Small workbooks may do as they like.
_RATIO_LIMIT, _RATIO_FREE = 200, 32 << 20


@dataclass
class WorkbookFacts:
    """Facts by the name of a sheet, and whether cells refer to other files."""

    sheets: dict[str, SheetFacts] = field(default_factory=dict)
    external: bool = False


MACROS = Unreadable(
    "L19-macro", "工作簿含宏，不予接收；请另存为不含宏的 .xlsx 后提交",
    "the workbook holds macros, which are not accepted; save it as .xlsx without macros and deliver again",
)


def inspect(path: Path) -> WorkbookFacts:
    """What the XML of a workbook says. Raises Unreadable when it must not be opened."""
    if problem := _other_format(path):
        raise problem
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            _check_size(sum(part.file_size for part in parts), path.stat().st_size)
            if any(part.filename.lower().endswith("vbaproject.bin") for part in parts):
                raise MACROS
            return _read_parts(archive, parts)
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, EOFError, zlib.error, expat.ExpatError, ValueError) as error:
        raise broken() from error


def _other_format(path: Path) -> Unreadable | None:
    """What a file is that only bears the name of a workbook, and what to do with it."""
    with path.open("rb") as handle:
        start = handle.read(2048)
    text = start.replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").lower()
    if text.startswith(b"<?xml") and b"urn:schemas-microsoft-com:office:spreadsheet" in text:
        return Unreadable(
            "L10-xlsx", "内容是 2003 年版 XML 表格，不是 .xlsx；请用表格软件打开，另存为 .xlsx 后提交",
            "is an XML spreadsheet of 2003, no .xlsx; open it in a spreadsheet program, save as .xlsx and deliver again",
        )
    if text.startswith((b"<!doctype html", b"<html", b"<table", b"<head", b"<body", b"<meta", b"<style", b"<div")) or (text.startswith(b"<?xml") and b"<html" in text):
        return Unreadable(
            "L10-xlsx", "内容是网页（HTML 表格），只是扩展名写成工作簿；重新导出仍会得到同样的文件，请用表格软件打开，另存为 .xlsx 后提交",
            "is a web page (an HTML table) under the name of a workbook; exporting it again gives the same: open it in a spreadsheet program, save as .xlsx and deliver again",
        )
    if not text.startswith(b"pk") and text and all(byte >= 32 or byte in (9, 10, 13) for byte in text):
        return Unreadable(
            "L10-xlsx", "内容是文本（可能是 CSV），只是扩展名写成工作簿；请改名为 .csv，或用表格软件另存为 .xlsx 后提交",
            "is text (perhaps CSV) under the name of a workbook; name it .csv, or save it as .xlsx from a spreadsheet program",
        )
    return None


def _check_size(unpacked: int, packed: int) -> None:
    if unpacked > _UNPACKED_LIMIT:
        raise Unreadable(
            "L11-size",
            f"XLSX 解压后 {unpacked >> 20} MB，超过上限 {_UNPACKED_LIMIT >> 20} MB；请分文件提交",
            f"the XLSX unpacks to {unpacked >> 20} MB, above the limit of {_UNPACKED_LIMIT >> 20} MB; split it",
        )
    if unpacked > max(_RATIO_FREE, packed * _RATIO_LIMIT):
        raise Unreadable(
            "L11-size",
            f"XLSX 由 {packed >> 10} KB 解压为 {unpacked >> 20} MB，压缩比异常（疑似压缩炸弹）；请重新导出",
            f"the XLSX unpacks from {packed >> 10} KB to {unpacked >> 20} MB, which no honest workbook does; export it again",
        )


def _read_parts(archive: zipfile.ZipFile, parts: list[zipfile.ZipInfo]) -> WorkbookFacts:
    facts = WorkbookFacts()
    by_part: dict[str, SheetFacts] = {}
    names = Names()
    styles, strings = Styles(), Strings()
    for part in parts:
        if _path(part) in ("xl/workbook.xml", "xl/_rels/workbook.xml.rels"):
            parse(archive, part, names)
        elif _path(part) == "xl/styles.xml":
            parse(archive, part, styles)
        elif _path(part) == "xl/sharedstrings.xml":
            parse(archive, part, strings)
    # a sheet may lie under any name that the workbook gives it
    targets = {_target(target) for target in names.targets.values()}
    for part in parts:
        path = _path(part)
        facts.external = facts.external or path.startswith("xl/externallinks/")
        if path.endswith((".xml", ".rels")) or path in targets:
            sheet = Sheet(styles.telling(), strings.raised)
            parse(archive, part, sheet)
            by_part[path] = sheet.facts
    for sheet_name, relation in names.sheets.items():
        path = _target(names.targets.get(relation, ""))
        if path in by_part:
            facts.sheets[sheet_name] = by_part[path]
    return facts


def _path(part: zipfile.ZipInfo) -> str:
    return part.filename.replace("\\", "/").lstrip("/").lower()


def _target(target: str) -> str:
    """The part that a relation of the workbook points to."""
    target = target.lower()
    return target.lstrip("/") if target.startswith("/") else f"xl/{target}"
