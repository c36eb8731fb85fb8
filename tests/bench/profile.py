"""profile.py BUILD MODE [SERVER'S FLAGS]: what our server's code costs a message, in instructions, by callgrind.

Prints what functions cost themselves, then with all that they call; what they cost, what share that is, and how often
they are called. Callgrind runs one thread at a time and sees no kernel: README.md has perf for the rest.
"""

import pathlib
import re
import subprocess
import sys
import tempfile
import threading
from collections import Counter

from servers import Running, Server

# What is called once a message, or once a connection.
UNITS = {"connect": "ws::transport::Link::Link("}
MESSAGE = "ws::transport::Connection::Receive("
SHORTER = [
    (r"nlohmann::json_abi_v\d+_\d+_\d+::", ""),
    (r"basic_json<std::map.*?std::vector<unsigned char, std::allocator<unsigned char> > >", "json"),
    (r"std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> >", "string"),
    (r"std::basic_string_view<char, std::char_traits<char> >", "string_view"),
]


def shorten(name):
    for pattern, short in SHORTER:
        name = re.sub(pattern, short, name)
    return name[:150]


class Costs:
    """Callgrind's file, summed by function."""

    def __init__(self, text):
        self.own, self.inclusive, self.calls = Counter(), Counter(), Counter()
        names, caller, callee, calls = {}, None, None, None
        for line in text.splitlines():
            if name := re.match(r"(c?)fn=\((\d+)\)(?: (.*))?$", line):
                if name.group(3):
                    names[name.group(2)] = name.group(3)
                if name.group(1):
                    callee = names[name.group(2)]
                else:
                    caller = names[name.group(2)]
            elif line.startswith("calls="):
                calls = int(line[6:].split()[0])
            elif re.match(r"[-+*\d]", line):
                cost = int(line.split()[1])
                if calls is None:
                    self.own[caller] += cost
                else:
                    self.calls[callee] += calls
                if calls is None or callee != caller:
                    self.inclusive[caller] += cost
                calls = None

    def print(self, unit):
        count = sum(calls for name, calls in self.calls.items() if name.startswith(unit))
        if count == 0:
            sys.exit(f"{unit}) was never called")
        total = sum(self.own.values())
        print(f"{count} times {unit}), {total / count:.0f} instructions each")
        for title, costs in (("themselves", self.own), ("with all that they call", self.inclusive)):
            print(f"\n{title}\n     each  share    calls")
            for name, cost in costs.most_common(60):
                print(f"{cost / count:9.1f} {100 * cost / total:5.1f}% {self.calls[name] / count:8.2f}  {shorten(name)}")


def main():
    build, mode, flags = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3:]
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "costs")
        command = ("valgrind", "--quiet", "--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={file}",
                   build / "bin/bench_server")
        with Running(Server("callgrind", command), {0, 1}, flags) as running:
            pid = str(running.process.pid)

            def instrument(on):
                subprocess.run(["callgrind_control", "-i", on, pid], check=True, capture_output=True)

            timers = [threading.Timer(delay, instrument, (on,)) for delay, on in ((2, "on"), (8, "off"))]
            for timer in timers:
                timer.start()
            subprocess.run([build / "bin/bench_load", mode, "--port", running.port, "--pid", pid, "--duration", "10"],
                           check=True, stdout=subprocess.DEVNULL)
            for timer in timers:
                timer.join()
        Costs(file.read_text()).print(UNITS.get(mode, MESSAGE))


if __name__ == "__main__":
    main()
