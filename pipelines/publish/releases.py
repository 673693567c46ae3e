"""What people do with releases: list them, sign one (official, never removed), make an earlier one live again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from pipelines.lock import night_lock
from pipelines.problem import Problem
from pipelines.publish.live import adopt, heal, switch
from pipelines.publish.problem import PublishError
from pipelines.publish.seals import Known, chain_problems, seal_problems
from pipelines.publish.store import (
    DATABASE,
    RELEASE_FILE,
    SIGNATURE_FILE,
    is_official,
    live_id,
    read_manifest,
    release_folder,
    release_folders,
    sealed_order,
    sha256_of,
    signatures,
    write_published,
)
from pipelines.publish.verify import content_problems, known_releases
from pipelines.settings import Settings
from pipelines.warehouse.duck import attach, connect
from pipelines.warehouse.records import YearClosing
from pipelines.warehouse.registry import Registry
from pipelines.warehouse.registry_reads import read_year_closings

_LISTED = (
    "release_id", "knowledge_date", "published_at", "previous_release_id", "code_version", "common_gwp_set", "is_synthetic",
    "unexplained_shares",
)


def list_releases(settings: Settings) -> list[dict[str, Any]]:
    """Every sealed release, the one sealed last first; plain values.

    unexplained_shares: year -> share that the province's bridge leaves unexplained (its trend over releases);
    live: it is what analysts open; signed, official: somebody signed it; signatures: {by, note, signed_at, release_sha256, closes} each;
    closes: the years that its signature closed and nobody opened again; damaged, problems: what a look at names, sizes and hashes of release.json shows. `verify` reads the files themselves.
    """
    try:
        known = known_releases(settings)
    except Problem:
        known = None   # `verify` names a damaged registry; the list must still be there for whoever mends it
    rows = [(read_manifest(folder), folder) for folder in release_folders(settings)]
    rows.sort(key=lambda row: (row[0] is not None, sealed_order(row[0]) if row[0] else row[1].name), reverse=True)
    closed = [c for c in read_year_closings(settings.registry) if c.reopened_at is None] if known is not None else []
    return [_listed(settings, folder, manifest or {}, known, [c.year for c in closed if c.release_id == folder.name]) for manifest, folder in rows]


def _listed(settings: Settings, folder: Path, manifest: dict[str, Any], known: Known | None, closes: list[int]) -> dict[str, Any]:
    problems = seal_problems(folder, known, contents=False)
    try:
        signed = signatures(folder)
    except PublishError:
        signed = []   # among the problems
    return {
        **{name: manifest.get(name) for name in _LISTED}, "release_id": folder.name,
        "live": live_id(settings) == folder.name, "signed": is_official(folder), "official": is_official(folder), "signatures": signed, "closes": closes,
        "damaged": bool(problems), "problems": problems, "path": str(folder),
    }


def sign(settings: Settings, release_id: str, by: str, note: str) -> dict[str, Any]:
    """Sign a release: add who, why, when, the SHA-256 of its release.json and the years that it closes to signature.json. Returns the signature.

    Closed are the years that are final in it and that no earlier signature closed. Raises PublishError when the release does not exist or differs in any byte from what was sealed, nobody is named, or a year that
    would be final leaves too much unexplained; NightRunning while a night runs.
    """
    folder = release_folder(settings, release_id)
    if not by.strip():
        raise PublishError("签发人不能为空", "a signature needs a name")
    _require_there(folder)
    with _registry(settings) as registry:
        adopt(settings, registry)
        _require_whole(settings, folder, Known(registry.releases()), "不能签发", "it is not signed")
        _refuse_unexplained(folder)
        signature = {
            "release_id": release_id, "by": by.strip(), "note": note.strip(), "signed_at": settings.started.isoformat(),
            "release_sha256": sha256_of(folder / RELEASE_FILE), "closes": _closes(folder, registry),
        }
        text = json.dumps([*signatures(folder), signature], ensure_ascii=False, indent=1) + "\n"
        write_published(settings, folder / SIGNATURE_FILE, text.encode())
        adopt(settings, registry)   # enters the closings
    return signature


def reopen(settings: Settings, year: int, by: str, second_by: str, note: str) -> YearClosing:
    """Open a closed year again, by two people; the next night takes in what came since. Returns the closing that ended.

    Raises PublishError when the year is not closed, a name or the reason is missing, or both names are one; NightRunning while a night runs.
    """
    if not by.strip() or not second_by.strip() or by.strip() == second_by.strip():
        raise PublishError("重新开账须有两个不同的姓名（--by、--second-by）", "opening a year again takes two different names (--by, --second-by)")
    if not note.strip():
        raise PublishError("须写明重新开账的理由（--note）", "say why the year is opened again (--note)")
    with _registry(settings) as registry:
        adopt(settings, registry)
        standing = [c for c in registry.year_closings() if c.year == year and c.reopened_at is None]
        if not standing:
            closed = ", ".join(sorted({str(c.year) for c in registry.year_closings() if c.reopened_at is None})) or "–"
            raise PublishError(f"{year} 年没有封账（已封账：{closed}）", f"{year} is not closed (closed: {closed})")
        opened = [
            replace(c, reopened_at=settings.started.isoformat(), reopened_by=by.strip(), second_by=second_by.strip(), reopened_note=note.strip())
            for c in standing
        ]
        for closing in opened:
            registry.put_year_closing(closing)
    return opened[0]


def _closes(folder: Path, registry: Registry) -> list[int]:
    """The years that a signature of this release closes: final in every province of it, and open until now."""
    closed = {c.year for c in registry.year_closings() if c.reopened_at is None}
    with connect() as db:
        attach(db, folder / DATABASE, "sealed")
        rows = db.execute("select year(period) from sealed.marts.fct_total_year where level = 'province' group by 1 having bool_and(status = 'final') order by 1").fetchall()
    return [int(year) for (year,) in rows if int(year) not in closed]


def promote(settings: Settings, release_id: str, by: str, note: str) -> None:
    """Make a sealed release live again, whatever is live now; later nights go on from it. Who, when and why stand in the registry.

    Raises PublishError when the release does not exist, fails any check of `verify`, is of a day that has not come, or nobody is named;
    NightRunning while a night runs.
    """
    folder = release_folder(settings, release_id)
    if not by.strip():
        raise PublishError("须写明由谁恢复", "say who makes it live")
    _require_there(folder)
    with _registry(settings) as registry:
        heal(settings, registry)
        manifest = _require_whole(settings, folder, Known(registry.releases()), "不能上线", "it does not go live")
        problems = content_problems(folder)
        if problems:
            raise _refusal(release_id, problems, "不能上线", "it does not go live")
        day = date.fromisoformat(manifest["knowledge_date"])
        if day > settings.clock_day:
            raise PublishError(f"版本 {release_id} 的知识截止日 {day} 晚于今日 {settings.clock_day}，不能上线",
                               f"the knowledge date of {release_id}, {day}, is later than today, {settings.clock_day}: it does not go live")
        switch(settings, registry, folder, by=by.strip(), note=note.strip())
        registry.forget_standing_after(day.isoformat())


@contextmanager
def _registry(settings: Settings) -> Iterator[Registry]:
    """The registry, with the lock of the night: no night may prune or switch meanwhile."""
    with (
        night_lock(settings.warehouse / "night.lock", settings.started.isoformat(timespec="seconds")),
        closing(Registry(settings.warehouse / "registry.sqlite")) as registry,
    ):
        yield registry


def _require_there(folder: Path) -> None:
    if not folder.is_dir():
        raise PublishError(f"版本 {folder.name} 不存在", f"release {folder.name} does not exist")


def _require_whole(settings: Settings, folder: Path, known: Known, zh: str, en: str) -> dict[str, Any]:
    """release.json of a release that is what was sealed, to the byte. Raises PublishError with what is not."""
    problems, manifest = seal_problems(folder, known), read_manifest(folder)
    problems += chain_problems(settings, manifest, known) if manifest else []
    if problems or manifest is None:
        raise _refusal(folder.name, problems, zh, en)
    return manifest


def _refusal(release_id: str, problems: list[str], zh: str, en: str) -> PublishError:
    lines = "".join(f"\n  {problem}" for problem in problems[:20])
    return PublishError(f"版本 {release_id} 受损，{zh}", f"release {release_id} is damaged: {en}{lines}")


def _refuse_unexplained(folder: Path) -> None:
    """A year whose reports are all in becomes final by the signature: not while its bridge leaves too much unexplained."""
    with connect() as db:
        attach(db, folder / DATABASE, "sealed")
        years = db.execute(
            """select b.year, b.unexplained_share from sealed.marts.fct_reconciliation_year as b
               inner join sealed.marts.fct_total_year as t on t.level = 'province' and t.code = b.division_code and year(t.period) = b.year
               where b.gate = 'refused' and t.status_reason = 'unexplained_share' order by b.year"""
        ).fetchall()
    if years:
        found = ", ".join(f"{year} ({share:.1%})" for year, share in years)
        raise PublishError(
            f"未解释份额过大，以下年份不能定为最终，未签发：{found}；见 fct_reconciliation_year",
            f"not signed: too much is unexplained for these years to be final: {found}; see fct_reconciliation_year",
        )
