"""The words of a ruling: what is found about each claim and each visit."""

from enum import StrEnum, auto


class Outcome(StrEnum):
    """Whether a channel brought the buyer, or nobody did."""

    CHANNEL = "channel"
    NATURAL = "natural"


class Finding(StrEnum):
    """What a claim comes to, in the order in which it is tried (rules §8)."""

    @staticmethod
    def _generate_next_value_(name: str, *_: object) -> str:
        return name

    WALK_IN_FIRST = auto()
    SELF_REFERRAL = auto()
    EXISTING_OWNER = auto()
    REFERRER_NOT_OWNER = auto()
    DESK_STAFF = auto()
    PROTECTED_BY_OTHER = auto()
    PROTECTION_OVER = auto()
    OUTRANKED = auto()
    WINS = auto()

    @property
    def paragraph(self) -> str:
        """The paragraph of the rules that decides it."""
        return _PARAGRAPHS[self]


_PARAGRAPHS = {
    Finding.WALK_IN_FIRST: "8.1",
    Finding.SELF_REFERRAL: "8.2",
    Finding.EXISTING_OWNER: "8.3",
    Finding.REFERRER_NOT_OWNER: "8.3",
    Finding.DESK_STAFF: "8.4",
    Finding.PROTECTED_BY_OTHER: "7.2",
    Finding.PROTECTION_OVER: "7.5",
    Finding.OUTRANKED: "9.1",
    Finding.WINS: "9.1",
}

LATE_EVIDENCE = "LATE_EVIDENCE"
"""A visit before the signing that was logged after it (rules §1.5)."""

REVISIT = "REVISIT"
"""A visit without a token inside the protection of a claim that stands (§8.1)."""


class Grade(StrEnum):
    """How strong the evidence of the winning claim is (rules §9.4)."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"
