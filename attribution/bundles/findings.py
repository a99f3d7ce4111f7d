"""What checking finds of each fact: proven, only stated, missing or contradicted."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum, auto


class Verdict(StrEnum):
    """What becomes of one line of a case, best first."""

    @staticmethod
    def _generate_next_value_(name: str, *_: object) -> str:
        return name

    PROVEN = auto()  # follows from signatures, hashes and the rules alone
    STATED = auto()  # no file could prove it; somebody says so
    MISSING = auto()  # should be in the bundle, and is not
    CONTRADICTED = auto()  # the bundle says otherwise elsewhere

    @property
    def is_good(self) -> bool:
        """Say whether a case may rest on it."""
        return self in {Verdict.PROVEN, Verdict.STATED}


class Code(StrEnum):
    """What a finding is about, in the order of checking (evidence-bundle.md §5)."""

    @staticmethod
    def _generate_next_value_(name: str, *_: object) -> str:
        return name

    CHECKPOINT = auto()
    KEY_COMPROMISED = auto()
    WITNESS = auto()
    KEY_HISTORY = auto()
    STATEMENT = auto()
    RULING = auto()
    INPUTS = auto()
    REPEATED = auto()
    SUPERSEDED = auto()
    ORDER = auto()
    ACCRUAL = auto()
    SIGNING = auto()
    VISIT = auto()
    TOKEN = auto()
    BINDING = auto()
    PROGRAMME = auto()
    AGENT = auto()
    STANDING = auto()
    TOKEN_RULES = auto()
    DEAL_RULES = auto()
    LATEST_RULES = auto()
    MATCH = auto()
    IN_GROUP = auto()
    BUYING_OWNER = auto()
    WALK_IN_REWARD = auto()
    VISITOR_STATEMENT = auto()
    COMPLETE = auto()
    SAID_TWICE = auto()
    PAGE = auto()
    RECEIPT = auto()
    FORK = auto()


@dataclass(frozen=True, kw_only=True, slots=True)
class EvidenceFinding:
    """One line of the answer. `about` names what it is about, by identifiers alone."""

    code: Code
    verdict: Verdict
    about: str = ""


def is_good(findings: Iterable[EvidenceFinding]) -> bool:
    """Say whether nothing is missing and nothing is contradicted."""
    return all(one.verdict.is_good for one in findings)
