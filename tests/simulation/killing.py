"""How a simulated process ends before its time."""

from __future__ import annotations


class Killed(BaseException):
    """`kill -9`: no handler of the code under test may swallow it or act after it."""
