"""The rows of the torture plan, as the files rows_*.py register them, and the figures that they return."""

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
    what: str
    value: str
    bound: str
    holds: bool | None    # None: not judged


class CannotRun(Exception):
    """The row needs what is not there."""


def row(number, title):
    """Registers function(context), which returns its figures, or raises where the library did what it must not."""
    def register(function):
        ROWS[number] = Row(number, title, function)
        return function
    return register


def shown(value):
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else f"{value:,}"


def at_most(what, value, bound, unit=""):
    return Figure(what, f"{shown(value)} {unit}".strip(), f"<= {shown(bound)} {unit}".strip(), value <= bound)


def below(what, value, bound, unit=""):
    return Figure(what, f"{shown(value)} {unit}".strip(), f"< {shown(bound)} {unit}".strip(), value < bound)


def exactly(what, value, due):
    return Figure(what, shown(value), shown(due), value == due)


def told(what, value, unit="", why=""):
    """A figure without a bound, or with one that `why` does not let judge."""
    return Figure(what, f"{shown(value)} {unit}".strip(), why, None if why else True)
