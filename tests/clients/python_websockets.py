"""The client of Python's websockets (Debian: python3-websockets) against our server, without and with permessage-deflate."""

import argparse
import asyncio
import os
import sys
import time

try:
    import websockets
except ImportError:
    print(f"skipped: {sys.executable} has no websockets (python3-websockets)")
    sys.exit(77)

BOUND = 1 << 20    # of one message, in the server


async def echo(socket, sent):
    await socket.send(sent)
    back = await socket.recv()
    assert back == sent, f"{len(back)} came back, not the {len(sent)} sent"


async def messages(socket):
    for sent in ("", "hello", "\u00e9\u20ac\U0001f600" * 1000, b"", b"\x00\xff", *(os.urandom(size) for size in (125, 126, 65536))):
        await echo(socket, sent)


async def fragments(socket):
    await socket.send(["in ", "three ", "parts"])
    assert await socket.recv() == "in three parts"


async def pings(socket):
    for payload in (b"", b"who is there?", b"x" * 125):
        await asyncio.wait_for(await socket.ping(payload), 10)


async def order(socket):
    for number in range(1000):
        await socket.send(str(number))
    assert [await socket.recv() for _ in range(1000)] == [str(number) for number in range(1000)]


async def large(socket):
    await echo(socket, os.urandom(BOUND - 100))
    await echo(socket, "z" * BOUND)


async def over_the_bound(socket):
    try:
        await socket.send(os.urandom(BOUND + 1))
        await socket.recv()
    except websockets.ConnectionClosed:
        pass
    assert socket.close_code == 1009, socket.close_code


async def closing(socket):
    await socket.close(4001, "bye")
    assert socket.close_code == 4001, socket.close_code


async def run(url):
    for compression in (None, "deflate"):
        for act in (messages, fragments, pings, order, large, over_the_bound, closing):
            start = time.monotonic()
            async with websockets.connect(url, compression=compression, max_size=2 * BOUND) as socket:
                assert bool(socket.extensions) == bool(compression), "deflate was not granted"
                await act(socket)
            milliseconds = round((time.monotonic() - start) * 1000)
            print(f"ok  {compression or 'plain'}: {act.__name__} ({milliseconds} ms)", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", required=True)
    asyncio.run(asyncio.wait_for(run(f"ws://127.0.0.1:{parser.parse_args().port}/"), 60))


if __name__ == "__main__":
    main()
