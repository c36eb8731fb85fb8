"""Rows 9 and 11: false payload lengths and decompression bombs."""

import time
import zlib

import raw_sockets
from frames import BINARY, CONTINUATION, RSV1, TEXT, TOP_BIT, Violation, encode
from plan import equal_to, row, without_bound

MIB = 1 << 20
LENGTHS = {"2^40": 1 << 40, "2^62": 1 << 62, "2^63+1": TOP_BIT + 1}
OFFER = "permessage-deflate"


def send_huge_length(server, length, **bits):
    """Sends a frame that declares a huge length. Expects the server to close with 1009 or 1002."""
    with raw_sockets.target(server).open(offer=OFFER) as peer:
        peer.send(encode(TEXT, b"x" * 4096, form=64, declared=length, **bits))
        peer.expect_close(1009, 1002)


@row(9, "frames that declare more than they send")
def lengths(context):
    figures, rounds = [], context.pick(10, 200)
    for deflate in (False, True):
        with context.server("--deflate", str(int(deflate))) as server:
            before = server.reset_peak_rss()
            for length in LENGTHS.values():
                for _ in range(rounds):
                    send_huge_length(server, length)
                    if deflate:
                        send_huge_length(server, length, rsv=RSV1)
            with raw_sockets.target(server).open() as peer:
                peer.finish()
            name = f"2^40, 2^62, 2^63+1, deflate {'on' if deflate else 'off'}: peak RSS growth"
            figures.append(context.memory(name, server.peak_rss() - before, 1024))
    count = 1000
    with context.server() as server:
        before = server.reset_peak_rss()
        peers = [raw_sockets.open_websocket(server, "/raw") for _ in range(count)]
        idle = server.rss() - before
        for peer in peers:
            peer.sendall(encode(BINARY, b"x" * 4096, declared=MIB))
        time.sleep(1)
        grown = server.peak_rss() - before
        with raw_sockets.target(server).open() as peer:
            peer.finish()
        figures += [equal_to("peers that declare 1 MiB and send 4 KiB stay open", server.fds() >= count, True),
                    without_bound("RSS growth for idle connections", idle, "KiB"),
                    context.memory(f"peak RSS growth for {count:,} such peers", grown, 16 * 1024)]
        raw_sockets.close_all(peers)
    return figures


def deflated_zeros(size):
    deflater = zlib.compressobj(9, zlib.DEFLATED, -15)
    return (deflater.compress(bytes(size)) + deflater.flush(zlib.Z_SYNC_FLUSH))[:-4]


@row(11, "a decompression bomb of zeros")
def bomb(context):
    payload = deflated_zeros(64 * MIB)
    figures = []
    for form, octets in {
        "in one frame": encode(TEXT, payload, rsv=RSV1),
        "in fragments": encode(TEXT, payload[:9000], rsv=RSV1, fin=False) + encode(CONTINUATION, payload[9000:]),
    }.items():
        with context.server("--deflate", "1") as server:
            before = server.reset_peak_rss()
            with raw_sockets.target(server).open(offer=OFFER) as peer:
                if not peer.agreement:
                    raise Violation("the server declined deflate")
                peer.send(octets)
                peer.expect_close(1009)
            figures.append(context.memory(f"64 MiB in {len(payload):,} octets, {form}: peak RSS growth",
                                          server.peak_rss() - before, 2048))
    return figures
