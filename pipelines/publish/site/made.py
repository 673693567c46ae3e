"""Blocks that are no query: how a figure is explained, what can be downloaded, what the catalogue leaves out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from markupsafe import Markup, escape

from pipelines.contracts.text import file_name
from pipelines.publish.ready import load_queries
from pipelines.publish.site.pages import Leaf, Site
from pipelines.publish.site.words import html, plain

# what may lie beside the site in the folder of a release: path, Chinese, English
_WHOLE = (
    ("carbon.duckdb", "全部表（DuckDB 1.5 及以上，只读打开）", "all tables (DuckDB 1.5 or later, open it read-only)"),
    ("release.md", "发布说明", "release notes"),
    ("release.json", "版本清单：输入批次、行数、哈希", "manifest: input batches, row counts, hashes"),
    ("release.sha256", "版本清单的校验和", "checksum of the manifest"),
    ("downloads/datapackage.json", "数据包说明（Frictionless）", "data package (Frictionless)"),
    ("downloads/dbt/index.html", "模型文档与血缘（dbt）", "models and their lineage (dbt docs)"),
)
_SEALED_LATER = frozenset({"release.md", "release.json", "release.sha256"})   # written when the pages stand, into every release
_FORMS = (("parquet/{}.parquet", "Parquet"), ("downloads/{}.csv", "CSV"), ("downloads/{}.xlsx", "Excel"))


def explained(site: Site, leaf: Leaf) -> Markup:
    """The box that tells of one figure, filled in by the address."""
    return Markup(
        '<div id="explained" data-table="{}" hidden class="explain"><p>{} <code id="figure"></code></p><p id="what"></p><p>{}</p>'
        '<div class="cmd"><code id="command"></code><button type="button" class="copy">{}</button></div></div><p class="sub">{}</p>'
    ).format(
        leaf.key, html(("这个数字：", "This figure:")), html(("由它追到明细、因子、文件和行：", "From it down to lines, factors, file and row:")), html(("复制", "Copy")),
        html(("每个数字都链接到这里它所在列的一行；完整的追溯用上面的命令。", "Every figure leads to its column here; the command follows it all the way.")),
    )


def downloads(site: Site, leaf: Leaf) -> Markup:
    """Whole files of the release."""
    rows = [
        Markup('<tr><td><a href="../{}">{}</a></td><td>{}</td></tr>').format(path, path, html((zh, en)))
        for path, zh, en in _WHOLE if path in _SEALED_LATER or (site.context.folder / path).is_file()
    ]
    return _listed((("文件", "File"), ("内容", "What it holds")), rows)


def table_files(site: Site, leaf: Leaf) -> Markup:
    """Files of every table, by what lies in the folder of the release."""
    counts = {f"{schema}.{name}": site.db.execute(f"select count(*) from {schema}.{name}").fetchone()[0] for schema, name in (table.split(".") for table in site.tables)}
    rows = []
    for name, words in site.tables.items():
        files = [Markup('<a href="../{}">{}</a>').format(path.format(name), form) for path, form in _FORMS if (site.context.folder / path.format(name)).is_file()]
        rows.append(Markup('<tr><td><a href="dictionary/{}.html">{}</a></td><td><code>{}</code></td><td class="n">{:,}</td><td>{}</td></tr>').format(
            name, html(words), name, counts[name], Markup(" · ").join(files)))
    return _listed((("表", "Table"), ("名称", "Name"), ("行数", "Rows"), ("文件", "Files")), rows)


def queries(site: Site, leaf: Leaf) -> Markup:
    """The ready queries to copy: each runs on the published file as it stands, and by its name on the command line."""
    return Markup("").join(
        Markup("<h3>{}</h3>{}{}").format(html(tuple(query.title.split(" | ", 1))), command(f"carbon query {name}"), command(query.sql.strip()))
        for name, query in load_queries().items())


def own_file(site: Site, leaf: Leaf) -> Markup:
    """The file of an enterprise's account, where the release has one, and the command that gives every line."""
    path = f"downloads/enterprise/{file_name(leaf.key)}.csv"
    file = Markup('<p><a class=button href="{}../{}">{}</a></p>').format(leaf.prefix, path, html(("逐月逐行明细（CSV）", "All lines by month (CSV)"))) if (site.context.folder / path).is_file() else ""
    return file + command(f"carbon explain --uscc {leaf.key} --period {leaf.row['year']}")


def command(text: str) -> Markup:
    """A command to copy."""
    return Markup('<div class=cmd><code>{}</code><button type=button class=copy>{}</button></div>').format(text, html(("复制", "Copy")))


def excluded(site: Site, leaf: Leaf) -> Markup:
    """Published tables that no page shows, with the reason."""
    rows = [Markup('<tr><td><a href="{}.html">{}</a></td><td>{}</td></tr>').format(name, html(site.tables[name]), html(why))
            for name, why in site.catalogue.excluded.items() if name in site.tables]
    return _listed((("表", "Table"), ("为什么不成页", "Why it has no page")), rows)


def derived(site: Site, leaf: Leaf) -> Markup:
    """How the columns come about that are computed for a page."""
    rows = [Markup("<dt>{}</dt><dd>{}</dd>").format(html(name), html(how)) for name, how in site.catalogue.derived.values()]
    return Markup('<dl class="facts" id="derived">{}</dl>').format(Markup("").join(rows))


def licences(site: Site, leaf: Leaf) -> Markup:
    """What the pages are made with, and its licences."""
    return Markup('<pre class="scroll" tabindex="0">{}</pre>').format(plain_lines((Path(__file__).with_name("static") / "NOTICE").read_text("utf-8")))


def plain_lines(text: str) -> str:
    """A text of several lines, each on one line of its own."""
    return "\n".join(plain(line) for line in text.splitlines())


def _listed(heads: tuple[tuple[str, str], ...], rows: list[Markup]) -> Markup:
    head = Markup("").join(Markup("<th scope=col>{}</th>").format(html(words)) for words in heads)
    return Markup('<div class="scroll" tabindex="0" role="region" aria-label="{}" data-label="{}"><table><thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>').format(
        escape(heads[0][0]), " | ".join(heads[0]), head, Markup("").join(rows))


def sheet(site: Site, leaf: Leaf) -> Markup:
    """The correction sheet of a delivery, where it has rows to correct."""
    if leaf.path.replace(".html", ".xlsx") not in site.paths:
        return Markup("")
    return Markup('<p><a class="button" href="{}.xlsx">{}</a> <span class="soft">{}</span></p>').format(
        file_name(leaf.key), html(("下载更正表（Excel）", "Correction sheet (Excel)")),
        html(("填好黄色各列后放入收件箱 steward_decision/", "fill in the yellow columns and deliver it to steward_decision/")))


MADE: dict[str, Callable[[Site, Leaf], Markup]] = {
    made.__name__: made for made in (explained, downloads, table_files, queries, own_file, excluded, derived, licences, sheet)
}
