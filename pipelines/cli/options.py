"""Options that commands share, and how their texts are read."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer

IntoOption = Annotated[Path | None, typer.Option("--into", help="写入哪个项目文件夹，缺省为本项目 | the project to write into, else this one")]
InboxOption = Annotated[Path | None, typer.Option("--inbox", help="收件箱 | inbox (env CARBON_INBOX)")]
DataOption = Annotated[Path | None, typer.Option("--data", help="数据根目录 | root of everything written (env CARBON_DATA)")]
JsonOption = Annotated[bool, typer.Option("--json", help="机器可读输出 | output for machines")]


def day(text: str | None) -> date | None:
    """A day as YYYY-MM-DD. Raises typer.BadParameter."""
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"日期 {text} 应为 YYYY-MM-DD | the day {text} must be YYYY-MM-DD") from error


def pairs(option: str, texts: list[str]) -> dict[str, str]:
    """`name=value` texts of an option as a mapping. Raises typer.BadParameter."""
    found = [text.partition("=") for text in texts]
    for text, (_, sep, _) in zip(texts, found, strict=True):
        if not sep:
            raise typer.BadParameter(f"{option} {text} 应为 名=值 | {option} {text} must be name=value")
    return {name.strip(): value.strip() for name, _, value in found}


def plain(value: object) -> float | str:
    """Amounts as numbers, days as text, for JSON."""
    return float(value) if isinstance(value, Decimal) else str(value)
