"""`carbon`: the one console command. Thin: it reads arguments, calls a stage, prints, and sets the exit status.

Exit status of `nightly`: 0 published or nothing new; 3 published, and a delivery first judged in this run was refused or
had rows quarantined; 1 failed, the last release stands; 2 wrong usage; 130/143 on signals.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer

from pipelines.settings import load_settings

app = typer.Typer(
    name="carbon", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
    help="贵州省低碳数据一张网：每夜一本账 | Guizhou's carbon accounts, every night, on one ledger.",
)
releases_app = typer.Typer(invoke_without_command=True, help="列出、签署发布版本 | List and sign releases.")
app.add_typer(releases_app, name="releases")

steward_app = typer.Typer(no_args_is_help=True, help="数据治理待办与更正表 | The steward's worklist and correction sheets.")
app.add_typer(steward_app, name="steward")

gates_app = typer.Typer(no_args_is_help=True, help="关口的成绩 | How good the gates are.")
app.add_typer(gates_app, name="gates")

DataOption = Annotated[Path | None, typer.Option("--data", help="数据根目录 | root of everything written (env CARBON_DATA)")]
JsonOption = Annotated[bool, typer.Option("--json", help="机器可读输出 | output for machines")]


def _day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text}: YYYY-MM-DD") from error


def _leave_on_signals() -> None:
    """A signal ends the process at once: every step is safe against a kill at any moment."""

    def leave(number: int, _frame: object) -> None:
        sys.stderr.write(f"\n收到信号 {number}，停止；上一发布版本不受影响 | signal {number}: stopped, the last release stands\n")
        sys.stderr.flush()
        os._exit(128 + number)

    signal.signal(signal.SIGINT, leave)
    signal.signal(signal.SIGTERM, leave)


@app.command()
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
        raise typer.BadParameter(f"--until {until}: YYYY-MM") from error
    try:
        report = write_province(out, seed=seed, enterprises=enterprises, months=months, until=until, faults=faults)
    except (ValueError, OSError) as error:
        raise typer.BadParameter(str(error)) from error
    rows = sum(report.rows.values())
    print(f"演示省（演示数据）| synthetic province: {report.files} 文件 files, {rows} 行 rows, {len(report.planted)} 处埋设故障 planted faults -> {out}")


@app.command()
def nightly(
    inbox: Annotated[Path | None, typer.Option("--inbox", help="收件箱 | inbox (env CARBON_INBOX)")] = None,
    data: DataOption = None,
    as_of: Annotated[str | None, typer.Option("--as-of", help="知识截止日 YYYY-MM-DD | knowledge date")] = None,
    as_json: JsonOption = False,
) -> None:
    """收件、检查、计算、发布：凡是新的都处理 | Ingest, gate, build, publish: everything new."""
    _leave_on_signals()
    settings = load_settings(inbox, data, _day(as_of))
    from pipelines.report import Reporter

    reporter = Reporter(as_json)
    from pipelines.night import run_night
    from pipelines.problem import Problem

    try:
        night = run_night(settings, reporter.say, reporter.progress)
    except Problem as error:
        reporter.close()
        print(f"失败，上一发布版本不受影响 | failed, the last release stands:\n{error}", file=sys.stderr)
        if as_json:
            print(json.dumps({"outcome": "failed", "release_id": None, "release_path": None, "error": str(error), "counts": {}}, ensure_ascii=False))
        raise typer.Exit(1) from error
    finally:
        reporter.close()
    reporter.finish(night.summary(), settings)
    raise typer.Exit(night.exit_code)


@app.command()
def verify(data: DataOption = None, as_json: JsonOption = False) -> None:
    """重算发布版本的哈希、恒等式与约定 | Recompute hashes, identities and contracts of the published release."""
    from pipelines.publish.verify import verify as verify_release

    problems = verify_release(load_settings(data=data))
    if as_json:
        print(json.dumps({"problems": problems}, ensure_ascii=False))
    for problem in problems if not as_json else []:
        print(problem)
    if problems:
        raise typer.Exit(1)
    if not as_json:
        print("发布版本核对无误 | the release is in order")


@app.command()
def explain(
    table: Annotated[str | None, typer.Option(help="表，如 marts.fct_total_year | table")] = None,
    column: Annotated[str | None, typer.Option(help="列 | column")] = None,
    key: Annotated[str | None, typer.Option(help="键 k=v,k=v | key of the row")] = None,
    line: Annotated[str | None, typer.Option(help="明细行编号 | line id")] = None,
    uscc: Annotated[str | None, typer.Option(help="企业 | enterprise")] = None,
    period: Annotated[str | None, typer.Option(help="期间 YYYY-MM 或 YYYY | period")] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """从一个数字追到文件和行 | From a published figure down to file and row."""
    from pipelines.publish import explain as ex
    from pipelines.publish.problem import PublishError

    settings = load_settings(data=data)
    try:
        if line:
            result: Any = ex.explain_line(settings, line)
        elif uscc and period:
            result = ex.explain_account(settings, uscc, period)
        elif table and column and key:
            result = ex.explain_cell(settings, table, column, _key(key))
        else:
            raise typer.BadParameter("--line, 或 or --uscc 与 and --period, 或 or --table --column --key")
    except PublishError as error:
        print(error, file=sys.stderr)
        raise typer.Exit(1) from error
    print(json.dumps(ex.as_json(result), ensure_ascii=False) if as_json else ex.render(result))


def _key(text: str) -> dict[str, str]:
    pairs = [part.partition("=") for part in text.split(",") if part]
    if any(not sep for _, sep, _ in pairs):
        raise typer.BadParameter(f"--key {text}: k=v,k=v")
    return {name.strip(): value.strip() for name, _, value in pairs}


@releases_app.callback()
def releases(ctx: typer.Context, data: DataOption = None) -> None:
    """列出发布版本 | List the releases."""
    ctx.obj = data
    if ctx.invoked_subcommand is None:
        _list(data, False)


@releases_app.command("list")
def list_command(ctx: typer.Context, data: DataOption = None, as_json: JsonOption = False) -> None:
    """列出发布版本 | List the releases."""
    _list(data or ctx.obj, as_json)


def _list(data: Path | None, as_json: bool) -> None:
    from pipelines.publish.releases import list_releases

    entries = list_releases(load_settings(data=data))
    if as_json:
        print(json.dumps(entries, ensure_ascii=False, default=str))
        return
    for entry in entries:
        marks = [word for word, yes in (("当前 live", entry["live"]), ("已签署 signed", entry["signed"])) if yes]
        shares = ", ".join(f"{year} {share:.1%}" for year, share in (entry["unexplained_shares"] or {}).items())
        print(f"{entry['release_id']}  {entry['knowledge_date']}  {' '.join(marks)}" + (f"  未解释 unexplained: {shares}" if shares else ""))


@releases_app.command("sign")
def sign_command(
    ctx: typer.Context,
    release_id: Annotated[str, typer.Argument(help="发布版本 | release")],
    by: Annotated[str, typer.Option("--by", help="签署人 | who signs")],
    note: Annotated[str, typer.Option("--note", help="说明 | note")],
    data: DataOption = None,
) -> None:
    """签署一个发布版本：成为正式版本，不再删除 | Sign a release: official, never removed."""
    from pipelines.publish.problem import PublishError
    from pipelines.publish.releases import sign

    try:
        sign(load_settings(data=data or ctx.obj), release_id, by, note)
    except PublishError as error:
        print(error, file=sys.stderr)
        raise typer.Exit(1) from error
    print(f"已签署 | signed: {release_id}")


@steward_app.command("list")
def steward_list(
    every: Annotated[bool, typer.Option("--all", help="也列出已了结的 | settled ones too")] = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """待办，按涉及排放量从大到小 | The worklist, the most tonnes at stake first."""
    from pipelines.publish import steward

    found = _or_exit(lambda: steward.items(load_settings(data=data), every=every))
    print(json.dumps(found, ensure_ascii=False, default=_plain) if as_json else steward.render(found))


@steward_app.command("show")
def steward_show(
    item: Annotated[str, typer.Argument(help="待办编号或其开头 | item, or the beginning of its number")],
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """一项待办：行、原因、怎么改、已有决定 | One item: rows, reasons, advice, decisions so far."""
    from pipelines.publish import steward

    found = _or_exit(lambda: steward.item(load_settings(data=data), item))
    print(json.dumps(found, ensure_ascii=False, default=_plain) if as_json else steward.render_item(found))


@steward_app.command("template")
def steward_template(
    batch: Annotated[str, typer.Argument(help="批次编号 | batch")],
    out: Annotated[Path | None, typer.Option("--out", help="写到何处 | where to write it")] = None,
    uscc: Annotated[str | None, typer.Option("--uscc", help="只含这家企业的行 | only the rows of this enterprise")] = None,
    every: Annotated[bool, typer.Option("--all", help="也含未了结的提示 | also open findings that only tell")] = False,
    data: DataOption = None,
) -> None:
    """写出一个批次的更正表（XLSX），填好后放入收件箱 steward_decision/ | The correction sheet of a batch."""
    from pipelines.publish import steward

    path = out or Path(f"更正表_{batch}{'_' + uscc if uscc else ''}.xlsx")
    lines = _or_exit(lambda: steward.write_template(load_settings(data=data), batch, path, uscc=uscc, every=every))
    print(f"更正表 {lines} 行 | correction sheet with {lines} lines: {path}")


@gates_app.callback()
def gates() -> None:
    """关口的成绩 | How good the gates are."""


@gates_app.command("score")
def gates_score(
    seed: Annotated[int, typer.Option(min=0, help="故障省的种子 | seed of the province with faults")] = 1,
    seeds: Annotated[int, typer.Option(min=1, help="无故障演示省的个数 | number of clean provinces")] = 1,
    enterprises: Annotated[int, typer.Option(min=1, help="企业数 | number of enterprises")] = 100,
    months: Annotated[int, typer.Option(min=1, help="月数 | number of months")] = 24,
    faults: Annotated[str, typer.Option(help="故障清单文件、default 或 all | file of faults, default or all")] = "all",
    as_json: JsonOption = False,
    write: Annotated[bool, typer.Option("--write", help="写入 docs/gates-score.md | write docs/gates-score.md")] = False,
    check: Annotated[bool, typer.Option("--check", help="未达到目标时退出码为 1 | exit status 1 where a bar is not met")] = False,
) -> None:
    """埋设故障，统计每条规则与每种故障的召回、误报和漏掉的吨数 | Plant faults; recall, precision and tonnes missed by rule and kind."""
    import tempfile

    from pipelines.publish.problem import PublishError
    from pipelines.score.card import bars
    from pipelines.score.render import as_data, as_markdown
    from pipelines.score.run import Asked, run_score
    from pipelines.settings import PROJECT
    from pipelines.transform.build import BuildError

    with tempfile.TemporaryDirectory(prefix="carbon-score-") as folder:
        try:
            scored = run_score(Asked(seed, seeds, enterprises, months, faults), Path(folder), lambda text: print(text, file=sys.stderr))
        except (ValueError, OSError) as error:
            raise typer.BadParameter(str(error)) from error
        except (BuildError, PublishError) as error:
            print(f"失败：计算结果检查未通过 | failed, a check on computed results stopped the night:\n{error}", file=sys.stderr)
            raise typer.Exit(1) from error
    if write:
        (PROJECT / "docs" / "gates-score.md").write_text(as_markdown(scored), "utf-8")
    print(json.dumps(as_data(scored), ensure_ascii=False) if as_json else as_markdown(scored))
    if check and not all(bar.met for bar in bars(scored.board, scored.clean.values(), scored.classes)):
        raise typer.Exit(1)


def _plain(value: object) -> float | str:
    """Amounts as numbers, days as text."""
    return float(value) if isinstance(value, Decimal) else str(value)


def _or_exit(ask: Callable[[], Any]) -> Any:
    """The answer, or exit status 1 with the reason."""
    from pipelines.publish.problem import PublishError

    try:
        return ask()
    except PublishError as error:
        print(error, file=sys.stderr)
        raise typer.Exit(1) from error


def main() -> None:
    """Entry point of the console command."""
    app()


if __name__ == "__main__":
    main()
