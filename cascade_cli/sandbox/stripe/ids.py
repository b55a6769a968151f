"""Identifiers like Stripe's: a prefix that tells the kind, then letters and digits."""

from __future__ import annotations

import random
import string

_ALPHABET = string.ascii_letters + string.digits
_LENGTHS = {"cs_test_a1": 56, "cus_": 14, "prod_": 14, "req_": 14}


def draw(source: random.Random, prefix: str) -> str:
    """A fresh identifier, for instance `ch_3` and 23 more characters."""
    return prefix + "".join(source.choices(_ALPHABET, k=_LENGTHS.get(prefix, 23)))
