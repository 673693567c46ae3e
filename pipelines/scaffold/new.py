"""Write the files of a new source, indicator or rule into a project. Nothing is overwritten, and all is checked before anything is written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from string import Template

from pipelines.problem import UsageProblem

TEMPLATES = Path(__file__).parent / "templates"
_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_RULE = re.compile(r"[A-Z]\d\d-[a-z0-9]+(-[a-z0-9]+)*")
_MODELS = "dbt_project/models"


@dataclass(frozen=True)
class Skeleton:
    """What was written: files of their own, files that got lines, and what is to do next (both languages)."""

    written: tuple[str, ...]
    added_to: tuple[str, ...]
    next: str

    def __str__(self) -> str:
        return "\n".join([*(f"写出 written: {file}" for file in self.written), *(f"加入 added to: {file}" for file in self.added_to), "", self.next.rstrip()])


def new_source(name: str, project: Path) -> Skeleton:
    """The skeleton of a source: contract, suite, models up to a published table, due date, cases of the gate, a test worked by hand."""
    _named(name)
    return _write("source", project, name=name)


def new_indicator(name: str, reads: str, folder: str, project: Path) -> Skeleton:
    """The skeleton of a published table that reads one model, with a unit test worked by hand."""
    _named(name)
    _model(project, reads)
    folders = sorted(path.name for path in (project / _MODELS / "marts").iterdir() if path.is_dir())
    if folder not in folders:
        raise UsageProblem(f"没有文件夹 marts/{folder}；可用 {', '.join(folders)}", f"there is no folder marts/{folder}: take one of {', '.join(folders)}")
    return _write("indicator", project, name=name, reads=reads, folder=folder)


def new_rule(check_id: str, project: Path, *, source: str | None = None, reads: str | None = None) -> Skeleton:
    """The skeleton of a rule: of the gate, on arriving rows of `source`, or on the current view, where it reads a model."""
    if not _RULE.fullmatch(check_id):
        raise UsageProblem(f"规则编号“{check_id}”应如 R93-heat-jump", f"a rule is named like R93-heat-jump, not {check_id!r}")
    if (source is None) == (reads is None):
        raise UsageProblem("请给出 --source（关口规则）或 --reads（现行视图规则）之一", "give either --source (a rule of the gate) or --reads (one on the current view)")
    for home in (*sorted((project / "expectations").glob("*.yml")), project / "dbt_project" / "seeds" / "quality_rule.csv"):
        if re.search(rf"^(?:.*\bid: |  )?{check_id}[,:\s]", _text(project, home.relative_to(project).as_posix()), re.MULTILINE):
            raise UsageProblem(f"{home.name} 中已有 {check_id}，未写任何文件", f"{home.name} has {check_id} already, nothing was written")
    if source is not None:
        if not (project / "expectations" / f"{source}.yml").is_file():
            raise UsageProblem(f"没有数据源 {source}（expectations/{source}.yml）", f"there is no source {source} (expectations/{source}.yml)")
        return _write("gate_rule", project, id=check_id, source=source)
    _model(project, str(reads))
    return _write("current_rule", project, id=check_id, name=check_id.partition("-")[2].replace("-", "_"), reads=str(reads))


def _named(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise UsageProblem(f"名称“{name}”应为小写字母、数字和下划线", f"a name is of small letters, digits and single underscores, not {name!r}")


def _model(project: Path, name: str) -> None:
    if not any((project / _MODELS).rglob(f"{name}.sql")):
        raise UsageProblem(f"没有模型 {name}（{_MODELS}/）", f"there is no model {name} ({_MODELS}/)")


def _write(kind: str, project: Path, **values: str) -> Skeleton:
    texts: dict[str, str] = {}
    written, added_to = [], []
    for template in sorted(path for path in (TEMPLATES / kind).rglob("*") if path.is_file()):
        file = Template(template.relative_to(TEMPLATES / kind).with_suffix("").as_posix()).substitute(values)
        text = Template(template.read_text("utf-8")).substitute(values)
        if template.suffix == ".txt":
            if (project / file).exists():
                raise UsageProblem(f"{file} 已存在，未写任何文件；请换一个名称", f"{file} is there already, nothing was written: choose another name")
            texts[file] = text
            written.append(file)
        else:
            found = _text(project, file)
            texts[file] = _into(found, text) if template.suffix == ".into" else found.rstrip("\n") + "\n" + text
            added_to.append(file)
    for file, text in texts.items():
        (project / file).parent.mkdir(parents=True, exist_ok=True)
        (project / file).write_text(text, "utf-8")
    return Skeleton(tuple(written), tuple(added_to), Template((TEMPLATES / f"{kind}.next").read_text("utf-8")).substitute(values))


def _text(project: Path, file: str) -> str:
    try:
        return (project / file).read_text("utf-8")
    except FileNotFoundError as error:
        raise UsageProblem(f"{project} 中没有 {file}：不是本项目的文件夹", f"{project} holds no {file}: it is no folder of this project") from error


def _into(text: str, more: str) -> str:
    """The text with more lines at the end of the block that the first of them names; a block that is not there is begun at the end."""
    head, *added = more.splitlines()
    if head not in text.splitlines():
        text = f"{text.rstrip()}\n\n{head}\n"
    lines = text.splitlines()
    start = lines.index(head)
    end = next((number for number in range(start + 1, len(lines)) if re.match(r"[^\s#]", lines[number])), len(lines))
    while not lines[end - 1].strip():
        end -= 1
    inside = [line.replace("cases: []", "cases:") for line in lines[start:end]]
    return "\n".join([*lines[:start], *inside, *added, *lines[end:]]) + "\n"
