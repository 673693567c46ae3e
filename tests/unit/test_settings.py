"""The settings file: where a value comes from, and what is said of one that cannot be used."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.settings import PROJECT, SettingsError, gwp_sets, list_settings, load_settings, unknown_variables


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A settings file that CARBON_SETTINGS names; empty at first."""
    path = tmp_path / "carbon.toml"
    path.write_text("")
    monkeypatch.setenv("CARBON_SETTINGS", str(path))
    return path


def refusal(file: Path, text: str) -> SettingsError:
    file.write_text(text, "utf-8")
    with pytest.raises(SettingsError) as caught:
        load_settings()
    return caught.value


def test_an_option_outranks_the_environment_the_file_and_the_default(file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file.write_text('data = "d"\nkeep_releases = 5\nlock_wait_minutes = 1.5\n')
    monkeypatch.setenv("CARBON_KEEP_RELEASES", "7")
    found = load_settings(data=tmp_path / "option")
    assert (found.data, found.keep_releases, found.lock_wait_minutes, found.settle_seconds) == (tmp_path / "option", 7, 1.5, 5.0)
    sources = {item.key: item.source for item in list_settings(tmp_path / "option")}
    assert [sources[key] for key in ("data", "keep_releases", "lock_wait_minutes", "settle_seconds")] == ["option", "env", "file", "default"]


def test_paths_of_the_file_count_from_its_folder(file: Path) -> None:
    file.write_text('data = "d"\ninbox = "/srv/in"\n')
    assert (load_settings().data, load_settings().inbox) == (file.parent / "d", Path("/srv/in"))
    file.write_text('data = "d"\n')
    assert load_settings().inbox == file.parent / "d" / "inbox"


def test_an_empty_name_means_no_file_and_a_missing_one_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CARBON_SETTINGS", "")
    assert load_settings().keep_releases == 30
    monkeypatch.setenv("CARBON_SETTINGS", str(tmp_path / "gone.toml"))
    with pytest.raises(SettingsError, match=r"gone\.toml"):
        load_settings()


@pytest.mark.parametrize(("line", "said"), [
    ("keep_release = 5", "keep_releases"), ("keep_releases = true", "whole number"), ("keep_releases = -1", "whole number"),
    ("keep_releases = 2.5", "whole number"), ("quarantine_limit = 3", "from 0 to 1"), ("quarantine_limit = nan", "from 0 to 1"),
    ('common_gwp_set = "AR3"', "AR2, AR4, AR5, AR6"), ('home_division = "520000"', "two digits"), ("settle_seconds = -1", "from 0"),
    ('lock_wait_minutes = "long"', "0 to 1440"), ("clock_limit_days = 0", "1 or more"), ('published_file_mode = "0666"', "0444"),
    ("published_file_mode = 444", "0444"), ('published_folder_mode = "0777"', "0755"), ('published_folder_mode = "0444"', "0755"),
    ('build_memory = "2 apples"', "2GB"), ('cron = "61 2 * * *"', "cron"), ('cron = "* * * *"', "cron"), ('notice_to = ["nobody"]', "mail addresses"),
    ('notice_smtp_security = "ssl"', "starttls"), ("notice_smtp_port = 0", "65535"), ("data = 3", "folder"), ("[data]\nx = 1", "folder"),
])
def test_a_value_that_cannot_be_used_is_named_with_file_key_value_and_what_may_stand_there(file: Path, line: str, said: str) -> None:
    error = refusal(file, line + "\n")
    key, _, value = line.replace("[", "").replace("]", "").partition(" = ")
    for text in (error.zh, error.en):
        assert str(file) in text
        assert key.split("\n")[0] in text
    assert said in error.en
    assert error.exit_status == 2
    if said not in ("keep_releases", "folder", "mail addresses"):
        assert value.strip('"') in error.en


def test_every_fault_is_told_at_once(file: Path) -> None:
    error = refusal(file, "keep_releases = -1\nquarantine_limit = 3\nwrong = 1\n")
    assert all(key in error.en for key in ("keep_releases", "quarantine_limit", "wrong"))


@pytest.mark.parametrize("text", ["a = \nb = 1", "data = /srv"])
def test_what_is_no_toml_is_told_with_its_line(file: Path, text: str) -> None:
    assert "line 1" in refusal(file, text).en


def test_a_file_in_another_encoding_is_told(file: Path) -> None:
    file.write_bytes('data = "贵州"'.encode("gb18030"))
    with pytest.raises(SettingsError, match="UTF-8"):
        load_settings()


def test_a_variable_of_the_environment_is_named_as_such(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARBON_KEEP_RELEASES", "many")
    with pytest.raises(SettingsError, match="CARBON_KEEP_RELEASES = 'many'"):
        load_settings()


@pytest.mark.parametrize(("text", "key"), [
    ('notice_smtp_host = "mail"', "notice_from"), ('notice_to = ["a@b.cn"]', "notice_smtp_host"),
    ('notice_smtp_host = "m"\nnotice_from = "a@b"\nnotice_to = ["c@d"]\nnotice_smtp_user = "u"', "notice_smtp_password"),
    ('notice_smtp_host = "m"\nnotice_from = "a@b"\nnotice_to = ["c@d"]\nnotice_smtp_user = "u"\nnotice_smtp_password = "p"', "starttls"),
])
def test_keys_that_need_each_other(file: Path, text: str, key: str) -> None:
    assert key in refusal(file, text).en


def test_secrets_are_never_shown(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text('notice_webhook = "http://hook.local/?key=SECRET"\n')
    monkeypatch.setenv("CARBON_NOTICE_SMTP_PASSWORD", "SECRET")
    monkeypatch.setenv("CARBON_NOTICE_SMTP_USER", "u")
    monkeypatch.setenv("CARBON_NOTICE_SMTP_SECURITY", "tls")
    monkeypatch.setenv("CARBON_NOTICE_SMTP_HOST", "m")
    monkeypatch.setenv("CARBON_NOTICE_FROM", "a@b")
    monkeypatch.setenv("CARBON_NOTICE_TO", "c@d, e@f")
    assert load_settings().notices.to == ("c@d", "e@f")
    for options in ([], ["--json"]):
        done = CliRunner().invoke(app, ["settings", *options])
        assert done.exit_code == 0
        assert "SECRET" not in done.output and "******" in done.output
    assert "SECRET" not in repr(load_settings())
    assert "SECRET" not in str(refusal(file, 'notice_webhook = "SECRET"'))


def test_the_command_shows_every_key_with_source_and_meaning_in_both_languages(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARBON_KEEP_RELEASE", "5")
    said = json.loads(CliRunner().invoke(app, ["settings", "--json"]).stdout)
    assert said["file"] == str(file)
    assert said["unknown_variables"] == unknown_variables() == ["CARBON_KEEP_RELEASE"]
    assert {"inbox", "data", "cron", "notice_to"} <= {item["key"] for item in said["settings"]}
    assert all(item["zh"] and item["en"] and item["source"] == "default" for item in said["settings"])
    lines = CliRunner().invoke(app, ["settings"]).stdout.splitlines()
    assert 'common_gwp_set = "AR5"  (default)  各合计所用的 GWP 集 | the GWP set of every total' in lines


def test_a_bad_file_ends_every_command_with_2_and_the_json_line(file: Path) -> None:
    file.write_text("wrong = 1\n")
    for command in ("settings", "nightly", "verify", "nights"):
        done = CliRunner().invoke(app, [command, "--json"])
        last = json.loads(done.stdout.splitlines()[-1])
        assert (done.exit_code, last["outcome"], last["exit_status"]) == (2, "failed", 2), command
        assert "wrong" in last["reason"]["en"] and "wrong" in last["reason"]["zh"]


def test_the_known_gwp_sets_are_those_of_the_factor_table() -> None:
    with (PROJECT / "data/raw/published/emission_factor/gwp.csv").open(encoding="utf-8-sig") as handle:
        assert set(gwp_sets()) == {row["method_version"] for row in csv.DictReader(handle)}
    assert load_settings().common_gwp_set in gwp_sets()


def test_the_settings_of_a_night_can_be_replaced(tmp_path: Path) -> None:
    changed = replace(load_settings(data=tmp_path), quarantine_limit=0.1)
    assert (changed.quarantine_limit, changed.data) == (0.1, tmp_path)
    assert (changed.published_file_mode, changed.published_folder_mode) == (0o444, 0o755)
