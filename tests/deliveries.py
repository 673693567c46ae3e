"""Hand-made deliveries for tests: rows in the contract's columns, written as a deliverer would."""

from __future__ import annotations

import csv
import io
import os
import time
from pathlib import Path

from pipelines.demo.credit_code import synthetic_code

OLD = time.time() - 3600


def uscc(number: int) -> str:
    """A synthetic credit code with a valid check digit."""
    return synthetic_code("520000", 900, number)  # registered with the province: the code says nothing about the prefecture


def deliver(
    inbox: Path, source: str, name: str, rows: list[dict], received_at: str | None = "2026-01-10T09:00:00+08:00",
    synthetic: bool = True, encoding: str = "utf-8", columns: list[str] | None = None,
) -> Path:
    """Write one CSV delivery with its sidecar; old enough that the night takes it."""
    header = columns or list(dict.fromkeys(key for row in rows for key in row))
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, header, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    path = raw(inbox, source, name, text.getvalue().encode(encoding))
    if received_at is not None:
        beside(path, f"sender: 测试\nreceived_at: {received_at}\nsynthetic: {str(synthetic).lower()}\n")
    return path


def beside(path: Path, text: str) -> Path:
    """Write the sidecar of a file; old enough that the night takes both."""
    sidecar = path.with_name(path.name + ".meta.yml")
    sidecar.write_text(text, "utf-8")
    os.utime(sidecar, (OLD, OLD))
    return sidecar


def raw(inbox: Path, source: str, name: str, data: bytes) -> Path:
    """Write bytes into a source folder of the inbox."""
    path = inbox / source / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    os.utime(path, (OLD, OLD))
    return path


def register_row(number: int, method: str, industry: str, division: str = "520115", ets: str = "否", **more: str) -> dict:
    """One row of the register, in force from 2020."""
    return {
        "uscc": uscc(number), "enterprise_name": f"测试企业{number:03d}(演示数据)", "industry_code": industry,
        "division_code": division, "accounting_method": method, "in_national_ets": ets, "valid_from": "2020-01-01", **more,
    }
