"""What a night tells its reader: progress on a terminal, one plain line a step elsewhere, JSON for machines."""

from __future__ import annotations

import json
import sys
from typing import Any

from pipelines.settings import Settings


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

    def finish(self, summary: dict, settings: Settings) -> None:
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
