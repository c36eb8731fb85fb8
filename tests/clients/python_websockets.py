"""Tests the client of Python's websockets (python3-websockets) against the library's server, without and with permessage-deflate."""

import argparse
import asyncio
import os
import sys
import time

try:
    import websockets
except ImportError:
    print(f"skipped: {sys.executable} has no module websockets (python3-websockets)")
    sys.exit(77)

MAX_MESSAGE_BYTES = 1 << 20  # the server's bound


async def echo(socket, sent):
    await socket.send(sent)
    echoed = await socket.recv()
    assert echoed == sent, f"sent {len(sent)}, but {len(echoed)} came back"


async def echoes_messages(socket):
    for sent in ("", "hello", "\u00e9\u20ac\U0001f600" * 1000, b"", b"\x00\xff", *(os.urandom(size) for size in (125, 126, 65536))):
        await echo(socket, sent)


async def echoes_fragments_as_one_message(socket):
    await socket.send(["in ", "three ", "parts"])
    assert await socket.recv() == "in three parts"


async def answers_pings(socket):
    for payload in (b"", b"payload", b"x" * 125):
        await asyncio.wait_for(await socket.ping(payload), 10)


async def keeps_the_order(socket):
    for number in range(1000):
        await socket.send(str(number))
    assert [await socket.recv() for _ in range(1000)] == [str(number) for number in range(1000)]


async def echoes_large_messages(socket):
    await echo(socket, os.urandom(MAX_MESSAGE_BYTES - 100))
    await echo(socket, "z" * MAX_MESSAGE_BYTES)


async def closes_too_large_message_with_1009(socket):
    try:
        await socket.send(os.urandom(MAX_MESSAGE_BYTES + 1))
        await socket.recv()
    except websockets.ConnectionClosed:
        pass
    assert socket.close_code == 1009, socket.close_code


async def returns_the_close_code(socket):
    await socket.close(4001, "bye")
    assert socket.close_code == 4001, socket.close_code


async def run(url):
    for compression in (None, "deflate"):
        for test in (echoes_messages, echoes_fragments_as_one_message, answers_pings, keeps_the_order, echoes_large_messages,
                     closes_too_large_message_with_1009, returns_the_close_code):
            start = time.monotonic()
            async with websockets.connect(url, compression=compression, max_size=2 * MAX_MESSAGE_BYTES) as socket:
                assert bool(socket.extensions) == bool(compression), "the server did not accept permessage-deflate as expected"
                await test(socket)
            milliseconds = round((time.monotonic() - start) * 1000)
            print(f"ok  {compression or 'plain'}: {test.__name__} ({milliseconds} ms)", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", required=True)
    asyncio.run(asyncio.wait_for(run(f"ws://127.0.0.1:{parser.parse_args().port}/"), 60))


if __name__ == "__main__":
    main()
