"""The types of request parameters, and Stripe's messages about wrong values."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cascade_cli.sandbox.stripe.currencies import CURRENCIES
from cascade_cli.sandbox.stripe.errors import StripeError

# Eighteen digits fit the 64 bits in which databases hold integers.
_INTEGER = re.compile(r"-?[0-9]{1,18}")
_TRUE_FALSE = {"true": True, "false": False, "1": True, "0": False}


@dataclass(frozen=True, kw_only=True)
class Parameter(ABC):
    """One parameter. `unsettable` ones take an empty string to mean "remove it" (None)."""

    required: bool = False
    unsettable: bool = False

    def read(self, raw: Any, name: str) -> Any:
        """The typed value, or a StripeError naming the parameter."""
        if raw != "":
            return self._read(raw, name)
        if self.unsettable:
            return None
        raise StripeError(
            f"You passed an empty string for '{name}'. We assume empty values are an attempt to"
            f" unset a parameter; however '{name}' cannot be unset. You should remove '{name}' from"
            " your request or supply a non-empty value.",
            code="parameter_invalid_empty",
            param=name,
        )

    @abstractmethod
    def _read(self, raw: Any, name: str) -> Any:
        """The typed value of a text that is not empty."""


Table = Mapping[str, Parameter]


def read(table: Table, raw: Mapping[str, Any], parent: str = "") -> dict[str, Any]:
    """Typed values of the parameters given; absent ones are left out."""
    unknown = [_full(parent, name) for name in raw if name not in table]
    if unknown:
        plural = "s" if len(unknown) > 1 else ""
        raise StripeError(
            f"Received unknown parameter{plural}: {', '.join(unknown)}",
            code="parameter_unknown",
            param=unknown[0],
        )
    for name, parameter in table.items():
        if parameter.required and name not in raw:
            full = _full(parent, name)
            raise StripeError(
                f"Missing required param: {full}.", code="parameter_missing", param=full
            )
    return {name: table[name].read(raw[name], _full(parent, name)) for name in raw}


def _full(parent: str, name: str) -> str:
    return f"{parent}[{name}]" if parent else name


@dataclass(frozen=True, kw_only=True)
class Text(Parameter):
    """A string of up to `maximum` characters."""

    maximum: int = 5000

    def _read(self, raw: Any, name: str) -> str:
        if not isinstance(raw, str):
            raise StripeError(f"Invalid string: {raw}", param=name)
        if len(raw) > self.maximum:
            shown = f"{raw[:6]}...{raw[-6:]}"
            raise StripeError(
                f"Invalid string: {shown}; must be at most {self.maximum} characters", param=name
            )
        return raw


@dataclass(frozen=True, kw_only=True)
class Integer(Parameter):
    """A whole number within bounds."""

    minimum: int | None = None
    maximum: int | None = None

    def _read(self, raw: Any, name: str) -> int:
        if not isinstance(raw, str) or not _INTEGER.fullmatch(raw):
            raise self._error(f"Invalid integer: {raw}", name)
        number = int(raw)
        if self.minimum is not None and number < self.minimum:
            raise self._error(f"This value must be greater than or equal to {self.minimum}.", name)
        if self.maximum is not None and number > self.maximum:
            raise self._error(f"This value must be less than or equal to {self.maximum}.", name)
        return number

    def _error(self, message: str, name: str) -> StripeError:
        return StripeError(message, code="parameter_invalid_integer", param=name)


@dataclass(frozen=True, kw_only=True)
class Flag(Parameter):
    """A boolean."""

    def _read(self, raw: Any, name: str) -> bool:
        if not isinstance(raw, str) or raw.lower() not in _TRUE_FALSE:
            raise StripeError(f"Invalid boolean: {raw}", param=name)
        return _TRUE_FALSE[raw.lower()]


@dataclass(frozen=True)
class Choice(Parameter):
    """One of a few words."""

    options: tuple[str, ...]

    def _read(self, raw: Any, name: str) -> str:
        if raw not in self.options:
            *most, last = self.options
            listed = f"{', '.join(most)}, or {last}" if len(most) > 1 else " or ".join(self.options)
            raise StripeError(f"Invalid {name}: must be one of {listed}", param=name)
        return str(raw)


@dataclass(frozen=True, kw_only=True)
class Currency(Parameter):
    """A three-letter code; Stripe shows it in lower case."""

    def _read(self, raw: Any, name: str) -> str:
        code = str(raw).lower()
        if code not in CURRENCIES:
            raise StripeError(
                f"Invalid currency: {code}. Stripe currently supports these currencies:"
                f" {', '.join(CURRENCIES)}",
                param=name,
            )
        return code


@dataclass(frozen=True)
class Hash(Parameter):
    """Named parameters in brackets."""

    table: Table

    def _read(self, raw: Any, name: str) -> dict[str, Any]:
        if not isinstance(raw, dict):
            raise StripeError("Invalid object", param=name)
        return read(self.table, raw, name)


@dataclass(frozen=True)
class Array(Parameter):
    """A list, however its items were numbered."""

    item: Parameter = field(default_factory=Text)
    maximum: int | None = None

    def _read(self, raw: Any, name: str) -> list[Any]:
        if not isinstance(raw, dict) or not all(_INTEGER.fullmatch(key) for key in raw):
            raise StripeError("Invalid array", param=name)
        if self.maximum is not None and len(raw) > self.maximum:
            raise StripeError(
                f"Array parameter too long: {name} can have at most {self.maximum} items.",
                param=name,
            )
        in_order = sorted(raw.items(), key=lambda entry: int(entry[0]))
        return [self.item.read(value, f"{name}[{key}]") for key, value in in_order]


@dataclass(frozen=True, kw_only=True)
class Anything(Parameter):
    """Any value; the sandbox keeps or ignores it."""

    def _read(self, raw: Any, name: str) -> Any:  # noqa: ARG002
        return raw


@dataclass(frozen=True, kw_only=True)
class Range(Parameter):
    """A moment in Unix seconds, or bounds on it."""

    def _read(self, raw: Any, name: str) -> dict[str, int]:
        moment = Integer()
        if isinstance(raw, str):
            return {"eq": moment.read(raw, name)}
        return read(dict.fromkeys(("gt", "gte", "lt", "lte"), moment), raw, name)
