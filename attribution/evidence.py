"""Evidence (证据) in a dispute: text or PDF, told by its bytes, never by its name."""

from enum import StrEnum

from attribution.errors import EvidenceNotAccepted, EvidenceTooLarge, InputInvalid

MOST_BYTES = 5 * 1024 * 1024
MOST_PIECES = 10
"""How many pieces one party may bring to one case."""

_PDF = b"%PDF-"
_LAYOUT = frozenset("\t\n\r\f")


class EvidenceKind(StrEnum):
    """What a piece of evidence is; the value is its media type."""

    TEXT = "text/plain"
    PDF = "application/pdf"


def evidence_kind(data: bytes) -> EvidenceKind:
    """Return what a piece is, by its first bytes; text is UTF-8 through and through.

    Raises:
        InputInvalid: there is nothing in it.
        EvidenceTooLarge: more than 5 MB.
        EvidenceNotAccepted: neither text nor PDF.
    """
    if not data.strip():
        raise InputInvalid("file", "EMPTY")
    if len(data) > MOST_BYTES:
        raise EvidenceTooLarge
    if data.startswith(_PDF):
        return EvidenceKind.PDF
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise EvidenceNotAccepted from None
    if not is_plain_text(text):
        raise EvidenceNotAccepted
    return EvidenceKind.TEXT


def is_plain_text(text: str) -> bool:
    """Say whether every character of a text is seen, or lays it out."""
    return all(one.isprintable() or one in _LAYOUT for one in text)
