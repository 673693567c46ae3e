"""How the bytes of a CSV become text: UTF-8 or GB18030, told apart by what makes Chinese."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from pipelines.ingest.problem import Unreadable
from pipelines.ingest.table import Remark

CHUNK = 1 << 20


@dataclass(frozen=True)
class Encoding:
    """How the bytes of a CSV become text.

    name: of the codec; skip: bytes before the text (byte order marks); errors: what happens with bytes that are damaged;
    remarks: what a reader of the findings should know of it.
    """

    name: str
    skip: int = 0
    errors: str = "strict"
    remarks: tuple[Remark, ...] = ()

    def open(self, path: Path) -> TextIO:
        """The file as text, without its byte order marks."""
        handle = path.open(encoding=self.name, errors=self.errors, newline="")
        handle.seek(self.skip)
        return handle


def _undecodable_line(path: Path, encoding: str, skip: int = 0) -> int | None:
    """The line of the first bytes that an encoding cannot read; None when it reads them all."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    line = 1
    with path.open("rb") as handle:
        handle.seek(skip)
        while True:
            chunk = handle.read(CHUNK)
            try:
                decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                return line + error.object[: error.start].count(b"\n")
            if not chunk:
                return None
            line += chunk.count(b"\n")


def text_encoding(path: Path) -> Encoding:
    """How a CSV is written: UTF-8 or GB18030. Raises Unreadable when it is neither, or no text."""
    with path.open("rb") as handle:
        start = handle.read(64)
        wide = "UTF-32" if start[:4] in (b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff") else "UTF-16"
        if wide == "UTF-32" or start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            raise Unreadable(
                "L07-encoding", f"文件编码是 {wide}，请另存为 UTF-8 或 GB18030", f"the encoding is {wide}; save as UTF-8 or GB18030"
            )
        handle.seek(0)
        line = 1
        while chunk := handle.read(CHUNK):
            if (at := chunk.find(b"\x00")) >= 0:
                line += chunk[:at].count(b"\n")
                raise Unreadable(
                    "L08-nul", f"文件第 {line} 行含 NUL 字节，可能已损坏、是 UTF-16 编码或不是文本文件；请另存为 UTF-8 后重新提交",
                    f"line {line} holds NUL bytes: damaged, UTF-16, or no text file; save as UTF-8 and deliver again",
                )
            line += chunk.count(b"\n")
    marks = 0
    while start.startswith(codecs.BOM_UTF8, marks):   # a tool may add a mark to a file that has one
        marks += len(codecs.BOM_UTF8)
    utf8 = _undecodable_line(path, "utf-8", marks)
    if utf8 is None:
        return _Sample(path).gb18030_after_all() if not marks else Encoding("utf-8", marks)
    # a mark at the start says UTF-8: other bytes further down are damage or a mixture
    gb18030 = utf8 if marks else _undecodable_line(path, "gb18030")
    if _Sample(path).is_damaged_utf8():
        return _damaged_utf8(path, marks)
    if gb18030 is None:
        return Encoding("gb18030")
    raise Unreadable(
        "L07-encoding",
        f"无法识别文件编码（按 UTF-8 读到第 {utf8} 行出错，按 GB18030 读到第 {gb18030} 行出错）；请另存为 UTF-8 或 GB18030",
        f"unknown encoding (no UTF-8 from line {utf8} on, no GB18030 from line {gb18030} on); save as UTF-8 or GB18030",
    )


# Signs that tables in any language hold: a file whose only other characters are these says nothing on its encoding.
_SIGNS = frozenset("²³¹°×·±µ‰′″Ωαβγδ÷§©®€£¥«»\u00a0")


class _Sample:
    """The characters of a file beside ASCII, read both ways: which of the two makes Chinese?"""

    _TAKEN = 8 << 20

    def __init__(self, path: Path) -> None:
        with path.open("rb") as handle:
            self._data = handle.read(self._TAKEN)
            cut = bool(handle.read(1))
        if cut:   # only whole lines
            self._data = self._data[: self._data.rfind(b"\n") + 1] or self._data

    def gb18030_after_all(self) -> Encoding:
        """The encoding of a file that UTF-8 can read: D4 AD C3 BA is 原煤 in GB18030 and ԭú in UTF-8."""
        if self._data.isascii():
            return Encoding("utf-8")
        other = set(self._data.decode("utf-8", "ignore")) - _SIGNS
        strange = {char for char in other if not char.isascii() and not _is_wide(char)}
        if not strange or any(_is_han(char) for char in other):
            return Encoding("utf-8")
        try:
            text = self._data.decode("gb18030")
        except UnicodeDecodeError:
            return Encoding("utf-8")
        if not all(_is_common(char) for char in text if not char.isascii()):
            return Encoding("utf-8")
        some = "".join(sorted(strange)[:10])
        return Encoding("gb18030", remarks=(Remark(
            0, None, "N08-encoding", f"文件的字节按 UTF-8 也能读出（“{some}”），但按 GB18030 才是中文，已按 GB18030 读取",
            f"the bytes could be UTF-8 as well ({some!r}), but only GB18030 makes Chinese of them: read as GB18030",
        ),))

    def is_damaged_utf8(self) -> bool:
        """True for a file that is UTF-8 with a few damaged characters (a name that was cut), and no mixture of encodings."""
        damaged = self._data.decode("utf-8", "replace")
        han = sum(_is_common(char) for char in damaged)
        lost = damaged.count("\ufffd")
        return han > 10 * lost


def _damaged_utf8(path: Path, marks: int) -> Encoding:
    with path.open("rb") as handle:
        lines = [n for n, line in enumerate(handle, 1) if not _is_utf8(line)]
    some = "、".join(map(str, lines[:20]))
    return Encoding("utf-8", marks, errors="replace", remarks=(Remark(
        0, None, "F09-damaged-text", f"文件是 UTF-8，但第 {some} 行有损坏的字节（字符被截断），损坏处以 � 代替",
        f"the file is UTF-8 with damaged bytes (cut characters) in the lines {', '.join(map(str, lines[:20]))}; they read as \ufffd",
    ),))


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _is_han(char: str) -> bool:
    return "\u4e00" <= char <= "\u9fff"


def _is_wide(char: str) -> bool:
    """Chinese characters, their punctuation and full-width forms, and signs of three bytes."""
    return char >= "\u2000"


def _is_common(char: str) -> bool:
    """A character of GB 2312, which holds those in use; what is misread falls outside for the most part."""
    try:
        return len(char.encode("gb2312")) == 2
    except UnicodeEncodeError:
        return False
