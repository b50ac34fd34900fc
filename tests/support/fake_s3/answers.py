"""Answers, and errors as answers."""
import dataclasses
from xml.sax.saxutils import escape

NAMESPACE = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'


@dataclasses.dataclass
class Answer:
    status: int = 200
    body: bytes = b""
    headers: dict = dataclasses.field(default_factory=dict)


class Refused(Exception):
    """The request fails with this status, code and message; `more` are further elements of the XML."""

    def __init__(self, status, code, message, more=None, headers=None):
        super().__init__(f"{status} {code}: {message}")
        self.status, self.code, self.message, self.more, self.headers = status, code, message, more or {}, headers or {}

    def answer(self, request_id):
        fields = {"Code": self.code, "Message": self.message, **self.more, "RequestId": request_id}
        inner = "".join(element(name, value) for name, value in fields.items())
        return Answer(self.status, xml(f"<Error>{inner}</Error>").body, {**self.headers, "Content-Type": "application/xml"})


def element(name, value):
    return f"<{name}>{escape(str(value))}</{name}>"


def xml(text):
    return Answer(200, ('<?xml version="1.0" encoding="UTF-8"?>' + text).encode(), {"Content-Type": "application/xml"})


def document(name, inner):
    return xml(f"<{name} {NAMESPACE}>{inner}</{name}>")
