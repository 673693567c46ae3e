"""The demo night under the oldest and the newest DuckDB that pyproject.toml allows, with one thread and with four: are all hashes of all tables equal?

`make check-versions`. Each DuckDB comes into a virtual environment of its own from the configured package index; every other package is the one of the
environment that runs this. Ends with 1 where a hash differs, and names the tables.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import sysconfig
import tempfile
import time
import tomllib
import venv
from pathlib import Path

from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent
THREADS = ("1", "4")
# of this table the provenance hash tells when a release was published
OF_THE_RUN = {"reference.release"}


def allowed_versions() -> list[str]:
    """The oldest and the newest release of DuckDB that pyproject.toml allows and the package index has; one where they are the same."""
    lines = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    wanted = next(r for r in map(Requirement, lines) if r.name == "duckdb")
    said = subprocess.run(
        [sys.executable, "-m", "pip", "--disable-pip-version-check", "index", "versions", "duckdb"], check=True, capture_output=True, text=True).stdout
    listed = re.search(r"Available versions: (.+)", said)
    found = sorted(Version(v.strip()) for v in listed[1].split(",")) if listed else []
    fitting = [str(version) for version in found if version in wanted.specifier]
    if not fitting:
        sys.exit(f"软件源没有 {wanted} 允许的版本 | the package index has no version that {wanted} allows: {said.strip()[:200]}")
    return sorted({fitting[0], fitting[-1]}, key=Version)


def environment_with(version: str, folder: Path) -> Path:
    """The Python of a virtual environment with this DuckDB before the packages of the running one."""
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    place = Path(subprocess.run([python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], check=True, capture_output=True, text=True).stdout.strip())
    subprocess.run(
        [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-deps", "--target", place, f"duckdb=={version}"], check=True)
    # entries of a .pth file stand behind the environment's own packages
    (place / "others.pth").write_text(f"{sysconfig.get_path('purelib')}\n{sysconfig.get_path('platlib')}\n", "utf-8")
    found = subprocess.run([python, "-c", "import duckdb; print(duckdb.__version__)"], check=True, capture_output=True, text=True).stdout.strip()
    if found != version:
        sys.exit(f"得到的是 DuckDB {found}，应为 {version} | the environment has DuckDB {found} instead of {version}")
    return python


def carbon(python: Path | str, *arguments: str | Path, threads: str = "1") -> None:
    """One console command; a night that published with findings (3) is a success."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("CARBON_")} | {"CARBON_BUILD_THREADS": threads}
    done = subprocess.run([python, "-m", "pipelines.cli", *map(str, arguments)], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 3):
        sys.exit(done.stdout[-2000:] + done.stderr[-4000:])


def hashes_of(data: Path) -> dict[str, str]:
    """Both hashes of each published table, by table and kind."""
    manifest = json.loads((data / "marts" / "release.json").read_text("utf-8"))
    return {f"{table} ({kind})": value for kind in ("value", "provenance") for table, value in manifest[f"{kind}_hashes"].items() if table not in OF_THE_RUN}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--enterprises", default="300")
    parser.add_argument("--months", default="24")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="duckdb_versions_") as name:
        root, wanted = Path(name), dict[str, str]()
        carbon(sys.executable, "demo", "--out", root / "inbox", "--enterprises", options.enterprises, "--months", options.months)
        differences = 0
        for version in allowed_versions():
            python = environment_with(version, root / f"venv-{version}")
            for threads in THREADS:
                data, start = root / f"data-{version}-{threads}", time.perf_counter()
                carbon(python, "nightly", "--inbox", root / "inbox", "--data", data, "--as-of", "2026-06-30", threads=threads)
                made = hashes_of(data)
                wanted = wanted or made
                other = sorted(key for key in wanted.keys() | made.keys() if wanted.get(key) != made.get(key))
                differences += len(other)
                print(f"DuckDB {version}, 线程 threads {threads}: {len(made)} 个哈希 hashes, {len(other)} 个不同 different, {time.perf_counter() - start:.0f} s", flush=True)
                for key in other:
                    print(f"    {key}")
    sys.exit(1 if differences else 0)


if __name__ == "__main__":
    main()
