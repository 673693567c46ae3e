"""What stops a publication."""

from __future__ import annotations


class PublishError(Exception):
    """Nothing was published, and why, in both languages."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh} | {en}")
        self.zh = zh
        self.en = en


def both(zh: str, en: str) -> str:
    """A bilingual message on one line."""
    return f"{zh} | {en}"
