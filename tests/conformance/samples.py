"""Payloads that several files of cases send."""

# Octets of each length a UTF-8 character can have.
ALPHABET = "a\u00e9\u20ac\U0001f600 z\u0416\u4e2d\U0010ffff".encode()
MIB = 1 << 20

# Every boundary of the three length forms.
SIZES = (0, 1, 125, 126, 127, 128, 65535, 65536, MIB)


def text_of(size):
    """UTF-8 of exactly `size` octets."""
    return ALPHABET * (size // len(ALPHABET)) + b"x" * (size % len(ALPHABET))


def binary_of(size):
    """Every octet value in turn, with a period that divides no buffer's size."""
    period = bytes(range(256)) + b"\xff\x00\xfe"
    return (period * (size // len(period) + 1))[:size]
