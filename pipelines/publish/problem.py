"""What stops a publication."""

from __future__ import annotations

from pipelines.problem import Problem


class PublishError(Problem):
    """Nothing was published, and why, in both languages."""


def both(zh: str, en: str) -> str:
    """A bilingual message on one line."""
    return f"{zh} | {en}"
