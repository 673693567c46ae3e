"""Random histories of small groups of enterprises: what arrives late, is corrected, withdrawn, sent again, refused, moved, re-classified, merged.

Each group of three enterprises has a history of its own, drawn from the seed and its number; all groups live in one province, so that a handful of
nights tries as many histories as there are groups. Beside them the whole province sees a factor published and a balance revised.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Callable
from pathlib import Path
from random import Random

from tests.deliveries import deliver, register_row, uscc

NIGHTS = ("2025-02-25", "2025-03-25", "2025-04-25", "2025-05-25")
MONTHS = tuple(f"2024-{month:02d}" for month in range(1, 13))
_METHODS = (("24-other-industry", "3012"), ("24-other-industry", "1711"), ("15-paper", "2221"), ("08-cement", "3011"))
_PLACES = ("520102", "520115", "520302", "520201", "522701")
_FUELS = (("柴油", {}), ("汽油", {}), ("一般烟煤", {"ncv": 22.5, "ncv_unit": "GJ/t", "carbon_content": 0.0262, "carbon_content_unit": "tC/GJ"}))


class Group:
    """Three enterprises with their history so far: `facts` holds what was delivered last for each key."""

    def __init__(self, inbox: Path, number: int, seed: int) -> None:
        self.inbox, self.number, self.dice = inbox, number, Random(f"{seed}:{number}")
        self.members = [uscc(3 * number + i + 1) for i in range(3)]
        self.facts: dict[tuple[str, str, str], float] = {}
        self.files: list[tuple[Path, int]] = []   # energy files and how many rows they have
        self.registered: dict[int, dict[str, str]] = {}
        self.sent = 0

    # --- the files -------------------------------------------------------------------------------------------------------

    def at(self, night: int) -> str:
        """A moment of receipt within the month before a night, in order of sending."""
        self.sent += 1
        day = 3 + self.sent % 20
        return f"2025-{night + 2:02d}-{day:02d}T{8 + self.sent // 20:02d}:{self.number % 60:02d}:00+08:00"

    def name(self, what: str) -> str:
        return f"g{self.number:04d}-{self.sent:02d}-{what}.csv"

    def register(self, night: int, who: int, **change: str) -> None:
        row = {**self.registered.get(who, {}), **change}
        self.registered[who] = row
        deliver(self.inbox, "enterprise_register", self.name("register"), [row], self.at(night))

    def energy(self, night: int, what: str, rows: list[dict]) -> Path:
        path = deliver(self.inbox, "enterprise_energy", self.name(what), rows, self.at(night))
        self.files.append((path, len(rows)))
        return path

    def fact(self, who: str, period: str, fuel: tuple[str, dict]) -> dict:
        consumed = round(self.dice.uniform(1, 900), 2)
        self.facts[who, period, fuel[0]] = consumed
        return {"uscc": who, "period": period, "energy": fuel[0], "unit": "t", "consumed": consumed, **fuel[1]}

    def base(self) -> None:
        """The first night: most of the register, some months of energy and power."""
        for who in range(3):
            method, industry = self.dice.choice(_METHODS)
            self.registered[who] = register_row(3 * self.number + who + 1, method, industry, self.dice.choice(_PLACES))
            if self.dice.random() < 0.85:
                self.register(0, who)
        rows = [self.fact(who, period, fuel) for who in self.members for period in MONTHS[: self.dice.randint(2, 12)] for fuel in self.dice.sample(_FUELS, 2)]
        self.energy(0, "base", rows)
        power = [{"uscc": who, "period": period, "carrier": "电力", "direction": "购入", "origin": "电网", "unit": "MWh", "quantity": round(self.dice.uniform(5, 400), 1)}
                 for who in self.members for period in MONTHS[: self.dice.randint(1, 12)]]
        deliver(self.inbox, "enterprise_power_heat", self.name("power"), power, self.at(0))

    # --- what happens ----------------------------------------------------------------------------------------------------

    def late(self, night: int) -> None:
        self.energy(night, "late", [self.fact(self.dice.choice(self.members), self.dice.choice(MONTHS), self.dice.choice(_FUELS))])

    def correction(self, night: int) -> None:
        who, period, energy = self.dice.choice(sorted(self.facts))
        self.energy(night, "correction", [self.fact(who, period, next(f for f in _FUELS if f[0] == energy))])

    def sent_again(self, night: int) -> None:
        path, _ = self.dice.choice(self.files)
        rows = list(csv.DictReader(io.StringIO(path.read_text("utf-8"))))
        deliver(self.inbox, "enterprise_energy", self.name("again"), rows, self.at(night))   # the same bytes

    def refused(self, night: int) -> None:
        deliver(self.inbox, "enterprise_energy", self.name("unknown"), [{"uscc": self.members[0], "period": "2024-01", "energy": "石头", "unit": "t", "consumed": 1}], self.at(night))

    def withdrawn(self, night: int) -> None:
        path, rows = self.dice.choice(self.files)
        batch = f"enterprise_energy-{hashlib.sha256(path.read_bytes()).hexdigest()[:12]}"
        row = self.dice.choice(["", *range(2, rows + 2)])
        deliver(self.inbox, "steward_decision", self.name("decision"), [{
            "decision_id": f"D{self.number}-{self.sent}", "batch_id": batch, "row_no": row, "decision": "拒绝", "reason": "撤回(演示数据)", "by": "张三", "second_by": "李四",
            "decided_on": f"2025-{night + 2:02d}-20"}], self.at(night))

    def conflict(self, night: int) -> None:
        who, moment = self.dice.choice(self.members), self.at(night)
        for consumed in (10, 20):
            deliver(self.inbox, "enterprise_energy", self.name(f"conflict{consumed}"), [
                {"uscc": who, "period": "2024-03", "energy": "柴油", "unit": "t", "consumed": consumed}], moment)

    def whole_year(self, night: int) -> None:
        self.energy(night, "year", [self.fact(self.dice.choice(self.members), "2024", self.dice.choice(_FUELS))])

    def registered_late(self, night: int) -> None:
        self.register(night, self.dice.randrange(3))

    def reclassified(self, night: int) -> None:
        method, industry = self.dice.choice(_METHODS)
        self.register(night, self.dice.randrange(3), accounting_method=method, industry_code=industry)

    def moved(self, night: int) -> None:
        self.register(night, self.dice.randrange(3), division_code=self.dice.choice(_PLACES), valid_from=self.dice.choice(("2020-01-01", "2024-07-01")))

    def merged(self, night: int) -> None:
        self.register(night, 0, operating_to="2024-09-30", successor_uscc=self.members[1])

    def happens(self, night: int) -> None:
        """One or two things in the month before a night."""
        for _ in range(self.dice.randint(1, 2)):
            self.dice.choice(_EVENTS)(self, night)


_EVENTS: tuple[Callable[[Group, int], None], ...] = (
    Group.late, Group.correction, Group.correction, Group.sent_again, Group.refused, Group.withdrawn, Group.conflict, Group.whole_year, Group.registered_late,
    Group.reclassified, Group.moved, Group.merged,
)


def write(inbox: Path, groups: int, seed: int) -> None:
    """Every delivery of the four nights, each with the moment on which it is received."""
    for number in range(groups):
        group = Group(inbox, number, seed)
        group.base()
        for night in range(1, len(NIGHTS)):
            group.happens(night)
    factor = {
        "factor_id": "GRID-520000-2024", "kind": "grid", "item": "average", "value": 0.4321, "unit": "tCO2/MWh", "gas": "CO2", "area": "520000", "data_year": 2024,
        "published_on": "2025-03-10", "confidence": "A", "status": "confirmed", "document": "省级电网因子 2024(演示数据)",
    }
    deliver(inbox, "emission_factor", "grid.csv", [factor], "2025-03-12T08:00:00+08:00")
    for day, consumed in (("2025-02-05", 900), ("2025-04-05", 950)):
        deliver(inbox, "energy_balance", f"balance-{day}.csv", [
            {"division_code": "520000", "year": 2023, "item": "四、终端消费量", "fuel": "柴油", "quantity": consumed},
            {"division_code": "520000", "year": 2023, "item": "工业", "fuel": "柴油", "quantity": consumed - 400}], f"{day}T08:00:00+08:00")
