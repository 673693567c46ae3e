"""Stage 4: the release. Conservation, the contract and the release itself are errors, and they block."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import dagster as dg

from pipelines.defs.freshness import NIGHTLY
from pipelines.defs.resources import NightResource
from pipelines.defs.tables import counts_table
from pipelines.defs.transform import MART_KEYS
from pipelines.night import Night, Todo, build_step, decide, end_unbuilt, publish_step
from pipelines.publish.identities import check_identities
from pipelines.publish.problem import PublishError
from pipelines.publish.store import is_complete, read_manifest, release_folder
from pipelines.publish.verify import verify

RELEASE = dg.AssetKey(["published", "release"])
_CHECKS = {
    "conservation": "守恒：排放行、账户、各层级合计相等 | Conservation: lines, accounts and levels add up to the same",
    "contract": "约定：表、列、类型、注释齐全 | Contract: tables, columns, types and comments are there",
    "release_verified": "发布文件与其哈希相符 | The release is what its hashes say",
}


@dg.asset(
    key=RELEASE, deps=MART_KEYS, group_name="published", kinds={"duckdb", "parquet"}, freshness_policy=NIGHTLY,
    check_specs=[dg.AssetCheckSpec(name, asset=RELEASE, blocking=True, description=text) for name, text in _CHECKS.items()],
    description="发布版本 | The release: carbon.duckdb, Parquet and release.json, replaced as a whole",
)
def release(night: NightResource) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult]:
    """Seal and promote. When it cannot be published, the last release stands and the run fails."""
    with night.step("publish") as opened:
        new = _is_new(opened)
        if new:
            try:
                publish_step(opened)
            except PublishError as error:
                yield from _refusals(opened, error)
                raise dg.Failure(description=str(error), allow_retries=False) from error
        yield from _checks(opened, new)
        yield dg.MaterializeResult(metadata=_metadata(opened, new))


def _is_new(night: Night) -> bool:
    """Whether there is something to publish. A run of this asset alone builds first: only then is the build known to be whole."""
    if night.inputs is None and (todo := decide(night)) is not Todo.BUILD:
        end_unbuilt(night, todo)
    if night.release_id is not None:
        return False
    if night.built is None:
        build_step(night)
    return True


def _refusals(night: Night, error: PublishError) -> Iterator[dg.AssetCheckResult]:
    """Which of the conditions of a publication did not hold."""
    broken = [str(failure) for failure in check_identities(night.database)]
    yield _check("conservation", broken)
    if not broken:
        yield _check("contract", [str(error)])


def _checks(night: Night, new: bool) -> Iterator[dg.AssetCheckResult]:
    """The build is sealed only when conservation and contract hold; the sealed files are read again here.

    With nothing new, the night has compared the files of the live release with their hashes when it began; of a release that was only
    sealed, names, sizes and seal are looked at. `carbon verify` reads everything at any time.
    """
    how = "evaluated" if new else "stands"
    yield _check("conservation", [], how)
    yield _check("contract", [], how)
    if new and night.outcome == "published":
        yield _check("release_verified", verify(night.settings, quick=True), how)
    else:
        whole = is_complete(release_folder(night.settings, night.release_id or ""))
        yield _check("release_verified", [] if whole else [f"{night.release_id}: 文件不全 | files are missing"], how)


def _check(name: str, problems: list[str], how: str = "evaluated") -> dg.AssetCheckResult:
    metadata: dict[str, Any] = {"problems": len(problems), "how": how}
    if problems:
        metadata["first"] = dg.MetadataValue.md("\n".join(f"- {problem}" for problem in problems[:20]))
    return dg.AssetCheckResult(check_name=name, passed=not problems, severity=dg.AssetCheckSeverity.ERROR, metadata=metadata)


def _metadata(night: Night, new: bool) -> dict[str, Any]:
    summary = night.summary()
    manifest = read_manifest(release_folder(night.settings, night.release_id or "")) or {}
    return {
        "needs_build": new, "outcome": night.outcome, "release_id": night.release_id or "",
        "knowledge_date": summary["knowledge_date"], "release_path": dg.MetadataValue.path(summary["release_path"] or ""),
        "counts": dg.MetadataValue.json(summary["counts"]),
        "is_synthetic": bool(manifest.get("is_synthetic", False)),
        "rows": counts_table(("table", "rows"), manifest.get("row_counts", {})),
    }
