"""docs/operating.md as it stands: its settings, its commands, its units; back-up and restore among them."""

from __future__ import annotations

import configparser
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.settings import list_settings, load_settings
from tests.conftest import AS_OF, CARBON, ROOT, Release, carbon, query, value_hashes

TEXT = (ROOT / "docs" / "operating.md").read_text("utf-8")
UNITS = dict(re.findall(r"```ini\n# /etc/systemd/system/(\S+)\n(.*?)```", TEXT, re.S))


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.S)


COMMANDS = [line.split("  #")[0].strip() for block in blocks("bash") for line in block.splitlines() if line.strip()]


def test_the_table_of_settings_is_that_of_the_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARBON_SETTINGS", "")
    told = dict(re.findall(r"^\| `(\w+)` \| (.+?) \|", TEXT, re.M))
    found = {item.key: item.value for item in list_settings()}
    assert told.keys() - {"failed", "killed", "partial"} == found.keys()
    for key, value in found.items():
        if key not in ("inbox", "data"):
            assert told[key].strip("`") == ("–" if value in (None, []) else json.dumps(value)), key


def test_the_example_file_is_accepted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (example,) = blocks("toml")
    (tmp_path / "carbon.toml").write_text(example, "utf-8")
    monkeypatch.setenv("CARBON_SETTINGS", str(tmp_path / "carbon.toml"))
    monkeypatch.setenv("CARBON_NOTICE_SMTP_PASSWORD", "x")
    settings = load_settings()
    assert (settings.data, settings.keep_releases, settings.notices.smtp_security) == (Path("/srv/carbon/data"), 60, "starttls")
    assert len(settings.notices.to) == 2


def test_every_command_is_tried_here() -> None:
    """So that a new one in the document is not forgotten."""
    kinds = (".venv/bin/carbon", "make ui", "docker", "flock", "mkdir", "du")
    assert [command for command in COMMANDS if not command.startswith(kinds)] == []


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.startswith(".venv/bin/carbon") and "nightly" not in c])
def test_carbon_commands(release: Release, command: str) -> None:
    done = carbon(*shlex.split(command)[1:], "--data", release.data)
    if "give-up" in command:   # the batch is an example: with a real one it is tried in test_given_up.py
        assert (done.returncode, "没有批次 | there is no batch" in re.sub(r" [a-z_]+-[0-9a-f]+", "", done.stderr)) == (1, True)
        return
    assert done.returncode == 0, done.stderr


def test_back_up_and_restore(release: Release, tmp_path: Path) -> None:
    keep, give = (next(c for c in COMMANDS if c.startswith(word)) for word in ("flock", "mkdir"))
    machine, other = tmp_path / "machine", tmp_path / "other"
    machine.mkdir()
    shutil.copytree(release.data, machine / "data")
    subprocess.run(keep, shell=True, cwd=machine, check=True)
    other.mkdir()
    (machine / "carbon-backup.tar.gz").rename(other / "carbon-backup.tar.gz")
    shutil.rmtree(machine)
    subprocess.run(give, shell=True, cwd=other, check=True)
    done = carbon("nightly", "--inbox", release.inbox, "--data", other / "data", "--as-of", AS_OF, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["counts"]["new_batches"] == 0
    assert value_hashes(other / "data") == value_hashes(release.data)
    done = carbon("verify", "--data", other / "data")
    assert done.returncode == 0, done.stdout
    told = json.loads(carbon("nights", "--data", other / "data", "--json").stdout)
    assert [night["outcome"] for night in told[-1:]] == ["published"], "the nights of before are still known"
    assert len(told) > 1
    subprocess.run(next(c for c in COMMANDS if c.startswith("du ")), shell=True, cwd=other, check=True)


def test_the_units_run_the_night_and_call_3_a_success(tmp_path: Path) -> None:
    service, timer = (configparser.ConfigParser(interpolation=None, strict=False) for _ in range(2))
    for parser in (service, timer):
        parser.optionxform = str  # type: ignore[assignment, method-assign]
    service.read_string(UNITS["carbon-night.service"])
    timer.read_string(UNITS["carbon-night.timer"])
    assert service["Service"]["ExecStart"].endswith(".venv/bin/carbon nightly")
    assert service["Service"]["SuccessExitStatus"] == "3"
    assert service["Service"]["ReadWritePaths"] == "/srv/carbon/data"
    assert "Asia/Shanghai" in timer["Timer"]["OnCalendar"]
    if shutil.which("systemd-analyze"):
        for name, text in UNITS.items():
            (tmp_path / name).write_text(re.sub(r"/srv/carbon/ledger/.venv/bin/carbon", sys.executable, text).replace("User=carbon\nGroup=carbon\n", ""), "utf-8")
        done = subprocess.run(["systemd-analyze", "verify", *map(str, sorted(tmp_path.iterdir()))], capture_output=True, text=True, check=False)
        assert not [line for line in done.stderr.splitlines() if "carbon-night" in line], done.stderr


@pytest.mark.parametrize(("status", "ends"), [(0, 0), (3, 0), (1, 1), (2, 1)])
def test_the_cron_line_calls_3_a_success_only(tmp_path: Path, status: int, ends: int) -> None:
    (block,) = blocks("cron")
    line = block.splitlines()[-1]
    assert line.split()[:5] == ["0", "2", "*", "*", "*"]
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    stub = tmp_path / ".venv" / "bin" / "carbon"
    stub.write_text(f"#!/bin/sh\ntest $1 = nightly || exit 99\nexit {status}\n")
    stub.chmod(0o755)
    command = line.split(maxsplit=5)[5].replace("/srv/carbon/ledger", str(tmp_path))
    assert subprocess.run(["/bin/sh", "-c", command], check=False).returncode == ends


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.startswith("make ui")])
def test_make_ui_takes_host_and_port(command: str) -> None:
    done = subprocess.run([*shlex.split(command), "-n", "-o", "setup", "-o", ".venv/.installed"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ("--host 0.0.0.0 --port 3001" if "HOST" in command else "--host 127.0.0.1 --port 3000") in done.stdout


def test_the_image_is_made_of_what_is_there_and_does_not_run_as_root() -> None:
    steps = [line.split(maxsplit=1) for line in (ROOT / "Containerfile").read_text("utf-8").splitlines() if re.match(r"[A-Z]+ ", line)]
    for _, what in (step for step in steps if step[0] == "COPY"):
        for source in what.split()[:-1]:
            assert (ROOT / source).exists(), source
    assert [what for kind, what in steps if kind == "USER"] == ["10001:10001"]
    assert any(kind == "RUN" and "--require-hashes -r requirements.lock" in what for kind, what in steps)
    copied = {source for kind, what in steps if kind == "COPY" for source in what.split()[:-1]}
    assert {"pipelines", "dbt_project", "expectations", "data/raw/published", "requirements.lock"} <= copied
    for command in (c for c in COMMANDS if c.startswith("docker")):
        assert all(path in ("Containerfile", "/data", "/inbox") or not path.startswith("/app") for path in shlex.split(command))
    ignored = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert {"carbon.toml", ".git", "data/*", "!data/raw", "data/raw/*", "!data/raw/published"} <= set(ignored)


def test_the_release_tells_of_its_nights(release: Release) -> None:
    last = query(release.database, "select outcome, how, exit_status, finished_at from quality.night order by started_at desc limit 1")
    assert last == [("publishing", "command", None, None)]
    told = json.loads(carbon("nights", "--data", release.data, "--json").stdout)[-1]
    assert (told["outcome"], told["exit_status"], told["release_id"]) == ("published", release.exit_code, release.summary["release_id"])
    assert told["counts"] == release.summary["counts"]
    assert told["seconds_by_stage"].keys() == {"receive", "gate", "build", "publish"}


# --- what the machine may do to a night --------------------------------------------------------------------------------


def assert_told(done: subprocess.CompletedProcess[str], word: str) -> None:
    """A sentence, no traceback, and the last line of `--json`."""
    last = json.loads(done.stdout.splitlines()[-1])
    assert (done.returncode, last["outcome"], last["release_id"], last["counts"]) == (1, "failed", None, {}), done.stderr
    assert word in last["reason"]["en"] and last["reason"]["zh"] in done.stderr
    assert last["error"] == f"{last['reason']['zh']} | {last['reason']['en']}"
    assert "Traceback" not in done.stdout + done.stderr


def nightly(release: Release, data: Path) -> subprocess.CompletedProcess[str]:
    return carbon("nightly", "--inbox", release.inbox, "--data", data, "--as-of", AS_OF, "--json")


def test_a_data_folder_that_is_a_file(release: Release, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    assert_told(nightly(release, tmp_path / "file"), "folder is needed")
    assert_told(nightly(release, tmp_path / "file" / "below"), "folder is needed")
    assert_told(carbon("nights", "--data", tmp_path / "file", "--json"), "folder is needed")


def test_a_damaged_registry(release: Release, tmp_path: Path) -> None:
    path = tmp_path / "warehouse" / "registry.sqlite"
    path.parent.mkdir()
    path.write_bytes(os.urandom(5000))
    done = nightly(release, tmp_path)
    assert_told(done, "Restore the data folder from a back-up")
    (log,) = (tmp_path / "logs").glob("night-*.log")
    assert "Traceback" in log.read_text("utf-8") and str(log) in done.stderr
    assert_told(carbon("nights", "--data", tmp_path, "--json"), "is damaged")


@pytest.mark.parametrize(("options", "word"), [("size=64k", "the disk is full"), ("size=300k", "the disk is full"), ("ro", "read-only")])
def test_a_disk_that_is_full_or_read_only(release: Release, tmp_path: Path, options: str, word: str) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(disk)], capture_output=True, check=False).returncode:
        pytest.skip("only root can mount a small disk")
    try:
        assert_told(nightly(release, disk / "data"), word)
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_killed_night_is_in_the_table(release: Release, tmp_path: Path) -> None:
    process = subprocess.Popen(
        [*CARBON, "nightly", "--inbox", str(release.inbox), "--data", str(tmp_path)], cwd=ROOT, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )
    assert process.stderr is not None
    process.stderr.readline()
    process.kill()
    process.wait(60)
    process.stderr.close()
    assert [night["outcome"] for night in json.loads(carbon("nights", "--data", tmp_path, "--json").stdout)] == ["killed"]
