"""A file judged in pieces gets the verdict that it gets as a whole: outcome, findings, counts, accepted rows and their moments."""

from __future__ import annotations

import csv
import hashlib
import io
import random
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipelines.contracts.source import load_sources
from pipelines.gate.stage import judge_source
from pipelines.ingest import read, spill
from pipelines.ingest.problem import Unreadable
from pipelines.settings import load_settings
from pipelines.warehouse.lake import FINDING_SCHEMA, Lake
from pipelines.warehouse.received import received_file
from pipelines.warehouse.records import Batch
from pipelines.warehouse.registry import Registry

from .cases import CODES, KNOWN_FROM, RECEIVED, all_cases, base_row, rows_of


def _file(source: str, seed: int) -> bytes:
    """Every row that the rules must catch, in any order, with lines that are no record, a total, and spellings to note."""
    rows = [row for case in all_cases() if case.source == source for row in rows_of(source, case.catch)]
    if source == "emission_factor":   # of one key all would be held
        rows = [{**row, "factor_id": f"F{number}"} for number, row in enumerate(rows)]
    return _text(source, seed, rows)


def _waiting() -> bytes:
    """Two thirds of the rows wait for their enterprise, so the others wait with them."""
    return _text("enterprise_output", 1, [base_row("enterprise_output", {"uscc": who, "item": f"产品{i}"}) for i in range(12) for who in ("NEW", "NEW", "A")[i % 3 :][:1]])


def _text(source: str, seed: int, rows: list[dict[str, str]]) -> bytes:
    random.Random(seed).shuffle(rows)
    text = io.StringIO(newline="")
    names = [column.name for column in load_sources()[source].columns]
    writer = csv.DictWriter(text, names, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    text.write("a line, that is none\n" + "合计" + "," * (len(names) - 1) + "\n")
    writer.writerow({name: f" {value}" for name, value in base_row(source).items()})
    return text.getvalue().encode()


def _judge(folder: Path, source: str, data: bytes, limit: float, new_known: datetime | None, published: bool) -> dict[str, Any]:
    """All that a verdict leaves behind, in an order of its own."""
    settings = replace(load_settings(folder / "inbox", folder / "data", date(2026, 6, 30)), quarantine_limit=limit)
    registry, contract = Registry(settings.warehouse / "registry.sqlite"), load_sources()[source]
    lake = Lake(settings.validated, settings.quarantine, registry)
    lake.prepare()
    known = {CODES["A"]: KNOWN_FROM, CODES["B"]: KNOWN_FROM, **({CODES["NEW"]: new_known} if new_known else {})}
    register = pl.DataFrame({"uscc": list(known), "known_at": list(known.values())}).cast({"known_at": pl.Datetime("us")}).with_columns(pl.date(2010, 1, 1).alias("valid_from"))
    known_file = settings.validated / "enterprise_register" / "_known.parquet"
    register.write_parquet(known_file)
    registry.put_lake_file(lake.entry(known_file, "accepted", "enterprise_register"))
    batch = Batch(f"{source}-0123456789ab", source, "f.csv", hashlib.sha256(data).hexdigest(), len(data), RECEIVED.isoformat(), "sidecar", 0, int(published), None, None, None, None, ".csv", "2026-06-30")
    registry.add_batch(batch)
    path = received_file(settings, batch)
    path.parent.mkdir(parents=True)
    path.write_bytes(data)
    judged = [j for j in judge_source(settings, registry, lake, source) if j.batch.batch_id == batch.batch_id]
    folder_of = settings.quarantine / source / batch.batch_id
    held, findings = folder_of / "rows.parquet", folder_of / "findings.parquet"
    found = pl.read_parquet(findings) if findings.exists() else pl.DataFrame(schema=FINDING_SCHEMA)
    accepted = lake.accepted_rows(contract, batch.batch_id)
    verdict = vars(registry.verdicts()[batch.batch_id])
    assert not list((settings.warehouse / "bulk").glob("*"))
    quantities = [verdict.pop(name) for name in ("quantity_received", "quantity_quarantined")]
    return {
        "judged": [(j.rows_received, j.rows_accepted, j.refused_by, j.reason_zh, j.reason_en) for j in judged],
        "verdict": verdict, "quantity": quantities,
        "checks": registry.table("check_result").rows(), "known": registry.table("known_rows").rows(),
        "findings": found.select(list(FINDING_SCHEMA)).sort("row_no", "check_id", "column_name").rows(),
        "held": sorted(pl.read_parquet(held)["row_no"]) if held.exists() else [],
        "accepted": accepted.select(list(contract.lake_schema)).sort("row_no").rows(),
        "files": sorted(str(f.relative_to(settings.validated)) for f in lake.files(contract, batch.batch_id)),
    }


@pytest.mark.parametrize(("source", "limit", "new_known", "published"), [
    ("enterprise_energy", 0.99, datetime(2026, 2, 1), False), ("enterprise_power_heat", 0.05, None, False),
    ("enterprise_output", 0.5, datetime(2026, 2, 1), False), ("allowance", 0.99, None, False), ("grid_generation", 0.99, None, False), ("emission_factor", 0.99, None, False),
    ("emission_factor", 0.99, None, True),
])
def test_in_pieces_and_whole_are_the_same(
    source: str, limit: float, new_known: datetime | None, published: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = _waiting() if limit == 0.5 else _file(source, seed=len(source))
    whole = _judge(tmp_path / "whole", source, data, limit, new_known, published)
    with monkeypatch.context() as small:
        small.setattr(read, "ROWS_IN_MEMORY", 9)
        small.setattr(read, "_ROWS_A_TIME", 7)
        small.setattr(spill, "PIECE", 60)
        small.setattr(spill, "_BYTES_A_BUCKET", len(data) // 2)
        pieces = _judge(tmp_path / "pieces", source, data, limit, new_known, published)
    for part, value in whole.items():
        assert pieces[part] == value, part
    assert whole["judged"][0][2] == ("L17-share" if limit < 0.1 else None)
    if limit == 0.5:
        assert whole["verdict"]["passes_from"] == "2026-02-01T00:00:00"
    assert whole["findings"] and (whole["accepted"] or limit < 0.1)


def test_one_enterprise_and_month_with_more_rows_than_any_form_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read, "ROWS_IN_MEMORY", 9)
    monkeypatch.setattr(read, "_ROWS_A_TIME", 7)
    monkeypatch.setattr(spill, "GROUP", 20)
    verdict = _judge(tmp_path, "enterprise_energy", _file("enterprise_energy", 1), 0.5, None, False)
    assert verdict["judged"][0][1:3] == (0, "L11-size")


def test_lines_that_are_no_records_are_not_kept_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.ingest.rows.MALFORMED_LIMIT", 5)
    path = tmp_path / "a.csv"
    path.write_text("uscc,period,item,quantity\n" + "x\n" * 6, "utf-8")
    with pytest.raises(Unreadable) as caught:
        read.read_file(path, load_sources()["enterprise_output"])
    assert caught.value.check_id == "L21-field-count" and "第 2 行" in caught.value.zh
