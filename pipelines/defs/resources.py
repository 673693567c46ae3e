"""The night as a resource: the lock and the registry are held for a whole run, and let go of however it ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path

import dagster as dg
from pydantic import Field, PrivateAttr

from pipelines.failure import explain, may_pass
from pipelines.logs import LOGGER
from pipelines.night import Night, open_night
from pipelines.problem import Problem
from pipelines.settings import load_settings

# What can succeed on trying again, a share that is away for a moment or a lock of another program, is tried again.
_RETRIES, _RETRY_SECONDS = 2, 30


class NightResource(dg.ConfigurableResource):
    """One night. Needs the in-process executor: every asset of a run shares this object.

    Empty fields mean: what the settings say; today.
    """

    inbox: str = Field(default="", description="收件箱 | Inbox; empty = as in the settings")
    data: str = Field(default="", description="数据根目录 | Root of everything written; empty = as in the settings")
    as_of: str = Field(default="", description="知识截止日 YYYY-MM-DD | Knowledge date; empty = today (Asia/Shanghai)")
    as_of_is_clock: bool = Field(default=False, description="截止日来自计划时刻 | The knowledge date is the day of a tick, not somebody's choice")

    _night: Night | None = PrivateAttr(default=None)
    _held: ExitStack | None = PrivateAttr(default=None)
    _say: Callable[[str], None] = PrivateAttr(default=print)
    _failures: dict[str, Problem] = PrivateAttr(default_factory=dict)

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[NightResource]:
        """The night is opened by the first step that asks for it: what goes wrong there fails that step, with its sentence."""
        self._say = context.log.info if context.log else print
        self._failures = {}
        try:
            with ExitStack() as held:
                self._held = held
                yield self
                if self._night is not None:
                    self._night.failure = next(iter(self._failures.values()), None)
        finally:
            self._held = self._night = None

    @contextmanager
    def step(self, name: str) -> Iterator[Night]:
        """The night for one step, inside the fence: whatever the step raises fails it with a sentence, the traceback goes to the log."""
        try:
            yield self._opened()
        except dg.RetryRequested:
            raise
        except BaseException as error:
            problem = self._failures[name] = explain(error)
            LOGGER.exception("%s: %s", name, problem)
            if isinstance(error, dg.Failure) or not isinstance(error, Exception):   # told already, or cancelled
                raise
            if may_pass(error):
                self._say(f"{name}: {problem}")
                raise dg.RetryRequested(max_retries=_RETRIES, seconds_to_wait=_RETRY_SECONDS) from error
            raise dg.Failure(description=str(problem), allow_retries=False) from error
        else:
            self._failures.pop(name, None)   # it had failed and succeeded when it was tried again

    def _opened(self) -> Night:
        """The night of this run. Raises NightRunning, which names who holds the lock, after waiting for as long as the settings say."""
        assert self._held is not None, "the night is open only while a run executes"
        if self._night is None:
            settings = load_settings(
                Path(self.inbox) if self.inbox else None, Path(self.data) if self.data else None, date.fromisoformat(self.as_of) if self.as_of else None,
                as_of_is_clock=self.as_of_is_clock,
            )
            self._night = self._held.enter_context(open_night(settings, self._say, "dagster"))
        return self._night
