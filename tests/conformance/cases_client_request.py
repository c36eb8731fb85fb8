"""The client's upgrade request and its masking (RFC 6455, 4.1 and 5.3)."""

from server_handshake import parse_request
from frames import BINARY, TEXT, Violation
from registry import socket_case, target_case

SHORT_BACKOFF = ("--backoff", "10", "50")


@target_case()
def request_is_valid(target):
    """`upgrade` checks the request."""
    with target.start() as program, program.accept() as connection:
        ws = target.upgrade(program, connection)
        ws.echo(TEXT, b"opened")
        ws.finish()


@target_case({"one": ("chat",), "two": ("chat", "superchat")})
def subprotocols_are_offered_in_order(target, *names):
    flags = [word for name in names for word in ("--subprotocol", name)]
    with target.start(*flags) as program, program.accept() as connection:
        ws = target.upgrade(program, connection, {"Sec-WebSocket-Protocol": names[-1]}, subprotocols=names)
        program.expect_line(f"connected {names[-1]}")
        ws.echo(TEXT, b"opened")
        ws.finish()


@target_case()
def each_connection_has_a_new_key(target):
    keys = []
    with target.start(*SHORT_BACKOFF) as program:
        for _ in range(8):
            with program.accept() as connection:
                keys.append(parse_request(connection.read_head()).key)
    if len(set(keys)) != len(keys):
        raise Violation(f"two connections have the same key: {keys}")


@target_case()
def nothing_is_sent_before_the_response(target):
    with target.start() as program, program.accept() as connection:
        request = target.read_request(program, connection)
        if connection.is_readable(within=0.5):
            raise Violation(f"the client sent {bytes(connection.received[:40])!r} after its request for {request.target}")


def mask_keys(ws, count, payload):
    """Returns the masking keys of the client's next echoes as numbers."""
    for _ in range(count):
        ws.echo(BINARY, payload)
    return [int.from_bytes(key, "big") for key in ws.keys]


@socket_case({"empty": b"", "short": b"hello", "long": b"x" * 5000})
def each_frame_has_an_unpredictable_masking_key(ws, payload):
    """No two differences between 200 consecutive keys are equal, and every bit takes both values.

    The chance that three of the 20,000 pairs are equal is one in 10^16.
    """
    keys = mask_keys(ws, 200, payload)
    differences = [(after - before) % (1 << 32) for before, after in zip(keys, keys[1:])]
    for values, name in ((keys, "keys"), (differences, "differences between keys")):
        if len(values) - len(set(values)) > 2:
            raise Violation(f"{len(values) - len(set(values))} of {len(values)} {name} are repeated")
    always_set, ever_set = keys[0], keys[0]
    for key in keys:
        always_set, ever_set = always_set & key, ever_set | key
    if always_set or ever_set != (1 << 32) - 1:
        raise Violation(f"some bits of the keys never change: always set {always_set:08x}, ever set {ever_set:08x}")


@socket_case()
def masking_keys_of_a_burst_of_frames_differ(ws):
    payloads = [b"%d" % number for number in range(500)]
    for payload in payloads:
        ws.send_frame(TEXT, payload)
    for payload in payloads:
        ws.expect(TEXT, payload)
    if len(set(ws.keys)) < len(ws.keys) - 2:
        raise Violation(f"{len(ws.keys) - len(set(ws.keys))} of {len(ws.keys)} keys are repeated")


@target_case()
def masking_keys_of_two_clients_differ(target):
    firsts = []
    for _ in range(4):
        with target.open() as ws:
            ws.echo(TEXT, b"first")
            firsts.append(ws.keys[0])
            ws.finish()
    if len(set(firsts)) != len(firsts):
        raise Violation(f"two clients have the same first key: {firsts}")
