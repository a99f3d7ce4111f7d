"""Who stands at the desk, and with which token: what every arrival begins with."""

from dataclasses import dataclass, field
from datetime import datetime

from attribution.budgets import BucketKind
from attribution.errors import NotAllowed
from attribution.ids import ProjectId, VisitorTag
from attribution.people import Actor, Role
from attribution.rulebook import TokenRules
from attribution.rules.standing import Assessment, Referral, assess
from attribution.services.agreements import token_rules_of
from attribution.services.budgets import bucket_of, check_budgets, spend_failure
from attribution.services.runtime import Runtime
from attribution.storage.token_repository import Redeemable
from attribution.storage.work import UnitOfWork
from tokens.codes import code_digest
from tokens.errors import TokenForged, TokenMalformed
from tokens.identifiers import MASKED_KINDS, Identifier, mask_of, refuse_masked
from tokens.referral import read
from tokens.scans import Scan, TypedCode

DESK_ROLES = (Role.DESK, Role.DESK_SUPERVISOR)
_MOBILE = "cn-mobile"


@dataclass(frozen=True, kw_only=True, slots=True)
class Desk:
    """One desk at one moment: who works there, where, and when."""

    by: Actor
    project_id: ProjectId
    now: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Arrival:
    """Who stands at the desk, as typed there. Lives for one request.

    `identifiers` are the visitor's own and may be empty: who declines is received
    all the same. `party` are those of each companion.
    """

    identifiers: tuple[Identifier, ...] = field(default=(), repr=False)
    party: tuple[tuple[Identifier, ...], ...] = field(default=(), repr=False)
    party_size: int = 1
    notice_version: str | None = None
    purposes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Guest:
    """An arrival as tags: those that are stored, and those only a binding asks for."""

    arrival: Arrival
    visitor: frozenset[VisitorTag]
    party: tuple[frozenset[VisitorTag], ...]
    masked: frozenset[VisitorTag]


def desk_of(runtime: Runtime, by: Actor, project_id: ProjectId) -> Desk:
    """Return the desk at this moment, or raise NotAllowed."""
    if not by.may_at(project_id, *DESK_ROLES):
        raise NotAllowed
    return Desk(by=by, project_id=project_id, now=runtime.now())


def guest_of(
    runtime: Runtime, desk: Desk, arrival: Arrival, masks: tuple[str, ...] = ()
) -> Guest:
    """Turn identifiers into tags, all in one batch and outside any transaction.

    Args:
        masks: which masked forms of the visitor's phone numbers are needed as well.

    Raises:
        IdentifierInvalid: a number is masked, and so tells of nobody who stands here.
    """
    own = list(arrival.identifiers)
    refuse_masked([*own, *(one for member in arrival.party for one in member)])
    masked = [
        mask_of(one, mask) for one in own if one.kind == _MOBILE for mask in masks
    ]
    everybody = [*own, *masked, *(one for member in arrival.party for one in member)]
    tags = iter(runtime.tag(desk.project_id, everybody) if everybody else ())
    return Guest(
        arrival=arrival,
        visitor=frozenset(next(tags) for _ in own),
        masked=frozenset(next(tags) for _ in masked),
        party=tuple(frozenset(next(tags) for _ in member) for member in arrival.party),
    )


def masks_for(found: Redeemable | None) -> tuple[str, ...]:
    """Return the masked form that a token's binding compares, if it is a masked one."""
    tag = found and found.token.binding_tag
    return (tag.kind,) if tag and tag.kind in MASKED_KINDS else ()


def find_token(runtime: Runtime, desk: Desk, scan: Scan) -> Redeemable | None:
    """Return the token of a scan, or None for one that was never issued.

    Only typed codes can be guessed, so only they wait for the failure budgets.

    Raises:
        RateLimited: too many unknown codes were tried at this desk.
    """
    with runtime.reading() as work:
        if isinstance(scan, TypedCode):
            check_budgets(work, guess_buckets(runtime, desk), desk.now)
            return work.tokens.by_code(code_digest(scan.code, runtime.keys.code_key))
        try:
            claims = read(scan.token, runtime.keys.issuer_keys())
        except (TokenForged, TokenMalformed):
            return None
        return work.tokens.by_cti(claims.token_id)


def guess_buckets(runtime: Runtime, desk: Desk) -> list[str]:
    """Return the budgets that an unknown code is taken from."""
    by = desk.by
    buckets = [
        bucket_of(runtime, BucketKind.ACCOUNT, f"desk:{by.person_id}"),
        bucket_of(runtime, BucketKind.SITE, desk.project_id),
    ]
    if by.device_id is not None:
        buckets.append(bucket_of(runtime, BucketKind.DEVICE, by.device_id))
    return buckets


def spend_guess(runtime: Runtime, work: UnitOfWork, desk: Desk) -> None:
    """Count an unknown code against the desk and the site."""
    spend_failure(work, guess_buckets(runtime, desk), desk.now)


def rules_of(found: Redeemable) -> TokenRules:
    """Return the token-level rules that a token was issued under."""
    return token_rules_of(found.token.rulebook_version, found.rules)


def assessed(found: Redeemable, desk: Desk, tags: frozenset[VisitorTag]) -> Assessment:
    """Return the standing that a redemption at this desk and moment would have."""
    referral = Referral(
        token=found.token,
        agent=found.agent,
        programme=found.programme,
        rules=rules_of(found),
    )
    return assess(referral, tags, at=desk.now, project_id=desk.project_id)
