"""The night as a resource: the lock and the registry are held for a whole run, and let go of however it ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import dagster as dg
from pydantic import Field, PrivateAttr

from pipelines.night import Night, open_night
from pipelines.settings import load_settings


class NightResource(dg.ConfigurableResource):
    """One night. Needs the in-process executor: every asset of a run shares this object.

    Empty fields mean: CARBON_INBOX and CARBON_DATA, else the defaults; today.
    """

    inbox: str = Field(default="", description="收件箱 | Inbox; empty = CARBON_INBOX, else <data>/inbox")
    data: str = Field(default="", description="数据根目录 | Root of everything written; empty = CARBON_DATA, else data")
    as_of: str = Field(default="", description="知识截止日 YYYY-MM-DD | Knowledge date; empty = today (Asia/Shanghai)")

    as_of_is_clock: bool = Field(default=False, description="截止日来自计划时刻 | The knowledge date is the day of a tick, not somebody's choice")

    _open: Night | None = PrivateAttr(default=None)

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[NightResource]:
        """Open the night. Raises NightRunning, which names who holds the lock, and ClockWrong."""
        settings = load_settings(
            Path(self.inbox) if self.inbox else None,
            Path(self.data) if self.data else None,
            date.fromisoformat(self.as_of) if self.as_of else None,
            as_of_is_clock=self.as_of_is_clock,
        )
        say = context.log.info if context.log else print
        with open_night(settings, say) as night:
            self._open = night
            try:
                yield self
            finally:
                self._open = None

    @property
    def opened(self) -> Night:
        """The night of this run."""
        assert self._open is not None, "the night is open only while a run executes"
        return self._open
