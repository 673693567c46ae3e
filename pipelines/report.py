"""What a night tells its reader: progress on a terminal, one plain line a step elsewhere, JSON for machines."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Any

from pipelines.lock import is_held
from pipelines.problem import Problem
from pipelines.settings import Settings
from pipelines.warehouse.registry_reads import read_nights


def failure_line(problem: Problem) -> str:
    """The last line of `--json` when something failed."""
    reason = {"zh": problem.zh, "en": problem.en}
    return json.dumps({
        "outcome": "failed", "reason": reason, "exit_status": problem.exit_status, "release_id": None, "release_path": None,
        "error": str(problem), "counts": {},
    }, ensure_ascii=False)


def recent_nights(settings: Settings, limit: int) -> list[dict[str, Any]]:
    """The latest nights of a data folder, the latest first; plain values. One without an end whose lock is free was killed."""
    return _nights(settings)[::-1][:limit]


def told_nights(settings: Settings) -> list[dict[str, Any]]:
    """The nights that have ended, the first first; plain values."""
    return [night for night in _nights(settings) if night["outcome"] != "running"]


def _nights(settings: Settings) -> list[dict[str, Any]]:
    nights = read_nights(settings.registry)
    alive = any(run.outcome == "running" for run in nights) and is_held(settings.warehouse / "night.lock")
    return [{**asdict(run), "outcome": "killed" if run.outcome == "running" and not alive else run.outcome} for run in nights]


def as_text(nights: list[dict[str, Any]]) -> str:
    """One line a night, and its reason below where it failed."""
    if not nights:
        return "尚无夜间任务 | no night yet"
    lines = []
    for night in nights:
        seconds = ", ".join(f"{stage} {value:.0f} s" for stage, value in night["seconds_by_stage"].items())
        counts = night["counts"]
        told = f"{counts['accepted_in_part']} 批部分入库 in part, {counts['refused']} 批退回 refused" if counts else ""
        status = "-" if night["exit_status"] is None else night["exit_status"]
        parts = [night["started"][:19], f"{night['outcome']} ({status})", f"知识截止日 as of {night['knowledge_date']}", night["release_id"] or "-", told, seconds, night["how"]]
        lines.append("  ".join(part for part in parts if part))
        if night["reason_zh"]:
            lines.append(f"    {night['reason_zh']} | {night['reason_en']}")
    return "\n".join(lines)


class Reporter:
    """Writes to standard error; the JSON of `--json` alone goes to standard output."""

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json
        self._status: Any = None
        if sys.stderr.isatty():
            from rich.console import Console

            self._status = Console(stderr=True).status("…")
            self._status.start()

    def say(self, text: str) -> None:
        """One line that stays."""
        if self._status is not None:
            self._status.console.print(text, highlight=False, markup=False)
        else:
            print(text, file=sys.stderr, flush=True)

    def progress(self, text: str) -> None:
        """What is being done now; shown on a terminal only."""
        if self._status is not None:
            self._status.update(text)

    def close(self) -> None:
        if self._status is not None:
            self._status.stop()

    def finish(self, summary: dict[str, Any], settings: Settings) -> None:
        """The last words: where the release is and what to open next, or the JSON line."""
        self.close()
        if self.as_json:
            print(json.dumps(summary, ensure_ascii=False), flush=True)
            return
        counts = summary["counts"]
        if summary["outcome"] == "nothing_new":
            print(f"没有新内容，发布版本仍为 {summary['release_id']} | nothing new, the release stands")
            if counts["accepted_in_part"] or counts["refused"]:   # judged by a night that did not come to tell it
                print(f"此前判定、尚未告知 | judged before, told now: {counts['accepted_in_part']} 批部分入库 in part, {counts['refused']} 批退回 refused")
            return
        print(
            f"{summary['outcome']} {summary['release_id']}: 入库 {counts['rows_accepted']}/{counts['rows_received']} 行 rows accepted, "
            f"{counts['accepted_in_part']} 批部分入库 in part, {counts['refused']} 批退回 refused"
        )
        if summary["outcome"] == "published":
            print(f"打开 | open: {settings.marts / 'carbon.duckdb'}  (schemas marts, quality, reference)")
            print('例如 | e.g.: select * from marts.fct_total_year where level = \'prefecture\' order by period, code;')
            print("数据质量 | for stewards: select * from quality.batch where outcome <> 'accepted';")
        else:
            print(f"封存 | sealed: {summary['release_path']}")
