"""Commands of the night: `demo`, `nightly`, `nights`, `settings`."""

from __future__ import annotations

import json
import os
import signal
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from pipelines import failure
from pipelines.cli.fence import WRONG_PATH, settings_of
from pipelines.cli.options import DataOption, InboxOption, JsonOption, day


def demo(
    out: Annotated[Path, typer.Option("--out", help="写到何处 | where to write the deliveries")],
    seed: Annotated[int, typer.Option(help="随机种子 | seed")] = 1,
    enterprises: Annotated[int, typer.Option(min=1, help="企业数 | number of enterprises")] = 300,
    months: Annotated[int, typer.Option(min=1, help="月数 | number of months")] = 24,
    until: Annotated[str, typer.Option(help="最后一月 YYYY-MM | last month")] = "2025-12",
    faults: Annotated[str, typer.Option(help="故障清单文件、default、all 或 none | file of faults, default, all or none")] = "default",
) -> None:
    """生成一个演示省的上报数据（演示数据） | Write the deliveries of a synthetic province."""
    from pipelines.demo import write_province

    try:
        datetime.strptime(until, "%Y-%m")
    except ValueError as error:
        raise typer.BadParameter(f"--until {until} 应为 YYYY-MM | --until {until} must be YYYY-MM") from error
    try:
        report = write_province(out, seed=seed, enterprises=enterprises, months=months, until=until, faults=faults)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    except WRONG_PATH as error:
        raise typer.BadParameter(str(failure.explain(error))) from error
    rows = sum(report.rows.values())
    print(f"演示省（演示数据）| synthetic province: {report.files} 文件 files, {rows} 行 rows, {len(report.planted)} 处埋设故障 planted faults -> {out}")


def nightly(
    inbox: InboxOption = None,
    data: DataOption = None,
    as_of: Annotated[str | None, typer.Option("--as-of", help="知识截止日 YYYY-MM-DD | knowledge date")] = None,
    as_json: JsonOption = False,
) -> None:
    """收件、检查、计算、发布：凡是新的都处理 | Ingest, gate, build, publish: everything new."""
    _leave_on_signals()
    settings = settings_of(inbox, data, day(as_of))
    from pipelines.report import Reporter

    reporter = Reporter(as_json)
    try:
        from pipelines.night import run_night

        night = run_night(settings, reporter.say, reporter.progress)
    finally:
        reporter.close()
    reporter.finish(night.summary(), settings)
    raise typer.Exit(night.exit_code)


def _leave_on_signals() -> None:
    """A signal ends the process at once: every step is safe against a kill at any moment."""

    def leave(number: int, _frame: object) -> None:
        sys.stderr.write(f"\n收到信号 {number}，停止；上一发布版本不受影响 | signal {number}: stopped, the last release stands\n")
        sys.stderr.flush()
        os._exit(128 + number)

    signal.signal(signal.SIGINT, leave)
    signal.signal(signal.SIGTERM, leave)


def nights(
    limit: Annotated[int, typer.Option("--limit", min=1, help="最近几夜 | how many, the latest first")] = 20,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """各夜的结果与用时，含失败与中断的 | The nights with outcome and times, failed and killed ones among them."""
    from pipelines.report import as_text, recent_nights

    found = recent_nights(settings_of(data=data), limit)
    print(json.dumps(found, ensure_ascii=False) if as_json else as_text(found))


def show_settings(data: DataOption = None, as_json: JsonOption = False) -> None:
    """全部设置：值、出处、含义 | Every setting with its value, where that comes from, and what it means."""
    from dataclasses import asdict

    from pipelines.settings import list_settings, settings_file, unknown_variables

    found, unknown = list_settings(data), unknown_variables()
    file = settings_file()
    if as_json:
        print(json.dumps({"file": str(file) if file else None, "settings": [asdict(s) for s in found], "unknown_variables": unknown}, ensure_ascii=False))
        return
    print(f"设置文件 | settings file: {file or '无 none'}")
    for item in found:
        value = "-" if item.value in (None, []) else json.dumps(item.value, ensure_ascii=False)
        print(f"{item.key} = {value}  ({item.source})  {item.zh} | {item.en}")
    for name in unknown:
        print(f"环境变量 {name} 不是任何设置，未使用 | the variable {name} is no setting and is not used", file=sys.stderr)
