"""Signs that look like plain letters, hyphens and blanks, and are others."""

from __future__ import annotations

#: What is typed for each by mistake: Cyrillic and Greek letters, hyphens and dashes, quotes.
_PLAIN = {
    **dict(zip("АВЕКМНОРСТХаеорсухіѕјΑΒΕΖΗΙΚΜΝΟΡΤΥΧο", "ABEKMHOPCTXaeopcyxisjABEZHIKMNOPTYXo", strict=True)),
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2212", "-"),
    **dict.fromkeys("\u2018\u2019", "'"),
    **dict.fromkeys("\u00a0\u2007\u202f", " "),
    **dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff\u00ad", ""),
}


def plain_signs(text: str) -> str | None:
    """The text in plain signs, if it is plain but for some that only look so; None for any other text."""
    if text.isascii():
        return None
    plain = "".join(_PLAIN.get(each, each) for each in text)
    mixed = any(each.isascii() and each.isalnum() for each in text)
    return plain if mixed and plain.isascii() and plain else None


def called(sign: str) -> str:
    """The name of a sign that looks like another, for a message; empty for any other."""
    meant = _PLAIN.get(sign)
    if meant is None:
        return ""
    if not meant:
        return "a sign that cannot be seen"
    if meant == " ":
        return "a blank that does not break"
    return f"a sign that looks like {meant}" if not meant.isalpha() else f"a letter that looks like {meant}"
