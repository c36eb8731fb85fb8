"""profile.py BUILD MODE [SERVER FLAGS]: measures the instructions that our server executes per message, with callgrind.

Prints two lists of functions, by their own cost and by their cost with their callees: the instructions, the share of the total,
and the number of calls. Callgrind runs one thread at a time and does not see the kernel; README.md describes perf for that.
"""

import pathlib
import re
import subprocess
import sys
import tempfile
import threading
from collections import Counter

from servers import Running, Server

# A function that is called once per connection, for these modes; the others use the function called once per message.
PER_CONNECTION = {"connect": "ws::transport::Link::Link("}
PER_MESSAGE = "ws::connection::Connection::Receive("
ABBREVIATIONS = [
    (r"nlohmann::json_abi_v\d+_\d+_\d+::", ""),
    (r"basic_json<std::map.*?std::vector<unsigned char, std::allocator<unsigned char> > >", "json"),
    (r"std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> >", "string"),
    (r"std::basic_string_view<char, std::char_traits<char> >", "string_view"),
]


def shorten(name):
    for pattern, short in ABBREVIATIONS:
        name = re.sub(pattern, short, name)
    return name[:150]


class Costs:
    """The costs in a callgrind file, summed by function."""

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
            sys.exit(f"{unit}…) was never called")
        total = sum(self.own.values())
        print(f"{count} calls of {unit}…), {total / count:.0f} instructions per call")
        for title, costs in (("own cost", self.own), ("cost with callees", self.inclusive)):
            print(f"\n{title}\n per call  share    calls")
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
        Costs(file.read_text()).print(PER_CONNECTION.get(mode, PER_MESSAGE))


if __name__ == "__main__":
    main()
