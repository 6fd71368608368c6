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
    "segment.opened",
    "segment.sized",
    "segment.reserved",
    "segment.written",
    "segment.anchored",
    "segment.linked",
    "attach.opened",
    "attach.locked",
    "attach.checked",
    "attach.anchored",
    "attach.released",
    "open.records",
    "create.locked",
    "create.reserved",
    "create.initialised",
    "create.trimmed",
    "create.recorded",
    "create.used",
    "create.named",
    "create.sized",
    "create.entry",
    "create.placed",
    "create.next_offset",
    "create.moved",
    "create.published",
    "create.counted",
    "queue.push.claimed",
    "queue.push.hinted",
    "queue.push.written",
    "queue.push.published",
    "queue.push.woken",
    "queue.pop.copied",
    "queue.pop.taken",
    "queue.pop.consumed",
    "queue.pop.hinted",
    "queue.pop.woken",
    "queue.recover.dead",
    "queue.recover.freed",
    "queue.recover.woken",
    "queue.wait.marked",
    "detach.locked",
    "detach.released",
    "detach.unlinked",
)
"""Every point; ``entry`` and ``placed``, ``next_offset`` and ``moved``, ``published`` and ``counted``, ``taken`` and ``consumed``
are one each, under the names that both the plan and the C runtime use."""


def reach(*names: str) -> object:
    """Tell the test that a point is reached, under each of its names."""
    if hook is not None:
        for name in names:
            hook(name)
    return None


def reaching(name: str) -> partial[object]:
    """Return :func:`reach` as a step."""
    return partial(reach, name)
