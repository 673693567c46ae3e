"""What people do with releases: list, sign, make live again; and the clock that a night believes."""

from __future__ import annotations

import hashlib
import json
import shutil
from contextlib import nullcontext
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from pipelines.clock import ClockWrong, check_clock
from pipelines.lock import NightRunning, night_lock
from pipelines.publish.live import last_night, may_promote
from pipelines.publish.problem import PublishError
from pipelines.publish.releases import list_releases, promote, sign
from pipelines.publish.store import live_release
from pipelines.publish.verify import verify
from pipelines.settings import TIME_ZONE, Settings, load_settings

from .publish_build import (
    FIRST,
    SECOND,
    UNEXPLAINED_2025,
    flip,
    heal,
    info,
    lose_registry,
    publish,
    registry_of,
    settings_for,
    two_releases,
    write_build,
)


@pytest.fixture
def settings(tmp_path) -> Settings:
    """SECOND is live, FIRST was."""
    return two_releases(tmp_path)


# --- list


def test_the_list_tells_live_official_and_damaged(settings) -> None:
    sign(settings, FIRST, "张三", "核定")
    second, first = list_releases(settings)
    assert (second["release_id"], second["live"], second["official"], second["damaged"]) == (SECOND, True, False, False)
    assert (first["release_id"], first["live"], first["official"], first["signed"], first["damaged"]) == (FIRST, False, True, True, False)
    assert json.dumps(second)
    (settings.marts / "releases" / FIRST / "carbon.duckdb").unlink()
    (settings.marts / "releases" / SECOND / "release.json").chmod(0o644)
    (settings.marts / "releases" / SECOND / "release.json").write_text("{")
    by_id = {row["release_id"]: row for row in list_releases(settings)}
    assert by_id[FIRST]["damaged"] and "file carbon.duckdb is missing" in by_id[FIRST]["problems"][0]
    assert by_id[SECOND]["damaged"] and by_id[SECOND]["live"] and by_id[SECOND]["knowledge_date"] is None


def test_the_list_is_there_without_a_registry_that_can_be_read(settings) -> None:
    (settings.warehouse / "registry.sqlite").write_bytes(b"x" * 5000)
    assert [row["damaged"] for row in list_releases(settings)] == [False, False]


# --- sign


def test_signatures_add_up(settings) -> None:
    sign(settings, SECOND, "张三", "核定")
    sign(settings, SECOND, "李四", "")
    row = list_releases(settings)[0]
    digest = hashlib.sha256((Path(row["path"]) / "release.json").read_bytes()).hexdigest()
    assert [s["by"] for s in row["signatures"]] == ["张三", "李四"] and {s["release_sha256"] for s in row["signatures"]} == {digest}
    assert verify(settings) == []
    for bad in (("20240101-0000000000", "张三"), (SECOND, " "), ("../x", "张三")):
        with pytest.raises(PublishError):
            sign(settings, *bad, "")


@pytest.mark.parametrize("name", ["carbon.duckdb", "parquet/quality.batch.parquet", "site/quality/index.html", "release.json", "release.sha256"])
def test_a_damaged_release_is_neither_signed_nor_made_live(settings, name) -> None:
    flip(settings.marts / "releases" / FIRST / name)
    for act in (sign, promote):
        with pytest.raises(PublishError, match=r"受损，不能(签发|上线)") as caught:
            act(settings, FIRST, "张三", "核定")
        assert name in str(caught.value)
    assert not list_releases(settings)[1]["signed"] and live_release(settings)["release_id"] == SECOND


def test_a_release_after_a_forged_predecessor_is_not_signed(settings) -> None:
    """Without the registry's memory of it, the chain alone tells."""
    folder = settings.marts / "releases" / FIRST
    for name in ("release.json", "release.sha256"):
        (folder / name).chmod(0o644)
    text = (folder / "release.json").read_text("utf-8").replace('"is_synthetic": true', '"is_synthetic": false')
    (folder / "release.json").write_text(text, "utf-8")
    (folder / "release.sha256").write_text(f"{hashlib.sha256(text.encode()).hexdigest()}  release.json\n")
    lose_registry(settings)
    with pytest.raises(PublishError, match="is not the one that"):
        sign(settings, SECOND, "张三", "核定")


@pytest.mark.parametrize(("reason", "refused"), [("unexplained_share", True), ("reports_missing", False)])
def test_a_year_that_leaves_too_much_unexplained_is_not_signed(tmp_path, reason, refused) -> None:
    """Refused only where the share alone stands between the year and final; the trend shows in the list of releases."""
    settings = settings_for(tmp_path)
    change = UNEXPLAINED_2025.replace("'unexplained_share'\n", f"'{reason}'\n")
    publish(settings, write_build(tmp_path / "unexplained.duckdb", change=change), info())
    assert list_releases(settings)[0]["unexplained_shares"] == {"2025": pytest.approx(326.5 / 980)}
    expected = pytest.raises(PublishError, match=r"2025 \(33.3%\)") if refused else nullcontext()
    with expected:
        sign(settings, FIRST, "张三", "核定")
    assert list_releases(settings)[0]["signed"] is not refused


def test_no_release_is_signed_or_made_live_while_a_night_runs(settings) -> None:
    with night_lock(settings.warehouse / "night.lock", "2026-01-01T02:00:00"):
        for act in (sign, promote):
            with pytest.raises(NightRunning, match="2026-01-01T02:00:00"):
                act(settings, FIRST, "张三", "核定")


# --- make live again


@pytest.fixture
def ahead(tmp_path) -> Settings:
    """A night whose clock stood in 2099 has published: its release is live, and everything after it is earlier."""
    settings = two_releases(tmp_path)
    started = datetime(2099, 6, 1, 2, tzinfo=TIME_ZONE)
    wrong = settings_for(tmp_path, date(2099, 6, 1), started=started)
    publish(wrong, write_build(tmp_path / "b.duckdb"), info(date(2099, 6, 1), "c" * 64, minute=2))
    with registry_of(settings) as registry:
        registry.put_standing("2025-03-31", [("b", 1, "R01", "s", "u", "2025-01-01")])
        registry.put_standing("2099-06-01", [])
    assert live_release(settings)["release_id"] == "20990601-cccccccccc"
    return settings


def test_an_earlier_release_goes_live_again_and_nights_go_on_from_it(ahead) -> None:
    with registry_of(ahead) as registry:
        assert not may_promote(ahead, registry, date(2025, 4, 1))
    promote(ahead, SECOND, "张三", "时钟错误")
    assert live_release(ahead)["release_id"] == SECOND and verify(ahead) == []
    with registry_of(ahead) as registry:
        promotion = registry.promotion()
        assert (promotion.release_id, promotion.promoted_by, promotion.note) == (SECOND, "张三", "时钟错误")
        assert last_night(ahead, registry) == date(2025, 3, 31) and may_promote(ahead, registry, date(2025, 4, 1))
        (span,) = registry.table("finding_span").rows(named=True)
        assert (span["seen_from"], span["seen_until"]) == ("2025-03-31", None)   # what the wrong night said of it is taken back
    found = publish(ahead, write_build(ahead.data / "c.duckdb"), info(date(2025, 4, 1), "d" * 64, minute=3))
    assert found.promoted and live_release(ahead)["previous_release_id"] == SECOND


def test_a_release_of_a_day_to_come_is_not_made_live(ahead) -> None:
    promote(ahead, SECOND, "张三", "时钟错误")
    with pytest.raises(PublishError, match=r"2099-06-01, is later than today"):
        promote(ahead, "20990601-cccccccccc", "张三", "又来")
    assert heal(ahead).damage == () and live_release(ahead)["release_id"] == SECOND


def test_who_makes_it_live_is_said_and_what_is_not_there_is_named(settings, tmp_path) -> None:
    with pytest.raises(PublishError, match="say who"):
        promote(settings, FIRST, " ", "")
    with pytest.raises(PublishError, match="does not exist"):
        promote(settings, "20240101-0000000000", "张三", "")
    with pytest.raises(PublishError, match="does not exist"):
        promote(settings_for(tmp_path / "nothing"), FIRST, "张三", "")
    assert not (tmp_path / "nothing").exists()


def test_a_release_whose_tables_break_an_identity_is_not_made_live(settings, monkeypatch) -> None:
    monkeypatch.setattr("pipelines.publish.releases.content_problems", lambda folder: ["守恒 | lines do not add up"])
    with pytest.raises(PublishError, match="lines do not add up"):
        promote(settings, FIRST, "张三", "")


# --- the clock


NIGHT = date(2026, 6, 30)


def at(day: date, *, as_of: date | None = None, tick: bool = False, tmp: Path = Path("/nowhere")) -> Settings:
    started = datetime(day.year, day.month, day.day, 2, tzinfo=TIME_ZONE)
    return settings_for(tmp, as_of or day, started=started, as_of_given=as_of is not None and not tick)


@pytest.mark.parametrize(("days", "refused"), [(-1, "before the last night"), (0, None), (1, None), (400, None), (401, "more than 400 days")])
def test_a_clock_behind_or_far_ahead_is_refused_with_both_dates(days, refused) -> None:
    day = NIGHT + timedelta(days)
    with pytest.raises(ClockWrong, match=refused) if refused else nullcontext() as caught:
        check_clock(at(day), NIGHT)
    if refused:
        assert all(text.count(str(NIGHT)) == 1 and str(day) in text for text in (caught.value.zh, caught.value.en))
    check_clock(at(day, as_of=NIGHT), NIGHT)   # somebody chose the day
    check_clock(at(day), None)                 # the first night


def test_the_limit_is_a_setting() -> None:
    check_clock(settings_for(Path("/nowhere"), NIGHT, started=at(NIGHT + timedelta(401)).started, clock_limit_days=401), NIGHT)


def test_the_day_of_a_tick_is_the_clocks() -> None:
    """A tick that the daemon catches up on lies before the clock, which is right; one of a wrong clock lies far ahead."""
    check_clock(at(NIGHT, as_of=NIGHT - timedelta(2), tick=True), NIGHT)
    with pytest.raises(ClockWrong):
        check_clock(at(NIGHT, as_of=date(2099, 1, 1), tick=True), NIGHT)


def test_settings_know_who_chose_the_day(tmp_path) -> None:
    assert load_settings(data=tmp_path, as_of=NIGHT).as_of_given
    assert not load_settings(data=tmp_path, as_of=NIGHT, as_of_is_clock=True).as_of_given
    assert not load_settings(data=tmp_path).as_of_given


def test_a_night_with_nothing_new_is_a_night(settings) -> None:
    with registry_of(settings) as registry:
        registry.stand_by("2025-05-01")
        registry.stand_by("2025-04-01")
        assert last_night(settings, registry) == date(2025, 5, 1)


def test_a_pruned_release_is_not_made_live(settings) -> None:
    shutil.rmtree(settings.marts / "releases" / FIRST)
    with pytest.raises(PublishError, match="does not exist"):
        promote(settings, FIRST, "张三", "")
