"""Rows 9 and 11: lengths that lie, and bombs."""

import time
import zlib

import crowd
from frames import BINARY, CONTINUATION, RSV1, TEXT, TOP_BIT, Violation, encode
from plan import exactly, row, told

MEBI = 1 << 20
LENGTHS = {"2^40": 1 << 40, "2^62": 1 << 62, "2^63+1": TOP_BIT + 1}
OFFER = "permessage-deflate"


def lie(server, length, **bits):
    """A frame that declares a length which no one can send; whether the server closes with 1009 or 1002."""
    with crowd.target(server).open(offer=OFFER) as peer:
        peer.send(encode(TEXT, b"x" * 4096, form=64, declared=length, **bits))
        peer.expect_close(1009, 1002)


@row(9, "lengths that lie")
def lengths(context):
    figures, rounds = [], context.pick(10, 200)
    for deflate in (False, True):
        with context.server("--deflate", str(int(deflate))) as server:
            before = server.reset_peak()
            for length in LENGTHS.values():
                for _ in range(rounds):
                    lie(server, length)
                    if deflate:
                        lie(server, length, rsv=RSV1)
            with crowd.target(server).open() as peer:
                peer.finish()
            how = f"deflate {'on' if deflate else 'off'}"
            figures.append(context.memory(f"2^40, 2^62, 2^63+1, {how}: RSS growth, peak", server.peak() - before, 1024))
    count = 1000
    with context.server() as server:
        before = server.reset_peak()
        peers = [crowd.upgrade(server, "/raw") for _ in range(count)]
        idle = server.rss() - before
        for peer in peers:
            peer.sendall(encode(BINARY, b"x" * 4096, declared=MEBI))
        time.sleep(1)
        grown = server.peak() - before
        with crowd.target(server).open() as peer:
            peer.finish()
        figures += [exactly("peers that declare 1 MiB and send 4 kB, still open", server.fds() >= count, True),
                    told("RSS growth for the connections alone", idle, "KiB"),
                    context.memory(f"RSS growth, peak, for {count:,} of them", grown, 16 * 1024)]
        crowd.close_all(peers)
    return figures


def deflated_zeros(size):
    deflater = zlib.compressobj(9, zlib.DEFLATED, -15)
    return (deflater.compress(bytes(size)) + deflater.flush(zlib.Z_SYNC_FLUSH))[:-4]


@row(11, "a bomb of zeros")
def bomb(context):
    payload = deflated_zeros(64 * MEBI)
    figures = []
    for how, octets in {
        "in one frame": encode(TEXT, payload, rsv=RSV1),
        "in fragments": encode(TEXT, payload[:9000], rsv=RSV1, fin=False) + encode(CONTINUATION, payload[9000:]),
    }.items():
        with context.server("--deflate", "1") as server:
            before = server.reset_peak()
            with crowd.target(server).open(offer=OFFER) as peer:
                if not peer.agreement:
                    raise Violation("the server declined deflate")
                peer.send(octets)
                peer.expect_close(1009)
            figures.append(context.memory(f"64 MiB as {len(payload):,} octets, {how}: 1009, RSS growth, peak",
                                          server.peak() - before, 2048))
    return figures
