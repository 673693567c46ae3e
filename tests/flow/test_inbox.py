"""An inbox that is not there ends the command at once; a received copy that is lost is a verdict in words."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

from pipelines.gate.outcome import Judged
from pipelines.ingest.copies import LOST
from pipelines.night import judge_step, open_night, receive_step
from pipelines.settings import load_settings
from pipelines.warehouse.received import received_file
from tests.conftest import AS_OF, carbon
from tests.deliveries import beside, deliver, register_row, uscc


def test_a_missing_inbox_is_wrong_usage_and_nothing_is_done(tmp_path: Path) -> None:
    done = carbon("nightly", "--inbox", tmp_path / "nowhere", "--data", tmp_path / "data", "--json")
    assert done.returncode == 2, done.stderr
    assert str(tmp_path / "nowhere") in done.stderr and "Traceback" not in done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["outcome"] == "failed"
    assert {path.name for path in (tmp_path / "data").glob("*")} <= {"logs"}, "its log, and nothing else"


def _judge(root: Path, *, lose: str | None = None) -> list[Judged]:
    """Receive and judge, without building; the copy of a file (`lose`) and the file itself go in between."""
    with open_night(load_settings(root / "inbox", root / "data", date.fromisoformat(AS_OF)), lambda text: None) as night:
        receive_step(night)
        for batch in night.registry.batches().values():
            if batch.file_name == lose:
                received_file(night.settings, batch).parent.chmod(0o755)
                received_file(night.settings, batch).unlink()
                (root / "inbox" / "enterprise_energy" / lose).unlink()
        return [j for source in ("enterprise_register", "enterprise_energy") for j in judge_step(night, source) if not j.batch.is_published]


def test_a_lost_copy_is_refused_in_words_and_what_was_judged_before_stands(tmp_path: Path) -> None:
    row = {"uscc": uscc(1), "period": "2025-11", "energy": "柴油", "unit": "t", "consumed": 1}
    deliver(tmp_path / "inbox", "enterprise_energy", "a.csv", [row])
    deliver(tmp_path / "inbox", "enterprise_energy", "b.csv", [{**row, "uscc": uscc(2), "consumed": 2}, {**row, "consumed": 3}])
    deliver(tmp_path / "inbox", "enterprise_register", "r.csv", [register_row(1, "24-other-industry", "3012")])
    first = {j.batch.file_name: (j.outcome, j.refused_by, j.reason_en) for j in _judge(tmp_path, lose="a.csv")}
    outcome, refused_by, reason = first["a.csv"]
    assert (outcome, refused_by) == ("refused", LOST) and "is gone" in (reason or "")
    assert first["b.csv"][0] == "accepted_in_part"
    # enterprise 2 becomes known, so b.csv is judged again; its copy is lost meanwhile: what was accepted stands
    deliver(tmp_path / "inbox", "enterprise_register", "r2.csv", [register_row(2, "24-other-industry", "3012")])
    assert "b.csv" not in {j.batch.file_name for j in _judge(tmp_path, lose="b.csv")}
    # delivered again, both are taken and judged
    deliver(tmp_path / "inbox", "enterprise_energy", "again.csv", [row])
    deliver(tmp_path / "inbox", "enterprise_energy", "b.csv", [{**row, "uscc": uscc(2), "consumed": 2}, {**row, "consumed": 3}])
    assert {(j.batch.file_name, j.outcome) for j in _judge(tmp_path)} == {("a.csv", "accepted"), ("b.csv", "accepted")}


def test_a_late_synthetic_sidecar_changes_rows_that_were_accepted(tmp_path: Path) -> None:
    """Real figures of an enterprise that turn out to be synthetic: the lake carries the label from the night that sees it."""
    row = {"uscc": "91520000214400000Y", "period": "2025-11", "energy": "柴油", "unit": "t", "consumed": 1}
    file = deliver(tmp_path / "inbox", "enterprise_energy", "a.csv", [row, {**row, "uscc": "bad"}], None)
    _judge(tmp_path)
    beside(file, "synthetic: true\nreceived_at: 2026-01-10\n")
    (judged,) = _judge(tmp_path)
    assert (judged.batch.is_synthetic, judged.batch.received_at) == (1, "2026-01-10T00:00:00")
    import polars as pl

    rows = pl.concat([pl.read_parquet(path) for path in (tmp_path / "data" / "quarantine" / "enterprise_energy").rglob("rows.parquet")])
    assert rows["is_synthetic"].to_list() == [True, True] and {str(moment) for moment in rows["received_at"]} == {"2026-01-10 00:00:00"}
