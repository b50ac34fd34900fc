"""Failures on request: by a test, or by the client with X-Bz-Test-Mode."""
import collections
import dataclasses
import threading

from support.fake_b2.errors import B2Error


@dataclasses.dataclass
class Fault:
    """What happens instead of the answer. `cut`: the connection is closed without one, "before" the call is done, "after",
    or (download) after so many bytes."""
    call: str                # "b2_list_file_names", ..., "download", or "*"
    status: int = 0
    code: str = ""
    message: str = "asked for by a test"
    retry_after: int = None
    cut: object = None
    times: int = 1
    skip: int = 0            # so many calls go well before
    lasting: bool = True     # of an upload: its URL stays broken

    def error(self):
        error = B2Error(self.status, self.code, self.message, self.retry_after)
        error.lasting = self.lasting
        return error


class Faults:
    EVERY = 3  # of the client's test modes: each third

    def __init__(self):
        self._lock = threading.Lock()
        self._planned = []
        self._modes = collections.Counter()
        self.struck = 0

    def add(self, call, **what):
        with self._lock:
            self._planned.append(Fault(call, **what))

    def clear(self):
        with self._lock:
            self._planned.clear()

    def take(self, call):
        with self._lock:
            for fault in self._planned:
                if fault.call not in (call, "*"):
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                fault.times -= 1
                if fault.times <= 0:
                    self._planned.remove(fault)
                self.struck += 1
                return fault
        return None

    def mode(self, header, call):
        """The error that the client's X-Bz-Test-Mode asks for, or None; "expire" when its token is to be too old."""
        upload = call in ("b2_upload_file", "b2_upload_part")
        if header == "force_cap_exceeded" and (upload or call == "b2_get_upload_url"):
            return B2Error(403, "cap_exceeded", "Cannot upload files, storage cap exceeded")
        with self._lock:
            if header == "fail_some_uploads" and upload:
                self._modes[header] += 1
                if self._modes[header] % self.EVERY == 0:
                    return B2Error(503, "service_unavailable", "no tomes available")
            if header == "expire_some_account_authorization_tokens" and not upload and call != "b2_authorize_account":
                self._modes[header] += 1
                if self._modes[header] % self.EVERY == 0:
                    return "expire"
        return None
