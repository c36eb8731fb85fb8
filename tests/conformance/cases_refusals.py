"""Requests that must not be upgraded: an HTTP error with a text, and the end of the connection."""

import opening
from connection import PATIENCE
from frames import TEXT, Violation
from registry import on_target


def expect_refused(target, octets, *statuses):
    with target.connect() as connection:
        connection.send(octets)
        return connection.expect_refusal(*statuses)


KEYS = {
    "missing": None,
    "empty": "",
    "of_one_octet": "AA==",
    "of_15_octets": "AAECAwQFBgcICQoLDA0O",
    "of_17_octets": "AAECAwQFBgcICQoLDA0ODxA=",
    "of_18_octets": "AAECAwQFBgcICQoLDA0ODxAR",
    "of_32_octets": "A" * 43 + "=",
    "without_padding": "AAECAwQFBgcICQoLDA0ODw",
    "with_half_the_padding": "AAECAwQFBgcICQoLDA0ODw=",
    "padding_first": "==AAECAwQFBgcICQoLDA0ODw",
    "padding_inside": "AAECAwQFBgc==QoLDA0ODw==",
    "not_base64": "!" * 22 + "==",
    "url_alphabet": "-_-_-_-_-_-_-_-_-_-_-w==",
    "space_inside": "AAECAwQFBgc ICQoLDA0ODw=",
    "trailing_text": "AAECAwQFBgcICQoLDA0ODw==x",
    "two": ["AAECAwQFBgcICQoLDA0ODw==", "EBESExQVFhcYGRobHB0eHw=="],
}


@on_target(KEYS)
def key_is_refused(target, key):
    expect_refused(target, target.request({"Sec-WebSocket-Key": key}), 400)


@on_target({"missing": None, "empty": "", "0": "0", "7": "7", "8": "8", "12": "12", "14": "14", "113": "113",
            "130": "130", "256+13": "269", "13.0": "13.0", "word": "thirteen"})
def version_is_refused(target, version):
    response = expect_refused(target, target.request({"Sec-WebSocket-Version": version}), 426)
    if "13" not in [item.strip() for item in response.one("Sec-WebSocket-Version").split(",")]:
        raise Violation(f"the 426 names version {response.one('Sec-WebSocket-Version')!r}")


@on_target({"same": ["13", "13"], "other": ["13", "8"]})
def two_versions_are_refused(target, versions):
    expect_refused(target, target.request({"Sec-WebSocket-Version": versions}), 400, 426)


@on_target()
def a_426_says_what_to_upgrade_to(target):
    """RFC 9110, 15.5.22: with an Upgrade header."""
    response = expect_refused(target, target.request({"Sec-WebSocket-Version": "12"}), 426)
    if response.one("Upgrade").lower() != "websocket":
        raise Violation(f"the 426 says Upgrade: {response.one('Upgrade')}")


@on_target({method: method for method in ("POST", "PUT", "HEADLESS", "OPTIONS", "DELETE", "get", "Get")})
def method_is_refused(target, method):
    expect_refused(target, target.request(start=f"{method} {target.path} HTTP/1.1"), 400, 405, 501)


@on_target()
def refusal_of_head_has_no_body(target):
    """RFC 9110, 9.3.2."""
    with target.connect() as connection:
        connection.send(target.request(start=f"HEAD {target.path} HTTP/1.1"))
        status = opening.parse_head(connection.read_head()[:-4]).status
        if status not in (400, 405, 501):
            raise Violation(f"answered {status}")
        connection.expect_end()


@on_target({"1.0": "HTTP/1.0", "0.9": "HTTP/0.9", "2.0": "HTTP/2.0", "lower_case": "http/1.1", "word": "HTTX/1.1",
            "1.1.1": "HTTP/1.1.1", "long": "HTTP/1.10", "none": ""})
def http_version_is_refused(target, version):
    expect_refused(target, target.request(start=f"GET {target.path} {version}".rstrip()), 400, 405, 426, 505)


@on_target({"missing": None, "two": ["a.example", "b.example"], "same_twice": ["a.example", "a.example"]})
def host_is_refused(target, host):
    expect_refused(target, target.request({"Host": host}), 400)


BODIES = {
    "length_0": ({"Content-Length": "0"}, b""),
    "length_5": ({"Content-Length": "5"}, b"hello"),
    "length_5_not_sent": ({"Content-Length": "5"}, b""),
    "two_lengths": ({"Content-Length": ["0", "5"]}, b"hello"),
    "length_list": ({"Content-Length": "0, 0"}, b""),
    "negative_length": ({"Content-Length": "-1"}, b""),
    "huge_length": ({"Content-Length": "99999999999999999999999"}, b""),
    "word_as_length": ({"Content-Length": "five"}, b"hello"),
    "chunked": ({"Transfer-Encoding": "chunked"}, b"0\r\n\r\n"),
    "chunked_with_data": ({"Transfer-Encoding": "chunked"}, b"5\r\nhello\r\n0\r\n\r\n"),
    "chunked_not_sent": ({"Transfer-Encoding": "chunked"}, b""),
    "identity": ({"Transfer-Encoding": "identity"}, b""),
    "nonsense_encoding": ({"Transfer-Encoding": "xchunked"}, b""),
    "chunked_and_length": ({"Transfer-Encoding": "chunked", "Content-Length": "5"}, b"0\r\n\r\n"),
    "length_and_chunked": ({"Content-Length": "0", "Transfer-Encoding": "chunked"}, b"0\r\n\r\n"),
}


@on_target(BODIES)
def body_is_refused(target, changes, body):
    expect_refused(target, target.request(changes, body=body), 400)


@on_target({"after_length_0": {"Content-Length": "0"}, "after_chunked": {"Transfer-Encoding": "chunked"},
            "after_a_bad_key": {"Sec-WebSocket-Key": "short"}, "after_an_old_version": {"Sec-WebSocket-Version": "12"}})
def no_second_request_is_read(target, changes):
    """One answer, then the end: a request smuggled behind a refused one is never seen."""
    body = b"0\r\n\r\n" if "Transfer-Encoding" in changes else b""
    expect_refused(target, target.request(changes, body=body) + target.request(), 400, 426)


LONG = {
    "one_of_9_kib": {"X-Long": "x" * 9 * 1024},
    "one_of_8_kib_and_1": {"X-Long": "x" * (8 * 1024 + 1)},
    "one_of_60_kib": {"X-Long": "x" * 60 * 1024},
    "many_of_9_kib": {f"X-{number}": "x" * 900 for number in range(10)},
    "long_name": {"X" * 9000: "x"},
    "key_of_9_kib": {"Sec-WebSocket-Key": "A" * 9000},
    "101_headers": {f"X-{number}": "x" for number in range(96)},
    "3000_headers": {f"X-{number}": "x" for number in range(3000)},
    "3000_short_headers": {"X": ["y"] * 3000},
}


@on_target(LONG)
def headers_are_too_large(target, changes):
    expect_refused(target, target.request(changes), 431)


@on_target()
def headers_too_large_are_refused_unfinished(target):
    """The empty line that ends the headers never comes."""
    expect_refused(target, target.request({"X-Long": "x" * 10000})[:-2], 431)


@on_target({"path": "/" + "x" * 65536, "query": "/?" + "x" * 65536})
def target_is_too_long(target, text):
    expect_refused(target, target.request(start=f"GET {text} HTTP/1.1"), 414, 431, 400)


def with_line(line):
    return lambda target: target.request(raw_lines=[line])


def with_start(start):
    return lambda target: target.request(start=start)


MALFORMED = {
    "bare_lf_everywhere": lambda target: target.request(end="\n"),
    "bare_lf_after_the_request_line": lambda target: target.request().replace(b"\r\n", b"\n", 1),
    "bare_lf_after_a_header": lambda target: target.request(raw_lines=["X-A: b\nX-C: d"]),
    "bare_lf_at_the_end": lambda target: target.request()[:-2] + b"\n",
    "bare_cr_everywhere": lambda target: target.request(end="\r") + b"\r\n\r\n",
    "bare_cr_in_a_value": with_line("X-A: b\rX-C: d"),
    "nul_in_a_value": with_line("X-A: b\0c"),
    "nul_in_a_name": with_line("X\0A: b"),
    "nul_in_the_target": with_start("GET /\0 HTTP/1.1"),
    "nul_first": lambda target: b"\0" + target.request(),
    "control_in_a_value": with_line("X-A: b\x01c"),
    "del_in_a_value": with_line("X-A: b\x7fc"),
    "space_before_the_colon": with_line("X-A : b"),
    "space_before_hosts_colon": lambda target: target.request().replace(b"Host:", b"Host :"),
    "tab_before_the_colon": with_line("X-A\t: b"),
    "space_in_a_name": with_line("X A: b"),
    "empty_name": with_line(": b"),
    "no_colon": with_line("X-A b"),
    "brackets_in_a_name": with_line("X(A): b"),
    "octet_above_7f_in_a_name": with_line("X\xe9A: b"),
    "folded_first_header": lambda target: target.request().replace(b"\r\nHost", b"\r\n Host", 1),
    "space_in_the_target": with_start("GET /a b HTTP/1.1"),
    "control_in_the_target": with_start("GET /\x01 HTTP/1.1"),
    "no_target": with_start("GET HTTP/1.1"),
    "two_spaces": with_start("GET  / HTTP/1.1"),
    "space_first": with_start(" GET / HTTP/1.1"),
    "space_last": with_start("GET / HTTP/1.1 "),
    "tab_for_space": with_start("GET\t/\tHTTP/1.1"),
    "no_request": lambda target: b"hello, is this a websocket?\r\n\r\n",
    "http2_preface": lambda target: b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
}


@on_target(MALFORMED)
def malformed_request_is_refused(target, shape):
    expect_refused(target, shape(target), 400, 405, 505)


@on_target({"client_hello": bytes.fromhex("16030100c8010000c40303") + bytes(200), "ones": b"\xff" * 300,
            "frames": b"\x81\x85" * 200})
def octets_that_are_no_http_end_the_connection(target, octets):
    """With or without an answer, by the deadline for the whole handshake at the latest, which row 3 of tests/torture times."""
    with target.connect() as connection:
        connection.send(octets)
        if b" 101 " in connection.expect_dropped(within=PATIENCE):
            raise Violation("upgraded")


NO_UPGRADE = {
    "neither": {"Upgrade": None, "Connection": None},
    "no_upgrade_header": {"Upgrade": None},
    "no_connection_header": {"Connection": None},
    "connection_keep_alive": {"Connection": "keep-alive"},
    "connection_close": {"Connection": "close"},
    "connection_almost": {"Connection": "Upgrades"},
    "another_upgrade": {"Upgrade": "h2c"},
    "almost_websocket": {"Upgrade": "websockets"},
    "empty_upgrade": {"Upgrade": ""},
}


@on_target(NO_UPGRADE)
def request_without_an_upgrade_is_plain_http(target, changes):
    """What the server makes of it is its own affair, as long as it answers, and not with a 101."""
    with target.connect() as connection:
        connection.send(target.request(changes))
        status = connection.read_response().status
        if status < 200 or status >= 500:
            raise Violation(f"answered {status}")


@on_target()
def refused_peers_do_not_keep_others_out(target):
    for _ in range(50):
        expect_refused(target, target.request({"Sec-WebSocket-Key": None}), 400)
    with target.open() as ws:
        ws.echo(TEXT, b"open")
        ws.finish()
