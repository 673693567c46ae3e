"""Unified social credit codes (GB 32100-2015) of registrations that do not exist.

Codes begin with `X1`: no such registration authority, so a synthetic code can never be a real one.
"""

from __future__ import annotations

from pipelines.contracts.credit_code import check_digit

_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)  # GB 11714


def organisation_check_digit(digits: str) -> str:
    """The 9th character of an organisation code for its first 8 digits (GB 11714)."""
    total = sum(int(digit) * weight for digit, weight in zip(digits, _ORGANISATION_WEIGHTS, strict=True))
    return "0123456789X0"[11 - total % 11]


def synthetic_code(prefecture: str, seed: int, number: int) -> str:
    """The credit code of synthetic enterprise `number` (from 1) under a seed, registered in a prefecture.

    Raises ValueError above 99999 enterprises.
    """
    if not 0 < number < 100_000:
        raise ValueError(f"no credit code for enterprise number {number}")
    organisation = f"{seed % 1000:03d}{number:05d}"
    body = f"X1{prefecture}{organisation}{organisation_check_digit(organisation)}"
    return body + check_digit(body)
