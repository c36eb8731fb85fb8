"""Row 33: half an hour of coming and going."""

import random
import time

import crowd
from frames import CLOSE, TEXT, close_payload, encode
from plan import at_most, below, row, told

STEADY = 20     # connections that stay
A_BURST = 10    # connections that come and go, four times a second


def come_and_go(server, number):
    peer = crowd.upgrade(server, then=crowd.event("echo", "x" * random.choice((1, 100, 5000, 100_000))))
    ends = number % 4
    if ends == 0:
        peer.sendall(encode(CLOSE, close_payload(1000)))
        while peer.recv(65536):
            pass
    elif ends == 1:
        peer.sendall(encode(TEXT, b"x" * 500, declared=50_000))    # cut in the middle of a message
    elif ends == 2:
        return crowd.reset(peer)
    peer.close()


def slope(samples):
    """KiB a minute, by least squares of (seconds, KiB)."""
    mean_x = sum(x for x, _ in samples) / len(samples)
    mean_y = sum(y for _, y in samples) / len(samples)
    spread = sum((x - mean_x) ** 2 for x, _ in samples)
    return 60 * sum((x - mean_x) * (y - mean_y) for x, y in samples) / spread


@row(33, "soak with churn")
def soak(context):
    minutes = context.minutes or context.pick(0.25, 30)
    samples, rounds = [], 0
    with context.server() as server:
        steady = [crowd.target(server).open() for _ in range(STEADY)]
        begun, fds, most = time.monotonic(), server.fds(), 0
        while (now := time.monotonic() - begun) < 60 * minutes:
            for number in range(A_BURST):
                come_and_go(server, number)
            rounds += 1
            for peer in steady[rounds % STEADY::STEADY]:
                peer.send(crowd.event("echo", rounds))
                peer.receive()
            if rounds % 20 == 0 or context.brief:
                server.fds_back_to(fds, 5)
                most = max(most, server.fds())
                samples.append((now, server.rss()))
            time.sleep(max(0, rounds / 4 - (time.monotonic() - begun)))
        warm = [sample for sample in samples if sample[0] >= 10 * minutes]    # a sixth is warm-up
        for peer in steady:
            peer.finish()
            peer.connection.close()
    growth = slope(warm)
    judged = not context.sanitizer and minutes >= 30
    return [
        told("time", float(minutes), "min", "" if minutes >= 30 else "of 30 min"),
        told("connections that came and went", rounds * A_BURST),
        told("RSS after warm-up, at the end", warm[-1][1], f"KiB, {warm[0][1]:,} before"),
        below("RSS slope", growth, 1, "KiB/min") if judged else told("RSS slope", growth, "KiB/min", "not judged: too short, or a sanitizer"),
        at_most("descriptors at most, over the steady ones", most - fds, 0),
    ]
