"""What a finding is about, as values. People read its message; whatever joins findings, finds their place or makes the
edit reads these, so that a message can be worded anew without anything else changing."""

from __future__ import annotations

from enum import StrEnum

from engine.base.record import frozen


class Slip(StrEnum):
    """What went wrong where no name is the matter."""

    INDENTATION = "a line does not fit the lines around it"
    UNQUOTED = "a value cannot stand without quotes"
    COMMA = "a comma stands before a closing bracket"
    KEY_NO_TEXT = "a key is an object or a list"
    STRANGE_SIGN = "a sign means nothing here"
    NO_REFERENCE_SIGN = "the first argument of a call lacks its &"
    UNREADABLE_BLANK = "a blank of a text cannot be read"
    ROW_LENGTH = "a row has too many or too few cells"
    OPEN_CELL = "a quoted cell is not closed"
    NO_FILE = "a file cannot be read"
    VERSION_FORM = "not three numbers"
    CURRENCY_FORM = "not a currency"
    NAME_FORM = "not a name"
    TIME_FORM = "not a time of day"
    BESIDE = "a key stands beside another of which only one is allowed"


@frozen
class Sort:
    """What a value is or should be: its kinds, the only texts that it can be, and an object's fields."""

    kinds: frozenset[str] = frozenset()
    texts: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()


@frozen
class About:
    """``unknown`` are names that are written and stand for nothing, ``missing`` names that are wanted and not written,
    ``owner`` is whose names they are, and ``kind`` what of. ``named`` are other names that the finding speaks of.

    ``near`` are the names that an unknown one may have been meant to be, ``meant`` what is to be written instead
    where that is clear. ``given`` and ``wanted`` say what a value is and what it should be.
    """

    unknown: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    kind: str = ""
    owner: str = ""
    named: tuple[str, ...] = ()
    near: tuple[str, ...] = ()
    meant: str = ""
    given: Sort | None = None
    wanted: Sort | None = None
    slip: Slip | None = None


#: Of a finding about which nothing needs to be known but its message.
NO_MORE = About()
