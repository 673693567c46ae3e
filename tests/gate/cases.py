"""The cases of every rule: from the table `cases.yml`, and for shared rules from the contract itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import polars as pl
import yaml

from pipelines.contracts.source import Source, load_sources
from pipelines.gate.delivery import Delivery
from pipelines.gate.evidence import credit_code_problem
from pipelines.gate.suite import Suite, load_suite
from pipelines.ingest.table import HeaderedTable
from pipelines.ingest.typed import type_table
from pipelines.settings import PROJECT

EXPECTATIONS = PROJECT / "expectations"
RECEIVED = datetime(2025, 12, 15, 9, 30)
KNOWN_FROM = datetime(2020, 1, 1)
REGISTER_FROM = date(2010, 1, 20)

Row = dict[str, str]


def credit_code(body: str) -> str:
    """A valid credit code from 17 characters."""
    return next(body + c for c in "0123456789ABCDEFGHJKLMNPQRTUWXY" if credit_code_problem(body + c, True) is None)


CODES = {"A": credit_code("91520000123456789"), "B": credit_code("91520100MA6DA0000"), "NEW": credit_code("915201000000000T1")}
SYNTHETIC = credit_code("X1520100000000001")


@dataclass(frozen=True)
class Case:
    """Rows that a rule must catch, and rows that it must pass."""

    source: str
    rule: str
    severity: str
    name: str
    catch: tuple[tuple[tuple[str, str], ...], ...]
    passing: tuple[tuple[tuple[str, str], ...], ...]

    @property
    def id(self) -> str:
        return f"{self.source}-{self.rule}-{self.name}"


def known_enterprises(**more: datetime) -> pl.DataFrame:
    """The register: A and B are known from long ago, others as told; all rows hold from 2010-01-20."""
    known = {CODES["A"]: KNOWN_FROM, CODES["B"]: KNOWN_FROM, SYNTHETIC: KNOWN_FROM, **{CODES[k]: v for k, v in more.items()}}
    return pl.DataFrame(
        {"uscc": list(known), "valid_from": [REGISTER_FROM] * len(known), "enterprise_known_from": list(known.values())},
        schema={"uscc": pl.String, "valid_from": pl.Date, "enterprise_known_from": pl.Datetime("us")},
    )


def suite_of(source: str) -> Suite:
    return load_suite(EXPECTATIONS, source)


@cache
def table() -> dict[str, dict[str, Any]]:
    return yaml.load((Path(__file__).parent / "cases.yml").read_text("utf-8"), Loader=_PlainLoader)


class _PlainLoader(yaml.SafeLoader):
    """YAML with every scalar as text, as a file would hold it."""

    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {  # type: ignore[misc]
        key: [item for item in items if item[0] == "tag:yaml.org,2002:merge"]
        for key, items in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def base_row(of: str, changes: Row | None = None) -> Row:
    """The clean row of a source with changes; A, B and NEW stand for credit codes."""
    row = {**table()[of]["base"], **(changes or {})}
    return {name: CODES.get(value, value) if "uscc" in name else value for name, value in row.items()}


def delivery(
    source: str, rows: list[Row], batch_id: str = "batch", *, received_at: datetime = RECEIVED, synthetic: bool = False
) -> Delivery:
    """A delivery of rows of text, typed as the reader types them."""
    contract = load_sources()[source]
    names = [column.name for column in contract.columns]
    cells = [(number, [row.get(name, "") for name in names]) for number, row in enumerate(rows, 2)]
    typed = type_table(HeaderedTable({name: i for i, name in enumerate(names)}, [], cells), contract)
    return Delivery(batch_id, contract, received_at, synthetic, False, rows=typed.frame, notes=typed.notes, note_rows=typed.note_rows)


def rows_of(source: str, changes: tuple[tuple[tuple[str, str], ...], ...]) -> list[Row]:
    return [base_row(source, dict(change)) for change in changes]


@cache
def all_cases() -> list[Case]:
    """Every case of every source; a case of a rule that the suite does not have would be a slip of the table."""
    cases = []
    for source, spec in table().items():
        rules = {rule.id for rule in suite_of(source).rules}
        for number, case in enumerate(spec["cases"]):
            cases.append(Case(source, case["rule"], case["severity"], str(number), _frozen(case["catch"]), _frozen(case["pass"])))
        shared = _shared_cases(load_sources()[source], spec)
        cases += [case for case in shared if case.rule in rules]
    return cases


def _frozen(changes: Row | list[Row]) -> tuple[tuple[tuple[str, str], ...], ...]:
    listed = changes if isinstance(changes, list) else [changes]
    return tuple(tuple(change.items()) for change in listed)


def _shared_cases(source: Source, spec: dict[str, Any]) -> Iterator[Case]:
    """Cases of the rules in `_shared.yml`, made from the columns of the contract."""
    def case(rule: str, catch: Row | list[Row], passing: Row | list[Row], severity: str = "warning", name: str = "") -> Case:
        return Case(source.name, rule, severity, name or "shared", _frozen(catch), _frozen(passing))

    clean: Row = {}
    required = [c.name for c in source.columns if c.required]
    typed = [c.name for c in source.columns if c.type in ("number", "percent", "date", "moment", "period", "year", "bool")]
    coded = [c.name for c in source.columns if c.type == "code" and not c.open]
    units = [c.name for c in source.columns if c.type == "unit"]
    yield from (case("F02-unreadable", {name: "约三百"}, clean, name=name) for name in typed)
    yield from (case("F03-missing-required", {name: "—"}, clean, name=name) for name in required)
    yield from (case("C01-unknown-code", {name: "不存在"}, clean, name=name) for name in coded)
    yield from (case("C02-unknown-unit", {name: "市斤"}, clean, name=name) for name in units)
    free = [c.name for c in source.columns if c.type in ("text", "name", "key_text") or c.open]
    yield from (case("F05-formula-text", {name: "=cmd|' /C calc'!A0"}, clean, name=name) for name in free)
    names = [c.name for c in source.columns if c.type in ("name", "key_text") or c.open]
    yield from (case("F06-spoiled-name", {name: "锟斤拷厂"}, clean, name=name) for name in names)
    yield from (case("F07-spoiled-text", {c.name: "\ufffd\ufffd厂"}, clean, "info", name=c.name) for c in source.columns if c.type == "text" and c.name not in ("unit", "level", "direction"))
    industries = {"sector_statistics": "industry_code", "grid_sales": "industry_code"}
    if (industry := industries.get(source.name)) is not None:
        yield case("C06-leading-zero", [{industry: "61"}, {industry: "131"}], [{industry: "061"}, {industry: "131"}])
    other = spec["other"]
    yield case("K02-duplicate-row", [clean, clean], [clean])
    yield case("K03-duplicate-key", [clean, other], [other])
    yield case("K04-blank-unit", [clean, {"unit_code": "1#炉"}], [{"unit_code": "1#炉"}, {"unit_code": "2#炉"}])
    yield case("K04-blank-stream", [clean, {"stream": "甲批"}], [{"stream": "甲批"}, {"stream": "乙批"}])
    large = {"enterprise_energy": "sold", "power_unit_month": "coal_t"}.get(source.name, "quantity")
    yield case("F20-magnitude", {large: "2e10"}, {large: "12000"} if source.name == "enterprise_process" else clean)
    emitting = {"enterprise_energy": {"consumed": "9e9"}, "power_unit_month": {"coal_t": "9e9"}, "enterprise_process": {"item": "fgas_sf6", "quantity": "9e7", "unit": ""}}
    yield case("F26-emission-magnitude", emitting.get(source.name, {"quantity": "9e9"}), {"quantity": "12000"} if source.name == "enterprise_process" else clean)
    regional = {"sector_statistics": "value", "grid_generation": "generation"}.get(source.name, "quantity")
    yield case("F20-statistics-magnitude", {regional: "2e12"}, clean)
    yield case("F20-power-magnitude", {regional: "2e11"}, clean)
    a = CODES["A"]
    yield case("R73-credit-code", {"uscc": a[:17]}, clean, name="form")
    yield case("R73-credit-code", {"uscc": a[:8] + ("2" if a[8] != "2" else "3") + a[9:]}, clean, name="check_digit")
    yield case("R73-credit-code", {"uscc": SYNTHETIC}, clean, name="reserved")
    yield case("K01-unknown-enterprise", {"uscc": "NEW"}, {"uscc": "B"})
    time = next((c.name for c in source.columns if c.type in ("period", "moment", "year")), "")
    january, december = {"year": ("", ""), "ts": ("-01-01 00:00", "-12-31 23:00")}.get(time, ("-01", "-12"))
    # the year 2009 would break T02 as well: an enterprise source begins with 2010
    yield case("K12-register-begins-later", {time: f"2009{december}"}, {time: f"2010{january}"})
    yield case("T01-future-period", {time: f"2026{january}"}, {time: f"2025{january}"})
    yield case("T02-period-range", {time: f"2009{december}"}, {time: f"2010{january}"})
    yield case("T03-statistics-year", {time: "1948"}, {time: "1949"})
    rate = {"indicator": "工业增加值增速"} if source.name == "sector_statistics" else {}
    yield case("C03-unit-blank", {"unit": "", **rate}, clean, "info")
    yield case("C19-unit-missing", {"unit": ""}, clean)
