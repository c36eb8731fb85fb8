"""Row 14: an RST in every phase of a connection, under AddressSanitizer."""

import random

import crowd
from frames import BINARY, CLOSE, close_payload, encode
from plan import CannotRun, exactly, row, told


def in_accept(server, asked):
    crowd.reset(crowd.dial(server))


def in_handshake(server, asked):
    peer = crowd.dial(server)
    peer.sendall(asked[:random.randint(1, len(asked))])
    crowd.reset(peer)


def opened_with(server, asked, frames):
    """A connection on which the first octets of the answer came."""
    peer = crowd.dial(server)
    peer.sendall(asked + frames)
    peer.recv(200)
    return peer


def in_read(server, asked):
    crowd.reset(opened_with(server, asked, encode(BINARY, b"x" * 500, declared=random.randint(501, 100_000))))


def in_write(server, asked):
    crowd.reset(opened_with(server, asked, crowd.event("flood", {"count": 20, "size": random.choice((10, 60_000))})))


def in_our_close(server, asked):
    crowd.reset(opened_with(server, asked, crowd.event("close")))


def in_their_close(server, asked):
    crowd.reset(opened_with(server, asked, crowd.event("say") + encode(CLOSE, close_payload(1000))))


PHASES = [in_accept, in_handshake, in_read, in_write, in_our_close, in_their_close]


def build_with_asan(context):
    """The folder given where it has the sanitizer, else build-asan beside it."""
    if context.sanitizer or context.brief:
        return context.build
    build = context.build.parent / "build-asan"
    if not build.exists():
        raise CannotRun(f"{build} is not there: the preset `asan`")
    return build


@row(14, "RST in every phase")
def resets(context):
    count = context.pick(3000, 100_000)
    build = build_with_asan(context)
    with context.server(build=build) as server:
        asked, fds = crowd.request(server), server.fds()
        for number in range(count):
            PHASES[number % len(PHASES)](server, asked)
        server.fds_back_to(fds, 12)
        left, threads = server.fds() - fds, server.threads()
        seen = server.seen()    # raises where a sanitizer said anything
        return [exactly(f"resets, in {len(PHASES)} phases, {build.name}", count, count), exactly("descriptors left", left, 0),
                told("threads", threads),
                exactly("callbacks `disconnect`, as many as `connect`", seen["ended"], seen["opened"]),
                exactly("callbacks after it", seen["late"], 0)]
