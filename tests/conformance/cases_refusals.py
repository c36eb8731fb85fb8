"""Requests that the server must refuse with an HTTP error that has a body, and the end of the connection."""

import client_handshake
from connection import TIMEOUT
from frames import TEXT, Violation
from registry import target_case


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


@target_case(KEYS)
def invalid_key_is_refused(target, key):
    expect_refused(target, target.make_request({"Sec-WebSocket-Key": key}), 400)


@target_case({"missing": None, "empty": "", "0": "0", "7": "7", "8": "8", "12": "12", "14": "14", "113": "113",
            "130": "130", "256+13": "269", "13.0": "13.0", "word": "thirteen"})
def unsupported_version_is_refused(target, version):
    response = expect_refused(target, target.make_request({"Sec-WebSocket-Version": version}), 426)
    if "13" not in [item.strip() for item in response.one("Sec-WebSocket-Version").split(",")]:
        raise Violation(f"the 426 has Sec-WebSocket-Version: {response.one('Sec-WebSocket-Version')!r}")


@target_case({"same": ["13", "13"], "other": ["13", "8"]})
def two_versions_are_refused(target, versions):
    expect_refused(target, target.make_request({"Sec-WebSocket-Version": versions}), 400, 426)


@target_case()
def status_426_has_an_upgrade_header(target):
    """RFC 9110, 15.5.22."""
    response = expect_refused(target, target.make_request({"Sec-WebSocket-Version": "12"}), 426)
    if response.one("Upgrade").lower() != "websocket":
        raise Violation(f"the 426 has Upgrade: {response.one('Upgrade')}")


@target_case({method: method for method in ("POST", "PUT", "HEADLESS", "OPTIONS", "DELETE", "get", "Get")})
def method_other_than_get_is_refused(target, method):
    expect_refused(target, target.make_request(start=f"{method} {target.path} HTTP/1.1"), 400, 405, 501)


@target_case()
def refusal_of_head_has_no_body(target):
    """RFC 9110, 9.3.2."""
    with target.connect() as connection:
        connection.send(target.make_request(start=f"HEAD {target.path} HTTP/1.1"))
        status = client_handshake.parse_head(connection.read_head()[:-4]).status
        if status not in (400, 405, 501):
            raise Violation(f"expected status 400, 405 or 501, received {status}")
        connection.expect_eof()


@target_case({"1.0": "HTTP/1.0", "0.9": "HTTP/0.9", "2.0": "HTTP/2.0", "lower_case": "http/1.1", "word": "HTTX/1.1",
            "1.1.1": "HTTP/1.1.1", "long": "HTTP/1.10", "none": ""})
def unsupported_http_version_is_refused(target, version):
    expect_refused(target, target.make_request(start=f"GET {target.path} {version}".rstrip()), 400, 405, 426, 505)


@target_case({"missing": None, "two": ["a.example", "b.example"], "same_twice": ["a.example", "a.example"]})
def missing_or_repeated_host_is_refused(target, host):
    expect_refused(target, target.make_request({"Host": host}), 400)


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


@target_case(BODIES)
def request_with_a_body_is_refused(target, changes, body):
    expect_refused(target, target.make_request(changes, body=body), 400)


@target_case({"after_length_0": {"Content-Length": "0"}, "after_chunked": {"Transfer-Encoding": "chunked"},
            "after_a_bad_key": {"Sec-WebSocket-Key": "short"}, "after_an_old_version": {"Sec-WebSocket-Version": "12"}})
def request_behind_a_refused_request_is_not_read(target, changes):
    """One response, then the end of the connection: request smuggling must not succeed."""
    body = b"0\r\n\r\n" if "Transfer-Encoding" in changes else b""
    expect_refused(target, target.make_request(changes, body=body) + target.make_request(), 400, 426)


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


@target_case(LONG)
def oversized_headers_are_refused(target, changes):
    expect_refused(target, target.make_request(changes), 431)


@target_case()
def oversized_headers_are_refused_before_their_end(target):
    """The empty line that ends the headers is not sent."""
    expect_refused(target, target.make_request({"X-Long": "x" * 10000})[:-2], 431)


@target_case({"path": "/" + "x" * 65536, "query": "/?" + "x" * 65536})
def oversized_request_target_is_refused(target, text):
    expect_refused(target, target.make_request(start=f"GET {text} HTTP/1.1"), 414, 431, 400)


def with_line(line):
    return lambda target: target.make_request(raw_lines=[line])


def with_start(start):
    return lambda target: target.make_request(start=start)


MALFORMED = {
    "bare_lf_everywhere": lambda target: target.make_request(end="\n"),
    "bare_lf_after_the_request_line": lambda target: target.make_request().replace(b"\r\n", b"\n", 1),
    "bare_lf_after_a_header": lambda target: target.make_request(raw_lines=["X-A: b\nX-C: d"]),
    "bare_lf_at_the_end": lambda target: target.make_request()[:-2] + b"\n",
    "bare_cr_everywhere": lambda target: target.make_request(end="\r") + b"\r\n\r\n",
    "bare_cr_in_a_value": with_line("X-A: b\rX-C: d"),
    "nul_in_a_value": with_line("X-A: b\0c"),
    "nul_in_a_name": with_line("X\0A: b"),
    "nul_in_the_target": with_start("GET /\0 HTTP/1.1"),
    "nul_first": lambda target: b"\0" + target.make_request(),
    "control_in_a_value": with_line("X-A: b\x01c"),
    "del_in_a_value": with_line("X-A: b\x7fc"),
    "space_before_the_colon": with_line("X-A : b"),
    "space_before_hosts_colon": lambda target: target.make_request().replace(b"Host:", b"Host :"),
    "tab_before_the_colon": with_line("X-A\t: b"),
    "space_in_a_name": with_line("X A: b"),
    "empty_name": with_line(": b"),
    "no_colon": with_line("X-A b"),
    "brackets_in_a_name": with_line("X(A): b"),
    "octet_above_7f_in_a_name": with_line("X\xe9A: b"),
    "folded_first_header": lambda target: target.make_request().replace(b"\r\nHost", b"\r\n Host", 1),
    "space_in_the_target": with_start("GET /a b HTTP/1.1"),
    "control_in_the_target": with_start("GET /\x01 HTTP/1.1"),
    "no_target": with_start("GET HTTP/1.1"),
    "two_spaces": with_start("GET  / HTTP/1.1"),
    "space_first": with_start(" GET / HTTP/1.1"),
    "space_last": with_start("GET / HTTP/1.1 "),
    "tab_for_space": with_start("GET\t/\tHTTP/1.1"),
    "not_http": lambda target: b"hello, is this a websocket?\r\n\r\n",
    "http2_preface": lambda target: b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
}


@target_case(MALFORMED)
def malformed_request_is_refused(target, shape):
    expect_refused(target, shape(target), 400, 405, 505)


@target_case({"client_hello": bytes.fromhex("16030100c8010000c40303") + bytes(200), "ones": b"\xff" * 300,
            "frames": b"\x81\x85" * 200})
def octets_that_are_not_http_end_the_connection(target, octets):
    """The server may send an HTTP error first. Row 3 of tests/torture measures the handshake deadline."""
    with target.connect() as connection:
        connection.send(octets)
        if b" 101 " in connection.read_until_eof(within=TIMEOUT):
            raise Violation("the server upgraded the connection")


NO_UPGRADE = {
    "neither_header": {"Upgrade": None, "Connection": None},
    "no_upgrade_header": {"Upgrade": None},
    "no_connection_header": {"Connection": None},
    "connection_keep_alive": {"Connection": "keep-alive"},
    "connection_close": {"Connection": "close"},
    "connection_upgrades": {"Connection": "Upgrades"},
    "upgrade_h2c": {"Upgrade": "h2c"},
    "upgrade_websockets": {"Upgrade": "websockets"},
    "empty_upgrade": {"Upgrade": ""},
}


@target_case(NO_UPGRADE)
def request_without_an_upgrade_is_plain_http(target, changes):
    """The server may send any response except a 101 and a server error."""
    with target.connect() as connection:
        connection.send(target.make_request(changes))
        status = connection.read_response().status
        if status < 200 or status >= 500:
            raise Violation(f"received the status {status}")


@target_case()
def refused_requests_do_not_block_other_connections(target):
    for _ in range(50):
        expect_refused(target, target.make_request({"Sec-WebSocket-Key": None}), 400)
    with target.open() as ws:
        ws.echo(TEXT, b"open")
        ws.finish()
