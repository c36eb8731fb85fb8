"""The cases, as the files cases_*.py register them."""

from dataclasses import dataclass
from typing import Callable

from frames import Violation, plays_server
from raw_client import Target

CASES = []
UNDER_DEFLATE = []    # the cases of `on_socket` once more, with permessage-deflate negotiated


@dataclass(frozen=True)
class Case:
    name: str
    run: Callable[[Target], None]


def on_target(rows=None, *, server_only=False):
    """Registers function(target): a case that makes its own connections.

    With `rows`, a table {name: arguments}, each row is a case of its own; its arguments follow the target.
    """
    def register(function):
        if server_only and plays_server():
            return function
        CASES.extend(_cases(function, function, rows))
        return function
    return register


def on_socket(rows=None, *, offer=None, uncompressed_only=False, server_only=False):
    """Registers function(socket), as above, with the socket open.

    Unless the case ends the connection, a closing handshake must then succeed with nothing left to read.
    With an `offer` of extensions the server must accept it. What is `server_only` says nothing about clients.
    """
    def register(function):
        if server_only and plays_server():
            return function
        CASES.extend(_cases(function, _opening(function, offer), rows))
        if not offer and not uncompressed_only:
            UNDER_DEFLATE.extend(_cases(function, _opening(function, "permessage-deflate"), rows, "+deflate"))
        return function
    return register


def _opening(function, offer):
    def run(target, *arguments):
        with target.open(offer=offer) as socket:
            if offer and not socket.agreement:
                raise Violation(f"the server declined {offer!r}")
            function(socket, *arguments)
            socket.finish()
    return run


def _cases(function, run, rows, suffix=""):
    name = f"{function.__module__.removeprefix('cases_')}{suffix}/{function.__name__}"
    if rows is None:
        return [Case(name, run)]
    return [Case(f"{name}/{row}", _with_arguments(run, arguments)) for row, arguments in rows.items()]


def _with_arguments(run, arguments):
    """A tuple is several arguments, anything else is one."""
    several = arguments if isinstance(arguments, tuple) else (arguments,)
    return lambda target: run(target, *several)
