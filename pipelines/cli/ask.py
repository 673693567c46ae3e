"""Commands that ask the live release: `explain`, `query`, `serve`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from pipelines.cli.fence import settings_of
from pipelines.cli.options import DataOption, JsonOption, pairs, plain


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

    settings = settings_of(data=data)
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
        raise typer.BadParameter("请给出 --line，或 --uscc 与 --period，或 --table、--column 与 --key，或 --check | give --line, or --uscc and --period, or --table, --column and --key, or --check")
    print(json.dumps(ex.as_json(result), ensure_ascii=False) if as_json else ex.render(result))


def _key(text: str) -> dict[str, str]:
    return pairs("--key", [part for part in text.split(",") if part])


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
    found, settings, parameters = queries.find(name), settings_of(data=data), pairs("--param", param or [])
    if show:
        print(found.sql, end="")
    elif out is not None:
        print(f"{queries.write_answer(settings, found, parameters, out)} 行 | rows -> {out}")
    else:
        answer = queries.ask(settings, found, parameters)
        rows = [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]
        print(json.dumps({"query": name, "release_id": answer.release_id, "rows": rows}, ensure_ascii=False, default=plain) if as_json else queries.render(answer, limit))


def serve(
    host: Annotated[str, typer.Option(help="监听地址，缺省只限本机 | address to listen on, else this machine alone")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="端口 | port")] = 8000,
    data: DataOption = None,
) -> None:
    """在浏览器中看网站、下载与只读 SQL | The site, the downloads and read-only SQL in a browser."""
    from pipelines.serve import serve as run

    run(settings_of(data=data), host, port, lambda text: print(text, flush=True))
