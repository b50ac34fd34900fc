"""What the API answers when it does not do what it was asked."""


class B2Error(Exception):
    lasting = True  # of an upload that fails: its URL stays broken

    def __init__(self, status, code, message="", retry_after=None):
        super().__init__(f"{status} {code}: {message}")
        self.status, self.code, self.message, self.retry_after = status, code, message, retry_after


def bad_request(message):
    return B2Error(400, "bad_request", message)


def unauthorized(message="unauthorized"):
    return B2Error(401, "unauthorized", message)
