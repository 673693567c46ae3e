"""Wrong arguments and mistyped names are told in one sentence, in both languages, with what is near."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.near import near

RUN = CliRunner()


@pytest.mark.parametrize(("arguments", "zh", "en"), [
    (["verfy"], "没有命令 verfy；是否为 verify", "there is no command verfy; did you mean verify"),
    (["--foo"], "没有选项 --foo", "there is no option --foo"),
    (["explain", "--tabel", "x"], "没有选项 --tabel；是否为 --table", "there is no option --tabel; did you mean --table"),
    (["steward", "lst"], "没有命令 lst；是否为 list", "there is no command lst; did you mean list"),
    (["diff", "a"], "缺少 after", "after is missing"),
    (["demo"], "缺少 --out", "--out is missing"),
    (["demo", "--out", "x", "--months", "0"], "--months 的值不能用", "--months cannot be that"),
    (["demo", "--out", "x", "--until", "2025"], "--until 2025 应为 YYYY-MM", "--until 2025 must be YYYY-MM"),
    (["nightly", "--as-of", "2026-13-01"], "日期 2026-13-01 应为 YYYY-MM-DD", "the day 2026-13-01 must be YYYY-MM-DD"),
    (["explain", "--table", "a", "--column", "b", "--key", "c"], "--key c 应为 名=值", "--key c must be name=value"),
    (["explain"], "请给出 --line", "give --line"),
    (["query", "city_totl"], "没有查询 city_totl；是否为 city_total", "there is no query city_totl; did you mean city_total"),
])
def test_wrong_usage_is_one_sentence(arguments: list[str], zh: str, en: str, tmp_path: Path) -> None:
    done = RUN.invoke(app, [*arguments, "--data", str(tmp_path)] if arguments[0] in ("explain", "nightly") and "--tabel" not in arguments else arguments)
    assert done.exit_code == 2, done.output
    said = done.stderr.splitlines()
    assert zh in said[0] and en in said[0] and len(said) <= 2 and "\x1b[" not in done.output and "╭" not in done.output


def test_machines_get_a_last_line_too() -> None:
    done = RUN.invoke(app, ["verfy", "--json"])
    told = json.loads(done.stdout.splitlines()[-1])
    assert done.exit_code == told["exit_status"] == 2 and told["reason"]["zh"].startswith("用法错误") and told["reason"]["en"].startswith("wrong usage")


def test_a_group_alone_shows_its_help() -> None:
    done = RUN.invoke(app, ["steward"])
    assert done.exit_code == 2 and "template" in done.output


def test_names_near_to_a_mistyped_one() -> None:
    names = ["marts.fct_total_year", "marts.fct_total_month", "quality.batch"]
    assert near("fct_total_yaer", names)[1].startswith("; did you mean marts.fct_total_year")
    assert near("zzz", names) == ("", "")
    assert near("贵阳市", ["贵阳市辖区", "遵义市"])[0] == "；是否为 贵阳市辖区？"
