"""What an earlier run of the generator wrote: told by its label, replaced by the next run, and never taken for a delivery of someone else."""

from __future__ import annotations

from pathlib import Path

from pipelines.contracts.source import load_sources
from pipelines.demo.faults import faults_csv
from pipelines.demo.files import LICENCE, sidecar_text

SIDECAR = ".meta.yml"
LABELS = "faults.csv"


def remove_earlier(out: Path) -> None:
    """Remove the deliveries of an earlier run: those whose sidecar carries the generator's licence and `synthetic: true`."""
    for source in load_sources():
        for sidecar in sorted((out / source).glob(f"*{SIDECAR}")):
            if _is_own(sidecar):
                file = sidecar.with_name(sidecar.name.removesuffix(SIDECAR))
                for path in (file, file.with_name(file.name + ".tmp"), sidecar):   # the label last: a kill leaves it to the next run
                    path.unlink(missing_ok=True)
    labels = out / LABELS
    if labels.is_file() and labels.read_bytes().startswith(faults_csv([]).encode()):
        labels.unlink()


def foreign(out: Path) -> Path | None:
    """A thing in a source folder of `out`, or its list of faults, that is not the generator's."""
    for source in load_sources():
        for path in sorted((out / source).glob("*")):
            if not path.name.endswith(f"{SIDECAR}.tmp"):   # a sidecar that was being written when a run was ended
                return path
    return out / LABELS if (out / LABELS).exists() else None


def _is_own(sidecar: Path) -> bool:
    if sidecar.is_symlink() or not sidecar.is_file():
        return False
    try:
        lines = sidecar.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return False
    return sidecar_text({"licence": LICENCE}).strip() in lines and sidecar_text({"synthetic": True}).strip() in lines
