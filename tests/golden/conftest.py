"""What golden tests share: the golden province, one build for all processes of the suite."""

from __future__ import annotations

import pytest

from tests.conftest import FINISHED, once_for_all
from tests.golden import province


@pytest.fixture(scope="session")
def golden() -> province.Golden:
    """The golden province, judged and built."""
    made = province.read(once_for_all("golden", province.make))
    FINISHED.add(made.database)
    return made
