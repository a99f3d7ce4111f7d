"""Issuing referral tokens 推荐码: the report 报备 and its one-time code."""

import hashlib
import sys
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from attribution.documents import instant_text
from attribution.errors import (
    BindingRequired,
    NotAllowed,
    NotFound,
    ProgrammeNotInForce,
)
from attribution.ids import AgentId, ChannelId, ProjectId, TokenId, VisitorTag
from attribution.people import Actor, Role
from attribution.programmes import Programme
from attribution.referrals import ReferralToken, note_of
from attribution.rulebook import Binding, DiscloseConflict, TokenRules
from attribution.rules.duplicates import NewReport
from attribution.rules.reports import Issued, check_quota, check_report
from attribution.services.agreements import programmes_to_refer_under, token_rules_at
from attribution.services.answering import (
    Answer,
    Prepared,
    Reply,
    Request,
    once,
    once_ready,
)
from attribution.services.checking import conflict_at_issue
from attribution.services.runtime import Runtime
from attribution.services.sealing import seal, unseal
from attribution.services.statements import (
    StatementKind,
    promise_of,
    record,
)
from attribution.storage.token_repository import IssuedToken, TokenSecrets
from attribution.storage.work import UnitOfWork
from tokens.codes import code_digest, code_from_random, format_code
from tokens.identifiers import MASKED_KINDS, Identifier, mask_of
from tokens.referral import Claims, commit, mint, to_digits

_MOBILE = "cn-mobile"
_DAY = timedelta(days=1)
# Whatever was stored at the same instant before it comes before a new report.
_NOT_YET_LOGGED = sys.maxsize
_LINK_LABEL = b"token-link/v1\x00"


@dataclass(frozen=True, kw_only=True, slots=True)
class Client:
    """Whom a token is for, as the agent says it. Lives for one request.

    `binding` left out follows from what was given: a whole number binds fully, a
    masked one masks, nothing leaves it to the client who opens the link.
    """

    identifier: Identifier | None = field(default=None, repr=False)
    binding: Binding | None = None
    label: str | None = field(default=None, repr=False)

    def bound_by(self) -> Binding:
        """Return the binding that was asked for, or that follows."""
        if self.binding is not None:
            return self.binding
        if self.identifier is None:
            return Binding.OPENED
        is_masked = self.identifier.kind in MASKED_KINDS
        return Binding.MASKED if is_masked else Binding.FULL


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownToken:
    """One of an agent's own tokens, with what can be shown again: never the code."""

    issued: IssuedToken
    label: str | None = field(repr=False)
    qr: str | None = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Terms:
    """The programme a token is issued under, and its token-level rules."""

    programme: Programme
    rules: TokenRules


def issue_token(
    runtime: Runtime,
    *,
    by: Actor,
    request: Request,
    project_id: ProjectId,
    client: Client,
) -> Reply:
    """Issue a token; the answer is the only place where its code is ever shown.

    Raises:
        NotAllowed: the caller is no agent, or none at this project.
        ProgrammeNotInForce: the channel may not refer to this project now.
        AgentSuspended, QuotaExceeded, BindingRequired: see rules §3, §4.4.
        InputInvalid: the note is too long, or holds a number.
        RateLimited: conflicts were told too often, where they are told at issue.
    """
    return once_ready(
        runtime, request, partial(_prepared, runtime, by, project_id, client)
    )


def _prepared(
    runtime: Runtime, by: Actor, project_id: ProjectId, client: Client
) -> Prepared:
    """Look up and compute all that needs no lock; return how to issue the token."""
    now = runtime.now()
    agent_id, channel_id = _agent_at(by, project_id)
    label = None if client.label is None else note_of(client.label)
    with runtime.reading() as work:
        terms = _terms(work, channel_id, project_id, now)
    binding = client.bound_by()
    tag, tags = _client_tags(runtime, project_id, client, binding, terms.rules)

    def action(work: UnitOfWork) -> Answer:
        _check(work, agent_id, terms, binding, now)
        token = ReferralToken(
            id=TokenId(runtime.new_id()),
            agent_id=agent_id,
            channel_id=terms.programme.channel_id,
            project_id=project_id,
            programme_id=terms.programme.id,
            rulebook_version=terms.rules.version,
            binding=binding,
            binding_tag=tag,
            issued_at=now,
            bound_at=now if tag is not None else None,
            expires_at=now + terms.rules.token_lifetime,
            log_index=-1,
        )
        report = NewReport(
            agent_id=agent_id,
            channel_id=token.channel_id,
            kind=terms.programme.kind,
            tags=tags,
            order=(now, _NOT_YET_LOGGED),
        )
        conflict = conflict_at_issue(runtime, work, report, terms.rules, project_id)
        return _store(runtime, work, token, label) | {"conflict": conflict}

    return now, action


def _agent_at(by: Actor, project_id: ProjectId) -> tuple[AgentId, ChannelId]:
    """Return as which agent of which channel somebody works at a project."""
    if by.agent_id is None or by.channel_id is None:
        raise NotAllowed
    if not by.is_agent(by.agent_id, at=project_id):
        raise NotAllowed
    return by.agent_id, by.channel_id


def _agent(by: Actor) -> AgentId:
    """Return as which agent somebody works, wherever it is."""
    if by.agent_id is None or not by.holds(Role.AGENT):
        raise NotAllowed
    return by.agent_id


def _is_own(by: Actor, token: ReferralToken) -> bool:
    return by.is_agent(token.agent_id, at=token.project_id)


def _terms(
    work: UnitOfWork, channel_id: ChannelId, project_id: ProjectId, now: datetime
) -> _Terms:
    """Return the programme of a channel at a project, and its rules."""
    for programme in programmes_to_refer_under(work, channel_id, now):
        if programme.project_id == project_id:
            rules = token_rules_at(work, programme.id, now)
            return _Terms(programme=programme, rules=rules)
    raise ProgrammeNotInForce


def _client_tags(
    runtime: Runtime,
    project_id: ProjectId,
    client: Client,
    binding: Binding,
    rules: TokenRules,
) -> tuple[VisitorTag | None, frozenset[VisitorTag]]:
    """Return the tag that a token is bound to (None: later), and all to check by.

    Each tag costs its 20 ms, so the masked forms of a whole number are only made
    where the rulebook tells agents of conflicts with them at once.
    """
    if binding in {Binding.NONE, Binding.OPENED}:
        return None, frozenset()
    bound = _bound_identifier(client.identifier, binding)
    others = []
    tells = rules.disclose_conflict is DiscloseConflict.AT_ISSUE
    if tells and client.identifier is not None and client.identifier.kind == _MOBILE:
        forms = [
            client.identifier,
            *(mask_of(client.identifier, m) for m in MASKED_KINDS),
        ]
        others = [one for one in forms if one != bound]
    tags = runtime.tag(project_id, [bound, *others])
    return tags[0], frozenset(tags)


def _bound_identifier(identifier: Identifier | None, binding: Binding) -> Identifier:
    """Return what a full or masked binding is made of, or raise BindingRequired."""
    if identifier is None:
        raise BindingRequired
    is_masked = identifier.kind in MASKED_KINDS
    if binding is Binding.FULL and is_masked:
        raise BindingRequired
    if binding is Binding.MASKED and not is_masked:
        return mask_of(identifier, MASKED_KINDS[0])
    return identifier


def _check(
    work: UnitOfWork,
    agent_id: AgentId,
    terms: _Terms,
    binding: Binding,
    now: datetime,
) -> None:
    """Refuse a report that could never count, and one beyond a quota (rules §3)."""
    programme = terms.programme
    agent = work.agreements.agents([agent_id], programme.project_id)[agent_id]
    check_report(agent, programme, terms.rules, binding=binding, at=now)
    # One report of a channel at a time counts the others.
    work.tokens.lock_channel(agent.channel_id)
    tokens, since = work.tokens, now - _DAY
    issued = Issued(
        agent_day=tokens.count_since(since, agent=agent_id),
        agent_open=tokens.count_live(now, agent=agent_id),
        channel_day=tokens.count_since(since, channel=agent.channel_id),
        channel_open=tokens.count_live(now, channel=agent.channel_id),
    )
    check_quota(issued, terms.rules)


def _store(
    runtime: Runtime, work: UnitOfWork, token: ReferralToken, label: str | None
) -> Answer:
    code = code_from_random(runtime.random_bytes)
    nonce, tag = runtime.random_bytes(32), token.binding_tag
    link = None
    if token.binding is Binding.OPENED:
        link = urlsafe_b64encode(runtime.random_bytes(18)).decode()
    secrets = TokenSecrets(
        code_digest=code_digest(code, runtime.keys.code_key),
        cti=runtime.random_bytes(10),
        commitment=None if tag is None else commit(nonce, tag.value),
        link_digest=None if link is None else link_digest(link),
        label_sealed=None if label is None else seal(runtime, token.id, label),
    )
    recorded = record(
        runtime,
        work,
        token.issued_at,
        (
            StatementKind.ISSUE,
            {
                "token": token.id,
                "project": token.project_id,
                "programme": token.programme_id,
                "rulebook": token.rulebook_version,
                "agent": token.agent_id,
                "channel": token.channel_id,
                "binding": token.binding,
                "issued_at": instant_text(token.issued_at),
                "expires_at": instant_text(token.expires_at),
                "cti": secrets.cti.hex(),
                "commitment": (secrets.commitment or b"").hex() or None,
            },
        ),
    )[0]
    work.tokens.add(token, secrets, recorded.entry_id)
    return {
        "token_id": token.id,
        "code": format_code(code),
        "qr": _qr(runtime, token, secrets),
        "link": link,
        "binding": token.binding,
        "commitment_nonce": None if tag is None else nonce.hex(),
        "issued_at": instant_text(token.issued_at),
        "expires_at": instant_text(token.expires_at),
        "promise": promise_of(runtime, recorded),
    }


def link_digest(link: str) -> bytes:
    """Return the digest under which a token's link is found."""
    return hashlib.sha256(_LINK_LABEL + link.encode()).digest()


def _qr(runtime: Runtime, token: ReferralToken, secrets: TokenSecrets) -> str:
    """Return the digits of the QR code: the same at every call, for Ed25519 is.

    The commitment stays in the log, where it can be opened; in the QR code it would
    cost three sizes of picture.
    """
    claims = Claims(
        project=token.project_id,
        agent_id=token.agent_id,
        issued_at=int(token.issued_at.timestamp()),
        expires_at=int(token.expires_at.timestamp()),
        token_id=secrets.cti,
    )
    issuer = runtime.keys.issuer_of(token.project_id)
    return to_digits(mint(claims, issuer.private, issuer.kid))


def revoke_token(
    runtime: Runtime, *, by: Actor, request: Request, token_id: TokenId
) -> Reply:
    """Take back a token of one's own that was not redeemed yet.

    Raises:
        NotAllowed: the caller is no agent.
        NotFound: no such token of this agent.
        TokenUsed, TokenRevoked: too late, or done already.
    """
    now = runtime.now()

    def action(work: UnitOfWork) -> Answer:
        _agent(by)
        found = work.tokens.get([token_id])
        if not found or not _is_own(by, found[0]):
            raise NotFound
        work.tokens.mark_revoked(token_id, now)
        body = {"token": token_id, "revoked_at": instant_text(now)}
        recorded = record(runtime, work, now, (StatementKind.REVOKE, body))[0]
        work.tokens.note_entries(token_id, revoke=recorded.entry_id)
        return {
            "token_id": token_id,
            "revoked_at": instant_text(now),
            "promise": promise_of(runtime, recorded),
        }

    return once(runtime, request, now, action)


def tokens_of(runtime: Runtime, *, by: Actor) -> list[ShownToken]:
    """Return the caller's own tokens, newest first."""
    agent_id, now = _agent(by), runtime.now()
    with runtime.reading() as work:
        issued = work.tokens.issued_by(agent_id)
    return [_shown(runtime, one, now) for one in issued if _is_own(by, one.token)]


def token_of(runtime: Runtime, *, by: Actor, token_id: TokenId) -> ShownToken:
    """Return one of the caller's own tokens, or raise NotFound."""
    agent_id, now = _agent(by), runtime.now()
    with runtime.reading() as work:
        found = work.tokens.issued_by(agent_id, token_id=token_id)
    if not found or not _is_own(by, found[0].token):
        raise NotFound
    return _shown(runtime, found[0], now)


def _shown(runtime: Runtime, issued: IssuedToken, now: datetime) -> ShownToken:
    token, sealed = issued.token, issued.secrets.label_sealed
    return ShownToken(
        issued=issued,
        label=None if sealed is None else unseal(runtime, token.id, sealed),
        qr=_qr(runtime, token, issued.secrets) if token.is_live(now) else None,
    )
