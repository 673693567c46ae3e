"""What the registry keeps, as records: deliveries, what was said of them, verdicts, files of the lake, nights and releases."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

# Kinds of files that a verdict on a batch makes; the others are made by decisions (`decided`, `decided_findings`) or by no batch (`schema`).
VERDICT_KINDS = ("accepted", "held", "findings")
DECIDED_KINDS = ("decided", "decided_findings")


@dataclass(frozen=True)
class LakeFile:
    """One file of the lake, as it was when it was written.

    Attributes:
        path: below the data folder; kind: accepted, held, findings, decided, decided_findings or schema;
        slice: folder of accepted rows (`month=2025-11`); bytes, mtime_ns, sha256: of the file;
        rows: of accepted rows, counted when they were judged: (known_at, rows, sum of the source's quantity as reported).
    """

    path: str
    kind: str
    source: str
    slice: str | None
    batch_id: str
    bytes: int
    mtime_ns: int
    sha256: str
    rows: tuple[tuple[str, int, float | None], ...] = ()


_FURTHER_SHEET = re.compile(r"-s([2-9]|[1-9]\d+)$")


def file_batch_id(batch_id: str) -> str:
    """The batch whose received bytes a batch is read from: a further sheet of a workbook (`...-s2`) is a batch of its own."""
    return _FURTHER_SHEET.sub("", batch_id)


def sheet_index(batch_id: str) -> int:
    """Which of the sheets that fit a batch is, from 0."""
    match = _FURTHER_SHEET.search(batch_id)
    return int(match[1]) - 1 if match else 0


@dataclass(frozen=True)
class Version:
    """What decisions make of a batch between two moments (`holds_until` None = from then on).

    verdict, checks, known_rows: as in the tables of these names; rows: the numbers of the rows that differ from the delivered ones.
    """

    batch_id: str
    version: str
    holds_from: str
    holds_until: str | None
    verdict: dict[str, Any]
    checks: list[dict[str, Any]]
    known_rows: list[tuple[str, int]]
    rows: list[int]

    def holds_at(self, moment: datetime) -> bool:
        """Whether this version is the one in force."""
        text = moment.isoformat()
        return self.holds_from <= text and (self.holds_until is None or text < self.holds_until)


@dataclass(frozen=True)
class Batch:
    """One delivery, by its bytes. Moments are Asia/Shanghai wall clock in ISO form.

    received_basis: `sidecar`, `first_night` (no sidecar: the knowledge date of the first night that saw it)
    or `document` (published tables). `problem_*` are set when it is no readable file.
    """

    batch_id: str
    source: str
    file_name: str
    sha256: str
    size: int
    received_at: str
    received_basis: str
    is_synthetic: int
    is_published: int
    document: str | None
    document_date: str | None
    sender: str | None
    licence: str | None
    suffix: str
    first_seen: str
    problem_id: str | None = None
    problem_zh: str | None = None
    problem_en: str | None = None
    period: str | None = None

    @property
    def received(self) -> datetime:
        return datetime.fromisoformat(self.received_at)

    @property
    def file_id(self) -> str:
        """The id of the file: that of the batch, or of the batch of its first sheet."""
        return file_batch_id(self.batch_id)

    @property
    def sheet_index(self) -> int:
        """Which of the sheets that fit this batch is, from 0."""
        return sheet_index(self.batch_id)


@dataclass(frozen=True)
class Said:
    """What the sidecar of one name of a batch says, from the night that first saw it say so.

    `file_name` as in Batch, `seen_from` the knowledge date of that night, `sha256` the checksum that the sidecar names; the rest as in
    Batch (`received_basis` first_night: there is no sidecar, or it names no time).
    """

    batch_id: str
    file_name: str
    seen_from: str
    received_at: str
    received_basis: str
    is_synthetic: int
    document: str | None
    document_date: str | None
    sender: str | None
    licence: str | None
    sha256: str | None
    problem_id: str | None
    problem_zh: str | None
    problem_en: str | None
    period: str | None = None

    def same_as(self, other: Said) -> bool:
        """True when two say the same, whoever said it when."""
        return replace(self, batch_id="", file_name="", seen_from="") == replace(other, batch_id="", file_name="", seen_from="")


@dataclass(frozen=True)
class Verdict:
    """How a batch was judged. `passes_from` = from when enough of its rows count; None = never (refused).

    `waiting` = 1 while rows wait for an enterprise that is not in the register: judged again every night.
    """

    batch_id: str
    suite_version: str
    rows_received: int
    refused_by: str | None
    reason_zh: str | None
    reason_en: str | None
    passes_from: str | None
    waiting: int
    quantity_received: float | None
    quantity_quarantined: float | None
    sheet: str | None
    first_night: str


@dataclass(frozen=True)
class NightRun:
    """One night, as the registry remembers it. Moments in ISO form with offset.

    outcome: `running`, then `published`, `sealed`, `nothing_new`, `failed`, `partial` (Dagster ran some assets only) or `killed`
    (its process ended before it could say how; found by a later night). counts: as in the last line of `--json`.
    seconds_by_stage: receive, gate, build, publish [s]. how: `command` or `dagster`.
    """

    night_id: str
    started: str
    ended: str | None
    outcome: str
    exit_status: int | None
    knowledge_date: str
    release_id: str | None
    counts: dict[str, int]
    seconds_by_stage: dict[str, float]
    reason_zh: str | None
    reason_en: str | None
    how: str
    pid: int
    host: str


@dataclass(frozen=True)
class SealedRelease:
    """A release as it was sealed: the SHA-256 of its release.json, and that of the release that was live before it.

    A release that is sealed again (its files were damaged) has a row for each time.
    """

    release_id: str
    sha256: str
    knowledge_date: str
    sealed_at: str
    previous_release_id: str | None
    previous_sha256: str | None


@dataclass(frozen=True)
class Promotion:
    """A release that went live; promoted_by is empty for a night. last_night: the last knowledge date of a night that left it live."""

    release_id: str
    promoted_at: str
    promoted_by: str
    note: str
    last_night: str


@dataclass(frozen=True)
class GivenUp:
    """A received copy that nights go on without; given_up_by is a person, or the setting that removed it."""

    batch_id: str
    given_up_at: str
    given_up_by: str
    note: str


@dataclass(frozen=True)
class YearClosing:
    """A year that the signature of a release closed: what counts for it is what was known at that release's knowledge date.

    reopened_*: who opened it again, with whom and why; None while it is closed.
    """

    year: int
    release_id: str
    knowledge_date: str
    closed_at: str
    closed_by: str
    note: str
    reopened_at: str | None = None
    reopened_by: str | None = None
    second_by: str | None = None
    reopened_note: str | None = None
