"""`carbon`: the one console command. Thin: it reads arguments, calls a stage, prints, and sets the exit status.

Exit status of `nightly`: 0 published or nothing new; 3 published, and a delivery first judged in this run was refused or
had rows quarantined; 1 failed, the last release stands; 2 wrong usage; 130/143 on signals.

Whatever ends a command passes the one fence here: a sentence to the reader, a last line under `--json`, the traceback to the log.
"""

from __future__ import annotations

import errno
import json
import os
import signal
import sys
from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from pipelines import failure
from pipelines.problem import Problem, UsageProblem
from pipelines.settings import Settings, load_settings

_Usage: type[Exception] = typer.BadParameter.__mro__[1]   # what typer raises for wrong arguments; its module is private
_WRONG_PATH = (FileNotFoundError, FileExistsError, NotADirectoryError, IsADirectoryError)   # an option names what cannot be
_USED: list[Settings] = []               # the settings of this command, for the log of what ends it


class _Fence(TyperGroup):
    """Every command runs inside: what it raises ends as a sentence and an exit status."""

    def invoke(self, ctx: Any) -> Any:
        as_json = "--json" in ctx.args   # what follows the command's name, not yet read
        try:
            return super().invoke(ctx)
        except (typer.Exit, typer.Abort, BrokenPipeError):
            raise
        except _Usage as error:   # typer shows it with the usage, and exits with 2
            if as_json:
                print(_failure_line(UsageProblem(f"用法错误：{error}", f"wrong usage: {error}")), flush=True)
            raise
        except Exception as error:  # noqa: BLE001 - the fence: nothing that ends a command reaches its user as a traceback
            raise typer.Exit(_tell(error, ctx.invoked_subcommand or "carbon", as_json)) from None


def _tell(error: Exception, command: str, as_json: bool) -> int:
    """Say what ended a command; returns the exit status."""
    problem = failure.explain(error)
    if command == "nightly":
        print("失败，上一发布版本不受影响 | failed, the last release stands:", file=sys.stderr)
    print(problem, file=sys.stderr)
    if failure.is_unexpected(error) or command == "nightly":
        from pipelines.logs import log_failure

        log = log_failure(_USED[-1] if _USED else None, command, error)
        if log is not None:
            print(f"日志 | log: {log}", file=sys.stderr)
    if as_json:
        print(_failure_line(problem), flush=True)
    return problem.exit_status


def _failure_line(problem: Problem) -> str:
    from pipelines.report import failure_line

    return failure_line(problem)


def _settings(inbox: Path | None = None, data: Path | None = None, as_of: date | None = None) -> Settings:
    """The settings of this command. Raises SettingsError, and NotADirectoryError when the data folder is a file."""
    settings = load_settings(inbox, data, as_of)
    if settings.data.exists() and not settings.data.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(settings.data))
    _USED.append(settings)
    return settings


app = typer.Typer(
    cls=_Fence, name="carbon", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
    help="贵州省低碳数据一张网：每夜一本账 | Guizhou's carbon accounts, every night, on one ledger.",
)
releases_app = typer.Typer(invoke_without_command=True, help="列出、签署发布版本 | List and sign releases.")
app.add_typer(releases_app, name="releases")

steward_app = typer.Typer(no_args_is_help=True, help="数据治理待办与更正表 | The steward's worklist and correction sheets.")
app.add_typer(steward_app, name="steward")

received_app = typer.Typer(no_args_is_help=True, help="收下的文件：缺失、损坏或已放弃的 | Received files that are lost, damaged or given up.")
app.add_typer(received_app, name="received")

gates_app = typer.Typer(no_args_is_help=True, help="关口的成绩 | How good the gates are.")
app.add_typer(gates_app, name="gates")

new_app = typer.Typer(no_args_is_help=True, help="写出新数据源、指标或规则的骨架 | The skeleton of a new source, indicator or rule.")
app.add_typer(new_app, name="new")

IntoOption = Annotated[Path | None, typer.Option("--into", help="写入哪个项目文件夹，缺省为本项目 | the project to write into, else this one")]
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
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    except _WRONG_PATH as error:
        raise typer.BadParameter(str(failure.explain(error))) from error
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
    settings = _settings(inbox, data, _day(as_of))
    from pipelines.report import Reporter

    reporter = Reporter(as_json)
    try:
        from pipelines.night import run_night

        night = run_night(settings, reporter.say, reporter.progress)
    finally:
        reporter.close()
    reporter.finish(night.summary(), settings)
    raise typer.Exit(night.exit_code)


@app.command()
def verify(
    data: DataOption = None,
    quick: Annotated[bool, typer.Option("--quick", help="只核对当前版本 | the live release only")] = False,
    release: Annotated[Path | None, typer.Option("--release", help="只核对这个发布文件夹（可在任何机器上）| only this release folder, on any machine")] = None,
    key: Annotated[Path | None, typer.Option("--public-key", help="与 --release 同用：须由此公钥（PEM）所属密钥签署 | with --release: the key that must have signed it")] = None,
    as_json: JsonOption = False,
) -> None:
    """重算所有发布版本的哈希、恒等式与约定 | Recompute hashes, identities, contracts and the chain of all releases; changes nothing."""
    from pipelines.gate.given_up import list_wrong
    from pipelines.publish import verify as verifying

    if key is not None and release is None:
        raise typer.BadParameter("--public-key 须与 --release 同用 | --public-key goes with --release")
    settings = _settings(data=data)
    problems = verifying.verify(settings, quick=quick) if release is None else verifying.verify_copy(release, key)
    alone = quick or release is not None
    given_up = [item for item in list_wrong(settings) if item["given_up_by"]] if not (alone or problems) else []
    if as_json:
        print(json.dumps({"problems": problems, "quick": quick, "given_up": given_up}, ensure_ascii=False))
    for problem in problems if not as_json else []:
        print(problem)
    if problems:
        raise typer.Exit(1)
    for item in given_up if not as_json else []:
        print(f"已放弃的副本 | given up: {item['batch_id']} ({item['file_name']}), {item['given_up_by']} {item['given_up_at'][:10]}")
    if not as_json:
        print(_IN_ORDER["release" if release else "quick" if quick else "all"])


_IN_ORDER = {
    "all": "核对无误 | all releases are in order",
    "quick": "当前版本核对无误 | the live release is in order",
    "release": "该发布文件夹自身核对无误（未与湖和登记库核对）| the release folder is in order by itself (not held against lake and registry)",
}


@app.command()
def diff(
    before: Annotated[str, typer.Argument(help="前一版本 | the earlier release")],
    after: Annotated[str, typer.Argument(help="后一版本 | the later release")],
    out: Annotated[Path | None, typer.Option("--out", help="变化另存为表（.csv 或 .parquet） | the changes as a table too")] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """任意两个版本之间变了什么、为什么 | What changed between any two releases, and why."""
    from pipelines.vintage import diff as differing

    found = differing.diff(_settings(data=data), before, after)
    if out is not None:
        differing.write_table(found, out)
    print(json.dumps(asdict(found), ensure_ascii=False, default=_plain) if as_json else differing.render(found))


@app.command()
def replay(
    release_id: Annotated[str, typer.Argument(help="发布版本 | release")],
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """由数据湖重建一个版本并比对全部哈希，不改动任何文件 | Build a release again from the lake and compare all hashes; exit 1 on any difference."""
    from pipelines.vintage import replay as replaying

    found = replaying.replay(_settings(data=data), release_id)
    print(json.dumps(asdict(found), ensure_ascii=False) if as_json else replaying.render(found))
    if found.differing:
        raise typer.Exit(1)


@app.command()
def explain(
    table: Annotated[str | None, typer.Option(help="表，如 marts.fct_total_year | table")] = None,
    column: Annotated[str | None, typer.Option(help="列 | column")] = None,
    key: Annotated[str | None, typer.Option(help="键 k=v,k=v | key of the row")] = None,
    line: Annotated[str | None, typer.Option(help="明细行编号 | line id")] = None,
    uscc: Annotated[str | None, typer.Option(help="企业 | enterprise")] = None,
    period: Annotated[str | None, typer.Option(help="期间 YYYY-MM 或 YYYY | period")] = None,
    depth: Annotated[int, typer.Option(min=0, max=12, help="向下展开几层 | how far down the tree is drawn")] = 4,
    top: Annotated[int, typer.Option(min=1, help="每个部分列出几行 | how many rows of a part are listed")] = 20,
    check: Annotated[bool, typer.Option("--check", help="逐格核对：各部分是否给出公布的数；不符则退出码 1 | hold every figure against its parts; exit 1 when one does not come out")] = False,
    sample: Annotated[int | None, typer.Option(min=1, help="--check：每列只核对几格，每次相同 | of each column so many cells, the same every time")] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """从一个数字追到文件和行 | From a published figure down to file and row."""
    from pipelines import explain as ex

    settings = _settings(data=data)
    if check:
        proof = ex.prove(settings, table, sample)
        print(json.dumps(ex.as_json(proof), ensure_ascii=False) if as_json else ex.render_proof(proof))
        raise typer.Exit(0 if proof.holds else 1)
    if line:
        result: Any = ex.explain_line(settings, line)
    elif uscc and period:
        result = ex.explain_account(settings, uscc, period)
    elif table and column and key:
        result = ex.explain_cell(settings, table, column, _key(key), top, depth)
    else:
        raise typer.BadParameter("--line, 或 or --uscc 与 and --period, 或 or --table --column --key, 或 or --check")
    print(json.dumps(ex.as_json(result), ensure_ascii=False) if as_json else ex.render(result))


def _key(text: str) -> dict[str, str]:
    return _pairs("--key", [part for part in text.split(",") if part])


def _pairs(option: str, texts: list[str]) -> dict[str, str]:
    """`k=v` texts of an option as a mapping."""
    pairs = [text.partition("=") for text in texts]
    for text, (_, sep, _) in zip(texts, pairs, strict=True):
        if not sep:
            raise typer.BadParameter(f"{option} {text}：应为 列=值 | must be name=value")
    return {name.strip(): value.strip() for name, _, value in pairs}


@app.command()
def query(
    name: Annotated[str | None, typer.Argument(help="查询名，缺省列出全部 | which query, else they are listed")] = None,
    param: Annotated[list[str] | None, typer.Option("--param", help="参数 k=v，可多次 | a parameter, may be repeated")] = None,
    show: Annotated[bool, typer.Option("--show", help="显示 SQL，不运行 | show the SQL, do not run it")] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, help="最多显示几行 | how many rows are shown")] = 40,
    out: Annotated[Path | None, typer.Option("--out", help="全部行写入 .csv 或 .parquet | write all rows to a file")] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """现成的查询：列出、看 SQL、在当前版本上运行 | Ready queries: list them, show their SQL, run them on the live release."""
    from pipelines import query as queries

    if name is None:
        print(json.dumps({q.name: {"title": q.title, "parameters": q.parameters} for q in queries.load_queries().values()}, ensure_ascii=False) if as_json
              else queries.render_list(queries.load_queries().values()))
        return
    found, settings, parameters = queries.find(name), _settings(data=data), _pairs("--param", param or [])
    if show:
        print(found.sql, end="")
    elif out is not None:
        print(f"{queries.write_answer(settings, found, parameters, out)} 行 | rows -> {out}")
    else:
        answer = queries.ask(settings, found, parameters)
        rows = [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]
        print(json.dumps({"query": name, "release_id": answer.release_id, "rows": rows}, ensure_ascii=False, default=_plain) if as_json else queries.render(answer, limit))


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

    entries = list_releases(_settings(data=data))
    if as_json:
        print(json.dumps(entries, ensure_ascii=False, default=str))
        return
    words = {"live": "当前 live", "official": "正式（已签署） official (signed)", "damaged": "受损 damaged"}
    for entry in entries:
        marks = "  ".join(word for name, word in words.items() if entry[name])
        marks += f"  封账 closes {', '.join(map(str, entry['closes']))}" if entry["closes"] else ""
        shares = ", ".join(f"{year} {share:.1%}" for year, share in (entry["unexplained_shares"] or {}).items())
        print(f"{entry['release_id']}  {entry['knowledge_date']}  {marks}" + (f"  未解释 unexplained: {shares}" if shares else ""))
        for problem in entry["problems"]:
            print(f"    {problem}")


@releases_app.command("sign")
def sign_command(
    ctx: typer.Context,
    release_id: Annotated[str, typer.Argument(help="发布版本 | release")],
    by: Annotated[str, typer.Option("--by", help="签署人 | who signs")],
    note: Annotated[str, typer.Option("--note", help="说明 | note")],
    data: DataOption = None,
) -> None:
    """签署一个发布版本：成为正式版本，不再删除 | Sign a release: official, never removed."""
    from pipelines.publish.releases import sign

    closes = ", ".join(map(str, sign(_settings(data=data or ctx.obj), release_id, by, note)["closes"]))
    print(f"已签署 | signed: {release_id}" + (f"；封账年份 | years closed: {closes}" if closes else "；没有可封账的最终年份 | no final year to close"))


@releases_app.command("reopen")
def reopen_command(
    ctx: typer.Context,
    year: Annotated[int, typer.Argument(help="已封账的年份 | a closed year")],
    by: Annotated[str, typer.Option("--by", help="由谁开账 | who opens it")],
    second_by: Annotated[str, typer.Option("--second-by", help="复核人，须为另一人 | who agrees, somebody else")],
    note: Annotated[str, typer.Option("--note", help="理由 | why")],
    data: DataOption = None,
) -> None:
    """重新打开已封账的年份（须两人） | Open a closed year again, by two people; the next night takes in what came since."""
    from pipelines.publish.releases import reopen

    opened = reopen(_settings(data=data or ctx.obj), year, by, second_by, note)
    print(f"已重新开账 | open again: {year}（{opened.release_id}，{opened.closed_by}）；下一夜计入此后收到的数据 | the next night takes in what came since")


@releases_app.command("promote")
def promote_command(
    ctx: typer.Context,
    release_id: Annotated[str, typer.Argument(help="发布版本 | release")],
    by: Annotated[str, typer.Option("--by", help="由谁恢复 | who makes it live")],
    note: Annotated[str, typer.Option("--note", help="说明 | note")],
    data: DataOption = None,
) -> None:
    """使较早封存的版本重新上线（先完整核对） | Make an earlier sealed release live again, after a full check."""
    from pipelines.publish.releases import promote

    promote(_settings(data=data or ctx.obj), release_id, by, note)
    print(f"已上线 | live: {release_id}")


@steward_app.command("list")
def steward_list(
    every: Annotated[bool, typer.Option("--all", help="也列出已了结的 | settled ones too")] = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """待办，按涉及排放量从大到小 | The worklist, the most tonnes at stake first."""
    from pipelines import desk as steward

    found = steward.items(_settings(data=data), every=every)
    print(json.dumps(found, ensure_ascii=False, default=_plain) if as_json else steward.render(found))


@steward_app.command("show")
def steward_show(
    item: Annotated[str, typer.Argument(help="待办编号或其开头 | item, or the beginning of its number")],
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """一项待办：行、原因、怎么改、已有决定 | One item: rows, reasons, advice, decisions so far."""
    from pipelines import desk as steward

    found = steward.item(_settings(data=data), item)
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
    from pipelines import desk as steward

    path = out or Path(f"更正表_{batch}{'_' + uscc if uscc else ''}.xlsx")
    lines = steward.write_template(_settings(data=data), batch, path, uscc=uscc, every=every)
    print(f"更正表 {lines} 行 | correction sheet with {lines} lines: {path}")


@app.command("nights")
def nights(
    limit: Annotated[int, typer.Option("--limit", min=1, help="最近几夜 | how many, the latest first")] = 20,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """各夜的结果与用时，含失败与中断的 | The nights with outcome and times, failed and killed ones among them."""
    from pipelines.report import as_text, recent_nights

    found = recent_nights(_settings(data=data), limit)
    print(json.dumps(found, ensure_ascii=False) if as_json else as_text(found))


@app.command("settings")
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


@received_app.command("list")
def received_list(data: DataOption = None, as_json: JsonOption = False) -> None:
    """缺失或与收到时不同的副本，含已放弃的 | Received copies that are not what was received, those given up among them."""
    from pipelines.gate.given_up import list_wrong

    found = list_wrong(_settings(data=data))
    if as_json:
        print(json.dumps(found, ensure_ascii=False))
        return
    for item in found:
        decided = f"已放弃 given up: {item['given_up_by']} {item['given_up_at'][:10]} {item['note']}" if item["given_up_by"] else "待处理 open"
        print(f"{item['batch_id']}  {item['file_name']}  {item['state']}  {decided}  {item['path']}")
    if not found:
        print("收下的文件均在 | every received file is there")


@received_app.command("give-up")
def received_give_up(
    batch: Annotated[str, typer.Argument(help="批次编号 | batch")],
    by: Annotated[str, typer.Option("--by", help="由谁决定 | who decides")],
    note: Annotated[str, typer.Option("--note", help="原因 | why")],
    data: DataOption = None,
) -> None:
    """放弃一个已无法找回的副本：已入库的行继续有效，湖中文件再损坏则整批退回 | Let nights go on without a received copy that is gone for good."""
    from pipelines.gate.given_up import give_up

    found = give_up(_settings(data=data), batch, by, note)
    print(f"已登记，下一夜继续 | recorded, the next night goes on: {found.batch_id} ({found.source}/{found.file_name})")


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

    from pipelines.score.card import bars
    from pipelines.score.offices import office_bars
    from pipelines.score.render import as_data, as_markdown
    from pipelines.score.run import Asked, run_score
    from pipelines.settings import PROJECT

    with tempfile.TemporaryDirectory(prefix="carbon-score-") as folder:
        try:
            scored = run_score(Asked(seed, seeds, enterprises, months, faults), Path(folder), lambda text: print(text, file=sys.stderr))
        except ValueError as error:
            raise typer.BadParameter(str(error)) from error
        except _WRONG_PATH as error:
            raise typer.BadParameter(str(failure.explain(error))) from error
    if write:
        (PROJECT / "docs" / "gates-score.md").write_text(as_markdown(scored), "utf-8")
    print(json.dumps(as_data(scored), ensure_ascii=False) if as_json else as_markdown(scored))
    measured = [*bars(scored.board, scored.clean.values(), scored.classes), *office_bars(scored.offices)]
    if check and not all(bar.met for bar in measured):
        raise typer.Exit(1)


@new_app.command("source")
def new_source(name: Annotated[str, typer.Argument(help="数据源名 | name of the source")], into: IntoOption = None) -> None:
    """一个数据源，从合同到公布的表 | A source, from its contract to its published table."""
    from pipelines.scaffold import new
    from pipelines.settings import PROJECT

    print(new.new_source(name, into or PROJECT))


@new_app.command("indicator")
def new_indicator(
    name: Annotated[str, typer.Argument(help="指标名，表为 fct_<名> | name, the table is fct_<name>")],
    reads: Annotated[str, typer.Option("--reads", help="读取哪个模型 | the model that it reads")],
    folder: Annotated[str, typer.Option("--folder", help="marts 下的文件夹 | folder of marts")] = "statistics",
    into: IntoOption = None,
) -> None:
    """一张公布的表，带手算的单元检验 | A published table, with a unit test worked by hand."""
    from pipelines.scaffold import new
    from pipelines.settings import PROJECT

    print(new.new_indicator(name, reads, folder, into or PROJECT))


@new_app.command("rule")
def new_rule(
    check_id: Annotated[str, typer.Argument(help="编号，如 R93-heat-jump | id, like R93-heat-jump")],
    source: Annotated[str | None, typer.Option("--source", help="关口规则：哪个数据源 | a rule of the gate on this source")] = None,
    reads: Annotated[str | None, typer.Option("--reads", help="现行视图规则：读取哪个模型 | a rule on the current view that reads this model")] = None,
    into: IntoOption = None,
) -> None:
    """一条规则，带必须拦下与必须通过的行 | A rule, with the rows that it must catch and pass."""
    from pipelines.scaffold import new
    from pipelines.settings import PROJECT

    print(new.new_rule(check_id, into or PROJECT, source=source, reads=reads))


def _plain(value: object) -> float | str:
    """Amounts as numbers, days as text."""
    return float(value) if isinstance(value, Decimal) else str(value)


def main() -> None:
    """Entry point of the console command."""
    app()


if __name__ == "__main__":
    main()
