"""The README's commands are run as they stand, in a folder of their own."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import CARBON, ROOT, Release, carbon

README = (ROOT / "README.md").read_text("utf-8")
COMMANDS = [
    line.split("#")[0].strip()
    for block in re.findall(r"```bash\n(.*?)```", README, re.S)
    for line in block.splitlines()
    if line.split("#")[0].strip()
]
DEMO_DAY = re.search(r"^DEMO_AS_OF \?= (\S+)$", (ROOT / "Makefile").read_text("utf-8"), re.M)[1]
CARBON_COMMANDS = [c for c in COMMANDS if c.startswith(".venv/bin/carbon")]


def test_the_two_commands_are_make_targets() -> None:
    assert COMMANDS[:2] == ["make demo", "make test"]
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for command in COMMANDS:
        if command.startswith("make "):
            assert re.search(rf"^{command.split()[1]}:", makefile, re.M)


def test_make_help_lists_every_target() -> None:
    done = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    targets = re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text("utf-8"), re.M)
    assert [t for t in targets if f"make {t} " not in done.stdout] == []


def test_make_demo_publishes(tmp_path: Path) -> None:
    environment = {**os.environ, "CARBON_DATA": str(tmp_path / "data"), "PYTHON": sys.executable}
    done = subprocess.run(
        ["make", "-o", "setup", "-o", ".venv/.installed", "demo", f"BIN={Path(sys.executable).parent}",
         "DEMO_OPTIONS=--enterprises 20 --months 3"],
        cwd=ROOT, capture_output=True, text=True, env=environment, timeout=400, check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "data" / "marts" / "carbon.duckdb").exists()
    assert str(tmp_path / "data" / "marts" / "carbon.duckdb") in done.stdout
    again = subprocess.run([*CARBON, "nightly", "--json", "--as-of", DEMO_DAY], cwd=ROOT, capture_output=True, text=True, env=environment, timeout=400, check=False)
    assert again.returncode == 0, again.stderr
    said = json.loads(again.stdout.splitlines()[-1])
    assert (said["outcome"], said["counts"]["new_batches"]) == ("nothing_new", 0), "the night reads the inbox that the demo delivered to"


@pytest.mark.parametrize("command", [c for c in CARBON_COMMANDS if " demo" not in c and " nightly" not in c])
def test_carbon_commands(release: Release, command: str) -> None:
    arguments = shlex.split(command)[1:]
    options = [] if "--help" in arguments else ["--data", str(release.data)]
    done = carbon(*arguments, *options)
    assert done.returncode == 0, done.stderr


def test_the_query_of_the_readme(release: Release) -> None:
    from pipelines.warehouse.duck import connect

    with connect(release.database, read_only=True) as db:
        for sql in re.findall(r'db\.sql\("(.*?)"\)', README):
            assert db.execute(sql).fetchall()
