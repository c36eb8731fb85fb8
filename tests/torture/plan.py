"""The registry of rows, which the files rows_*.py fill, and the figures that rows return."""

from dataclasses import dataclass
from typing import Callable

ROWS = {}


@dataclass(frozen=True)
class Row:
    number: int
    title: str
    run: Callable


@dataclass(frozen=True)
class Figure:
    name: str
    value: str
    bound: str
    passed: bool | None    # None: the bound was not checked


class CannotRun(Exception):
    """The row's requirements are not met on this machine."""


def row(number, title):
    """Registers function(context), which returns figures. It raises an exception if the library misbehaves."""
    def register(function):
        ROWS[number] = Row(number, title, function)
        return function
    return register


def format_value(value):
    if value is None or isinstance(value, bool):
        return {None: "none", True: "yes", False: "no"}[value]
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else f"{value:,}"


def with_unit(value, unit):
    return f"{format_value(value)} {unit}".strip()


def at_most(name, value, bound, unit=""):
    return Figure(name, with_unit(value, unit), f"<= {with_unit(bound, unit)}", value <= bound)


def less_than(name, value, bound, unit=""):
    return Figure(name, with_unit(value, unit), f"< {with_unit(bound, unit)}", value < bound)


def equal_to(name, value, expected):
    return Figure(name, format_value(value), format_value(expected), value == expected)


def without_bound(name, value, unit="", not_checked=""):
    """A figure without a bound. `not_checked` is the reason if its bound was not checked."""
    return Figure(name, with_unit(value, unit), not_checked, None if not_checked else True)
