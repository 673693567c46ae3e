"""A workbook of several tabs: each that fits is a delivery of its own, known and kept by the bytes of the one file."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

import xlsxwriter

from pipelines.contracts.source import load_sources
from pipelines.explain.evidence import source_row
from pipelines.gate.stage import sources_in_order
from pipelines.night import judge_step, open_night, receive_step
from pipelines.settings import load_settings
from pipelines.warehouse.received import received_file
from tests.deliveries import OLD, deliver, register_row, uscc


def test_every_tab_that_fits_is_a_delivery_and_a_second_night_changes_nothing(tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    deliver(inbox, "enterprise_register", "名录.csv", [register_row(1, "24-other-industry", "2911")])
    path = inbox / "enterprise_energy" / "全年.xlsx"
    path.parent.mkdir(parents=True)
    with xlsxwriter.Workbook(path) as book:
        for tab in ("填报说明", "1月", "2月", "备查"):
            sheet = book.add_worksheet(tab)
            if tab == "备查":
                sheet.write(0, 0, "无")
                continue
            sheet.write_row(0, 0, ["统一社会信用代码", "报告期", "能源品种", "计量单位", "消费量"])
            sheet.write_row(1, 0, [uscc(1), f"2025-0{tab[0] if tab[0].isdigit() else 1}", "柴油", "吨", 99999 if tab == "填报说明" else int(tab[0])])
    sidecar = path.with_name(path.name + ".meta.yml")
    sidecar.write_text("received_at: 2026-01-10\nsynthetic: true\n", "utf-8")
    for file in (path, sidecar):
        os.utime(file, (OLD, OLD))
    settings = load_settings(inbox, tmp_path / "data", dt.date(2026, 1, 20))
    source = load_sources()["enterprise_energy"]
    for night_number in range(2):
        with open_night(settings, lambda text: None) as night:
            receive_step(night)
            for name in sources_in_order():
                judge_step(night, name)
            judged = [j for j in night.judged if j.batch.source == "enterprise_energy"]
            batches = {b.batch_id: b for b in night.registry.batches().values() if b.source == "enterprise_energy"}
            first, second = sorted(batches)
            assert (second, batches[second].file_name) == (f"{first}-s2", "全年.xlsx#2月")
            assert batches[first].sha256 == batches[second].sha256
            assert received_file(settings, batches[second]) == received_file(settings, batches[first])
            assert [(j.batch.batch_id, j.outcome) for j in judged] == ([(first, "accepted"), (second, "accepted")] if night_number == 0 else [])
            assert night.lake.accepted_rows(source, first)["consumed"].to_list() == [1.0]
            assert night.lake.accepted_rows(source, second)["consumed"].to_list() == [2.0]
            remarks = night.lake.findings("enterprise_energy", first)
            assert "填报说明" in remarks.filter(remarks["check_id"] == "N05-example-sheet")["message_zh"][0]
    row = source_row(settings, "enterprise_energy", second, 2, dt.date(2026, 1, 20))
    assert row.file is not None and first in row.file and second not in row.file
