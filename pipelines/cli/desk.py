"""Commands of the data steward: `steward`, `received`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.fence import settings_of
from pipelines.cli.options import DataOption, InboxOption, JsonOption, plain


def steward_list(
    every: Annotated[bool, typer.Option("--all", help="也列出已了结的 | settled ones too")] = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """待办，按涉及排放量从大到小 | The worklist, the most tonnes at stake first."""
    from pipelines import desk as steward

    found = steward.items(settings_of(data=data), every=every)
    print(json.dumps(found, ensure_ascii=False, default=plain) if as_json else steward.render(found))


def steward_show(
    item: Annotated[str, typer.Argument(help="待办编号或其开头 | item, or the beginning of its number")],
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """一项待办：行、原因、怎么改、已有决定 | One item: rows, reasons, advice, decisions so far."""
    from pipelines import desk as steward

    found = steward.item(settings_of(data=data), item)
    print(json.dumps(found, ensure_ascii=False, default=plain) if as_json else steward.render_item(found))


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
    lines = steward.write_template(settings_of(data=data), batch, path, uscc=uscc, every=every)
    print(f"更正表 {lines} 行 | correction sheet with {lines} lines: {path}")


def steward_submit(
    sheet: Annotated[Path, typer.Argument(help="填好的更正表 | the filled-in sheet", exists=True, dir_okay=False)],
    to: Annotated[Path | None, typer.Option("--to", help="放入哪个文件夹，缺省为收件箱的 steward_decision/ | the folder, else steward_decision/ of the inbox")] = None,
    inbox: InboxOption = None,
    data: DataOption = None,
) -> None:
    """核对填好的更正表并放入收件箱；有误则逐行说明，不放入 | Check a filled-in sheet and deliver it; one with a mistake is told line by line and stays."""
    from pipelines.gate.submit import submit

    found = submit(settings_of(data=data, inbox=inbox), sheet, to)
    for remark in found.remarks:
        where = f"第 {remark.row_no} 行 row {remark.row_no}" if remark.row_no else "整个文件 the file"
        print(f"{where}  {remark.check_id}  {remark.decision_id or ''}\n    {remark.zh} | {remark.en}\n    {remark.advice_zh} | {remark.advice_en}")
    if found.path is None:
        print(f"有 {len(found.remarks)} 处需改，未放入收件箱 | {len(found.remarks)} things to mend, the sheet was not delivered")
        raise typer.Exit(1)
    print(f"{found.decisions} 项决定已放入 | {found.decisions} decisions delivered: {found.path}")


def received_list(data: DataOption = None, as_json: JsonOption = False) -> None:
    """缺失或与收到时不同的副本，含已放弃的 | Received copies that are not what was received, those given up among them."""
    from pipelines.gate.given_up import list_wrong

    found = list_wrong(settings_of(data=data))
    if as_json:
        print(json.dumps(found, ensure_ascii=False))
        return
    for item in found:
        decided = f"已放弃 given up: {item['given_up_by']} {item['given_up_at'][:10]} {item['note']}" if item["given_up_by"] else "待处理 open"
        print(f"{item['batch_id']}  {item['file_name']}  {item['state']}  {decided}  {item['path']}")
    if not found:
        print("收下的文件均在 | every received file is there")


def received_give_up(
    batch: Annotated[str, typer.Argument(help="批次编号 | batch")],
    by: Annotated[str, typer.Option("--by", help="由谁决定 | who decides")],
    note: Annotated[str, typer.Option("--note", help="原因 | why")],
    data: DataOption = None,
) -> None:
    """放弃一个已无法找回的副本：已入库的行继续有效，湖中文件再损坏则整批退回 | Let nights go on without a received copy that is gone for good."""
    from pipelines.gate.given_up import give_up

    found = give_up(settings_of(data=data), batch, by, note)
    print(f"已登记，下一夜继续 | recorded, the next night goes on: {found.batch_id} ({found.source}/{found.file_name})")
