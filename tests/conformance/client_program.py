"""The client under test as a process, and the port to which it connects."""

import queue
import re
import socket
import subprocess
import threading
import time

from connection import TIMEOUT, Connection, wrap_tls
from frames import Violation

STOP_TIMEOUT = 1.0     # seconds that Stop may take (protocol.md 6)
SLACK = 1.0            # additional seconds in which the process must exit, for a busy machine


class Program:
    """A client_echo that connects to a port of ours. The port stays bound, so that no other case's client can connect to it."""

    def __init__(self, target, *flags):
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=16)
        self._listener.settimeout(TIMEOUT)
        self.authority = f"127.0.0.1:{self._listener.getsockname()[1]}"
        url = f"{'wss' if target.tls else 'ws'}://{self.authority}{target.path}"
        command = [target.program, "--url", url, *target.flags, *flags]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                         text=True)
        self._lines, self._output = queue.Queue(), []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        try:
            self.stop()
            self.expect_exit(TIMEOUT)
        except Violation:
            if kind is None:    # otherwise the case has failed already
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

    def expect_line(self, pattern, within=TIMEOUT, *, unless=()):
        """Returns the time and the match of the next line that matches `pattern`. Fails if a line matches `unless` first."""
        until = time.monotonic() + within
        while True:
            try:
                printed_at, line = self._lines.get(timeout=max(0.0, until - time.monotonic()))
            except queue.Empty:
                raise Violation(f"the client did not print {pattern!r} but {self._output}") from None
            self._output.append(line)
            if match := re.fullmatch(pattern, line):
                return printed_at, match
            if unless and re.fullmatch(unless, line):
                raise Violation(f"the client printed {line!r} before {pattern!r}")

    def accept_plain(self, within=TIMEOUT):
        """Accepts the client's next connection and returns its socket."""
        self._listener.settimeout(within)
        try:
            return self._listener.accept()[0]
        except TimeoutError:
            raise Violation(f"the client did not connect within {within} s; it printed {self._output}") from None

    def accept(self, within=TIMEOUT):
        def make():
            plain = self.accept_plain(within)
            plain.settimeout(TIMEOUT)
            return wrap_tls(plain, self._target.context, server_side=True) if self._target.tls else plain
        return Connection(make)

    def expect_no_connection(self, within):
        try:
            self.accept_plain(within).close()
        except Violation:
            return
        raise Violation("the client connected again")

    def stop(self, code=None):
        """Stops the client, with this close code."""
        try:
            if not self._process.stdin.closed:
                self._process.stdin.write(f"{code}\n" if code else "")
                self._process.stdin.close()
        except BrokenPipeError:
            pass    # expect_exit reports the reason

    def expect_exit(self, within=STOP_TIMEOUT + SLACK):
        try:
            status = self._process.wait(within)
        except subprocess.TimeoutExpired:
            raise Violation(f"the client did not exit within {within} s") from None
        if status != 0:
            self._reader.join()
            output = [*self._output, *(line for _, line in self._lines.queue)]
            raise Violation(f"the client exited with {status}: " + "\n".join(output)[-2000:])
