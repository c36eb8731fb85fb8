"""Row 14: an RST in every phase of a connection, under AddressSanitizer."""

import random

import raw_sockets
from frames import BINARY, CLOSE, close_payload, encode
from plan import CannotRun, equal_to, row, without_bound


def in_accept(server, request):
    raw_sockets.reset(raw_sockets.connect(server))


def in_handshake(server, request):
    peer = raw_sockets.connect(server)
    peer.sendall(request[:random.randint(1, len(request))])
    raw_sockets.reset(peer)


def open_and_send(server, request, frames):
    """Sends the request and frames together, and waits for the first octets of the response."""
    peer = raw_sockets.connect(server)
    peer.sendall(request + frames)
    peer.recv(200)
    return peer


def in_read(server, request):
    raw_sockets.reset(open_and_send(server, request, encode(BINARY, b"x" * 500, declared=random.randint(501, 100_000))))


def in_write(server, request):
    flood = {"count": 20, "size": random.choice((10, 60_000))}
    raw_sockets.reset(open_and_send(server, request, raw_sockets.event_frame("flood", flood)))


def in_our_close(server, request):
    raw_sockets.reset(open_and_send(server, request, raw_sockets.event_frame("close")))


def in_their_close(server, request):
    raw_sockets.reset(open_and_send(server, request, raw_sockets.event_frame("say") + encode(CLOSE, close_payload(1000))))


PHASES = [in_accept, in_handshake, in_read, in_write, in_our_close, in_their_close]


def build_with_asan(context):
    """Returns the given build folder if it has a sanitizer or in the brief form; otherwise build-asan beside it."""
    if context.sanitizer or context.brief:
        return context.build
    build = context.build.parent / "build-asan"
    if not build.exists():
        raise CannotRun(f"{build} does not exist; build the preset `asan`")
    return build


@row(14, "an RST in every phase of a connection")
def resets(context):
    count = context.pick(3000, 100_000)
    build = build_with_asan(context)
    with context.server(build=build) as server:
        request, fds = raw_sockets.upgrade_request(server), server.fds()
        for number in range(count):
            PHASES[number % len(PHASES)](server, request)
        server.wait_for_fds(fds, 12)
        leaked, threads = server.fds() - fds, server.threads()
        counts = server.stop_and_read_counts()    # raises ProcessFailure if a sanitizer reported an error
        return [equal_to(f"resets, in {len(PHASES)} phases, {build.name}", count, count),
                equal_to("leaked descriptors", leaked, 0),
                without_bound("threads", threads),
                equal_to("`disconnect` callbacks, as many as `connect`", counts["ended"], counts["opened"]),
                equal_to("callbacks after `disconnect`", counts["late"], 0)]
