"""The client under test as a program of its own, and the port that it dials."""

import queue
import re
import socket
import subprocess
import threading
import time

from connection import PATIENCE, Connection, secured
from frames import Violation

STOP_BUDGET = 1.0      # seconds that Stop may take (PROTOCOL.md 6)
SLACK = 1.0            # for a process to end, on a busy machine


class Program:
    """client_echo, dialling a port of ours, which stays bound as long as it lives: no other case's client can come."""

    def __init__(self, target, *flags):
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=16)
        self._listener.settimeout(PATIENCE)
        self.authority = f"127.0.0.1:{self._listener.getsockname()[1]}"
        url = f"{'wss' if target.tls else 'ws'}://{self.authority}{target.path}"
        command = [target.program, "--url", url, *target.flags, *flags]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                         text=True)
        self._lines, self._said = queue.Queue(), []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        try:
            self.stop()
            self.expect_exit(PATIENCE)
        except Violation:
            if kind is None:    # else the case has failed already
                raise
        finally:
            self._process.kill()
            self._process.wait()
            self._reader.join()
            self._process.stdout.close()
            self._listener.close()

    def _read(self):
        for line in self._process.stdout:
            self._lines.put((time.monotonic(), line.rstrip("\n")))

    def expect_line(self, pattern, within=PATIENCE, *, but=()):
        """(when it was said, the match) of the next line like `pattern`; one like `but` must not come before it."""
        until = time.monotonic() + within
        while True:
            try:
                when, line = self._lines.get(timeout=max(0.0, until - time.monotonic()))
            except queue.Empty:
                raise Violation(f"the client did not say {pattern!r} but {self._said}") from None
            self._said.append(line)
            if match := re.fullmatch(pattern, line):
                return when, match
            if but and re.fullmatch(but, line):
                raise Violation(f"the client said {line!r} before {pattern!r}")

    def accept_plain(self, within=PATIENCE):
        """The client's next connection, as a socket."""
        self._listener.settimeout(within)
        try:
            return self._listener.accept()[0]
        except TimeoutError:
            raise Violation(f"the client did not dial within {within} s, but said {self._said}") from None

    def accept(self, within=PATIENCE):
        def make():
            plain = self.accept_plain(within)
            plain.settimeout(PATIENCE)
            return secured(plain, self._target.context, server_side=True) if self._target.tls else plain
        return Connection(make)

    def expect_no_dial(self, within):
        try:
            self.accept_plain(within).close()
        except Violation:
            return
        raise Violation("the client dialled again")

    def stop(self, code=None):
        """The client stops, with this code."""
        try:
            if not self._process.stdin.closed:
                self._process.stdin.write(f"{code}\n" if code else "")
                self._process.stdin.close()
        except BrokenPipeError:
            pass    # expect_exit tells why

    def expect_exit(self, within=STOP_BUDGET + SLACK):
        try:
            status = self._process.wait(within)
        except subprocess.TimeoutExpired:
            raise Violation(f"the client has not stopped after {within} s") from None
        if status != 0:
            self._reader.join()
            said = [*self._said, *(line for _, line in self._lines.queue)]
            raise Violation(f"the client ended with {status}: " + "\n".join(said)[-2000:])
