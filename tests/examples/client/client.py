"""client.py CLIENT ECHO: the example as its README uses it, against a server that goes away and comes back."""

import re
import subprocess
import sys
import threading
from queue import Empty, Queue

PATIENCE = 30
PROGRAMS = []


class Program:
    """A program's output, line by line."""

    def __init__(self, *command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        self._lines = Queue()
        PROGRAMS.append(self.process)
        threading.Thread(target=lambda: [self._lines.put(line.rstrip("\n")) for line in self.process.stdout], daemon=True).start()

    def expect(self, *patterns):
        """Reads until each has come, in any order; the match of the last to come."""
        seen, missing, match = [], list(patterns), None
        while missing:
            try:
                seen.append(self._lines.get(timeout=PATIENCE))
            except Empty:
                sys.exit(f"{missing} did not come; these did: {seen}")
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
        if status := self.process.wait(timeout=PATIENCE):
            sys.exit(f"it ended with {status}")


def start_server(program, port="0"):
    server = Program(program, "--port", port)
    return server, server.expect(r"ws://127\.0\.0\.1:(\d+)/ws").group(1)


def main():
    client_program, echo_program = sys.argv[1:3]
    server, port = start_server(echo_program)
    client = Program(client_program, f"ws://127.0.0.1:{port}/ws")
    client.expect(f"connected to ws://127.0.0.1:{port}/ws")
    client.type('echo {"hello": "world"}')
    client.expect(r'echo \{"hello": ?"world"\}', "reply null")  # a reply is not held up by other callbacks
    client.type("nobody")
    client.expect("failed: .* nobody listens to this event")
    client.type("echo {")
    client.expect(r"no JSON: \{")
    server.process.terminate()
    client.expect("disconnected: peer_close 1001 .*")
    client.expect(r"attempt \d+ in \d+ ms.*")
    client.type("echo 7")
    server.process.wait(timeout=PATIENCE)
    server, _ = start_server(echo_program, port)
    client.expect("echo 7")
    client.end()
    server.process.terminate()
    server.process.wait(timeout=PATIENCE)
    print("connects, asks, and comes back")


if __name__ == "__main__":
    try:
        main()
    finally:
        for process in PROGRAMS:
            process.kill()
