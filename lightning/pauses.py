"""How long to wait before a node is tried again."""

import random
from collections.abc import Iterator

_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 10.0


def pauses_between_attempts() -> Iterator[float]:
    """Yield seconds to wait: doubling to a ceiling, and spread so that replicas do not return as one."""
    longest_s = _FIRST_PAUSE_S
    while True:
        yield longest_s * random.uniform(0.5, 1.0)  # noqa: S311 -- no secret
        longest_s = min(2 * longest_s, _LONGEST_PAUSE_S)
