"""Payloads that several case files send."""

# Characters of each length that UTF-8 has: 1 to 4 octets.
ALPHABET = "a\u00e9\u20ac\U0001f600 z\u0416\u4e2d\U0010ffff".encode()
MIB = 1 << 20

# The boundaries of the three forms of the payload length (RFC 6455, 5.2).
SIZES = (0, 1, 125, 126, 127, 128, 65535, 65536, MIB)


def make_text(size):
    """Returns valid UTF-8 of exactly `size` octets."""
    return ALPHABET * (size // len(ALPHABET)) + b"x" * (size % len(ALPHABET))


def make_binary(size):
    """Returns `size` octets that cycle through every value, with a period that divides no common buffer size."""
    period = bytes(range(256)) + b"\xff\x00\xfe"
    return (period * (size // len(period) + 1))[:size]
