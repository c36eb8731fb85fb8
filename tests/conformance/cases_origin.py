"""The Origin check: by default the server accepts only an Origin with its own host and port."""

from cases_handshake import expect_open
from cases_refusals import expect_refused
from registry import target_case

# {} is replaced by the server's host and port.
SAME = {
    "http": ("{}", "http://{}"),
    "https": ("{}", "https://{}"),
    "upper_case_host": ("LOCALHOST:8080", "http://localhost:8080"),
    "upper_case_origin": ("localhost:8080", "http://LOCALHOST:8080"),
    "upper_case_scheme": ("{}", "HTTP://{}"),
    "default_port_in_neither": ("a.example", "http://a.example"),
    "default_port_in_host": ("a.example:80", "http://a.example"),
    "default_port_in_origin": ("a.example", "http://a.example:80"),
    "default_tls_port_in_neither": ("a.example", "https://a.example"),
    "default_tls_port_in_host": ("a.example:443", "https://a.example"),
    "default_tls_port_in_origin": ("a.example", "https://a.example:443"),
    "ipv6": ("[::1]:8080", "http://[::1]:8080"),
    "ipv6_default_port": ("[::1]", "http://[::1]"),
}

FOREIGN = {
    "foreign": ("{}", "http://evil.example"),
    "foreign_with_our_port": ("localhost:8080", "http://evil.example:8080"),
    "null": ("{}", "null"),
    "file": ("{}", "file://"),
    "empty": ("{}", ""),
    "other_port": ("localhost:8080", "http://localhost:8081"),
    "longer_port": ("localhost:8080", "http://localhost:80800"),
    "default_port_instead": ("localhost:8080", "http://localhost"),
    "explicit_port_instead": ("localhost", "http://localhost:8080"),
    "port_of_the_other_scheme": ("localhost:80", "https://localhost"),
    "suffix": ("localhost:8080", "http://localhost.evil.example:8080"),
    "prefix": ("localhost:8080", "http://evil-localhost:8080"),
    "subdomain": ("a.example", "http://b.a.example"),
    "parent_domain": ("b.a.example", "http://a.example"),
    "ours_as_a_path": ("{}", "http://evil.example/{}"),
    "ours_as_a_user": ("{}", "http://{}@evil.example"),
    "ours_as_a_query": ("{}", "http://evil.example?{}"),
    "ours_as_a_fragment": ("{}", "http://evil.example#{}"),
    "without_scheme": ("{}", "{}"),
    "two_in_one": ("{}", "http://{} http://evil.example"),
    "ipv6_of_another": ("[::1]:8080", "http://[::2]:8080"),
    "port_with_text": ("localhost:8080", "http://localhost:8080.evil.example"),
}


def origin_headers(target, host, origin):
    return {"Host": host.format(target.authority), "Origin": origin.format(target.authority)}


@target_case(SAME)
def same_origin_is_accepted(target, host, origin):
    expect_open(target, origin_headers(target, host, origin))


@target_case(FOREIGN)
def other_origin_is_refused(target, host, origin):
    expect_refused(target, target.make_request(origin_headers(target, host, origin)), 403)


@target_case({"foreign_last": ("http://{}", "http://evil.example"),
            "foreign_first": ("http://evil.example", "http://{}")})
def two_origins_are_refused(target, *origins):
    changes = {"Origin": [origin.format(target.authority) for origin in origins]}
    expect_refused(target, target.make_request(changes), 400, 403)


@target_case()
def request_without_an_origin_is_accepted(target):
    expect_open(target, {"Origin": None})
