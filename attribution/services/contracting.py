"""Concluding a signing 签约: recorded, ruled on, and matched, as a desk asks for it."""

from dataclasses import dataclass

from attribution.ids import ProjectId, SigningId
from attribution.people import Actor
from attribution.services.answering import Reply, Request
from attribution.services.matching import earlier_visits
from attribution.services.ruling import rule_signing
from attribution.services.runtime import Runtime
from attribution.services.sequencing import sequence
from attribution.services.signing import Contract, record_signing
from attribution.signings import Match
from attribution.storage.signing_repository import StoredRuling


@dataclass(frozen=True, kw_only=True, slots=True)
class Concluded:
    """A recorded signing with its ruling and the earlier visits of the buyers.

    There is no ruling while the signing is of a stage that fixes nothing.
    """

    reply: Reply
    signing_id: SigningId
    ruling: StoredRuling | None
    matches: tuple[Match, ...]


def conclude_signing(
    runtime: Runtime,
    *,
    by: Actor,
    request: Request,
    project_id: ProjectId,
    contract: Contract,
) -> Concluded:
    """Record a signing (签约), rule on it (判客), and find the earlier visits.

    These are facts of their own, each stored once: what an interruption leaves
    undone is done when the same request comes again, or by `rule_what_is_left`.

    Raises:
        NotAllowed, InputInvalid, UnitSold: as `record_signing`.
    """
    reply = record_signing(
        runtime, by=by, request=request, project_id=project_id, contract=contract
    )
    signing_id = SigningId(str(reply.answer["signing_id"]))
    ruling = rule_signing(runtime, signing_id)
    if ruling is None:
        # No ruling has waited for the places, without which no visit matches.
        sequence(runtime, wait=True)
    matches = earlier_visits(runtime, by=by, signing_id=signing_id)
    return Concluded(reply=reply, signing_id=signing_id, ruling=ruling, matches=matches)
