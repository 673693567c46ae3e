"""`carbon`: the one console command. Thin: it reads arguments, calls a stage, prints, and sets the exit status.

Exit status of `nightly`: 0 published or nothing new; 3 published, and a delivery first judged in this run was refused or
had rows quarantined; 1 failed, the last release stands; 2 wrong usage; 130/143 on signals.
"""

from __future__ import annotations

from collections.abc import Callable

import typer

from pipelines.cli import ask, desk, nights, project, releases
from pipelines.cli.fence import Fence

app = typer.Typer(
    cls=Fence, name="carbon", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
    help="贵州省低碳数据一张网：每夜一本账 | Guizhou's carbon accounts, every night, on one ledger.",
)
for command in (nights.demo, nights.nightly, releases.verify, releases.diff, releases.replay, ask.explain, ask.query, ask.serve, nights.nights):
    app.command()(command)
app.command("settings")(nights.show_settings)

releases_app = typer.Typer(invoke_without_command=True, help="列出、签署发布版本 | List and sign releases.")
releases_app.callback()(releases.releases)
steward_app = typer.Typer(no_args_is_help=True, help="数据治理待办与更正表 | The steward's worklist and correction sheets.")
received_app = typer.Typer(no_args_is_help=True, help="收下的文件：缺失、损坏或已放弃的 | Received files that are lost, damaged or given up.")
gates_app = typer.Typer(no_args_is_help=True, help="关口的成绩 | How good the gates are.")
gates_app.callback()(project.gates)
new_app = typer.Typer(no_args_is_help=True, help="写出新数据源、指标或规则的骨架 | The skeleton of a new source, indicator or rule.")
_GROUPS: dict[str, tuple[typer.Typer, dict[str, Callable[..., None]]]] = {
    "releases": (releases_app, {"list": releases.list_command, "sign": releases.sign_command, "reopen": releases.reopen_command, "promote": releases.promote_command}),
    "steward": (steward_app, {"list": desk.steward_list, "show": desk.steward_show, "template": desk.steward_template, "submit": desk.steward_submit}),
    "received": (received_app, {"list": desk.received_list, "give-up": desk.received_give_up}),
    "gates": (gates_app, {"score": project.gates_score}),
    "new": (new_app, {"source": project.new_source, "indicator": project.new_indicator, "rule": project.new_rule}),
}
for name, (group, commands) in _GROUPS.items():
    for called, run in commands.items():
        group.command(called)(run)
    app.add_typer(group, name=name)


def main() -> None:
    """Entry point of the console command."""
    app()
