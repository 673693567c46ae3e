"""What the tests cost: processor seconds by file, of this process and of those that it started and waited for (`pytest --cost`).

Seconds of the processor, not of the clock: they are nearly the same on a busy machine. They decide nothing: no test fails for what it costs.
What a fixture of the session costs is counted to the file that asked for it first; imports and collection stand in a row of their own.
"""

from __future__ import annotations

import os
from collections import defaultdict
from typing import Any

import pytest

ELSEWHERE = "imports and collection"


def processor_seconds() -> float:
    """Of this process and of its children that have ended."""
    return sum(os.times()[:4])


class Cost:
    """A plugin: every report carries what its phase cost, so that a process of its own (xdist) can send it; the terminal adds them up."""

    def __init__(self) -> None:
        self.mark = processor_seconds()
        self.spent = 0.0
        self.by_file: dict[str, float] = defaultdict(float)
        self.dearest: dict[str, tuple[float, str]] = defaultdict(lambda: (0.0, ""))
        self.tests: dict[str, set[str]] = defaultdict(set)
        self.elsewhere = 0.0

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logstart(self, nodeid: str, location: Any) -> None:
        self.mark = processor_seconds()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: Any) -> Any:
        report = yield
        now = processor_seconds()
        report.processor_seconds, self.mark = now - self.mark, now
        self.spent += report.processor_seconds
        return report

    def pytest_runtest_logreport(self, report: Any) -> None:
        spent, file = getattr(report, "processor_seconds", 0.0), report.nodeid.partition("::")[0]
        self.by_file[file] += spent
        self.tests[file].add(report.nodeid)
        self.dearest[file] = max(self.dearest[file], (spent, f"{report.nodeid.partition('::')[2]} ({report.when})"))

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """What this process spent besides its tests; a process of xdist sends it along."""
        rest = processor_seconds() - self.spent
        output = getattr(session.config, "workeroutput", None)
        if output is not None:
            output["processor_seconds_elsewhere"] = rest
        elif not session.config.getoption("numprocesses", None):   # else the waiting process counts its workers twice
            self.elsewhere += rest

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: Any) -> None:
        self.elsewhere += getattr(node, "workeroutput", {}).get("processor_seconds_elsewhere", 0.0)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        terminalreporter.write_line("\n" + table(self))


def table(cost: Cost) -> str:
    """The dearest file first, with its dearest test: a table of Markdown."""
    rows = sorted(((spent, file) for file, spent in cost.by_file.items()), reverse=True)
    total = cost.elsewhere + sum(cost.by_file.values())
    return "\n".join((
        "| 文件 file | 测试 tests | 处理器 processor [s] | 最贵的 the dearest |", "|---|---:|---:|---|",
        *(f"| {file} | {len(cost.tests[file])} | {spent:.1f} | {cost.dearest[file][0]:.1f} {cost.dearest[file][1]} |" for spent, file in rows),
        f"| {ELSEWHERE} | | {cost.elsewhere:.1f} | |", f"| 合计 total | {sum(map(len, cost.tests.values()))} | {total:.1f} | |",
    ))
