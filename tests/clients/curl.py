"""Tests curl against the library's server, if curl supports ws://. Tests only the handshake, because curl cannot send."""

import argparse
import re
import subprocess
import sys


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", required=True)
    url = f"ws://127.0.0.1:{parser.parse_args().port}/"
    version = subprocess.run(["curl", "-V"], capture_output=True, text=True, check=True).stdout
    if not re.search(r"^Protocols:.* ws( |$)", version, re.MULTILINE):
        print(f"skipped: {' '.join(version.split()[:2])} does not support ws://")
        return 77
    # The server sends nothing, so after the handshake curl ends with 28, its own time limit.
    result = subprocess.run(["curl", "-sSv", "--max-time", "2", url], capture_output=True, text=True)
    if result.returncode not in (0, 28) or not re.search(r"^< HTTP/1\.1 101 ", result.stderr, re.MULTILINE):
        print(f"FAIL curl ended with {result.returncode}\n{result.stderr}")
        return 1
    print("ok  the handshake succeeded")
    return 0


if __name__ == "__main__":
    sys.exit(main())
