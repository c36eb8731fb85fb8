"""measure.py [COMPILER] [-I FOLDER]…: measures the compile time of a file that includes <ws/ws.hpp>.

Compiles a few files in turn, five times, and prints medians of the compiler's CPU seconds and peak memory. It also prints the
ratios to a file that uses nlohmann/json alone, because the library includes nlohmann/json.
"""

import os
import pathlib
import statistics
import sys

HERE = pathlib.Path(__file__).parent
PROJECT = HERE.parent.parent
FILES = {
    "nlohmann/json": HERE / "json_file.cpp",
    "ws/ws.hpp": HERE / "ws_file.cpp",
    "echo server": PROJECT / "examples" / "echo" / "main.cpp",
}
ROUNDS = 5


def compile_once(command):
    """Returns the CPU seconds and peak memory in MiB of one compilation, including the compiler's child processes."""
    process = os.posix_spawnp(command[0], command, os.environ)
    _, status, usage = os.wait4(process, 0)
    if status != 0:
        sys.exit("failed: " + " ".join(command))
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main():
    compiler, *arguments = sys.argv[1:] or ["g++"]
    common = [compiler, "-std=c++20", "-pthread", f"-I{PROJECT / 'include'}", *arguments, "-c", "-o", os.devnull]
    print(f"{'':16}{'':>6}{'seconds':>10}{'ratio':>8}{'MiB':>8}{'ratio':>8}")
    for level in ("-O0", "-O2"):
        samples = {name: [] for name in FILES}
        for _ in range(ROUNDS):
            for name, file in FILES.items():
                samples[name].append(compile_once([*common, level, str(file)]))
        base = None
        for name, values in samples.items():
            seconds, memory = (statistics.median(column) for column in zip(*values))
            base = base or (seconds, memory)
            ratios = seconds / base[0], memory / base[1]
            print(f"{name:16}{level:>6}{seconds:10.2f}{ratios[0]:8.2f}{memory:8.0f}{ratios[1]:8.2f}")


if __name__ == "__main__":
    main()
