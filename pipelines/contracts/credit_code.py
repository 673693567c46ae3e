"""The unified social credit code (GB 32100-2015): its alphabet and check digit. One home for the gate and the synthetic province."""

from __future__ import annotations

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # no I, O, S, V, Z
_VALUE = {letter: value for value, letter in enumerate(ALPHABET)}
_WEIGHTS = tuple(pow(3, position, 31) for position in range(17))


def check_digit(body: str) -> str:
    """The 18th character for the first 17. Raises KeyError on a letter outside the alphabet."""
    total = sum(_VALUE[letter] * weight for letter, weight in zip(body, _WEIGHTS, strict=True))
    return ALPHABET[-total % 31]


def has_form(code: str) -> bool:
    """True when the code has 18 characters of the alphabet."""
    return len(code) == 18 and all(letter in _VALUE for letter in code)


def is_valid(code: str) -> bool:
    """True when the form and the check digit are right."""
    return has_form(code) and check_digit(code[:17]) == code[17]
