"""Row 33: connections open and close for half an hour."""

import random
import time

import raw_sockets
from frames import CLOSE, TEXT, close_payload, encode
from plan import at_most, less_than, row, without_bound

LONG_LIVED = 20     # connections that stay open
SHORT_LIVED = 10    # connections that open and end in each round; four rounds a second


def open_and_end(server, number):
    peer = raw_sockets.open_websocket(server, then=raw_sockets.event_frame("echo", "x" * random.choice((1, 100, 5000, 100_000))))
    ending = number % 4
    if ending == 0:
        peer.sendall(encode(CLOSE, close_payload(1000)))
        while peer.recv(65536):
            pass
    elif ending == 1:
        peer.sendall(encode(TEXT, b"x" * 500, declared=50_000))    # ends in the middle of a message
    elif ending == 2:
        return raw_sockets.reset(peer)
    peer.close()


def slope(samples):
    """Returns the slope of (seconds, KiB) samples in KiB per minute, by least squares."""
    mean_x = sum(x for x, _ in samples) / len(samples)
    mean_y = sum(y for _, y in samples) / len(samples)
    spread = sum((x - mean_x) ** 2 for x, _ in samples)
    return 60 * sum((x - mean_x) * (y - mean_y) for x, y in samples) / spread


@row(33, "soak test with connection churn")
def soak(context):
    minutes = context.minutes or context.pick(0.25, 30)
    samples, rounds = [], 0
    with context.server() as server:
        long_lived = [raw_sockets.target(server).open() for _ in range(LONG_LIVED)]
        begin, fds, most = time.monotonic(), server.fds(), 0
        while (now := time.monotonic() - begin) < 60 * minutes:
            for number in range(SHORT_LIVED):
                open_and_end(server, number)
            rounds += 1
            for peer in long_lived[rounds % LONG_LIVED::LONG_LIVED]:
                peer.send(raw_sockets.event_frame("echo", rounds))
                peer.receive()
            if rounds % 20 == 0 or context.brief:
                server.wait_for_fds(fds, 5)
                most = max(most, server.fds())
                samples.append((now, server.rss()))
            time.sleep(max(0, rounds / 4 - (time.monotonic() - begin)))
        warm = [sample for sample in samples if sample[0] >= 10 * minutes]    # the first sixth is the warm-up
        for peer in long_lived:
            peer.finish()
            peer.connection.close()
    growth = slope(warm)
    if context.sanitizer or minutes < 30:
        slope_figure = without_bound("RSS slope", growth, "KiB/min", "not checked: too short, or a sanitizer")
    else:
        slope_figure = less_than("RSS slope", growth, 1, "KiB/min")
    return [
        without_bound("duration", float(minutes), "min", "" if minutes >= 30 else "of 30 min"),
        without_bound("short-lived connections", rounds * SHORT_LIVED),
        without_bound("RSS at the end", warm[-1][1], f"KiB, {warm[0][1]:,} after warm-up"),
        slope_figure,
        at_most("open descriptors, more than for the long-lived connections", most - fds, 0),
    ]
