"""A process under test: starts it, measures it through /proc, and stops it with SIGTERM."""

import os
import pathlib
import re
import resource
import signal
import subprocess
import tempfile
import time

TICK = os.sysconf("SC_CLK_TCK")
TIMEOUT = 30.0    # seconds in which a process must exit


class ProcessFailure(Exception):
    """A process exited with an unexpected status or reported a sanitizer error."""


class Process:
    """`max_fds` limits its file descriptors; `exit_statuses` are the statuses with which it may exit."""
    def __init__(self, command, *, max_fds=None, exit_statuses=(0,)):
        self._exit_statuses, self._terminated = exit_statuses, False
        self._errors = tempfile.TemporaryFile("w+")
        limit = (lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (max_fds, max_fds))) if max_fds else None
        self._process = subprocess.Popen([str(part) for part in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                         stderr=self._errors, text=True, preexec_fn=limit)
        self.pid = self._process.pid
        self.out = self._process.stdout

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        """Checks that the process drains, exits with an allowed status, and reports no sanitizer error."""
        try:
            if self.is_alive() and not self._terminated:    # a second SIGTERM would skip the drain
                self.signal(signal.SIGTERM)
            if (status := self.wait()) not in self._exit_statuses and kind is None:
                raise ProcessFailure(f"exited with {status}: {self.errors()}")
            if "Sanitizer" in (errors := self.errors()) or "runtime error" in errors:
                raise ProcessFailure(errors)
        finally:
            self._process.kill()
            self._process.wait()
            for stream in (self._process.stdin, self._process.stdout, self._errors):
                stream.close()

    def signal(self, number):
        self._terminated = self._terminated or number == signal.SIGTERM
        self._process.send_signal(number)

    def end_input(self):
        self._process.stdin.close()

    def kill(self):
        self._exit_statuses = (-signal.SIGKILL,)
        self._process.kill()
        self._process.wait()

    def wait(self, within=TIMEOUT):
        try:
            return self._process.wait(within)
        except subprocess.TimeoutExpired:
            raise ProcessFailure(f"still running {within} s after it was asked to stop") from None

    def errors(self):
        self._errors.seek(0)
        return self._errors.read()[-4000:]

    def is_alive(self):
        return self._process.poll() is None

    def _status(self, name):
        for line in self._read("status").splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1])
        raise ProcessFailure(f"the process has exited: {self.errors()}")

    def _read(self, name):
        return pathlib.Path(f"/proc/{self.pid}/{name}").read_text()

    def rss(self):
        """Returns the resident memory in KiB."""
        return self._status("VmRSS")

    def peak_rss(self):
        """Returns the largest resident memory in KiB since reset_peak_rss."""
        return self._status("VmHWM")

    def reset_peak_rss(self):
        pathlib.Path(f"/proc/{self.pid}/clear_refs").write_text("5")
        return self.rss()

    def threads(self):
        return self._status("Threads")

    def fds(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def cpu_seconds(self):
        """Returns the CPU time that the process has used."""
        fields = self._read("stat").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def wait_for_fds(self, count, within):
        """Waits until at most `count` descriptors are open. Returns the seconds waited: `within` or more after a timeout."""
        begin = time.monotonic()
        while self.fds() > count and time.monotonic() < begin + within:
            time.sleep(0.02)
        return time.monotonic() - begin


class Server(Process):
    """A server that prints its port in its first line."""
    def __init__(self, command, **options):
        super().__init__(command, **options)
        line = self.out.readline()
        if not line:
            self.wait()
            raise ProcessFailure(f"the server did not start: {self.errors()}")
        self.port = int(re.search(r"(\d+)(/\S*)?$", line.strip())[1])

    def stop_and_read_counts(self):
        """Stops torture_server and returns the callback counts that it prints, by name."""
        self.signal(signal.SIGTERM)
        if status := self.wait():
            raise ProcessFailure(f"exited with {status}: {self.errors()}")
        words = self.out.read().split()
        return dict(zip(words[::2], map(int, words[1::2])))
