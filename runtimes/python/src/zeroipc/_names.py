"""What segments and structures may be called."""

from __future__ import annotations

import unicodedata

from .errors import InvalidName

__all__ = ["RESERVED_PREFIX", "SCHEMA_ENTRY", "check_entry", "check_segment", "shown"]

MAX_ENTRY_NAME = 31
MAX_SEGMENT_NAME = 254
RESERVED_PREFIX = "."
"""Names of structures that begin with it are the library's."""
SCHEMA_ENTRY = ".schema"
"""The name of the entry that describes the others."""

_ESCAPES = {"\t": "\\t", "\n": "\\n", "\r": "\\r", "'": "\\'", "\0": "\\0"}


def check_entry(name: str) -> bytes:
    """Check the name of a new structure and return it as it is stored.

    Raises
    ------
    InvalidName
        The name is empty, has more than 31 bytes or a forbidden character, or begins with ``.``.
    """
    raw = _check(name, name, MAX_ENTRY_NAME, "structure")
    if name.startswith(RESERVED_PREFIX):
        raise _refused("structure", name, "names that begin with `.` are kept for the library; begin with a letter")
    return raw


def check_segment(name: str) -> str:
    """Check the name of a segment and return the name of its file.

    Raises
    ------
    InvalidName
        The name does not begin with ``/``, has nothing or too much behind it, or a forbidden character.
    """
    if not isinstance(name, str):
        msg = f"a segment's name is a string that begins with `/`, not {type(name).__name__}"
        raise TypeError(msg)
    if not name.startswith("/"):
        why = "it is empty; give it at least one character"
        raise _refused("segment", name, "a segment's name begins with `/`; put one in front" if name else why)
    rest = name[1:]
    _check(rest, name, MAX_SEGMENT_NAME, "segment")
    if rest in (".", ".."):
        why = "`/.` and `/..` lead out of the directory of segments; choose another name"
        raise _refused("segment", name, why)
    return rest


def shown(name: str) -> str:
    """Return a name for a message: control characters, which would reach the terminal, are escaped."""
    return "".join(_escaped(c) if _is_control(c) else c for c in name)


def _check(text: str, whole: str, longest: int, what: str) -> bytes:
    if not isinstance(text, str):
        msg = f"a {what}'s name is a string, not {type(text).__name__}"
        raise TypeError(msg)
    if not text:
        raise _refused(what, whole, "it is empty; give it at least one character")
    try:
        raw = text.encode()
    except UnicodeEncodeError:
        raise _refused(what, whole, "it is not valid UTF-8; use letters, digits, `_`, `-` and `.`") from None
    if len(raw) > longest:
        raise _refused(what, whole, f"it has {len(raw)} bytes and {longest} fit; shorten it")
    bad = next((c for c in text if c == "/" or _is_control(c)), None)
    if bad is not None:
        raise _refused(what, whole, f"it contains '{_escaped(bad)}'; use letters, digits, `_`, `-` and `.`")
    return raw


def _refused(what: str, name: str, why: str) -> InvalidName:
    printable = shown(name.encode(errors="backslashreplace").decode())
    return InvalidName(f"the {what} name `{printable}` cannot be used: {why}")


def _is_control(c: str) -> bool:
    return unicodedata.category(c) == "Cc"


def _escaped(c: str) -> str:
    return _ESCAPES.get(c) or (f"\\u{{{ord(c):x}}}" if _is_control(c) else c)
