"""curl against our server: it opens and closes, where this curl knows ws://. It cannot be told to send."""

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
        print(f"skipped: {' '.join(version.split()[:2])} knows no ws://")
        return 77
    # Nothing comes, so it runs into its own time limit, with 28, once it has opened.
    ended = subprocess.run(["curl", "-sSv", "--max-time", "2", url], capture_output=True, text=True)
    if ended.returncode not in (0, 28) or not re.search(r"^< HTTP/1\.1 101 ", ended.stderr, re.MULTILINE):
        print(f"FAIL curl ended with {ended.returncode}\n{ended.stderr}")
        return 1
    print("ok  opened")
    return 0


if __name__ == "__main__":
    sys.exit(main())
