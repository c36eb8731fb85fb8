"""with_server.py SERVER SERVER_ARGUMENTS CLIENT CLIENT_ARGUMENTS

Starts the server on a free port and reads that port from the server's first line. Runs the client, a .py or a .mjs file,
against it. Then stops the server with SIGTERM, and fails unless it exits with 0. `{certificate}` and `{key}` in the server's
arguments are replaced by the paths of a new self-signed certificate and its key.
"""

import pathlib
import re
import shlex
import subprocess
import sys
import tempfile


def make_certificate(folder):
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", certificate],
        check=True, capture_output=True)
    return {"certificate": certificate, "key": key}


def main():
    server, server_arguments, client, client_arguments = sys.argv[1:5]
    with tempfile.TemporaryDirectory() as folder:
        if "{certificate}" in server_arguments:
            server_arguments = server_arguments.format(**make_certificate(pathlib.Path(folder)))
        process = subprocess.Popen([server, "--port", "0", *shlex.split(server_arguments)], stdout=subprocess.PIPE, text=True)
        port = re.search(r"(\d+)(/\S*)?$", process.stdout.readline().strip()).group(1)
        try:
            interpreter = ["node"] if client.endswith(".mjs") else [sys.executable, "-B"]
            run = subprocess.run([*interpreter, client, "--port", port, *shlex.split(client_arguments)])
        finally:
            process.terminate()
            status = process.wait(timeout=30)
    if status != 0:
        print(f"the server exited with {status}")
    return status or run.returncode


if __name__ == "__main__":
    sys.exit(main())
