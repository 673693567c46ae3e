"""Take what lies in the inbox and the published tables into `raw/received/<source>/<batch_id>/`, once for all.

A file is known by its bytes: the same bytes again are the same batch. What was received is never changed; what its sidecar
says may be corrected and counts from the night that sees it (docs/decisions/0014-sidecars.md).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime, time
from pathlib import Path

from pipelines.contracts.source import Source, deliverable_sources, load_sources
from pipelines.contracts.text import printable
from pipelines.ingest.copies import (
    Copies,
    CopyState,
    checked_copy,
    copy_stamp,
    lost_words,
    remove_leftovers,
)
from pipelines.ingest.problem import Unreadable
from pipelines.ingest.scan import FORMAT, ID_DIGITS, Found, Scan, scan_folder
from pipelines.ingest.sidecar import SIDECAR, Sidecar
from pipelines.problem import Problem, UsageProblem
from pipelines.settings import ALWAYS_KNOWN, Settings, now
from pipelines.warehouse.received import SIDECAR_PROBLEMS, has_copy
from pipelines.warehouse.records import Batch, Said
from pipelines.warehouse.registry import Registry

__all__ = ["InboxMissing", "Receipt", "checked_copy", "in_force", "receive", "require_inbox"]

# A transaction is flushed to disk: once for many files, not once a file.
_FILES_A_TRANSACTION = 500

_CHECKSUM = Unreadable(
    "L18-checksum",
    "文件的 SHA-256 与随附说明不符，可能在传输中损坏；请重新提交文件，或改正随附说明",
    "the SHA-256 of the file is not that of its sidecar: damaged on its way; deliver the file again, or correct the sidecar",
)
_OTHER_FILE = "随附说明写的是另一个文件的 SHA-256，此前的说明继续有效 | the sidecar names the SHA-256 of another file: what it said before stands"
_HEALED = "留存的副本已从收件箱重新取得 | the received copy was taken again from the inbox"
_CORRECTED = "随附说明迟到或已更正，重新判断 | its sidecar came late or was corrected: judged anew"
_OF_THAT_DAY = "按知识截止日时的随附说明重新判断 | judged anew by what its sidecar said at the knowledge date"


class InboxMissing(UsageProblem):
    """The inbox is not there, is no folder or cannot be listed: nothing can be said of what was delivered."""


@dataclass
class Receipt:
    """What a night found. `new` are batch ids; the pairs are (relative path, reason in both languages)."""

    new: list[str] = field(default_factory=list)
    seen: int = 0
    left: list[tuple[str, str]] = field(default_factory=list)
    ignored: list[tuple[str, str]] = field(default_factory=list)
    waiting: list[tuple[str, str]] = field(default_factory=list)
    corrected: list[tuple[str, str]] = field(default_factory=list)
    healed: list[tuple[str, str]] = field(default_factory=list)
    lost: list[tuple[str, str]] = field(default_factory=list)
    removed: list[tuple[str, str]] = field(default_factory=list)
    noted: list[tuple[str, str]] = field(default_factory=list)
    here: set[str] = field(default_factory=set, compare=False)   # batches whose files lie in the inbox

    def named(self) -> list[tuple[str, str, list[tuple[str, str]]]]:
        """(key, heading, pairs) of everything that is named one by one."""
        return [
            ("waiting", "等待 waits until received", self.waiting),
            ("left", "留待下夜 left for the next night", self.left),
            ("ignored", "未处理 ignored", self.ignored),
            ("corrected", "更正 corrected", self.corrected),
            ("healed", "修复 healed", self.healed),
            ("lost", "丢失 lost", self.lost),
            ("removed", "按保留期限移除 removed after its keeping", self.removed),
            ("noted", "注意 noted", self.noted),
        ]


def require_inbox(settings: Settings) -> None:
    """Raise InboxMissing unless the inbox is a folder. An empty one is in order."""
    try:
        there = settings.inbox.is_dir()
    except OSError as error:
        raise _unlisted(settings.inbox, error) from error
    if not there:
        raise _no_inbox(settings.inbox, "不存在或不是文件夹", "is not there, or is no folder")


def _no_inbox(inbox: Path, zh: str, en: str) -> InboxMissing:
    name = printable(str(inbox))
    return InboxMissing(
        f"收件箱 {name} {zh}；请检查 --inbox、CARBON_INBOX 或挂载；首次使用请先建立该文件夹。未做任何处理",
        f"the inbox {name} {en}; check --inbox, CARBON_INBOX or the mount; on a new installation make the folder first. Nothing was done",
    )


def _unlisted(inbox: Path, error: OSError) -> InboxMissing:
    return _no_inbox(inbox, f"无法读取（{error.strerror}）", f"cannot be read ({error.strerror})")


def receive(settings: Settings, registry: Registry) -> Receipt:
    """Register and copy everything new. Deliveries received after the knowledge date wait for their day.

    Raises InboxMissing, and OSError when `raw/received` cannot be written.
    """
    require_inbox(settings)
    try:
        inbox = _scan(settings, settings.inbox, deliverable_sources(), published=False)
    except OSError as error:
        raise _unlisted(settings.inbox, error) from error
    try:
        published = _scan(settings, settings.published, load_sources(), published=True)
    except OSError as error:
        raise Problem(
            f"项目自带的统计数据 {settings.published} 无法读取（{error.strerror}）",
            f"the published tables of the project, {settings.published}, cannot be read ({error.strerror})",
        ) from error
    remove_leftovers(settings)
    intake = _Intake(settings, registry)
    intake.receipt.left = [*inbox.left, *((f"published/{name}", why) for name, why in published.left)]
    intake.receipt.ignored = inbox.ignored
    # the same bytes under two names: the one from which they are known comes first
    things = sorted([*published.found, *inbox.found], key=lambda found: (*_rank(intake.say(found)), found.source))
    for start in range(0, len(things), _FILES_A_TRANSACTION):
        intake.take(things[start : start + _FILES_A_TRANSACTION])
    intake.conclude(things)
    return intake.receipt


def _scan(settings: Settings, root: Path, sources: Collection[str], *, published: bool) -> Scan:
    return scan_folder(root, sources, published=published, clock=_clock, settle_seconds=settings.settle_seconds)


def _clock() -> float:
    """The time as it is, not as it was when the night began: a file may be written to while others are read."""
    return now().timestamp()


def in_force(said: list[Said], day: str) -> Said:
    """What counts of all that the sidecars of a batch said, at a knowledge date (ISO).

    Of each name the last that was seen by then (of a day before any was seen: what the first night saw); of several names the
    one with the earliest time of receipt, one that is in order before one that is not.
    """
    day = max(day, min(one.seen_from for one in said))
    return min({one.file_name: one for one in said if one.seen_from <= day}.values(), key=_rank)


def _rank(said: Said) -> tuple[bool, str, bool, str]:
    return said.problem_id is not None, said.received_at, said.received_basis == "first_night", said.file_name


class _Intake:
    """One night's intake: what the registry knows, and what is added to it."""

    def __init__(self, settings: Settings, registry: Registry) -> None:
        self.settings, self.registry, self.receipt = settings, registry, Receipt()
        self.day = settings.knowledge_date.isoformat()
        self.batches = registry.batches()
        # what was refused for its extension is another thing once its bytes come under a name that can be read
        self.by_bytes: dict[tuple[str, str, bool], str] = {}
        self.sheets: dict[str, list[str]] = {}   # batch of a workbook -> those of its further sheets
        for batch in self.batches.values():
            if batch.batch_id == batch.file_id:
                self.by_bytes[batch.source, batch.sha256, batch.problem_id == FORMAT] = batch.batch_id
            else:
                self.sheets.setdefault(batch.file_id, []).append(batch.batch_id)
        self.judged = set(registry.verdicts())
        self.paths = registry.paths()
        self.said = registry.said()
        self.observed: set[str] = set()   # batches of which a sidecar said something new tonight
        self.stamps: dict[str, tuple[int, int]] = {}
        self.suspects: dict[str, CopyState] = {}
        self.given_up = registry.given_up()
        self._look_at_copies()

    def _look_at_copies(self) -> None:
        """Find the copies that are not what was registered: by size and time of change, and by their bytes where these differ
        or where the batch is still to be judged."""
        kept = self.registry.copies()
        for batch in self.batches.values():
            stamp = copy_stamp(self.settings, batch) if has_copy(batch) else None
            if batch.batch_id != batch.file_id or not has_copy(batch) or (stamp is not None and stamp == kept.get(batch.batch_id) and batch.batch_id in self.judged):
                continue
            state = checked_copy(self.settings, batch)
            if state is not CopyState.OK:
                self.suspects[batch.batch_id] = state
            elif stamp is not None:
                self.stamps[batch.batch_id] = stamp

    def take(self, group: list[Found]) -> None:
        """Copy what is new or has to be taken again, then register it: the registry never knows what is not on the disk."""
        copies = Copies(self.settings)
        added: list[tuple[Batch, Found]] = []
        healed: list[str] = []
        for found in group:
            known = self._batch_of(found)
            if known is None:
                batch = self._new(found, copies)
                added += [(batch, found)] if batch is not None else []
            elif known.batch_id in self.suspects:
                reason = copies.add(found.path, known)
                if reason is None:
                    del self.suspects[known.batch_id]
                    healed.append(known.batch_id)
                self._tell(self.receipt.left if reason else self.receipt.healed, found, reason or _HEALED)
        self.stamps.update(copies.put_in_place())
        with self.registry.transaction():
            for batch, found in added:
                self.registry.add_batch(batch)
                if found.problem is None:
                    self._observe(found, self.say(found))
            for batch_id in healed:
                for part in (batch_id, *self.sheets.get(batch_id, ())):
                    self.registry.unjudge(part)   # it may have been judged by what was not its file
            for batch_id, stamp in self.stamps.items():
                self.registry.put_copy(batch_id, stamp)
            self.stamps = {}
            for found in group:
                self._see(found)

    def _new(self, found: Found, copies: Copies) -> Batch | None:
        """A batch of bytes that are not known yet, copied; None when they wait for their day or cannot be taken tonight."""
        batch = _batch(found, self.say(found))
        if batch.received > self.settings.knowledge_end:
            self._tell(self.receipt.waiting, found, batch.received.isoformat(sep=" "))
            return None
        reason = copies.add(found.path, batch) if has_copy(batch) else None
        if reason is not None:
            self._tell(self.receipt.left, found, reason)
            return None
        if batch.batch_id != found.batch_id():
            self._tell(self.receipt.noted, found, (
                f"SHA-256 前 {ID_DIGITS} 位已是另一批次的编号，批次编号加长为 {batch.batch_id}"
                f" | the first {ID_DIGITS} digits of its SHA-256 are the number of another batch: its own has the longer number {batch.batch_id}"
            ))
        self.batches[batch.batch_id] = batch
        self.by_bytes[batch.source, batch.sha256, batch.problem_id == FORMAT] = batch.batch_id
        self.receipt.new.append(batch.batch_id)
        return batch

    def _batch_of(self, found: Found) -> Batch | None:
        unread = found.problem is not None and found.problem.check_id == FORMAT
        return self.batches.get(self.by_bytes.get((found.source, found.digest, unread), ""))

    def _tell(self, pairs: list[tuple[str, str]], found: Found, why: str) -> None:
        pairs.append((f"{found.source}/{found.file_name}", why))

    def _free_id(self, found: Found) -> str:
        """The number of a new batch: longer than usual where another batch has the same first digits."""
        digits = ID_DIGITS
        while found.batch_id(digits) in self.batches and digits < len(found.digest):
            digits += 4
        return found.batch_id(digits)

    def _see(self, found: Found) -> None:
        """Note the name of a thing whose batch is registered, and what its sidecar says now."""
        batch = self._batch_of(found)
        if batch is None:
            return
        path = (found.source, found.file_name, batch.batch_id)
        if path not in self.paths:
            self.paths.add(path)
            self.registry.see_path(*path, self.day)
        # a sidecar that is gone, or was never there, says nothing: what was seen last stands
        if found.problem is None and found.said is not None and found.published == bool(batch.is_published):
            self._observe(found, self.say(found))

    def _observe(self, found: Found, said: Said) -> None:
        """Keep what a sidecar says when it is not what the same name said last."""
        before = [one for one in self.said.get(said.batch_id, []) if one.file_name == said.file_name]
        if before and before[-1].same_as(said):
            return
        if before and said.problem_id == _CHECKSUM.check_id and before[-1].sha256 == found.digest:
            self.receipt.left.append((f"{found.source}/{found.file_name}{SIDECAR}", _OTHER_FILE))
            return
        self.said.setdefault(said.batch_id, []).append(said)
        self.registry.add_said(said)
        self.observed.add(said.batch_id)
        unknown = found.said.unknown if found.said is not None and not found.published else ()
        if unknown:
            names = ", ".join(unknown[:20])
            self.receipt.ignored.append((f"{found.source}/{found.file_name}{SIDECAR}", f"不认识的字段：{names} | unknown fields: {names}"))

    def say(self, found: Found) -> Said:
        """What is said of a thing: by its sidecar, or by where and when it was found."""
        batch = self._batch_of(found)
        sidecar = found.said or Sidecar()
        first_seen = batch.first_seen if batch else self.day
        received_at, basis = _received_at(found, sidecar, first_seen)
        problem = found.problem or found.misread
        if problem is None and sidecar.sha256 and sidecar.sha256 != found.digest:
            problem = _CHECKSUM
        return Said(
            batch_id=batch.batch_id if batch else self._free_id(found), file_name=found.file_name, seen_from=self.day,
            received_at=received_at.isoformat(), received_basis=basis, is_synthetic=int(sidecar.synthetic), document=sidecar.document,
            document_date=sidecar.document_date.date().isoformat() if sidecar.document_date else None,
            sender=sidecar.sender, licence=sidecar.licence, sha256=sidecar.sha256,
            problem_id=problem.check_id if problem else None, problem_zh=problem.zh if problem else None,
            problem_en=problem.en if problem else None, period=sidecar.period,
        )

    def conclude(self, things: list[Found]) -> None:
        """Put the batches right by what their sidecars say, count what was seen, and name what is lost."""
        with self.registry.transaction():
            for batch_id, said in sorted(self.said.items()):
                for part in (batch_id, *self.sheets.get(batch_id, ())):
                    self._put_right(self.batches[part], in_force(said, self.day))
        new = set(self.receipt.new)
        for found in things:
            batch = self._batch_of(found)
            if batch is None:
                continue
            self.receipt.here.add(batch.batch_id)
            if batch.received > self.settings.knowledge_end:
                self._tell(self.receipt.waiting, found, batch.received.isoformat(sep=" "))
            elif batch.batch_id in new:
                new.remove(batch.batch_id)   # its first name; the others are the same bytes again
            else:
                self.receipt.seen += 1
        for batch_id in self.given_up.keys() - self.suspects.keys():
            self.registry.take_back(batch_id)   # its copy is there again
        for batch_id, state in sorted(self.suspects.items()):
            if batch_id in self.given_up:
                continue
            batch = self.batches[batch_id]
            self.receipt.lost.append((f"{batch.source}/{batch.file_name}", lost_words(state)))

    def _put_right(self, batch: Batch, said: Said) -> None:
        right = replace(
            batch, received_at=said.received_at, received_basis=said.received_basis, is_synthetic=said.is_synthetic, document=said.document,
            document_date=said.document_date, sender=said.sender, licence=said.licence,
            problem_id=said.problem_id, problem_zh=said.problem_zh, problem_en=said.problem_en, period=said.period,
        )
        if right == batch:
            return
        self.batches[batch.batch_id] = right
        self.registry.replace_batch(right)
        self.registry.unjudge(batch.batch_id)
        if batch.batch_id not in self.receipt.new:
            why = _CORRECTED if batch.batch_id in self.observed else _OF_THAT_DAY
            self.receipt.corrected.append((f"{batch.source}/{batch.file_name}", why))


def _received_at(found: Found, sidecar: Sidecar, first_seen: str) -> tuple[datetime, str]:
    if found.published:
        source = load_sources()[found.source]
        dated = None if _always_known(source) else sidecar.document_date
        return dated or ALWAYS_KNOWN, "document"
    if sidecar.received_at:
        return sidecar.received_at, "sidecar"
    return datetime.combine(datetime.fromisoformat(first_seen), time()), "first_night"


def _always_known(source: Source) -> bool:
    return source.published_only or source.name == "emission_factor"


def _batch(found: Found, said: Said) -> Batch:
    return Batch(
        batch_id=said.batch_id, source=found.source, file_name=found.file_name, sha256=found.digest, size=found.size,
        received_at=said.received_at, received_basis=said.received_basis,
        is_synthetic=said.is_synthetic, is_published=int(found.published), document=said.document,
        document_date=said.document_date, sender=said.sender, licence=said.licence, suffix=found.suffix,
        first_seen=said.seen_from, problem_id=said.problem_id, problem_zh=said.problem_zh, problem_en=said.problem_en, period=said.period,
    )


assert _CHECKSUM.check_id in SIDECAR_PROBLEMS
