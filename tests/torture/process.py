"""A server as a process: started on a port, seen through /proc, ended with SIGTERM."""

import os
import pathlib
import re
import resource
import signal
import subprocess
import tempfile
import time

TICK = os.sysconf("SC_CLK_TCK")
PATIENCE = 30.0    # seconds, for a server to come and to go


class Broken(Exception):
    """A process ended in a way, or said something, that it must not."""


class Process:
    """`files` bounds its descriptors; `ends` are the statuses it may end with."""
    def __init__(self, command, *, files=None, ends=(0,)):
        self._ends, self._told = ends, False
        self._errors = tempfile.TemporaryFile("w+")
        limit = (lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))) if files else None
        self._process = subprocess.Popen([str(part) for part in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                         stderr=self._errors, text=True, preexec_fn=limit)
        self.pid = self._process.pid
        self.out = self._process.stdout

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        """Whatever a row did to its server, that must still drain, and report nothing."""
        try:
            if self.alive() and not self._told:    # a second SIGTERM ends it at once
                self.signal(signal.SIGTERM)
            if (status := self.wait()) not in self._ends and kind is None:
                raise Broken(f"ended with {status}: {self.errors()}")
            if "Sanitizer" in (said := self.errors()) or "runtime error" in said:
                raise Broken(said)
        finally:
            self._process.kill()
            self._process.wait()
            for stream in (self._process.stdin, self._process.stdout, self._errors):
                stream.close()

    def signal(self, number):
        self._told = self._told or number == signal.SIGTERM
        self._process.send_signal(number)

    def end_input(self):
        self._process.stdin.close()

    def kill(self):
        self._ends = (-signal.SIGKILL,)
        self._process.kill()
        self._process.wait()

    def wait(self, within=PATIENCE):
        try:
            return self._process.wait(within)
        except subprocess.TimeoutExpired:
            raise Broken(f"still there {within} s after it was told to end") from None

    def errors(self):
        self._errors.seek(0)
        return self._errors.read()[-4000:]

    def alive(self):
        return self._process.poll() is None

    def _status(self, name):
        for line in self._read("status").splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1])
        raise Broken(f"the process is gone: {self.errors()}")

    def _read(self, name):
        return pathlib.Path(f"/proc/{self.pid}/{name}").read_text()

    def rss(self):
        """KiB, now."""
        return self._status("VmRSS")

    def peak(self):
        """KiB, since reset_peak."""
        return self._status("VmHWM")

    def reset_peak(self):
        pathlib.Path(f"/proc/{self.pid}/clear_refs").write_text("5")
        return self.rss()

    def threads(self):
        return self._status("Threads")

    def fds(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def cpu(self):
        """Seconds of processor time used."""
        fields = self._read("stat").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def fds_back_to(self, count, within):
        """Seconds until no more than so many descriptors are open; `within` and more where it never came to that."""
        begun = time.monotonic()
        while self.fds() > count and time.monotonic() < begun + within:
            time.sleep(0.02)
        return time.monotonic() - begun


class Server(Process):
    """One that prints its port in its first line."""
    def __init__(self, command, **how):
        super().__init__(command, **how)
        line = self.out.readline()
        if not line:
            self.wait()
            raise Broken(f"did not start: {self.errors()}")
        self.port = int(re.search(r"(\d+)(/\S*)?$", line.strip())[1])

    def seen(self):
        """What torture_server prints at its end: the counts of its callbacks by name."""
        self.signal(signal.SIGTERM)
        if status := self.wait():
            raise Broken(f"ended with {status}: {self.errors()}")
        words = self.out.read().split()
        return dict(zip(words[::2], map(int, words[1::2])))
