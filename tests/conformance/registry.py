"""The registry of cases. The files cases_*.py fill it."""

from dataclasses import dataclass
from typing import Callable

from frames import Violation, is_server_role
from raw_client import Target

CASES = []
DEFLATE_CASES = []    # the cases of `socket_case` again, with permessage-deflate negotiated


@dataclass(frozen=True)
class Case:
    name: str
    run: Callable[[Target], None]


def target_case(rows=None, *, server_only=False):
    """Registers function(target): a case that makes its own connections.

    With `rows`, a table {name: arguments}, each row is a case; its arguments follow the target. `server_only` skips the case
    if the target is a client.
    """
    def register(function):
        if server_only and is_server_role():
            return function
        CASES.extend(_cases(function, function, rows))
        return function
    return register


def socket_case(rows=None, *, offer=None, uncompressed_only=False, server_only=False):
    """Registers function(socket): a case that gets an open WebSocket.

    Unless the case ends the connection, a closing handshake must succeed afterwards, with no unread data.
    The server must accept an `offer` of extensions. `uncompressed_only` cases are not repeated with permessage-deflate.
    `rows` and `server_only` are those of `target_case`.
    """
    def register(function):
        if server_only and is_server_role():
            return function
        CASES.extend(_cases(function, _with_socket(function, offer), rows))
        if not offer and not uncompressed_only:
            DEFLATE_CASES.extend(_cases(function, _with_socket(function, "permessage-deflate"), rows, "+deflate"))
        return function
    return register


def _with_socket(function, offer):
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
    """Binds a row's arguments. A tuple holds several arguments; any other value is a single one."""
    values = arguments if isinstance(arguments, tuple) else (arguments,)
    return lambda target: run(target, *values)
