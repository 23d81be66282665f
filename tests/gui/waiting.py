"""Waiting for something to become true: the only way in which these tests spend time."""
import re
import time


class TimedOut(AssertionError):
    """Something did not happen in time."""


def poll(what, condition, timeout=10.0, step=0.05):
    """The first true value of `condition()`; raises `TimedOut`, naming `what`, after `timeout` seconds.

    Errors of the condition count as not yet: widgets vanish while one looks at them. `what` may be a function, so that
    the message can tell the last state.
    """
    deadline = time.monotonic() + timeout
    last = None
    while True:
        try:
            value = condition()
            if value:
                return value
            last = None
        except Exception as error:  # noqa: BLE001
            last = error
        if time.monotonic() > deadline:
            what = what() if callable(what) else what
            raise TimedOut(f"not within {timeout} s: {what}" + (f" ({last!r})" if last else ""))
        time.sleep(step)


def stays(what, condition, seconds=1.0):
    """Raises if `condition()` becomes false within `seconds`: for what must not happen."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert condition(), f"it did not stay so: {what}"
        time.sleep(0.1)


def matches(wanted, text):
    """Whether a text is as wanted: equal, found by a compiled pattern, or anything for None."""
    if wanted is None:
        return True
    if isinstance(wanted, re.Pattern):
        return bool(wanted.search(text or ""))
    return wanted == text
