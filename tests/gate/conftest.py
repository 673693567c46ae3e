"""All cases of a source are judged in one pass; the tests look at the verdicts."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pipelines.contracts.source import load_sources
from pipelines.gate.judge import InMemory, judge
from pipelines.gate.standard import Standard
from pipelines.gate.verdict import Judgement

from .cases import all_cases, delivery, known_enterprises, rows_of, suite_of


@pytest.fixture(scope="session")
def verdict() -> Callable[[str, str, str], Judgement[InMemory]]:
    """(source, case id, `catch` or `pass`) -> judgement of that case's rows as a delivery of their own."""
    judged: dict[str, dict[str, Judgement[InMemory]]] = {}

    def of(source: str, case_id: str, side: str) -> Judgement:
        if source not in judged:
            judged[source] = _judge_all(source)
        return judged[source][f"{side}:{case_id}"]

    return of


def _judge_all(source: str) -> dict[str, Judgement[InMemory]]:
    deliveries = []
    for case in all_cases():
        if case.source == source:
            deliveries.append(delivery(source, rows_of(source, case.catch), f"catch:{case.id}"))
            deliveries.append(delivery(source, rows_of(source, case.passing), f"pass:{case.id}"))
    contract = load_sources()[source]
    # no load is refused for its share here: a case is about one rule
    judgements = judge(Standard(contract, suite_of(source), known_enterprises(), limit=1.0), deliveries)
    return {j.delivery.batch_id: j for j in judgements}
