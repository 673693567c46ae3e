"""What a build stands beside: the release before, the tables of closed years."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl

from pipelines.contracts.published import load_published
from pipelines.warehouse.beside import BEFORE, Beside, Frozen, closed_tables, lacking, lay_beside
from pipelines.warehouse.duck import connect
from pipelines.warehouse.records import YearClosing

LINES = "marts.fct_enterprise_emission_line"


def _lines(folder: Path, *left_out: str) -> None:
    names = [column.name for column in load_published().tables[LINES].columns if column.name not in left_out]
    pl.DataFrame({name: ["x"] for name in names}).write_parquet(folder / f"{LINES}.parquet")


def test_a_release_of_before_its_columns_is_told_from_a_comparable_one(tmp_path: Path) -> None:
    _lines(tmp_path)
    assert lacking(tmp_path) == []
    _lines(tmp_path, "prefecture_code", "field")
    assert lacking(tmp_path) == ["prefecture_code", "field"]


def test_without_a_release_before_its_tables_are_empty() -> None:
    with connect() as db:
        db.execute("create schema registry")
        lay_beside(db, Beside())
        assert {name: db.execute(f"select count(*) from before.{name.split('.')[1]}").fetchone() for name in BEFORE} == dict.fromkeys(BEFORE, (0,))
        assert db.execute("select count(*) from registry.closed_year").fetchone() == (0,)


def test_rows_of_a_closed_year_come_from_the_release_that_closed_it(tmp_path: Path) -> None:
    """R1 closed 2022 and 2023, R2 closed 2024; 2022 was opened again: R1 gives 2023 alone, though its files have both."""
    for release_id, years in (("R1", (2022, 2023)), ("R2", (2023, 2024))):
        (tmp_path / release_id).mkdir()
        for (_, name), year in closed_tables().items():
            column = {"year": "year", "slice_year": "slice_year"}.get(year)
            frame = pl.DataFrame({column: years}) if column else pl.DataFrame({"period": [date(y, 1, 1) for y in years]})
            frame.with_columns(pl.lit(release_id).alias("of")).write_parquet(tmp_path / release_id / f"{name}.parquet")
    closings = tuple(YearClosing(year, release_id, "2025-01-01", "2025-01-02", "张三", "") for year, release_id in ((2023, "R1"), (2024, "R2")))
    with connect() as db:
        db.execute("create schema registry")
        lay_beside(db, Beside(closings=closings, frozen=(Frozen("R1", tmp_path / "R1"), Frozen("R2", tmp_path / "R2"))))
        for (_, name), year in closed_tables().items():
            assert db.execute(f"select {year}, of from closed.{name} order by 1").fetchall() == [(2023, "R1"), (2024, "R2")], name
