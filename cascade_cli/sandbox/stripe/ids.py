"""Identifiers like Stripe's: a prefix that tells the kind, then letters and digits."""

from __future__ import annotations

import random
import string

_ALPHABET = (string.ascii_letters + string.digits).encode()
# 256 is no multiple of 62, so a few letters come up a little more often: harmless, and fast.
_LETTERS = bytes(_ALPHABET[value % len(_ALPHABET)] for value in range(256))
_LENGTHS = {"cs_test_a1": 56, "cus_": 14, "prod_": 14, "req_": 14, "whsec_": 32}


def draw(source: random.Random, prefix: str) -> str:
    """A fresh identifier, for instance `ch_3` and 23 more characters."""
    return prefix + source.randbytes(_LENGTHS.get(prefix, 23)).translate(_LETTERS).decode()
