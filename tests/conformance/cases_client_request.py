"""What a client asks for, and how it masks (RFC 6455, 4.1 and 5.3)."""

from client_opening import parse_request
from frames import BINARY, TEXT, Violation
from registry import on_socket, on_target

QUICK = ("--backoff", "10", "50")


@on_target()
def request_is_right(target):
    """`upgrade` judges it."""
    with target.start() as program, program.accept() as connection:
        ws = target.upgrade(program, connection)
        ws.echo(TEXT, b"opened")
        ws.finish()


@on_target({"one": ("chat",), "two": ("chat", "superchat")})
def subprotocols_are_offered_in_order(target, *names):
    flags = [word for name in names for word in ("--subprotocol", name)]
    with target.start(*flags) as program, program.accept() as connection:
        ws = target.upgrade(program, connection, {"Sec-WebSocket-Protocol": names[-1]}, subprotocols=names)
        program.expect_line(f"connected {names[-1]}")
        ws.echo(TEXT, b"opened")
        ws.finish()


@on_target()
def key_is_fresh_for_each_connection(target):
    keys = []
    with target.start(*QUICK) as program:
        for _ in range(8):
            with program.accept() as connection:
                keys.append(parse_request(connection.read_head()).key)
    if len(set(keys)) != len(keys):
        raise Violation(f"the same key twice: {keys}")


@on_target()
def nothing_is_sent_before_the_answer(target):
    with target.start() as program, program.accept() as connection:
        request = target.read_request(program, connection)
        if connection.has_news(within=0.5):
            raise Violation(f"{bytes(connection.inbox[:40])!r} behind the request for {request.target}")


def mask_keys(ws, count, payload):
    """The keys of the client's next echoes, as numbers."""
    for _ in range(count):
        ws.echo(BINARY, payload)
    return [int.from_bytes(key, "big") for key in ws.keys]


@on_socket({"empty": b"", "short": b"hello", "long": b"x" * 5000})
def mask_key_is_fresh_for_each_frame(ws, payload):
    """And not to be foreseen: no two steps between 200 keys are alike, and every bit takes both values.

    Three of the 20,000 pairs might be alike by chance once in 10^16 runs.
    """
    keys = mask_keys(ws, 200, payload)
    steps = [(after - before) % (1 << 32) for before, after in zip(keys, keys[1:])]
    for values, what in ((keys, "keys"), (steps, "steps between keys")):
        if len(values) - len(set(values)) > 2:
            raise Violation(f"{len(values) - len(set(values))} of {len(values)} {what} come again")
    always_set, ever_set = keys[0], keys[0]
    for key in keys:
        always_set, ever_set = always_set & key, ever_set | key
    if always_set or ever_set != (1 << 32) - 1:
        raise Violation(f"bits of the keys stand still: {always_set:08x} {ever_set:08x}")


@on_socket()
def mask_keys_differ_where_many_frames_leave_at_once(ws):
    payloads = [b"%d" % number for number in range(500)]
    for payload in payloads:
        ws.send_frame(TEXT, payload)
    for payload in payloads:
        ws.expect(TEXT, payload)
    if len(set(ws.keys)) < len(ws.keys) - 2:
        raise Violation(f"{len(ws.keys) - len(set(ws.keys))} of {len(ws.keys)} keys come again")


@on_target()
def mask_keys_differ_between_clients(target):
    firsts = []
    for _ in range(4):
        with target.open() as ws:
            ws.echo(TEXT, b"first")
            firsts.append(ws.keys[0])
            ws.finish()
    if len(set(firsts)) != len(firsts):
        raise Violation(f"the same first key twice: {firsts}")
