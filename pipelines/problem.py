"""What stops a night, in words: the one base of every exception that a person may read."""

from __future__ import annotations


class Problem(Exception):
    """Something that ends what was asked for, and why, in Chinese and English. The last release stands."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(zh, en)
        self.zh = zh
        self.en = en

    def __str__(self) -> str:
        return f"{self.zh} | {self.en}"
