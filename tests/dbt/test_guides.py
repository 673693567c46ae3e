"""The guides are true: on a copy of the project a source, an indicator and two rules are added as they say, and what is delivered reaches its table."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.contracts.check import BLANK
from tests.conftest import ROOT

MOST_FILES = 12
SOURCE = {
    "pipelines/contracts/sources/well_gas.yml": ["井下瓦斯抽采", "Gas drained from mines", "抽采量", "Gas drained, as CH4", "t"],
    "expectations/well_gas.yml": ["井下瓦斯抽采 | Gas drained from mines"],
    "dbt_project/models/staging/well_gas/stg_well_gas.yml": ["井下瓦斯抽采", "Gas drained from mines, a row an area and year"],
    "dbt_project/models/intermediate/current/int_current__well_gas.yml": ["计入的抽采量"],
    "dbt_project/models/marts/registers/fct_well_gas.yml": ["井下瓦斯抽采", "Gas drained from mines", "抽采量", "Gas drained", "t"],
    "dbt_project/seeds/deadline.csv": ["31", "12", "次年12月底前（自定）", "by the end of December of the next year (our setting)"],
    "tests/gate/cases.yml": ["1000", "1001"],
    "tests/golden/test_well_gas.py": ["1250.5", "1250.5"],
}
UNFILLED = {
    "dbt_project/models/staging/well_gas/stg_well_gas.sql", "dbt_project/models/intermediate/current/int_current__well_gas.sql",
    "dbt_project/models/marts/registers/fct_well_gas.sql",
}
DEMO = "pipelines/demo/registers.py"
GENERATED = {
    "dbt_project/models/staging/_lake.yml", "dbt_project/macros/lists.sql", "docs/dictionary/deliveries.md", "docs/dictionary/marts.md",
    "docs/dictionary/rules.md", "docs/architecture.md",
}
GATE_RULE = {
    "expectations/well_gas.yml": ["quantity", "1000000", "超过全省产量", "more than the whole province has", "物理上限", "a physical limit", "核对单位", "Check the unit",
                                  "数据治理岗 | data steward", "2026-12-01"],
    "tests/gate/cases.yml": ["quantity", "1000001", "quantity", "1000000"],
    "pipelines/score/unplanted.yml": ["只在测试中试验", "tried in a test only"],
}
CURRENT_RULE = {
    "dbt_project/models/intermediate/rule/int_rule__gas_jump.sql": [
        "more gas than the mines of an area can give", "well_gas", "cast(null as varchar)", "make_date(year, 1, 1)", "quantity", "quantity"],
    "dbt_project/models/intermediate/rule/int_rule__gas_jump.yml": [
        "抽采量过大", "more gas than there is", "上限之上拦下", "above the limit", "500", "quantity", "501", "year", "2024",
        "quantity", "500", "year", "2024", "quantity", "501", "year", "2024", "well_gas", '"2024-01-01"', "501"],
    "dbt_project/seeds/quality_rule.csv": ["500", "抽采量 {value} 过大", "{value} t is too much", "规模", "the size of mines", "核对", "Check it",
                                           "数据治理岗 | data steward", "2026-12-01"],
    "pipelines/score/unplanted.yml": ["只在测试中试验", "tried in a test only"],
}
INDICATOR = {
    "dbt_project/models/marts/statistics/fct_gas_year.sql": ["gas of a whole prefecture or province", "division_code", "division_code", "quantity", "gas_t",
                                                              "division_code", "division_code"],
    "dbt_project/models/marts/statistics/fct_gas_year.yml": [
        "瓦斯合计", "Gas drained, summed", "division_code", "division_code", "行政区划代码", "Division code", "gas_t", "抽采量", "Gas drained", "t",
        "两行之和", "the sum of two rows", "division_code", "520100", "quantity", "1", "division_code", "520100", "quantity", "2",
        "division_code", "520100", "gas_t", "3"],
}
# what the guide says of the synthetic province: one function, and one line that calls it
DEMO_FUNCTION = '''

def _well_gas(world: World, year: int) -> Delivery:
    """A little gas for each prefecture."""
    records = [{"division_code": code, "year": str(year), "quantity": "125.5"} for code in world.prefectures]
    return _delivery("well_gas", f"演示_瓦斯_{year}", records, dt.datetime(year + 1, 4, 15, 10, 20), str(year), _PLANNING)
'''


class Copy:
    """A copy of the project, with what was touched since it was made."""

    def __init__(self, root: Path) -> None:
        self.root = root

        def skip(folder: str, names: list[str]) -> set[str]:
            return {"__pycache__"} | ({"target", "logs"} if Path(folder) == ROOT / "dbt_project" else set())   # models have a folder `target` too

        for part in ("pipelines", "dbt_project", "data/raw/published", "expectations", "tests", "docs"):
            shutil.copytree(ROOT / part, root / part, ignore=skip)
        shutil.copy(ROOT / "pyproject.toml", root)
        self.before = self._hashes()

    def _hashes(self) -> dict[str, str]:
        files = [path for path in self.root.rglob("*") if path.is_file() and not {"__pycache__", "target", "logs"} & set(path.relative_to(self.root).parts[:2])]
        return {path.relative_to(self.root).as_posix(): hashlib.md5(path.read_bytes()).hexdigest() for path in files if "__pycache__" not in path.parts}

    def touched(self) -> set[str]:
        now = self._hashes()
        return {file for file in now if now[file] != self.before.get(file)}

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("CARBON_", "PYTHONPATH", "PYTEST_"))} | {"CARBON_SETTINGS": ""}
        return subprocess.run([sys.executable, *command], capture_output=True, text=True, timeout=400, cwd=self.root, env=environment, check=False)

    def new(self, *words: str) -> str:
        done = self.run("-m", "pipelines.cli", "new", *words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def fill(self, blanks: dict[str, list[str]]) -> None:
        """Each blank of a file in turn, as a newcomer would."""
        for file, words in blanks.items():
            first, *parts = re.split(rf"{BLANK}(?:_[A-Z]+)?", (self.root / file).read_text("utf-8"))
            assert len(parts) == len(words), (file, len(parts))
            (self.root / file).write_text(first + "".join(word + part for word, part in zip(words, parts, strict=True)), "utf-8")

    def change(self, file: str, old: str, new: str) -> None:
        text = (self.root / file).read_text("utf-8")
        assert text.count(old) == 1, (file, old)
        (self.root / file).write_text(text.replace(old, new), "utf-8")

    def check(self) -> str:
        """What `make check` says of contracts and models; nothing when all is in order."""
        return self.run("-m", "pipelines.transform.build").stderr

    def make(self) -> None:
        for module in ("pipelines.contracts.dbt_sources", "pipelines.contracts.dictionary"):
            done = self.run("-m", module)
            assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    return Copy(tmp_path_factory.mktemp("guides") / "project")


def test_a_source_by_its_guide(copy: Copy) -> None:
    said = copy.new("source", "well_gas")
    assert copy.touched() == set(SOURCE) | UNFILLED and all(file in said for file in copy.touched())
    told = copy.check()
    assert all(f"{file}:" in told for file in SOURCE), told
    assert copy.run("-m", "pytest", "-n0", "tests/unit/test_contract_check.py").returncode == 1
    copy.fill(SOURCE)
    copy.change(DEMO, "        result.append(_sinks(world, year))\n", "        result += [_sinks(world, year), _well_gas(world, year)]\n")
    with (copy.root / DEMO).open("a", encoding="utf-8") as handle:
        handle.write(DEMO_FUNCTION)
    by_hand = copy.touched()
    assert len(by_hand) <= MOST_FILES, sorted(by_hand)
    guide = (ROOT / "docs" / "guides" / "source.md").read_text("utf-8").replace("NAME", "well_gas")
    assert [file for file in by_hand if f"`{file}`" not in guide] == []
    copy.make()
    assert copy.check() == ""
    assert copy.touched() - by_hand <= GENERATED
    assert [file for file in GENERATED if file not in guide] == []
    done = copy.run(
        "-m", "pytest", "-n0", "--basetemp", str(copy.root.parent / "runs"), "tests/golden/test_well_gas.py", "tests/unit/test_contracts.py",
        "tests/gate/test_rules.py", "tests/unit/test_demo.py", "-k", "well_gas or test_contracts or every_source_is_delivered or same_list",
    )
    assert done.returncode == 0, done.stdout
    assert "no tests ran" not in done.stdout


def test_rules_and_an_indicator_by_their_guides(copy: Copy) -> None:
    """On the source that was added: what is unfilled fails, what is filled in passes."""
    [database] = (copy.root.parent / "runs").glob("*0/data/warehouse/build.duckdb")
    copy.new("rule", "F93-gas-limit", "--source", "well_gas")
    copy.new("rule", "R93-gas-jump", "--reads", "int_current__well_gas")
    copy.new("indicator", "gas_year", "--reads", "int_current__well_gas")
    told = copy.check()
    assert all(f"{file}:" in told for file in (*GATE_RULE, *CURRENT_RULE, *INDICATOR)), told
    unplanted = "pipelines/score/unplanted.yml"   # both rules say there that no fault is planted
    copy.fill({**GATE_RULE, **CURRENT_RULE, **INDICATOR, unplanted: GATE_RULE[unplanted] + CURRENT_RULE[unplanted]})
    copy.make()
    yml = "dbt_project/models/intermediate/rule/int_rule__gas_jump.yml"
    copy.change(yml, "upper_limit: 500", "upper_limit: 501")
    assert _unit_tests(copy, database) == "rule_gas_jump"
    copy.change(yml, "upper_limit: 501", "upper_limit: 500")
    assert _unit_tests(copy, database) == ""
    assert copy.check() == ""
    done = copy.run(
        "-m", "pytest", "-n0", "tests/unit/test_contracts.py", "tests/unit/test_score.py", "tests/gate/test_rules.py",
        "-k", "well_gas or test_contracts or is_planted",
    )
    assert done.returncode == 0, done.stdout


def _unit_tests(copy: Copy, database: Path) -> str:
    """What dbt says of the models that were added and their unit tests, built on the database of the golden test."""
    script = (
        "import sys; from pathlib import Path; from pipelines.transform.build import run_dbt;"
        "done = run_dbt(['build', '--exclude-resource-type', 'test', '--select', 'quality_rule', 'int_rule__gas_jump', 'fct_gas_year'], Path(sys.argv[1]), Path('dbt_project/target'));"
        "print(*[node.name for node in done.failed], done.error or '', file=sys.stderr, end='')"
    )
    return copy.run("-c", script, str(database)).stderr.strip()
