"""A night that is only looked at: judged and built up to the tables that are asked for, neither tested nor published."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path

from pipelines.night import Night, decide, gate_step, open_night, receive_step
from pipelines.settings import Notices, Settings, load_settings
from pipelines.transform.build import build, require
from pipelines.warehouse.build_db import prepare


def measured(folder: Path, day: date) -> Settings:
    """The settings of a night over `folder`/inbox as of that day; a night that is only measured tells nobody."""
    return replace(load_settings(folder / "inbox", folder / "data", day), notices=Notices())


@contextmanager
def judged_and_built(settings: Settings, models: tuple[str, ...]) -> Iterator[Night]:
    """The night after its build of these models and what they rest on. Raises BuildError when a model failed."""
    with open_night(settings, lambda text: None) as night:
        receive_step(night)
        gate_step(night)
        decide(night)
        assert night.inputs is not None
        full = prepare(night.database, settings, night.registry, night.inputs)
        require(build(settings, night.database, full=full, models=models))
        yield night
