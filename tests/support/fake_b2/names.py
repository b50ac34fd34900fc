"""Names of files: which are legal, and how headers and URLs spell them."""
import urllib.parse

from support.fake_b2.errors import bad_request

MUST_BE_ENCODED = set(' "#&,<>?[\\]^`{|}\x7f') | {chr(code) for code in range(32)}


def check(name, strict):
    """`strict`: by the vendor's older documents; the newer ones forbid control characters alone."""
    raw = name.encode("utf-8", "surrogateescape")
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        raise bad_request("File names must be UTF-8") from None
    if not 1 <= len(raw) <= 1024:
        raise bad_request("File names must be between 1 and 1024 bytes of UTF-8")
    if any(byte < 32 or byte == 127 for byte in raw):
        raise bad_request("File names must not contain control characters")
    if not strict:
        return name
    if "\\" in name:
        raise bad_request("File names must not contain backslashes")
    if name.startswith("/") or name.endswith("/") or "//" in name:
        raise bad_request("File names must not start or end with '/', and must not contain '//'")
    if any(len(segment) > 250 for segment in raw.split(b"/")):
        raise bad_request("A part of a file name between two '/' must not be longer than 250 bytes")
    return name


def decode(text):
    """A header or the path of a URL; '+' is a space."""
    if any(character in MUST_BE_ENCODED or ord(character) > 126 for character in text):
        raise bad_request("Bad character in percent-encoded string")
    at = text.find("%")
    while at >= 0:
        if len(text) < at + 3 or not all(digit in "0123456789abcdefABCDEF" for digit in text[at + 1:at + 3]):
            raise bad_request("Bad percent-encoding")
        at = text.find("%", at + 1)
    return urllib.parse.unquote_plus(text, encoding="utf-8", errors="surrogateescape")


def encode(text):
    return urllib.parse.quote_plus(text, safe="/-._~!$'()*;=:@")
