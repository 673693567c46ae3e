"""What tests share: one synthetic province, one published release, and a way to run a night in this process."""

from __future__ import annotations

import atexit
import fcntl
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import date
from functools import cache, partial
from importlib.abc import MetaPathFinder
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from tests.cost import Cost

ROOT = Path(__file__).resolve().parent.parent
CARBON = [sys.executable, "-m", "pipelines.cli"]
AS_OF = "2026-06-30"
FIRST_DAY = "2025-01-31"   # before every night of the tests


@dataclass(frozen=True)
class Release:
    """A published release with the inbox that it was made from."""

    inbox: Path
    data: Path
    exit_code: int
    summary: dict[str, Any]

    @property
    def database(self) -> Path:
        return self.data / "marts" / "carbon.duckdb"

    @property
    def manifest(self) -> dict[str, Any]:
        return json.loads((self.data / "marts" / "release.json").read_text("utf-8"))


# what `make test-fast` leaves out: tests of nights, of Dagster and dbt, of sealed releases, and of files that come in pieces
HEAVY = (
    "tests/browser", "tests/dbt", "tests/endurance", "tests/flow", "tests/golden", "gate/test_bulk.py", "gate/test_fence.py", "gate/test_lake.py", "gate/test_offices.py",
    "gate/test_pieces.py", "unit/test_definitions.py", "unit/test_explain.py", "unit/test_nights.py", "unit/test_publish_*.py", "unit/test_score.py",
)
NOT_FAST = ("dagster", "dagster_dbt", "dbt")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--fast", action="store_true", help="only tests without a night, Dagster and dbt (make test-fast)")
    parser.addoption("--cost", action="store_true", help="at the end a table: processor seconds by file, of this process and its children")


def pytest_configure(config: pytest.Config) -> None:
    # no test measures time, those of hypothesis neither
    settings.register_profile("carbon", deadline=None)
    settings.load_profile("carbon")
    if config.getoption("--fast"):
        sys.meta_path.insert(0, _NotFast())
    if config.getoption("--cost"):
        config.pluginmanager.register(Cost())


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """What is heavy is not even imported: imports are what costs."""
    return True if config.getoption("--fast") and any(map(collection_path.match, HEAVY)) else None


class _NotFast(MetaPathFinder):
    """Whatever asks for dbt or Dagster in the fast tests fails, instead of making them slow."""

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> None:
        if fullname.partition(".")[0] in NOT_FAST:
            raise ImportError(f"make test-fast goes without {fullname}: name the test's file in HEAVY (tests/conftest.py)")


os.environ["CARBON_SETTINGS"] = ""   # no settings file, whatever lies in the project's folder


def carbon(*arguments: str | Path, timeout: float = 300, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the console command as a user does; `variables` are added to the environment."""
    if "nightly" in arguments:
        parse_once()
    environment = {k: v for k, v in os.environ.items() if not k.startswith("CARBON_")} | {"CARBON_SETTINGS": "", **variables}
    return subprocess.run(
        [*CARBON, *map(str, arguments)], capture_output=True, text=True, timeout=timeout, cwd=ROOT, env=environment, check=False
    )


@cache
def parse_once() -> None:
    """Parse the dbt project as `make check` does, where every night begins from it: a process that parses all of it anew pays eight seconds."""
    from pipelines.transform.build import PROJECT_DIR, parse

    target = PROJECT_DIR / "target"
    target.mkdir(exist_ok=True)
    with (target / ".tests.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        assert parse(target).ok


def run_night_here(inbox: Path, data: Path, as_of: str = AS_OF) -> Any:
    """Run a night in this process (its imports are paid once)."""
    from pipelines.night import run_night
    from pipelines.publish import release as releasing
    from pipelines.settings import load_settings

    begin(data)
    # downloads and pages are tried where a release is looked at: no night of a chain needs them
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(releasing, "write_site", one_page)
        return run_night(replace(load_settings(inbox, data, date.fromisoformat(as_of)), downloads=False), lambda text: None)


def one_page(db: Any, folder: Path, release: dict[str, Any], rules: Any) -> None:
    """A site of one page, where it is not what a test is about: all pages of a release cost seconds."""
    (folder / "site" / "quality").mkdir(parents=True)
    (folder / "site" / "quality" / "index.html").write_text(f"<p>{release['release_id']}</p>\n" * 100, "utf-8")


def build_tables_here(inbox: Path, data: Path, *tables: str, as_of: str = AS_OF) -> tuple[Path, list[Any]]:
    """Judge an inbox in this process and build just these tables with all that they rest on, and their data tests.

    Returns the build database and the deliveries that were held back, whole or in part. A golden figure needs its own tables; whole nights are
    tested elsewhere. Called again on one data folder it is the next night.
    """
    from pipelines.night import gate_step, open_night, receive_step
    from pipelines.settings import load_settings
    from pipelines.transform.build import build, require
    from pipelines.warehouse.build_db import current_inputs, prepare

    begin(data)
    settings = load_settings(inbox, data, date.fromisoformat(as_of))
    with open_night(settings, lambda text: None) as night:
        receive_step(night)
        gate_step(night)
        full = prepare(night.database, settings, night.registry, current_inputs(settings, night.registry))
        built = build(settings, night.database, full=full, models=tables, tested=True)   # not recorded: the next night builds all anew
        require(built)
        _drop_others(night.database, {node.name for node in built.nodes})
        return night.database, night.held_back


def _drop_others(database: Path, names: set[str]) -> None:
    """Published tables of an earlier night that were not built by this one: a test that forgot to ask for one is to fail."""
    from pipelines.warehouse.duck import connect

    with connect(database) as db:
        tables = db.execute("select schema_name, table_name from duckdb_tables() where schema_name in ('marts', 'quality', 'reference')").fetchall()
        for schema, table in tables:
            if table not in names:
                db.execute(f"drop table {schema}.{table}")


LEDGER = ("fct_enterprise_emission_line", "fct_enterprise_account_month", "fct_enterprise_account_year", "fct_total_month", "fct_total_year")


def run_ledger_night_here(inbox: Path, data: Path, *, cut_off: bool = False) -> dict[str, list[str]]:
    """The next night as far as the ledger goes, from line to total, untested and unpublished; what it made, without where it stood in a file.

    Like a whole night it works on what changed since the last one: a fifth of its cost for what must hold of any number of nights.
    cut_off: the night ends with an OSError once its tables are made, before the build is recorded.
    """
    from pipelines import night as nights
    from pipelines.transform.build import build, build_db

    def findings(*_: Any) -> None:
        if cut_off:
            raise OSError("cut off")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(nights, "build", partial(build, models=LEDGER))
        patched.setattr(nights, "record_findings", findings)
        patched.setattr(nights, "publish_step", lambda night: None)
        return ledger(build_db(run_night_here(inbox, data).settings))


def ledger(database: Path) -> dict[str, list[str]]:
    """All rows of the ledger in a build database, without where they stood in a file."""
    from pipelines.publish.hashes import NOT_IN_VALUE_HASH

    made = {}
    for table in LEDGER:
        names = [name for (name,) in query(database, f"select column_name from duckdb_columns() where schema_name = 'marts' and table_name = '{table}'")]
        columns = ", ".join(sorted(set(names) - NOT_IN_VALUE_HASH))
        made[table] = sorted(map(repr, query(database, f"select {columns} from marts.{table}")))
    return made


def begin(data: Path) -> None:
    """A data folder that is not there yet begins with a night of before all tests over the published tables alone, of which nothing was published."""
    if not data.exists():
        shutil.copytree(_begun(), data)


@cache
def _begun() -> Path:
    """The folder that `begin` copies: received and judged; and built where a whole suite is run, which pays for it."""
    if SUITE_FOLDER and os.environ.get("PYTEST_XDIST_WORKER"):
        return once_for_all("begun", partial(_first_night, built=True)) / "data"
    root = Path(tempfile.mkdtemp(prefix="carbon-published-"))
    atexit.register(shutil.rmtree, root, ignore_errors=True)
    _first_night(root, built=False)
    return root / "data"


def _first_night(root: Path, *, built: bool) -> None:
    from pipelines.night import build_step, decide, gate_step, open_night, receive_step
    from pipelines.settings import load_settings

    parse_once()
    (root / "inbox").mkdir()
    with open_night(load_settings(root / "inbox", root / "data", date.fromisoformat(FIRST_DAY)), lambda text: None) as night:
        receive_step(night)
        gate_step(night)
        if built:
            decide(night)
            build_step(night)


def value_hashes(data: Path, release_id: str | None = None) -> dict[str, str]:
    """The value hashes of the tables in schema marts of the live (or a sealed) release."""
    folder = data / "marts" / ("releases/" + release_id if release_id else "")
    manifest = json.loads((folder / "release.json").read_text("utf-8"))
    return {name: value for name, value in manifest["value_hashes"].items() if name.startswith("marts.")}


FINISHED: set[Path] = set()   # databases that no night writes again: opened once, for opening one costs more than most questions


def query(database: Path, sql: str, *parameters: Any) -> list[tuple]:
    """Rows of a query on a database."""
    if database in FINISHED:
        return _kept_open(database).execute(sql, list(parameters)).fetchall()
    from pipelines.warehouse.duck import connect

    with connect(database, read_only=True) as db:
        return db.execute(sql, list(parameters)).fetchall()


@cache
def _kept_open(database: Path) -> Any:
    from pipelines.warehouse.duck import connect

    opened = ExitStack()
    atexit.register(opened.close)
    return opened.enter_context(connect(database, read_only=True))


SUITE_FOLDER: list[Path] = []   # shared by all processes of the suite


@pytest.fixture(scope="session", autouse=True)
def _suite_folder(tmp_path_factory: pytest.TempPathFactory) -> None:
    base = tmp_path_factory.getbasetemp()
    SUITE_FOLDER[:] = [base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base]


def once_for_all(name: str, make: Callable[[Path], None]) -> Path:
    """A folder of the session that `make` fills once, whichever process of the suite asks for it first; the others wait."""
    shared = SUITE_FOLDER[0]
    root, made = shared / name, shared / f"{name}.made"
    with (shared / f"{name}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        if not made.exists():
            shutil.rmtree(root, ignore_errors=True)   # what a failed one left
            root.mkdir()
            make(root)
            made.touch()
    return root


def _make_release(root: Path) -> None:
    from pipelines.demo import write_province

    write_province(root / "province", seed=7, enterprises=24, months=4, until="2025-12", faults="default")
    done = carbon("nightly", "--inbox", root / "province", "--data", root / "release", "--as-of", AS_OF, "--json")
    assert done.returncode in (0, 3), done.stderr
    (root / "release.json").write_text(json.dumps([done.returncode, json.loads(done.stdout.splitlines()[-1])]))


@pytest.fixture(scope="session")
def release() -> Release:
    """A small synthetic province with the default faults (24 enterprises, 4 months) and its release, published by the console
    command: one build for all processes of the suite."""
    root = once_for_all("published", _make_release)
    return Release(root / "province", root / "release", *json.loads((root / "release.json").read_text()))


@pytest.fixture(scope="session")
def release_db(release: Release) -> Path:
    """The published DuckDB file."""
    return release.database
