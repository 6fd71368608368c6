"""Named points between any two steps of an operation, for tests that kill a process there.

A test sets :data:`hook` to a function of the point's name; it is ``None`` otherwise and costs one comparison.
"""

from __future__ import annotations

from functools import partial
from typing import Callable

__all__ = ["NAMES", "hook", "reach", "reaching"]

hook: Callable[[str], object] | None = None
"""Called with the name of each point that is reached."""

NAMES = (
    "segment.sized",
    "segment.written",
    "segment.anchored",
    "segment.linked",
    "attach.opened",
    "attach.locked",
    "attach.anchored",
    "create.locked",
    "create.initialised",
    "create.recorded",
    "create.entry",
    "create.next_offset",
    "create.published",
    "queue.push.claimed",
    "queue.push.hinted",
    "queue.push.written",
    "queue.push.published",
    "queue.pop.copied",
    "queue.pop.taken",
    "queue.recovered",
    "detach.locked",
    "detach.released",
    "detach.unlinked",
)
"""Every point."""


def reach(name: str) -> object:
    """Tell the test that this point is reached."""
    if hook is not None:
        hook(name)
    return None


def reaching(name: str) -> partial[object]:
    """Return :func:`reach` as a step."""
    return partial(reach, name)
