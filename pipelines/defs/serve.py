"""`python -m pipelines.defs.serve`: Dagster's webserver and daemon, side by side, until SIGINT or SIGTERM.

The history of runs lies in `<data>/warehouse/dagster_home` (SQLite). Both processes load the same code location; when
one of them ends, so does the other, and the exit status says so.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from pipelines.failure import explain
from pipelines.lock import NightRunning, night_lock
from pipelines.settings import PROJECT, Settings, load_settings

MODULE = "pipelines.definitions"
_STOP_SECONDS = 15.0

DAGSTER_YAML = """\
# Written once by `make ui`; change it freely. Runs, events and schedules are kept in SQLite beside this file.
telemetry: {enabled: false}
nux: {enabled: false}
python_logs: {python_log_level: INFO}   # the terminal shows the lines of the night, not every event
concurrency:
  runs: {max_concurrent_runs: 1}    # one night at a time; the others wait in the queue
run_monitoring:
  enabled: true
  start_timeout_seconds: 600
retention:
  schedule: {purge_after_days: {skipped: 7, failure: 365, success: 365}}
  sensor: {purge_after_days: {skipped: 7, failure: 365, success: 365}}
"""


def home_of(settings: Settings) -> Path:
    """Where Dagster keeps its history for a data folder."""
    return settings.warehouse / "dagster_home"


def write_home(home: Path) -> Path:
    """Make DAGSTER_HOME; a dagster.yaml that is there stays as it is."""
    home.mkdir(parents=True, exist_ok=True)
    config = home / "dagster.yaml"
    if not config.exists():
        config.write_text(DAGSTER_YAML, "utf-8")
    return home


def daemon_command() -> list[str]:
    """Schedules, sensors and the queue of runs."""
    return [sys.executable, "-m", "dagster._daemon", "run", "-m", MODULE, "-d", str(PROJECT)]


def webserver_command(host: str, port: int) -> list[str]:
    """The pages."""
    return [sys.executable, "-m", "dagster_webserver", "-m", MODULE, "-d", str(PROJECT), "-h", host, "-p", str(port)]


def start(command: list[str], home: Path) -> subprocess.Popen[bytes]:
    """Start one process with its own group, so that a signal reaches it and everything that it started."""
    os.environ["DAGSTER_HOME"] = str(home)
    return subprocess.Popen(command, cwd=PROJECT, start_new_session=True)


def stop(processes: list[subprocess.Popen[bytes]]) -> None:
    """SIGINT, then a while, then SIGKILL for whatever is left. A night that is cut off loses nothing."""
    for number, seconds in ((signal.SIGINT, _STOP_SECONDS), (signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0)):
        for process in processes:
            _signal_group(process, number)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and any(process.poll() is None for process in processes):
            time.sleep(0.1)
        if all(process.poll() is not None for process in processes):
            break
    for process in processes:
        _signal_group(process, signal.SIGKILL)


def _signal_group(process: subprocess.Popen[bytes], number: int) -> None:
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return


def close_dead_runs(settings: Settings, home: Path) -> list[str]:
    """Runs that were under way when the machine or the daemon died would stay `started` for ever and block the queue.

    The lock of the night tells the living from the dead: the kernel lets go of it with its process.
    """
    import dagster as dg

    unfinished = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]
    try:
        with night_lock(settings.warehouse / "night.lock", "clean-up"), dg.DagsterInstance.from_config(str(home)) as instance:
            runs = instance.get_runs(dg.RunsFilter(statuses=unfinished))
            for run in runs:
                instance.report_run_failed(run, "进程已不存在 | its process is gone: it was stopped or killed; the last release stands")
            return [run.run_id for run in runs]
    except NightRunning:
        return []


def remove_runs(settings: Settings, home: Path) -> int:
    """Remove every finished run that is past its keeping; returns their number."""
    import dagster as dg

    from pipelines.defs.history import remove_old_runs

    removed = 0
    with dg.DagsterInstance.from_config(str(home)) as instance:
        while found := remove_old_runs(instance, settings):
            removed += len(found)
    return removed


def serve(host: str, port: int) -> int:
    """Run both until a signal comes or one of them ends. Returns the exit status."""
    settings = load_settings()
    home = write_home(home_of(settings))
    signals: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda received, _frame: signals.append(received))
    for run_id in close_dead_runs(settings, home):
        print(f"运行 {run_id} 已随进程中断，记为失败 | run {run_id} died with its process: marked as failed")
    removed = remove_runs(settings, home)
    if removed:
        print(f"已清理 {removed} 个超过 {settings.keep_run_days} 天的运行 | {removed} runs older than {settings.keep_run_days} days removed")
    processes = [start(daemon_command(), home), start(webserver_command(host, port), home)]
    print(f"Dagster: http://{host}:{port}  (Ctrl-C 停止 | to stop)  DAGSTER_HOME={home}", flush=True)
    try:
        while not signals and all(process.poll() is None for process in processes):
            time.sleep(0.2)
    finally:
        stop(processes)
    if signals:
        return 0 if signals[0] == signal.SIGINT else 128 + signals[0]
    print("Dagster 的一个进程意外结束 | one of Dagster's processes ended by itself", file=sys.stderr)
    return 1


def main() -> None:
    """Read the arguments and serve."""
    parser = argparse.ArgumentParser(prog="python -m pipelines.defs.serve", description="Dagster 网页与守护进程 | webserver and daemon")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=3000)
    arguments = parser.parse_args()
    try:
        sys.exit(serve(arguments.host, arguments.port))
    except Exception as error:  # noqa: BLE001 - the fence of this command, as `carbon` has one
        problem = explain(error)
        print(problem, file=sys.stderr)
        sys.exit(problem.exit_status)


if __name__ == "__main__":
    main()
