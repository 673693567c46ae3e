"""Run dbt in this process and say in words what failed. The only module that imports dbt, and only when it runs."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pipelines.contracts import check as contracts
from pipelines.failure import explain_text
from pipelines.logs import LOGGER
from pipelines.problem import Problem
from pipelines.settings import PROJECT, Settings
from pipelines.transform.floors import faults, read_manifest

PROJECT_DIR = PROJECT / "dbt_project"

# the project as dbt parsed it in this process, by the name that the tables' addresses begin with: parsing is a third of a small night
_PARSED: dict[str, Any] = {}
_PARTIAL = "partial_parse.msgpack"


@dataclass(frozen=True)
class Node:
    """One node that dbt ran: a model, seed, test or unit test."""

    unique_id: str
    name: str
    kind: str
    status: str
    message: str
    seconds: float
    failures: int
    sql: str = ""   # as it ran, of a model or test that failed

    @property
    def failed(self) -> bool:
        return self.status in ("error", "fail", "runtime error")


@dataclass
class BuildResult:
    """What one dbt invocation did."""

    nodes: list[Node] = field(default_factory=list)
    error: str | None = None

    @property
    def failed(self) -> list[Node]:
        return [node for node in self.nodes if node.failed]

    @property
    def ok(self) -> bool:
        return self.error is None and not self.failed


class BuildError(Problem):
    """The build did not finish clean: names the models or tests that failed."""


def build_db(settings: Settings, *, replay: bool = False) -> Path:
    """The build database of a data folder; a replay of an earlier knowledge date has one of its own."""
    return settings.warehouse / ("replay.duckdb" if replay else "build.duckdb")


def run_dbt(
    command: list[str], database: Path, target: Path, on_node: Callable[[str], None] | None = None, memory: str = Settings.build_memory
) -> BuildResult:
    """Invoke dbt once, with that memory before DuckDB spills to disk. The database is closed afterwards, whatever happens."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner
    from dbt_common.events.base_types import EventMsg

    os.environ["CARBON_BUILD_MEMORY_LIMIT"] = memory
    os.environ.setdefault("CARBON_BUILD_THREADS", str(os.cpu_count() or 2))

    def listen(event: EventMsg) -> None:
        if on_node and event.info.name == "LogStartLine":
            on_node(event.data.description)

    # no debug log in a file: it costs a quarter of a small night, and what failed is in the result
    options = [
        "--project-dir", str(PROJECT_DIR), "--profiles-dir", str(PROJECT_DIR), "--target-path", str(target), "--log-path", str(target),
        "--log-level-file", "none", "--quiet", "--no-use-colors",
    ]
    try:
        if database.stem not in _PARSED or command == ["parse"]:   # a parse is asked for what it writes
            # what a parse leaves behind holds for every database of that name: nothing is opened yet
            os.environ["CARBON_BUILD_DB"] = f"{database.stem}.duckdb"
            _begin_with_what_is_parsed(target)
            parsed = dbtRunner().invoke(["parse", *options])
            if not parsed.success:
                return _result(parsed)
            _PARSED[database.stem] = parsed.result
            if command == ["parse"]:
                return _result(parsed)
        os.environ["CARBON_BUILD_DB"] = str(database)
        result = dbtRunner(manifest=_PARSED[database.stem], callbacks=[listen]).invoke([*command, *options])
    finally:
        DuckDBConnectionManager.close_all_connections()
    return _result(result)


def parsed_manifest(database: Path, target: Path) -> Any:
    """The project as dbt parsed it for a build database, parsed now where this process did not. Raises BuildError when it cannot be."""
    if database.stem not in _PARSED:
        require(run_dbt(["parse"], database, target))
    return _PARSED[database.stem]


def _begin_with_what_is_parsed(target: Path) -> None:
    """A new data folder takes over what `make check` parsed: dbt parses anew only what changed since, by the files' hashes."""
    known, own = PROJECT_DIR / "target" / _PARTIAL, target / _PARTIAL
    if known.is_file() and not own.exists():
        target.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(known, own)


def build(
    settings: Settings, database: Path, *, full: bool, on_node: Callable[[str], None] | None = None, models: tuple[str, ...] = (), tested: bool = False,
) -> BuildResult:
    """Build every model and run every data test, `--full-refresh` when everything is to be built anew.

    Unit tests judge the code, not the night: they run in the test suite. With `models` only these and what they rest on are built: untested, or tested by what looks at nothing else.
    """
    target = settings.warehouse / "dbt"
    target.mkdir(parents=True, exist_ok=True)
    # nobody reads what dbt would write of a night: it costs a second or two
    command = ["build", "--exclude-resource-type", "unit_test", "--no-write-json"]
    # seeds and the views of staging change with the code, and a change of code rebuilds everything
    command += ["--full-refresh"] if full else ["--exclude-resource-type", "seed", "--exclude", "path:models/staging,resource_type:model"]
    if models:
        command += ["--indirect-selection", "cautious"] if tested else ["--exclude-resource-type", "test"]
        command += ["--select", *(f"+{name}" for name in models)]
    return run_dbt(command, database, target, on_node, settings.build_memory)


def parse(target: Path) -> BuildResult:
    """Parse the project as a night does (for `make check` and Dagster's manifest)."""
    return run_dbt(["parse"], target / "build.duckdb", target)


def _result(result: Any) -> BuildResult:
    built = BuildResult(error=None if result.exception is None else str(result.exception))
    for item in getattr(result.result, "results", None) or []:
        node = item.node
        built.nodes.append(
            Node(
                unique_id=node.unique_id, name=node.name, kind=str(node.resource_type.value), status=str(item.status.value),
                message=str(item.message or ""), seconds=float(item.execution_time or 0), failures=int(item.failures or 0),
                sql=str(getattr(node, "compiled_code", None) or ""),
            )
        )
    if not result.success and built.error is None and not built.failed:
        built.error = "dbt did not succeed"
    return built


def failed_folder(settings: Settings) -> Path:
    """Where the last build that failed left what dbt said of every node, and the SQL of those that failed as it ran."""
    return settings.warehouse / "dbt" / "failed"


def _keep(result: BuildResult, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    nodes = [{key: value for key, value in asdict(node).items() if key != "sql"} for node in result.nodes]
    (folder / "run_results.json").write_text(json.dumps({"error": result.error, "results": nodes}, ensure_ascii=False, indent=1), "utf-8")
    for node in result.failed:
        (folder / f"{node.name}.sql").write_text(node.sql, "utf-8")


def require(result: BuildResult, keep: Path | None = None) -> None:
    """Raise BuildError when a model or a blocking test failed; what dbt said of it is kept in a folder."""
    if result.ok:
        return
    if keep is not None:
        _keep(result, keep)
    lines: list[str] = [result.error] if result.error else []
    lines += [f"{node.kind} {node.name}: {node.message.strip()}" for node in result.failed[:20]]
    named = "\n".join(line for line in lines if line)
    LOGGER.error("dbt: %s", named)
    cause = next(filter(None, map(explain_text, lines)), None)   # a full disk and the like: not the models' fault
    if cause is not None:
        raise BuildError(f"计算中断，未发布：{cause.zh}", f"the build was cut off, nothing was published: {cause.en}")
    raise BuildError("计算或其检验未通过，未发布", f"a model or a blocking test failed, nothing was published:\n{named}")


if __name__ == "__main__":
    if told := contracts.faults():
        sys.exit("\n".join(map(str, told)))
    outcome = parse(PROJECT_DIR / "target")
    if not outcome.ok:
        sys.exit(outcome.error or "dbt parse failed")
    if told := faults(read_manifest(PROJECT_DIR / "target"), PROJECT_DIR / "seeds"):
        sys.exit("\n".join(map(str, told)))
