"""Everything attribution/ refuses: one flat family, each member with a stable code."""

from typing import ClassVar


class AttributionError(Exception):
    """Base of every error raised by attribution/."""

    code: ClassVar[str] = "REFUSED"


# The token at the desk (rules §4.1-§4.2), in the order in which they are checked.


class TokenUnknown(AttributionError):
    """No such token was issued."""

    code = "TOKEN_UNKNOWN"


class WrongProject(AttributionError):
    """The token was issued for another sales centre (报备项目和案场项目不一致)."""

    code = "WRONG_PROJECT"


class TokenRevoked(AttributionError):
    """The token was taken back before it was redeemed."""

    code = "TOKEN_REVOKED"


class TokenExpired(AttributionError):
    """The token is redeemed too late."""

    code = "TOKEN_EXPIRED"


class TokenUsed(AttributionError):
    """The token has already made its one visit."""

    code = "TOKEN_USED"


class TokenReserved(AttributionError):
    """Another desk is looking at the token just now."""

    code = "TOKEN_RESERVED"


class BindingMismatch(AttributionError):
    """The token was issued for somebody else. It stays usable."""

    code = "BINDING_MISMATCH"


class CodeRequired(AttributionError):
    """The programme does not let a report be confirmed without its code."""

    code = "CODE_REQUIRED"


# What may stop a report or a visit from counting (rules §4.3-§4.4, §12).


class LeadTimeTooShort(AttributionError):
    """The report was made too shortly before the visit (不满足提前报备时间)."""

    code = "LEAD_TIME_TOO_SHORT"


class ProgrammeNotInForce(AttributionError):
    """The channel has no programme in force for this project at this instant."""

    code = "PROGRAMME_NOT_IN_FORCE"


class AgentSuspended(AttributionError):
    """The agent or the channel is suspended."""

    code = "AGENT_SUSPENDED"


class QuotaExceeded(AttributionError):
    """Too many tokens today, or too many live at once."""

    code = "QUOTA_EXCEEDED"


class BindingRequired(AttributionError):
    """The programme asks for a stronger binding than the token was given."""

    code = "BINDING_REQUIRED"


# What earlier facts about the client say to a new report (查重, rules §5 and §12).


class GroupOwner(AttributionError):
    """The client owns in another project of the group (集团老业主)."""

    code = "GROUP_OWNER"


class ProjectOwner(AttributionError):
    """The client already owns in this project (本项目老业主)."""

    code = "PROJECT_OWNER"


class KnownClient(AttributionError):
    """The client came without a channel before, and that still counts (项目老客户)."""

    code = "KNOWN_CLIENT"


class Protected(AttributionError):
    """Another channel's protection would make this report void (处于保护期内)."""

    code = "PROTECTED"


class VisitedByOther(AttributionError):
    """Another channel has brought the client already (已被其他渠道带看)."""

    code = "VISITED_BY_OTHER"


class ReportedByOther(AttributionError):
    """Another channel has reported the client already (已被其他渠道报备)."""

    code = "REPORTED_BY_OTHER"


class ReportedByYou(AttributionError):
    """The agent's own token for this client is still live (已被您报备)."""

    code = "REPORTED_BY_YOU"


class VisitOverdue(AttributionError):
    """The client did not come while the report was live (到访逾期)."""

    code = "VISIT_OVERDUE"


class DealOverdue(AttributionError):
    """The client did not sign inside the protection period (成交逾期)."""

    code = "DEAL_OVERDUE"


# What is asked of the system in a way it cannot follow.


class RequestIdReused(AttributionError):
    """The request id was used before, with another body."""

    code = "REQUEST_ID_REUSED"


class NotFound(AttributionError):
    """There is no such thing, or the caller may not know of it."""

    code = "NOT_FOUND"


class NotAllowed(AttributionError):
    """The caller's role does not reach this far."""

    code = "NOT_ALLOWED"


class RateLimited(AttributionError):
    """Too many attempts; `retry_after` says in how many seconds to try again."""

    code = "RATE_LIMITED"

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"try again in {retry_after} s")
        self.retry_after = retry_after


# Files and bodies with a mistake in them. Each names the place and the reason, and
# never repeats a value: it may be somebody's number.


class InputInvalid(AttributionError):
    """A form or a body has a mistake at `path`."""

    code = "INPUT_INVALID"

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


class RulebookInvalid(AttributionError):
    """A rulebook has a mistake at `path`."""

    code = "RULEBOOK_INVALID"

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


class CaseMalformed(AttributionError):
    """A case file has a mistake at `path`."""

    code = "CASE_MALFORMED"

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


class BundleUnreadable(AttributionError):
    """A file is no evidence bundle: what is wrong, and in which part of it."""

    code = "BUNDLE_UNREADABLE"

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


class PlanInvalid(AttributionError):
    """A commission plan has a mistake at `path`."""

    code = "PLAN_INVALID"

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


class DatabaseUnsuitable(AttributionError):
    """The database named in the settings cannot keep what is promised."""

    code = "DATABASE_UNSUITABLE"


# Who is asking (journeys §2). One answer for every reason of a kind: a refusal must
# not tell a stranger which part was right.


class SignInNeeded(AttributionError):
    """The page is for people who have signed in, and nobody has."""

    code = "SIGN_IN_NEEDED"


class SignInRefused(AttributionError):
    """Login, password and second factor do not belong together."""

    code = "SIGN_IN_REFUSED"


class InvitationInvalid(AttributionError):
    """The invitation is unknown, used or expired."""

    code = "INVITATION_INVALID"


class PairingInvalid(AttributionError):
    """The pairing code is unknown, used or expired."""

    code = "PAIRING_INVALID"


class PasswordTooWeak(AttributionError):
    """The new password is too short, too long or too monotonous."""

    code = "PASSWORD_TOO_WEAK"


class SecondFactorInvalid(AttributionError):
    """The six digits do not belong to the shown secret, or were used before."""

    code = "SECOND_FACTOR_INVALID"


class LoginTaken(AttributionError):
    """Another person has this login."""

    code = "LOGIN_TAKEN"


class CrossSiteRefused(AttributionError):
    """Another site's page tried to write in the name of the person."""

    code = "CROSS_SITE_REFUSED"


# A channel's statement (结算单) as a file. It is read whole or not at all, and each
# refusal says what to do: `reason` is a fixed word that the web side puts into
# sentences, the other fields are its numbers and places.


class StatementNotSpreadsheet(AttributionError):
    """The upload is no .xlsx and no .csv, or one that may not be opened safely."""

    code = "STATEMENT_NOT_SPREADSHEET"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class StatementTooLarge(AttributionError):
    """Reading the upload would take more than `limit` of something (`reason`)."""

    code = "STATEMENT_TOO_LARGE"

    def __init__(self, reason: str, limit: int) -> None:
        super().__init__(f"{reason}: more than {limit}")
        self.reason = reason
        self.limit = limit


class StatementEmpty(AttributionError):
    """There is a header, and below it no claim: nothing to reconcile."""

    code = "STATEMENT_EMPTY"


class StatementUnreadable(AttributionError):
    """The file is a spreadsheet, but what is in `cell` cannot be followed."""

    code = "STATEMENT_UNREADABLE"

    def __init__(
        self,
        reason: str,
        *,
        sheet: str = "",
        cell: str = "",
        read: str = "",
        expected: str = "",
    ) -> None:
        super().__init__(f"{reason} {sheet}!{cell}" if cell else reason)
        self.reason = reason
        self.sheet = sheet
        self.cell = cell
        self.read = read
        self.expected = expected


class HeaderNotFound(AttributionError):
    """No sheet has a row that names a unit column and an amount column."""

    code = "HEADER_NOT_FOUND"

    def __init__(self, sheets: tuple[str, ...]) -> None:
        super().__init__(f"looked at {len(sheets)} sheets")
        self.sheets = sheets


class StatementKnown(AttributionError):
    """The same was uploaded before; nobody has said that it is meant again."""

    code = "STATEMENT_KNOWN"

    def __init__(self, reconciliation_id: str, uploaded_at: str) -> None:
        super().__init__(reconciliation_id)
        self.reconciliation_id = reconciliation_id
        self.uploaded_at = uploaded_at


class EncodingUnknown(AttributionError):
    """The text file is neither UTF-8 nor GB18030."""

    code = "ENCODING_UNKNOWN"


class AlreadyRuled(AttributionError):
    """The signing has its ruling; another one would have to supersede it."""

    code = "ALREADY_RULED"


class UnitSold(AttributionError):
    """The home has a signing already, and that one was not cancelled."""

    code = "UNIT_SOLD"


class DealCancelled(AttributionError):
    """The deal was cancelled; nothing more can be reached in it."""

    code = "DEAL_CANCELLED"


class LogBehind(AttributionError):
    """The database holds less of the log than was signed: an old backup, perhaps."""

    code = "LOG_BEHIND"


class LogForked(AttributionError):
    """The database holds another log than the one that was signed (分叉)."""

    code = "LOG_FORKED"


class LogKeyForeign(AttributionError):
    """The key at hand is not the one that signs the log: a newer file is lost."""

    code = "LOG_KEY_FOREIGN"


class LogUnbroken(AttributionError):
    """There is nothing to resume: the database holds what was signed."""

    code = "LOG_UNBROKEN"


class ProofPending(AttributionError):
    """The fact is stored, and waits for its place in the log and its proof."""

    code = "PROOF_PENDING"


class WitnessUnknown(AttributionError):
    """No witness that was admitted here has cosigned the checkpoint."""

    code = "WITNESS_UNKNOWN"


# Disputes (争议, rules §10).


class AlreadyStated(AttributionError):
    """The visitor has said what there was to say of this visit."""

    code = "ALREADY_STATED"


class DisputeWindowOver(AttributionError):
    """The ruling can no longer be disputed: its window has passed."""

    code = "DISPUTE_WINDOW_OVER"


class DisputeExists(AttributionError):
    """This side has disputed this ruling already."""

    code = "DISPUTE_EXISTS"


class DisputeStepRefused(AttributionError):
    """The case is not, or no longer, where this step begins."""

    code = "DISPUTE_STEP_REFUSED"


class DisputeStale(AttributionError):
    """The ruling was changed since the proposal; there must be a new proposal."""

    code = "DISPUTE_STALE"


class AdjudicatorAtDesk(AttributionError):
    """Who recorded a visit or the signing of the case may not judge it."""

    code = "ADJUDICATOR_AT_DESK"


class AdjudicatorOnSide(AttributionError):
    """Who spoke for a side, or works for one, may not judge the case."""

    code = "ADJUDICATOR_ON_SIDE"


class SecondPersonNeeded(AttributionError):
    """Who decided may not approve the decision."""

    code = "SECOND_PERSON_NEEDED"


class EvidenceNotAccepted(AttributionError):
    """The piece of evidence is neither text nor PDF."""

    code = "EVIDENCE_NOT_ACCEPTED"


class EvidenceTooLarge(AttributionError):
    """The piece of evidence has more than 5 MB."""

    code = "EVIDENCE_TOO_LARGE"


class EvidenceFull(AttributionError):
    """This side has brought as many pieces to the case as it may."""

    code = "EVIDENCE_FULL"
