"""client.py CLIENT ECHO: tests examples/client as its README describes it, with an echo server that stops and starts again."""

import re
import subprocess
import sys
import threading
from queue import Empty, Queue

TIMEOUT = 30  # seconds
PROCESSES = []


class Program:
    """Runs a program, and reads its output line by line."""

    def __init__(self, *command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        self._lines = Queue()
        PROCESSES.append(self.process)
        threading.Thread(target=lambda: [self._lines.put(line.rstrip("\n")) for line in self.process.stdout], daemon=True).start()

    def expect(self, *patterns):
        """Reads lines until each pattern has matched one, in any order. Returns the last match."""
        seen, missing, match = [], list(patterns), None
        while missing:
            try:
                seen.append(self._lines.get(timeout=TIMEOUT))
            except Empty:
                sys.exit(f"expected {missing}, but read only {seen}")
            for pattern in missing[:]:
                if found := re.fullmatch(pattern, seen[-1]):
                    match = found
                    missing.remove(pattern)
        return match

    def type(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def end(self):
        self.process.stdin.close()
        if status := self.process.wait(timeout=TIMEOUT):
            sys.exit(f"the program ended with status {status}")


def start_server(program, port="0"):
    server = Program(program, "--port", port)
    return server, server.expect(r"ws://127\.0\.0\.1:(\d+)/ws").group(1)


def main():
    client_program, echo_program = sys.argv[1:3]
    server, port = start_server(echo_program)
    client = Program(client_program, f"ws://127.0.0.1:{port}/ws")
    client.expect(f"connected to ws://127.0.0.1:{port}/ws")
    client.type('echo {"hello": "world"}')
    client.expect(r'echo \{"hello": ?"world"\}', "reply null")  # in either order: a reply does not wait for callbacks
    client.type("unknown")
    client.expect("failed: .+")
    client.type("echo {")
    client.expect(r"invalid JSON: \{")
    server.process.terminate()
    client.expect("disconnected: peer_close 1001 .*")
    client.expect(r"reconnect attempt \d+ in \d+ ms.*")
    client.type("echo 7")
    server.process.wait(timeout=TIMEOUT)
    server, _ = start_server(echo_program, port)
    client.expect("echo 7")
    client.end()
    server.process.terminate()
    server.process.wait(timeout=TIMEOUT)
    print("ok  connects, sends requests, and reconnects")


if __name__ == "__main__":
    try:
        main()
    finally:
        for process in PROCESSES:
            process.kill()
