"""The golden province: the deliveries of all golden modules that can live side by side, judged and built once for all of them.

A module takes part with `deliver_to(inbox)`, its TABLES and credit codes of its own, and asks for its own rows. One whose factors, dates or
totals would disturb the others stays apart.
"""

from __future__ import annotations

import csv
import json
import shutil
from collections import Counter
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from tests.conftest import build_tables_here

MODULES = ("account_rules", "accounts", "blocks", "comparison", "current_view", "power_units")


@dataclass(frozen=True)
class Golden:
    """The build database, and of each delivery that was held back, whole or in part: how many rows, and why."""

    database: Path
    held: dict[str, tuple[int, str]]

    def held_of(self, module: str) -> list[int]:
        """Rows of a module that were held back, by delivery; the reason of a refused one is shown by the failing assertion."""
        return [rows for name, (rows, _) in sorted(self.held.items()) if name.startswith(f"{module}.")]


def make(root: Path) -> None:
    """Lay the inbox and build; to be called once for a folder."""
    tables: dict[str, None] = {}
    owners: Counter[str] = Counter()
    for name in MODULES:
        module = import_module(f"tests.golden.test_{name}")
        module.deliver_to(root / "parts" / name)
        tables |= dict.fromkeys(module.TABLES)
        for path in sorted((root / "parts" / name).glob("*/*")):
            target = root / "inbox" / path.parent.name / f"{name}.{path.name}"
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, target)
        (register,) = (root / "parts" / name / "enterprise_register").glob("*.csv")
        owners.update({row["uscc"] for row in csv.DictReader(register.read_text("utf-8").splitlines())})
    assert [code for code, modules in owners.items() if modules > 1] == [], "credit codes of two modules"
    database, held_back = build_tables_here(root / "inbox", root / "data", *tables)
    held = {j.batch.file_name: (j.rows_received - j.rows_accepted, j.reason_en or "") for j in held_back}
    (root / "golden.json").write_text(json.dumps([str(database), held]))


def read(root: Path) -> Golden:
    """What `make` built there."""
    database, held = json.loads((root / "golden.json").read_text())
    return Golden(Path(database), {name: (rows, why) for name, (rows, why) in held.items()})
