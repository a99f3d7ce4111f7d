"""A client opens the link of an `opened` token, and binds it (rules §2)."""

from dataclasses import dataclass
from datetime import datetime

from attribution.budgets import BucketKind
from attribution.documents import instant_text
from attribution.errors import NotFound
from attribution.ids import VisitorTag
from attribution.referrals import ReferralToken
from attribution.services.agreements import token_rules_by_version
from attribution.services.budgets import bucket_of, check_budgets, spend_failure
from attribution.services.issuing import link_digest
from attribution.services.runtime import Runtime
from attribution.services.statements import StatementKind, record
from attribution.storage.work import UnitOfWork
from tokens.identifiers import Identifier, refuse_masked


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenedLink:
    """What the holder of a link may know: where to go, and from when it counts."""

    project: str
    earliest_at: datetime | None
    expires_at: datetime


def open_link(runtime: Runtime, *, link: str, address: str) -> OpenedLink:
    """Return what the link of a live token leads to.

    Strangers learn nothing from a refusal: unknown, used, expired and revoked are one
    answer.

    Raises:
        NotFound: any of those.
        RateLimited: too many links were guessed from this address.
    """
    token = _live_token(runtime, link, address)
    with runtime.reading() as work:
        return _opened(work, token)


def bind_by_link(
    runtime: Runtime, *, link: str, identifier: Identifier, address: str
) -> OpenedLink:
    """Bind an `opened` token to the client who opens its link first.

    The same client may say so again; for anybody else it is as if there were no link.

    Raises:
        NotFound: as for `open_link`, or bound to another.
        RateLimited: too many links were guessed from this address.
        IdentifierInvalid: the number is masked; clients know their own.
    """
    refuse_masked([identifier])
    now = runtime.now()
    token = _live_token(runtime, link, address)
    tag = runtime.tag(token.project_id, [identifier])[0]
    with runtime.transaction() as work:
        bound = _bound(runtime, work, token, tag, now)
        if bound is None:
            spend_failure(work, _buckets(runtime, address), now)
    if bound is None:
        raise NotFound
    return bound


def _bound(
    runtime: Runtime,
    work: UnitOfWork,
    token: ReferralToken,
    tag: VisitorTag,
    now: datetime,
) -> OpenedLink | None:
    if work.tokens.bind(token.id, tag, now):
        body = {"token": token.id, "bound_at": instant_text(now)}
        recorded = record(runtime, work, now, (StatementKind.BIND, body))[0]
        work.tokens.note_entries(token.id, bind=recorded.entry_id)
    # Read again: somebody else may have been first.
    bound = work.tokens.get([token.id])[0]
    return _opened(work, bound) if bound.binding_tag == tag else None


def _live_token(runtime: Runtime, link: str, address: str) -> ReferralToken:
    now, buckets = runtime.now(), _buckets(runtime, address)
    with runtime.reading() as work:
        check_budgets(work, buckets, now)
        token = work.tokens.by_link(link_digest(link))
    if token is not None and token.is_live(now):
        return token
    with runtime.transaction() as work:
        spend_failure(work, buckets, now)
    raise NotFound


def _buckets(runtime: Runtime, address: str) -> list[str]:
    return [bucket_of(runtime, BucketKind.ADDRESS, address)]


def _opened(work: UnitOfWork, token: ReferralToken) -> OpenedLink:
    rules = token_rules_by_version(work, {token.programme_id})[token.rulebook_version]
    bound_at = token.bound_at
    return OpenedLink(
        project=work.agreements.project(token.project_id).name,
        earliest_at=None if bound_at is None else bound_at + rules.lead_time,
        expires_at=token.expires_at,
    )
