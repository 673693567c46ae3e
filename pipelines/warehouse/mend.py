"""What the night finds of damage before it judges: what can be made again is marked for it, what cannot ends the night in words."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from pipelines.problem import Problem
from pipelines.settings import Settings
from pipelines.warehouse.files import remove_files, remove_tree, write_atomically
from pipelines.warehouse.inspect import changed, unregistered, wrong_note
from pipelines.warehouse.lake import Lake
from pipelines.warehouse.received import note_file, note_of, received_file
from pipelines.warehouse.records import DECIDED_KINDS, LakeFile
from pipelines.warehouse.registry import Registry

_log = logging.getLogger("pipelines")


def mend(settings: Settings, registry: Registry, lake: Lake, say: Callable[[str], None]) -> None:
    """Compare the data folder with the registry. Batches whose files are to be made again are named in `lake.damaged`."""
    remove_tree(settings.warehouse / "bulk")   # what a killed night had between the received and the judged file
    files = registry.lake_files()
    damages, touched = changed(settings.data, files, full=True)   # what a failing disk does leaves size and time as they are
    with registry.transaction():
        for file in touched:
            registry.put_lake_file(file)
    for damage in damages:
        if damage.file.kind in DECIDED_KINDS:
            registry.forget_decided_mark(damage.file.batch_id)
        elif damage.file.kind != "schema":   # the lake writes its schemas itself
            lake.damaged.add(damage.file.batch_id)
        say(f"  损坏，重新生成 damaged, made again: {damage}")
        _log.warning("damaged, made again: %s", damage)
    # verdicts of a version of the program that entered no files
    entered = {file.batch_id for file in files}
    lake.damaged |= {batch_id for batch_id in registry.verdicts() if batch_id not in entered}
    sealed = {file.batch_id for file in files if file.kind == "decided_findings"}
    for batch_id in registry.decided_batches() - sealed:
        registry.forget_decided_mark(batch_id)
    _clear_leftovers(settings, registry, lake, files, say)
    _write_notes(settings, registry)


def _clear_leftovers(settings: Settings, registry: Registry, lake: Lake, files: list[LakeFile], say: Callable[[str], None]) -> None:
    """Remove what a killed night left of batches that are judged now; name what else lies there: it is never read."""
    verdicts, batches = registry.verdicts(), registry.batches()
    strange: list[Path] = []
    left: list[Path] = []
    for name in unregistered(settings, files):
        path = settings.data / name
        batch_id = path.parent.name if name.startswith(f"{settings.quarantine.name}/") else path.name.split(".")[0].removeprefix("on-")
        to_judge = batch_id in batches and (batch_id not in verdicts or batch_id in lake.damaged)
        is_part = path.name.startswith(".") and path.name.endswith(".part")
        (left if to_judge or is_part else strange).append(path)
    remove_files(left)
    for path in strange[:20]:
        say(f"  未登记，不读取 not registered, never read: {path.relative_to(settings.data)}")
    if len(strange) > 20:
        say(f"  … 共 {len(strange)} 个 | {len(strange)} in all")


def _write_notes(settings: Settings, registry: Registry) -> None:
    """Write notes beside received files again where they are not what they were."""
    for batch in registry.batches().values():
        if batch.batch_id == batch.file_id and received_file(settings, batch).is_file() and wrong_note(settings, batch):
            note = note_file(settings, batch)
            write_atomically(note, note_of(batch))
            note.chmod(0o444)


def require_whole(settings: Settings, registry: Registry) -> list[LakeFile]:
    """All files of the lake, as they are. Raises Problem when one changed since the night began."""
    files = registry.lake_files()
    damages, _ = changed(settings.data, files, full=False)
    if damages:
        raise Problem(
            f"数据湖的文件在本次运行中被改动，未发布：{damages[0]}；请再次运行，系统会从收下的文件重新生成",
            f"files of the lake were changed while the night ran, nothing was published ({len(damages)} of them); run again: they are made anew from the received files",
        )
    return files
