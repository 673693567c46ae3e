"""dbt's manifest for Dagster, parsed in this process when the project changed; a fresh clone needs nothing prepared.

It has a target folder of its own: the night's `dbt build` and people's dbt never meet it. The file is named by the
hash of what it was parsed from, so that it is right when it is there.
"""

from __future__ import annotations

import fcntl
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipelines.problem import Problem
from pipelines.settings import Settings, load_settings
from pipelines.transform.build import PROJECT_DIR, parse

_PATTERNS = ("*.sql", "*.yml", "*.csv")
_LEAVE_OUT = {"target", "logs"}


class ManifestError(Problem):
    """The dbt project cannot be parsed; says what dbt said."""


def ensure_manifest(settings: Settings | None = None) -> Path:
    """The manifest of the project as it is now. Raises ManifestError."""
    folder = (settings or load_settings()).warehouse / "dagster" / "dbt"
    wanted = folder / f"manifest-{_project_hash()}.json"
    if wanted.exists():
        return wanted
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder / "parse.lock"):   # the webserver and the daemon start at the same moment
        if not wanted.exists():
            _parse(folder, wanted)
    return wanted


def _parse(folder: Path, wanted: Path) -> None:
    result = parse(folder)
    if not result.ok:
        raise ManifestError("dbt 项目无法解析", f"the dbt project cannot be parsed: {result.error}")
    earlier = list(folder.glob("manifest-*.json"))
    (folder / "manifest.json").replace(wanted)
    for path in earlier:
        path.unlink(missing_ok=True)


def _project_hash() -> str:
    digest = hashlib.sha256()
    for path in sorted(p for pattern in _PATTERNS for p in PROJECT_DIR.rglob(pattern)):
        relative = path.relative_to(PROJECT_DIR)
        if relative.parts[0] not in _LEAVE_OUT:   # models have a folder of that name too
            digest.update(relative.as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
