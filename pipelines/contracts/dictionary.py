"""The data dictionary, written from the contracts and the marts' YAML (`make dictionary`); a test keeps it equal to them."""

from __future__ import annotations

from pathlib import Path

import yaml

from pipelines.contracts.source import Column, Source, load_sources
from pipelines.settings import PROJECT

FOLDER = PROJECT / "docs" / "dictionary"
MARTS = PROJECT / "dbt_project" / "models" / "marts"
_NOTE = "<!-- written by `make dictionary` from the contracts: do not edit -->\n\n"


def _unit(column: Column) -> str:
    return column.unit or (f"见 see `{column.unit_column}`" if column.unit_column else "")


def _values(column: Column) -> str:
    return f"代码表 list `{column.codes}`" if column.codes else column.type


def _source(source: Source) -> str:
    lines = [
        f"## {source.name} · {source.zh} | {source.en}\n",
        f"键 key: {' + '.join(f'`{name}`' for name in source.key)}\n",
        "| 列 column | 中文表头 header | 含义 meaning | 值 values | 单位 unit | 必填 required |",
        "|---|---|---|---|---|---|",
    ]
    for column in source.columns:
        header = "、".join((column.zh, *column.aliases))
        required = "是 yes" if column.required else ""
        lines.append(f"| `{column.name}` | {header} | {column.en} | {_values(column)} | {_unit(column)} | {required} |")
    return "\n".join(lines) + "\n"


def deliveries() -> str:
    """Every source with its columns."""
    sources = [s for s in load_sources().values() if not s.published_only]
    own = [s for s in load_sources().values() if s.published_only]
    return (
        "# 上报数据字典 | Dictionary of deliveries\n\n" + _NOTE
        + "两套表头可混用；空单位表示规范单位。 | Both vocabularies may be mixed; a blank unit means the canonical one.\n\n"
        + "\n".join(_source(s) for s in sources)
        + "\n# 随项目附带的公开表 | Published tables of the project\n\n"
        + "\n".join(_source(s) for s in own)
    )


def marts() -> str:
    """Every published table with its columns, from the YAML beside each model."""
    parts = ["# 发布数据字典 | Dictionary of published tables\n\n" + _NOTE]
    for path in sorted(MARTS.rglob("*.yml")):
        for model in yaml.safe_load(path.read_text("utf-8"))["models"]:
            schema = path.parent.name if path.parent.name in ("quality", "reference") else "marts"
            lines = [f"## {schema}.{model['name']}\n", f"{model['description']}\n", "| 列 column | 类型 type | 含义 meaning |", "|---|---|---|"]
            lines += [f"| `{c['name']}` | {c['data_type']} | {c['description'].replace('|', chr(92) + '|')} |" for c in model["columns"]]
            parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def pages() -> dict[Path, str]:
    """File -> text of the dictionary."""
    return {FOLDER / "deliveries.md": deliveries(), FOLDER / "marts.md": marts()}


def main() -> None:
    for path, text in pages().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
