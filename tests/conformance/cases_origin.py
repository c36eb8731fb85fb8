"""Who may connect from a browser: by default the same host and port only."""

from cases_handshake import expect_open
from cases_refusals import expect_refused
from registry import on_target

# {} stands for the server's own host and port.
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


def filled(target, host, origin):
    return {"Host": host.format(target.authority), "Origin": origin.format(target.authority)}


@on_target(SAME)
def same_origin_may_connect(target, host, origin):
    expect_open(target, filled(target, host, origin))


@on_target(FOREIGN)
def other_origin_is_refused(target, host, origin):
    expect_refused(target, target.request(filled(target, host, origin)), 403)


@on_target({"foreign_last": ("http://{}", "http://evil.example"),
            "foreign_first": ("http://evil.example", "http://{}")})
def two_origins_are_refused(target, *origins):
    changes = {"Origin": [origin.format(target.authority) for origin in origins]}
    expect_refused(target, target.request(changes), 400, 403)


@on_target()
def no_origin_is_no_browser(target):
    expect_open(target, {"Origin": None})
