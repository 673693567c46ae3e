"""docs/guides/method.md is true: its diff, on a copy of the project, makes a 25th industry without a new model."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from tests.conftest import ROOT, query
from tests.deliveries import deliver, register_row, uscc

GUIDE = ROOT / "docs" / "guides" / "method.md"


# what the method reaches: its lines, their account, its label and what another method would say
TABLES = ("fct_enterprise_emission_line", "fct_enterprise_account_year", "fct_account_quality_year", "fct_method_comparison")
# in the copy of the project: judged, built and tested as a night does
_BUILD = """
import sys
from pathlib import Path
from tests.conftest import build_tables_here
inbox, data, *tables = sys.argv[1:]
database, held_back = build_tables_here(Path(inbox), Path(data), *tables)
assert held_back == [], [judged.reason_en for judged in held_back]
"""


def added_rows() -> dict[str, list[str]]:
    """The rows that the guide's diff adds, by file."""
    diff = re.search(r"```diff\n(.*?)```", GUIDE.read_text("utf-8"), re.S)
    assert diff is not None
    rows: dict[str, list[str]] = {}
    for line in diff[1].splitlines():
        if line.startswith("+++ b/"):
            file = rows.setdefault(line.removeprefix("+++ b/"), [])
        else:
            assert line.startswith("+"), line
            file.append(line[1:])
    return rows


def test_the_diff_touches_seeds_only() -> None:
    files = added_rows()
    assert files and all(file.startswith("dbt_project/seeds/") and (ROOT / file).exists() for file in files)
    for file, rows in files.items():
        columns = (ROOT / file).read_text("utf-8").splitlines()[0].count(",")
        assert [row for row in rows if row.count(",") != columns] == [], file


@pytest.fixture(scope="module")
def marts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("industry")
    project = root / "project"

    def skip(folder: str, names: list[str]) -> set[str]:
        # models have a folder `target` too
        return {"__pycache__"} | ({"target", "logs"} if Path(folder) == ROOT / "dbt_project" else set())

    for part in ("pipelines", "dbt_project", "data/raw/published", "expectations", "tests"):
        shutil.copytree(ROOT / part, project / part, ignore=skip)
    shutil.copy(ROOT / "pyproject.toml", project)
    for file, rows in added_rows().items():
        seed = project / file
        seed.write_text(seed.read_text("utf-8").rstrip("\n") + "\n" + "\n".join(rows) + "\n", "utf-8")
    row = {"uscc": uscc(60), "period": "2025-05", "unit": "t"}
    deliver(root / "inbox", "enterprise_register", "register.csv", [register_row(60, "25-carbon-materials", "3091")])
    deliver(root / "inbox", "enterprise_energy", "energy.csv", [{**row, "energy": "柴油", "consumed": 1000}])
    deliver(root / "inbox", "enterprise_process", "process.csv",
            [{**row, "role": "辅料", "item": "石灰石", "quantity": 1000, "purity": 95}])
    environment = {k: v for k, v in os.environ.items() if not k.startswith("CARBON_")}
    done = subprocess.run([sys.executable, "-c", _BUILD, root / "inbox", root / "data", *TABLES], capture_output=True, text=True, timeout=300, cwd=project, env=environment, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return root / "data" / "warehouse" / "build.duckdb"


def test_the_new_industry_is_computed(marts: Path) -> None:
    rows = query(marts, "select method_code, method_version, emission_source, item, emission_tco2e from marts.fct_enterprise_emission_line")
    expected = [
        ("25-carbon-materials", "gbt-2024", "fuel", "柴油", Decimal("3095.910")),
        ("25-carbon-materials", "gbt-2024", "process", "limestone", Decimal("417.715")),
    ]
    assert sorted(rows) == expected
    guide = GUIDE.read_text("utf-8").replace(" ", "")
    assert all(str(tonnes) in guide for *_, tonnes in expected)


def test_it_has_an_account_a_label_and_a_comparison(marts: Path) -> None:
    assert query(marts, "select direct_tco2e, hold_code from marts.fct_enterprise_account_year") == [(Decimal("3513.625"), None)]
    assert query(marts, "select worst_tier, held_back_lines from marts.fct_account_quality_year") == [("method_default", 0)]
    assert query(marts, "select count(*) from marts.fct_method_comparison where fuel = '柴油'") == [(4,)]
