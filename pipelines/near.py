"""What somebody who mistyped a name may have meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

_SHOWN = 3


def near(name: str, names: Iterable[str]) -> tuple[str, str]:
    """The names nearest to one that is not there, as the ends of a Chinese and an English sentence; empty where none is near."""
    known = list(names)
    bare = {known_name.rsplit(".", 1)[-1]: known_name for known_name in known}   # fct_total_yaer is near marts.fct_total_year
    found = [*get_close_matches(name, known, _SHOWN), *(bare[match] for match in get_close_matches(name.rsplit(".", 1)[-1], list(bare), _SHOWN))]
    found = list(dict.fromkeys(found))[:_SHOWN]
    return (f"；是否为 {'、'.join(found)}？", f"; did you mean {' or '.join(found)}?") if found else ("", "")
