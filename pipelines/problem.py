"""What stops a night, in words: the one base of every exception that a person may read."""

from __future__ import annotations


class Problem(Exception):
    """Something that ends what was asked for, and why, in Chinese and English. The last release stands.

    exit_status: what the command ends with (1 failed, 2 wrong usage).
    """

    exit_status = 1

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(zh, en)
        self.zh = zh
        self.en = en

    def __str__(self) -> str:
        return f"{self.zh} | {self.en}"


class UsageProblem(Problem):
    """The command was asked for something that cannot be meant: a wrong option, setting or folder."""

    exit_status = 2
