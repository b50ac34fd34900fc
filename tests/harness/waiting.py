"""Waiting for conditions without guessing how fast the machine is."""
import time


class NothingMoves(AssertionError):
    """The awaited condition did not come, and nothing has changed for a long time."""


def wait_until(condition, what, progress=None, stall=60.0, pause=0.02):
    """Calls `condition` until it returns something true, and returns that.

    `progress` returns any comparable value that changes while things go on (a counter, a size). Gives up only
    when neither the condition came nor the progress changed for `stall` seconds; without `progress`, after
    `stall` seconds. `what` says in a few words what is waited for.
    """
    last_change = time.monotonic()
    seen = progress() if progress else None
    while True:
        result = condition()
        if result:
            return result
        now = time.monotonic()
        current = progress() if progress else None
        if current != seen:
            seen, last_change = current, now
        if now - last_change > stall:
            raise NothingMoves(f"waited for {what}; nothing has moved for {stall:g} s (progress: {seen!r})")
        time.sleep(pause)


def never_during(condition, what, seconds, pause=0.02):
    """Checks that `condition` stays false for `seconds`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            raise AssertionError(f"must not happen, but did: {what}")
        time.sleep(pause)
