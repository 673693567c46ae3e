"""Commands on the project itself: `gates`, `new`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from pipelines import failure
from pipelines.cli.fence import WRONG_PATH
from pipelines.cli.options import IntoOption, JsonOption


def gates() -> None:
    """关口的成绩 | How good the gates are."""


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
        except WRONG_PATH as error:
            raise typer.BadParameter(str(failure.explain(error))) from error
    if write:
        (PROJECT / "docs" / "gates-score.md").write_text(as_markdown(scored), "utf-8")
    print(json.dumps(as_data(scored), ensure_ascii=False) if as_json else as_markdown(scored))
    measured = [*bars(scored.board, scored.clean.values(), scored.classes), *office_bars(scored.offices)]
    if check and not all(bar.met for bar in measured):
        raise typer.Exit(1)


def new_source(name: Annotated[str, typer.Argument(help="数据源名 | name of the source")], into: IntoOption = None) -> None:
    """一个数据源，从合同到公布的表 | A source, from its contract to its published table."""
    from pipelines.scaffold import new
    from pipelines.settings import PROJECT

    print(new.new_source(name, into or PROJECT))


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
