"""What the night finds of damage before it judges: what can be made again is marked for it, what cannot ends the night in words."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from pathlib import Path

from pipelines.problem import Problem
from pipelines.settings import Settings
from pipelines.warehouse.files import make_folder, part_of, put_in_place, remove_files, remove_tree, sha256_of
from pipelines.warehouse.inspect import changed, received_lost, unregistered
from pipelines.warehouse.lake import Lake
from pipelines.warehouse.received import received_file
from pipelines.warehouse.registry import DECIDED_KINDS, Batch, LakeFile, Registry

_log = logging.getLogger("pipelines")


def mend(settings: Settings, registry: Registry, lake: Lake, say: Callable[[str], None]) -> None:
    """Compare the data folder with the registry. Batches whose files are to be made again are named in `lake.damaged`.

    Raises Problem when a received file that figures rest on is lost and lies in the inbox no more.
    """
    remove_tree(settings.warehouse / "bulk")   # what a killed night had between the received and the judged file
    files = registry.lake_files()
    damages, touched = changed(settings.data, files, full=False)
    with registry.transaction():
        for file in touched:
            registry.put_lake_file(file)
    _mend_received(settings, registry, [damage.file for damage in damages if damage.file.kind == "received"], say)
    for damage in damages:
        if damage.file.kind in DECIDED_KINDS:
            registry.forget_decided_mark(damage.file.batch_id)
        elif damage.file.kind not in ("received", "schema"):   # the lake writes its schemas itself
            lake.damaged.add(damage.file.batch_id)
        if damage.file.kind != "received":
            say(f"  损坏，重新生成 damaged, made again: {damage}")
            _log.warning("damaged, made again: %s", damage)
    # verdicts of a version of the program that entered no files
    entered = {file.batch_id for file in files}
    lake.damaged |= {batch_id for batch_id in registry.verdicts() if batch_id not in entered}
    sealed = {file.batch_id for file in files if file.kind == "decided_findings"}
    for batch_id in registry.decided_batches() - sealed:
        registry.forget_decided_mark(batch_id)
    _clear_leftovers(settings, registry, lake, files, say)


def _mend_received(settings: Settings, registry: Registry, lost: list[LakeFile], say: Callable[[str], None]) -> None:
    """Take lost received files again from where they were seen."""
    if not lost:
        return
    batches = registry.batches()
    names: dict[str, list[str]] = {}
    for _, file_name, batch_id in sorted(registry.paths()):
        names.setdefault(batch_id, []).append(file_name)
    gone: list[Batch] = []
    for file in lost:
        batch = batches[file.batch_id]
        root = settings.published if batch.is_published else settings.inbox
        places = [root / batch.source / name for name in names.get(batch.batch_id, [])]
        if _take_again(settings, batch, places):
            registry.put_lake_file(_as_it_lies(settings, file))
            say(f"  损坏，从收件箱重新收下 damaged, taken again from the inbox: {file.path}")
        else:
            gone.append(batch)
    if gone:
        raise received_lost(settings, gone)


def _take_again(settings: Settings, batch: Batch, places: list[Path]) -> bool:
    target = received_file(settings, batch)
    for place in places:
        if place.is_file() and not place.is_symlink() and place.stat().st_size == batch.size and sha256_of(place) == batch.sha256:
            make_folder(target.parent)
            part = part_of(target)
            remove_files([part])
            shutil.copyfile(place, part)
            if sha256_of(part) == batch.sha256:
                part.chmod(0o444)
                put_in_place(part, target)
                return True
    return False


def _as_it_lies(settings: Settings, file: LakeFile) -> LakeFile:
    stat = (settings.data / file.path).stat()
    return LakeFile(file.path, file.kind, file.source, file.slice, file.batch_id, stat.st_size, stat.st_mtime_ns, file.sha256, file.rows)


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


def require_whole(settings: Settings, registry: Registry) -> list[LakeFile]:
    """All files of the lake, as they are. Raises Problem when one changed since the night began."""
    files = registry.lake_files()
    damages, _ = changed(settings.data, [file for file in files if file.kind != "received"], full=False)
    if damages:
        raise Problem(
            f"数据湖的文件在本次运行中被改动，未发布：{damages[0]}；请再次运行，系统会从收下的文件重新生成",
            f"files of the lake were changed while the night ran, nothing was published ({len(damages)} of them); run again: they are made anew from the received files",
        )
    return files
