"""Commands on releases: `verify`, `diff`, `replay`, `releases`."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.fence import settings_of
from pipelines.cli.options import DataOption, JsonOption, plain


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
    settings = settings_of(data=data)
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


def diff(
    before: Annotated[str, typer.Argument(help="前一版本 | the earlier release")],
    after: Annotated[str, typer.Argument(help="后一版本 | the later release")],
    out: Annotated[Path | None, typer.Option("--out", help="变化另存为表（.csv 或 .parquet） | the changes as a table too")] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """任意两个版本之间变了什么、为什么 | What changed between any two releases, and why."""
    from pipelines.vintage import diff as differing

    found = differing.diff(settings_of(data=data), before, after)
    if out is not None:
        differing.write_table(found, out)
    print(json.dumps(asdict(found), ensure_ascii=False, default=plain) if as_json else differing.render(found))


def replay(
    release_id: Annotated[str, typer.Argument(help="发布版本 | release")],
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """由数据湖重建一个版本并比对全部哈希，不改动任何文件 | Build a release again from the lake and compare all hashes; exit 1 on any difference."""
    from pipelines.vintage import replay as replaying

    found = replaying.replay(settings_of(data=data), release_id)
    print(json.dumps(asdict(found), ensure_ascii=False) if as_json else replaying.render(found))
    if found.differing:
        raise typer.Exit(1)


def releases(ctx: typer.Context, data: DataOption = None) -> None:
    """列出发布版本 | List the releases."""
    ctx.obj = data
    if ctx.invoked_subcommand is None:
        _list(data, False)


def list_command(ctx: typer.Context, data: DataOption = None, as_json: JsonOption = False) -> None:
    """列出发布版本 | List the releases."""
    _list(data or ctx.obj, as_json)


def _list(data: Path | None, as_json: bool) -> None:
    from pipelines.publish.releases import list_releases

    entries = list_releases(settings_of(data=data))
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


def sign_command(
    ctx: typer.Context,
    release_id: Annotated[str, typer.Argument(help="发布版本 | release")],
    by: Annotated[str, typer.Option("--by", help="签署人 | who signs")],
    note: Annotated[str, typer.Option("--note", help="说明 | note")],
    data: DataOption = None,
) -> None:
    """签署一个发布版本：成为正式版本，不再删除 | Sign a release: official, never removed."""
    from pipelines.publish.releases import sign

    closes = ", ".join(map(str, sign(settings_of(data=data or ctx.obj), release_id, by, note)["closes"]))
    print(f"已签署 | signed: {release_id}" + (f"；封账年份 | years closed: {closes}" if closes else "；没有可封账的最终年份 | no final year to close"))


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

    opened = reopen(settings_of(data=data or ctx.obj), year, by, second_by, note)
    print(f"已重新开账 | open again: {year}（{opened.release_id}，{opened.closed_by}）；下一夜计入此后收到的数据 | the next night takes in what came since")


def promote_command(
    ctx: typer.Context,
    release_id: Annotated[str, typer.Argument(help="发布版本 | release")],
    by: Annotated[str, typer.Option("--by", help="由谁恢复 | who makes it live")],
    note: Annotated[str, typer.Option("--note", help="说明 | note")],
    data: DataOption = None,
) -> None:
    """使较早封存的版本重新上线（先完整核对） | Make an earlier sealed release live again, after a full check."""
    from pipelines.publish.releases import promote

    promote(settings_of(data=data or ctx.obj), release_id, by, note)
    print(f"已上线 | live: {release_id}")
