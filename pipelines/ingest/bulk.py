"""A received file of any size -> typed rows in Parquet, in bounded memory.

Each spelling is typed once, by the same code as the rows of small files: what is written alike means alike. Only numbers
and times in plain form are read by DuckDB itself.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.contracts.source import Source
from pipelines.ingest.header import MAY_BE_NO_DATA, find_table, is_no_data
from pipelines.ingest.parse import LARGEST, SMALLEST
from pipelines.ingest.readers import odd_columns, parquet_problem
from pipelines.ingest.said_period import Months, months_of
from pipelines.ingest.stream import TextFile, refuse_near, stream_text
from pipelines.ingest.table import HeaderedTable, TextTable
from pipelines.ingest.typed import COMPARED_DIGITS, EVIDENCE, Note, TypedTable, type_table
from pipelines.warehouse.duck import DuckError, identifier, literal, pattern, pieces, put, quoted

_NOTES = 200          # normalisations that are named one by one; all are counted
_PLAIN_NUMBER = r"[+-]?[0-9]{1,15}(\.[0-9]{1,15})?"
_PLAIN_TIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}(:[0-9]{2})?"


@dataclass
class RowsOnDisk:
    """The typed rows of a file: Parquet (a file, or the pattern of several) with row_no, the lake's columns and the reader's evidence."""

    path: Path
    rows: int

    @property
    def relation(self) -> str:
        return f"read_parquet({pattern(self.path)})"

    def columns(self, db: Any) -> set[str]:
        """The columns of the typed rows."""
        return {name for name, *_ in db.execute(f"describe select * from {self.relation}").fetchall()}


@dataclass
class LandedFile(RowsOnDisk):
    """Rows with `key_no`, a number for each key without its time, and `noted`, what was normalised.

    Attributes:
        raw: SQL of the text as delivered: row_no and the contract's columns.
    """

    raw: str
    text: TextFile
    notes: list[Note] = field(default_factory=list)
    note_rows: Counter[str] = field(default_factory=Counter)

    def periods(self, db: Any) -> set[Months]:
        """The months of its rows."""
        return {months_of(day, "month") for (day,) in db.execute(f"select distinct period from {self.relation} where period is not null").fetchall()}


def land(db: Any, path: Path, source: Source, folder: Path, sheet: int = 0) -> LandedFile:
    """Type a received file into `folder`; `sheet`: which of the sheets that fit. Raises Unreadable with the reason."""
    folder.mkdir(parents=True, exist_ok=True)
    if path.suffix.lower() == ".parquet" and path.stat().st_size:
        text, raw = _parquet(db, path, source)
    else:
        text = stream_text(path, source, folder / "text.parquet", sheet)
        raw = _raw(text, source, f"read_parquet({literal(text.path)})", "row_no")
    return _Landing(db, source, text, raw, folder).run()


def _parquet(db: Any, path: Path, source: Source) -> tuple[TextFile, str]:
    file = literal(path)
    try:
        described = db.execute(f"describe select * from read_parquet({file}, hive_partitioning=false)").fetchall()
    except DuckError as error:
        raise parquet_problem(error) from error
    kinds = {name: str(kind) for name, kind, *_ in described}
    if nested := [name for name, kind in kinds.items() if kind.startswith(("STRUCT", "MAP", "BLOB")) or kind.endswith("]")]:
        raise odd_columns(nested)
    head = find_table([TextTable([(0, list(kinds))])], source)
    refuse_near(head)
    cells = [_cell(name, kind) for name, kind in kinds.items()]
    columns = {name: cells[position] for name, position in head.columns.items()}
    text = TextFile(path, columns, cells, head.unknown_headers, header_units=head.header_units)
    return text, _raw(text, source, f"read_parquet({file}, hive_partitioning=false, file_row_number=true)", "file_row_number + 1")


def _cell(name: str, kind: str) -> str:
    """SQL of a column: moments with a time zone in Asia/Shanghai (8 hours ahead since 1992), short floats without the noise of their width."""
    column = identifier(name)
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"make_timestamp(epoch_us({column}) + 8 * 3600000000)"
    if kind in ("TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"):
        return f"try_cast({column} as timestamp)"   # blank where it lies outside of what can be counted in microseconds
    return f"cast(cast({column} as varchar) as double)" if kind == "FLOAT" else column


def _raw(text: TextFile, source: Source, relation: str, row_no: str) -> str:
    """SQL of row_no, the delivered text of each contract column, and the first filled cell of the row."""
    cells = [f"{text.columns[c.name]} as {c.name}" if c.name in text.columns else f"'' as {c.name}" for c in source.columns]
    filled = ", ".join(f"nullif(trim(cast({cell} as varchar), e' \\t\\r\\n\\u3000'), '')" for cell in text.cells)
    return f"select {row_no} as row_no, {', '.join(cells)}, coalesce({filled}, null) as first_filled from {relation}"


class _Landing:
    """One file on its way into typed Parquet. Temporary tables live in the connection."""

    def __init__(self, db: Any, source: Source, text: TextFile, raw: str, folder: Path) -> None:
        self.db, self.source, self.text, self.folder = db, source, text, folder
        kinds = {row[0]: str(row[1]) for row in db.execute(f"describe {raw}").fetchall()}
        self.typed = {c.name for c in source.columns if _reads_itself(c.type, kinds[c.name])}
        # a number or a time that has its type already is not turned into text
        self.free = [c.name for c in source.columns if c.type in ("number", "moment")]
        self.coded = [c.name for c in source.columns if c.name not in self.free]
        self.raw = f"select * exclude (first_filled) from ({raw}) {self._data_rows(raw)}"

    def _data_rows(self, raw: str) -> str:
        if self.text.path.suffix == ".parquet" and self.text.path.name == "text.parquet":
            return ""   # left out when the text was written
        code = _word("uscc") if "uscc" in self.text.columns else "null"
        words = self.db.execute(
            f"select distinct first_filled, {code} from ({raw}) where regexp_matches(first_filled, {quoted(MAY_BE_NO_DATA)})"
        ).fetchall()
        no_data = ", ".join(f"({quoted(word)}, {quoted(code or '')})" for word, code in words if is_no_data(word, code))
        return "where first_filled is not null" + (f" and (first_filled, coalesce({code}, '')) not in ({no_data})" if no_data else "")

    def run(self) -> LandedFile:
        target = self.folder / "landed.parquet"
        self._type_codes()
        joins = [f"left join codes as k on {self._same('k')}"]
        typed, evidence, noted = {}, {name: ["k." + name] for name in EVIDENCE}, ["k.noted"]
        for name in self.free:
            plain = self._plain(name)
            self._type_free(name, plain)
            joins.append(f"left join free_{name} as f_{name} on {plain} is null and f_{name}.raw = {_word(f'r.{name}')}")
            typed[name] = f"coalesce({plain}, f_{name}.typed)"
            for kind in EVIDENCE:
                evidence[kind].append(f"f_{name}.{kind}")
            noted.append(f"f_{name}.noted")
        columns = ["r.row_no", "k.key_no"]
        for column in self.source.columns:
            columns.append(f"{typed.get(column.name, 'k.' + column.name)} as {column.name}")
            if column.type == "moment":
                columns.append(f"cast(date_trunc('month', {typed[column.name]}) as date) as period")
        columns += [f"nullif(concat_ws(';', {', '.join(parts)}), '') as {name}" for name, parts in evidence.items()]
        columns.append(f"nullif(concat_ws(';', {', '.join(noted)}), '') as noted")
        columns.append(self._content(typed))
        self.db.execute(
            f"copy (select {', '.join(columns)} from ({self.raw}) as r {' '.join(joins)}) to {quoted(str(target))}"
            " (format parquet, compression zstd, row_group_size 100000)"
        )
        landed = LandedFile(target, 0, self.raw, self.text)
        ((landed.rows,),) = self.db.execute(f"select count(*) from {landed.relation}").fetchall()
        self._notes(landed)
        return landed

    def _kind(self, name: str) -> str:
        return self.source.column(name).type

    def _same(self, alias: str) -> str:
        return " and ".join(f"{alias}.raw_{name} = {_word(f'r.{name}')}" for name in self.coded)

    def _plain(self, name: str) -> str:
        """SQL of a number or time that DuckDB reads as we do; null where it is written otherwise."""
        if name in self.typed:
            kind = "double" if self._kind(name) == "number" else "timestamp"
            value = f"cast(r.{name} as {kind})"
            bounds = f"{value} = 0 or abs({value}) between {SMALLEST} and {LARGEST}"
            return f"case when {bounds} then {_unsigned_zero(value)} end" if kind == "double" else _in_calendar(value)
        form, kind = (_PLAIN_NUMBER, "double") if self._kind(name) == "number" else (_PLAIN_TIME, "timestamp")
        text = f"cast(r.{name} as varchar)"
        value = f"try_cast({text} as {kind})"
        return f"case when regexp_full_match({text}, '{form}') then {_unsigned_zero(value) if kind == 'double' else _in_calendar(value)} end"

    def _type_codes(self) -> None:
        """Type each combination of the coded columns once."""
        words = ", ".join(f"{_word(f'r.{name}')} as raw_{name}" for name in self.coded)
        query = f"select distinct {words} from ({self.raw}) as r order by all"
        frames = [self._typed_codes(piece) for piece in pieces(self.db, query)]
        codes = pl.concat(frames) if frames else self._typed_codes(pl.DataFrame(schema={f"raw_{n}": pl.String for n in self.coded}))
        keys = [c for c in self.source.key if c in self.coded]
        complete = pl.all_horizontal(pl.col(c).is_not_null() for c in keys)
        codes = codes.with_columns(pl.when(complete).then(pl.struct(keys).rank("dense").cast(pl.Int32)).alias("key_no"))
        put(self.db, "codes", codes)

    def _typed_codes(self, words: pl.DataFrame) -> pl.DataFrame:
        typed = self._typed(words, self.coded)
        frame = typed.frame
        keep = {name: _without(name, self.free) for name in EVIDENCE}
        return pl.concat(
            [
                words,
                frame.select(*self.coded, *(expression.alias(name) for name, expression in keep.items())),
                _meanings(typed, len(words)),
                _noted(typed, len(words)),
            ],
            how="horizontal",
        )

    def _type_free(self, name: str, plain: str) -> None:
        """Type each spelling of a number or time that is not in plain form."""
        kind = {"number": "double", "moment": "timestamp"}[self._kind(name)]
        evidence = ", ".join(f"{e} varchar" for e in EVIDENCE)
        self.db.execute(f"create or replace temp table free_{name} (raw varchar, typed {kind}, {evidence}, noted varchar)")
        query = f"select distinct {_word(f'r.{name}')} as raw from ({self.raw}) as r where {plain} is null"
        for words in pieces(self.db.cursor(), query):
            typed = self._typed(words.rename({"raw": f"raw_{name}"}), [name])
            mine = {
                e: pl.when(pl.concat_str(pl.lit(";"), pl.col(e), pl.lit(";")).str.contains(f";{name};", literal=True)).then(pl.lit(name))
                for e in EVIDENCE
            }
            rows = pl.concat(
                [words, typed.frame.select(pl.col(name).alias("typed"), *(x.alias(e) for e, x in mine.items())), _noted(typed, len(words))],
                how="horizontal",
            )
            self.db.register("piece", rows.to_arrow())
            self.db.execute(f"insert into free_{name} select * from piece")
            self.db.unregister("piece")

    def _typed(self, words: pl.DataFrame, names: list[str]) -> TypedTable:
        rows = [(number, list(cells)) for number, cells in enumerate(words.iter_rows())]
        table = HeaderedTable(
            {name: i for i, name in enumerate(names)}, [], rows, header_units=self.text.header_units, note_units=self.text.note_units
        )
        return type_table(table, self.source)

    def _content(self, typed: dict[str, str]) -> str:
        """The content of a row, readable: equal content, equal text, 10 万千瓦时 as well as 100 MWh. The key stands beside it."""
        parts = []
        for column in self.source.columns:
            if column.name in self.source.key:
                continue
            if column.type == "number":
                parts.append(f"format('{{:.{COMPARED_DIGITS}g}}', {typed[column.name]} * coalesce(k.factor, 1.0))")
            else:
                parts.append("k.canonical" if column.type == "unit" else f"k.{column.name}")
        words = ", ".join(f"coalesce({part}, '')" for part in parts)
        return f"concat_ws('|', {words}) as content_hash"

    def _notes(self, landed: LandedFile) -> None:
        count = self.db.execute(f"select noted, count(*) from {landed.relation} where noted is not null group by 1 order by 1").fetchall()
        for noted, rows in count:
            landed.note_rows.update(dict.fromkeys({item.split(":")[1] for item in noted.split(";")}, rows))
        named = self.db.execute(
            f"select n.noted, r.* from (select row_no, noted from {landed.relation} where noted is not null order by row_no limit {_NOTES}) as n"
            f" join ({landed.raw}) as r using (row_no) order by n.row_no"
        )
        names = [d[0] for d in named.description]
        for values in named.fetchall():
            row = dict(zip(names, values, strict=True))
            for item in row["noted"].split(";"):
                column, kind = item.split(":")
                landed.notes.append(Note(row["row_no"], column, kind, str(row[column])))
        landed.notes.sort(key=lambda note: note.row_no)


def _reads_itself(type_: str, kind: str) -> bool:
    """True when a Parquet column already has the type of the contract."""
    numeric = kind.startswith(("DOUBLE", "FLOAT", "DECIMAL", "INTEGER", "BIGINT", "SMALLINT", "TINYINT", "UINTEGER", "UBIGINT", "USMALLINT", "UTINYINT", "HUGEINT"))
    return (type_ == "number" and numeric) or (type_ == "moment" and kind.startswith("TIMESTAMP"))


def _in_calendar(value: str) -> str:
    """A moment of the years 1 to 9999, as Python knows them; DuckDB reads others too."""
    return f"case when {value} between timestamp '0001-01-01' and timestamp '9999-12-31 23:59:59.999999' then {value} end"


def _unsigned_zero(value: str) -> str:
    return f"case when {value} = 0 then 0.0 else {value} end"


def _word(column: str) -> str:
    return f"coalesce(cast({column} as varchar), '')"


def _without(evidence: str, names: list[str]) -> pl.Expr:
    """The columns that an evidence names, without those that are typed apart."""
    left = pl.col(evidence).str.split(";").list.eval(pl.element().filter(~pl.element().is_in(names))).list.join(";")
    return pl.when(left != "").then(left)


def _meanings(typed: TypedTable, rows: int) -> pl.DataFrame:
    """`canonical`, `factor`: the unit that a row's number is in once it is multiplied."""
    meanings = next(iter(typed.unit_meanings.values()), [(None, 1.0)] * rows)
    return pl.DataFrame(
        {"canonical": [unit for unit, _ in meanings], "factor": [factor for _, factor in meanings]},
        schema={"canonical": pl.String, "factor": pl.Float64},
    )


def _noted(typed: TypedTable, rows: int) -> pl.DataFrame:
    """`noted`: the normalisations of each row as column:kind, joined by `;`."""
    noted: dict[int, list[str]] = {}
    for note in typed.notes:
        noted.setdefault(note.row_no, []).append(f"{note.column}:{note.kind}")
    return pl.DataFrame({"noted": [";".join(noted[i]) if i in noted else None for i in range(rows)]}, schema={"noted": pl.String})
