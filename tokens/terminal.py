"""What a checker prints: a forger may have written it, and no terminal is trusted."""

from typing import TextIO


def printable(text: str) -> str:
    """Return a text without what steers a terminal, which is escaped."""
    return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in text)


def write(stream: TextIO, text: str) -> None:
    """Write a text; what a terminal cannot show is escaped, and stops nothing."""
    encoding = stream.encoding or "utf-8"
    stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
