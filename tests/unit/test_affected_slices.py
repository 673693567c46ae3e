"""Which slices a night works on anew when certificates join enterprises' years."""

from __future__ import annotations

import duckdb

from pipelines.warehouse.build_db import _affected_by_certificates

ROWS = """insert into lake.enterprise_power_heat values
    ('A', date '2024-12-01', 'p1', 'C1'), ('A', date '2025-01-01', 'p2', ' C1'), ('A', date '2025-02-01', 'p2', 'C2'), ('B', date '2025-01-01', 'p3', 'C1'),
    ('C', date '2025-01-01', 'p4', 'C3'), ('D', date '2025-01-01', 'p5', null)"""


def _affected(already: list[tuple[str, int]], batches: str) -> list[tuple[str, int]]:
    db = duckdb.connect()
    db.execute("create schema lake; create schema registry; create table registry.affected (uscc varchar, slice_year bigint)")
    db.execute("create table lake.enterprise_power_heat (uscc varchar, period date, batch_id varchar, certificate_id varchar)")
    db.execute("create table lake.certificate (certificate_id varchar, batch_id varchar); insert into lake.certificate values ('C1', 'c1'), ('C3 ', 'c3')")
    db.execute(ROWS)
    if already:
        db.executemany("insert into registry.affected values (?, ?)", already)
    _affected_by_certificates(db, batches)
    return db.execute("select uscc, slice_year from registry.affected order by 1, 2").fetchall()


def test_who_cites_a_certificate_that_changed_is_affected() -> None:
    assert _affected([], "'c3'") == [("C", 2025)]
    assert _affected([], "'c1'") == [("A", 2024), ("A", 2025), ("B", 2025)]
    assert _affected([], "''") == []


def test_an_earlier_year_that_changed_moves_the_later_one() -> None:
    assert _affected([("A", 2024)], "''") == [("A", 2024), ("A", 2025), ("B", 2025)]
    assert _affected([("D", 2025)], "''") == [("D", 2025)]
