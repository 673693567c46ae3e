"""The fence that every command runs inside: whatever ends one is a sentence to the reader, a last line under `--json`, a traceback in the log."""

from __future__ import annotations

import errno
import os
import sys
from datetime import date
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperGroup

from pipelines import failure
from pipelines.near import near
from pipelines.problem import Problem, UsageProblem
from pipelines.settings import Settings, load_settings

WRONG_PATH = (FileNotFoundError, FileExistsError, NotADirectoryError, IsADirectoryError)   # an option names what cannot be
_Usage: type[Exception] = typer.BadParameter.__mro__[1]   # what typer raises for wrong arguments; its module is private
_USED: list[Settings] = []               # the settings of this command, for the log of what ends it


class Fence(TyperGroup):
    """Every command runs inside: what it raises ends as a sentence and an exit status."""

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        try:
            return super().make_context(info_name, args, parent, **extra)
        except _Usage as error:
            raise _refused(error, "--json" in args) from None

    def invoke(self, ctx: Any) -> Any:
        as_json = "--json" in ctx.args   # what follows the command's name, not yet read
        try:
            return super().invoke(ctx)
        except (typer.Exit, typer.Abort, BrokenPipeError):
            raise
        except _Usage as error:
            raise _refused(error, as_json) from None
        except Exception as error:  # noqa: BLE001 - the fence: nothing that ends a command reaches its user as a traceback
            raise typer.Exit(_tell(error, ctx.invoked_subcommand or "carbon", as_json)) from None


def _refused(error: Any, as_json: bool) -> Exception:
    """Say what is wrong with the arguments; what then ends the command. A group that was called alone shows its help instead."""
    if type(error).__name__ == "NoArgsIsHelpError":
        return error   # type: ignore[no-any-return]
    problem = usage_problem(error)
    print(problem, file=sys.stderr)
    if error.ctx is not None:
        print(f"用法 | usage: {error.ctx.command_path} --help", file=sys.stderr)
    if as_json:
        print(failure_line(problem), flush=True)
    return typer.Exit(problem.exit_status)


def usage_problem(error: Any) -> UsageProblem:
    """Wrong arguments in words: what typer says of them in English, with the Chinese beside; a message of ours has both already."""
    said = str(error.format_message()).rstrip(".")
    kind, ctx = type(error).__name__, getattr(error, "ctx", None)
    if kind == "NoSuchOption":
        zh, en = near(error.option_name, [name for parameter in ctx.command.params for name in parameter.opts] if ctx else [])
        return UsageProblem(f"用法错误：没有选项 {error.option_name}{zh}", f"wrong usage: there is no option {error.option_name}{en}")
    if said.startswith("No such command"):
        name = said.split("'")[1]
        zh, en = near(name, ctx.command.list_commands(ctx) if ctx else [])
        return UsageProblem(f"用法错误：没有命令 {name}{zh}", f"wrong usage: there is no command {name}{en}")
    if kind == "MissingParameter":
        name = _name_of(error)
        return UsageProblem(f"用法错误：缺少 {name}", f"wrong usage: {name} is missing")
    ours = getattr(error, "message", "")
    if " | " in ours:
        zh, _, en = ours.partition(" | ")
        return UsageProblem(f"用法错误：{zh}", f"wrong usage: {en}")
    if _name_of(error):
        return UsageProblem(f"用法错误：{_name_of(error)} 的值不能用（{ours}）", f"wrong usage: {_name_of(error)} cannot be that ({ours})")
    return UsageProblem(f"用法错误：{said}", f"wrong usage: {said}")


def _name_of(error: Any) -> str:
    """The option or argument that an error is about; empty = none."""
    parameter = getattr(error, "param", None)
    return str([*parameter.opts, parameter.name][0]) if parameter else str(getattr(error, "param_hint", None) or "")


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
        print(failure_line(problem), flush=True)
    return problem.exit_status


def failure_line(problem: Problem) -> str:
    """The last line of `--json` when something failed."""
    from pipelines.report import failure_line as line

    return line(problem)


def settings_of(inbox: Path | None = None, data: Path | None = None, as_of: date | None = None) -> Settings:
    """The settings of this command. Raises SettingsError, and NotADirectoryError when the data folder is a file."""
    settings = load_settings(inbox, data, as_of)
    if settings.data.exists() and not settings.data.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(settings.data))
    _USED.append(settings)
    return settings
