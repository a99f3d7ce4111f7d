"""What tokens/ refuses, and the stable code of each refusal."""

from enum import StrEnum
from typing import ClassVar


class Reason(StrEnum):
    """The detail of a refusal: a fixed word, never a piece of what was read."""

    BIRTHDAY = "BIRTHDAY"
    CHARACTERS = "CHARACTERS"
    CHECK_DIGIT = "CHECK_DIGIT"
    CHECK_SYMBOL = "CHECK_SYMBOL"
    EMPTY = "EMPTY"
    GLUED = "GLUED"
    KIND = "KIND"
    LENGTH = "LENGTH"
    MASK = "MASK"
    MASKED = "MASKED"
    PREFIX = "PREFIX"
    SYMBOL = "SYMBOL"
    UNREADABLE = "UNREADABLE"


class TokenError(Exception):
    """Base of every error raised by tokens/.

    `code` names the situation and `reason`, where there is one, the detail. Neither
    ever holds a piece of what was read, so both may be logged and shown.
    """

    code: ClassVar[str] = "TOKEN_ERROR"

    def __init__(self, reason: Reason | None = None) -> None:
        super().__init__(self.code if reason is None else f"{self.code}: {reason}")
        self.reason = reason


class CodeMalformed(TokenError):
    """The text cannot be a code 推荐码. Reasons: LENGTH, SYMBOL, CHECK_SYMBOL."""

    code = "CODE_MALFORMED"


class ScanMalformed(TokenError):
    """The field holds neither a code nor a token.

    Reasons: EMPTY, LENGTH, UNREADABLE, GLUED (different scans in one field), or
    one of those of CodeMalformed.
    """

    code = "SCAN_MALFORMED"


class TokenMalformed(TokenError):
    """The bytes are not a token of our profile (token.md §3)."""

    code = "TOKEN_MALFORMED"


class TokenForged(TokenError):
    """The token is signed by no issuer we know, or was changed. See token.md §3.6."""

    code = "TOKEN_FORGED"


class IdentifierInvalid(TokenError):
    """The text is no identifier of its kind.

    Reasons: KIND, LENGTH, CHARACTERS, PREFIX, CHECK_DIGIT, BIRTHDAY, MASK,
    MASKED (a whole number is needed).
    """

    code = "IDENTIFIER_INVALID"


class TagElementInvalid(TokenError):
    """The bytes are not a point of the curve (identity-tag.md §4.2)."""

    code = "TAG_ELEMENT_INVALID"


class TagProofInvalid(TokenError):
    """The tag was not made with the published tag key (identity-tag.md §5)."""

    code = "TAG_PROOF_INVALID"


class LogProofInvalid(TokenError):
    """The proof does not lead to the root of the log (log.md §3)."""

    code = "LOG_PROOF_INVALID"


class CheckpointMalformed(TokenError):
    """The text is not a signed note, or not a checkpoint (log.md §4)."""

    code = "CHECKPOINT_MALFORMED"


class KeyCompromised(TokenError):
    """The log key was in other hands, and no witness saw this before (log.md §7)."""

    code = "KEY_COMPROMISED"


class QuorumMissing(TokenError):
    """Too few of the trusted witnesses have cosigned the checkpoint (log.md §6)."""

    code = "QUORUM_MISSING"


class ReceiptMalformed(TokenError):
    """The text is not a receipt 回执 (receipt.md §2)."""

    code = "RECEIPT_MALFORMED"


class OfferMalformed(TokenError):
    """The text is not what a witness is asked (C2SP tlog-witness)."""

    code = "OFFER_MALFORMED"


class WitnessConflict(TokenError):
    """The witness has seen another size or another tree than the log supposes."""

    code = "WITNESS_CONFLICT"


class PromiseMalformed(TokenError):
    """The bytes are not a promise of a log entry (log.md §5)."""

    code = "PROMISE_MALFORMED"


class SignatureInvalid(TokenError):
    """No valid signature by the key that should have signed."""

    code = "SIGNATURE_INVALID"


class CborMalformed(TokenError):
    """The bytes are not the one deterministic form of what we accept (token.md §2)."""

    code = "CBOR_MALFORMED"
