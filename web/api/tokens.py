"""The API of referral tokens 推荐码: issue, look at one's own, take back."""

from http import HTTPStatus

from flask import Blueprint
from pydantic import Field, StrictStr

from attribution.errors import (
    AgentSuspended,
    BindingRequired,
    NotFound,
    ProgrammeNotInForce,
    QuotaExceeded,
    RateLimited,
    TokenRevoked,
    TokenUsed,
)
from attribution.ids import TokenId
from attribution.people import Role
from attribution.rulebook import Binding
from attribution.services.answering import Reply, Request
from attribution.services.checking import conflict_at_visit
from attribution.services.concluding import conclusion_of
from attribution.services.issuing import (
    Client,
    ShownToken,
    issue_token,
    revoke_token,
    token_of,
    tokens_of,
)
from attribution.services.receipting import facts_of_token, receipts_of
from attribution.visits import Standing
from tokens.errors import IdentifierInvalid
from web.access import current_actor, current_runtime, requires
from web.api.fields import Asked, Id, Identification, Instant, Note, Told, Written
from web.api.operations import Operation, operation, project_or_only
from web.api.receipts import ReceiptList, receipts_view

bp = Blueprint("api_tokens", __name__, url_prefix="/api/v1/tokens")


class NewToken(Asked):
    """For whom a token is; what is left out follows from what is given."""

    project: Id | None = None
    client: Identification | None = None
    binding: Binding | None = None
    label: Note | None = Field(
        default=None,
        repr=False,
        description="a note for the agent, kept encrypted; at most four digits",
    )


class IssuedToken(Written):
    """A new token: the only answer that ever holds its code."""

    token_id: str
    code: str = Field(examples=["7K2MQ-X4V9T-3"])
    qr: str = Field(description="the digits of the QR code")
    link: str | None = Field(description="for the client to open, when `opened`")
    binding: Binding
    commitment_nonce: str | None
    issued_at: Instant
    expires_at: Instant
    conflict: StrictStr | None = Field(
        description="a code of rules §12, where the rulebook tells it at issue"
    )


class TokenView(Told):
    """A token as its agent sees it later: never the code."""

    token_id: str
    project_id: str
    binding: Binding
    label: str | None
    qr: str | None = Field(description="null once the token cannot be redeemed")
    issued_at: Instant
    bound_at: Instant | None
    expires_at: Instant
    redeemed_at: Instant | None
    revoked_at: Instant | None
    visit_id: str | None
    standing: Standing | None = Field(description="of the visit it made")
    conflict: str | None = Field(
        description="a code of rules §12, told for one token once its client came"
    )


class OutcomeView(Told):
    """What a ruling made of the claim that a token's visit belongs to."""

    finding: str = Field(
        description="OK, a code of rules §12, or a finding about the agent in person",
        examples=["DEAL_OVERDUE"],
    )
    ruled_at: Instant


class ConcludedToken(TokenView):
    """One token with what came of it; nothing of the deal itself."""

    finding: str = Field(
        description="how the token stands: OK, or a code of rules §12",
        examples=["VISIT_OVERDUE"],
    )
    outcomes: tuple[OutcomeView, ...] = Field(
        description="of each ruling, oldest first; empty before the client signs"
    )


class TokenList(Told):
    """One's own tokens, newest first, at most 200."""

    tokens: tuple[TokenView, ...]


class RevokedToken(Written):
    """A token that was taken back."""

    token_id: str
    revoked_at: Instant


@bp.post("")
@requires(Role.AGENT)
@operation(
    Operation(
        body=NewToken,
        answer=IssuedToken,
        status=HTTPStatus.CREATED,
        is_write=True,
        refuses=(
            IdentifierInvalid,
            ProgrammeNotInForce,
            AgentSuspended,
            QuotaExceeded,
            BindingRequired,
            RateLimited,
        ),
        examples={
            "client": {"kind": "cn-mobile", "value": "13800138000"},
            "label": "张**",
        },
    )
)
def issue(body: NewToken, intention: Request) -> Reply:
    """Issue a token (报备, 发码).

    `project` may be left out by an agent whose channel refers to one project only.
    """
    whom = None if body.client is None else body.client.read()
    return issue_token(
        current_runtime(),
        by=current_actor(),
        request=intention,
        project_id=project_or_only(body.project, Role.AGENT),
        client=Client(identifier=whom, binding=body.binding, label=body.label),
    )


@bp.get("")
@requires(Role.AGENT)
@operation(Operation(answer=TokenList))
def own_tokens() -> TokenList:
    """List one's own tokens."""
    shown = tokens_of(current_runtime(), by=current_actor())
    return TokenList(tokens=tuple(_view(one) for one in shown))


@bp.get("/<token_id>")
@requires(Role.AGENT)
@operation(Operation(answer=ConcludedToken, refuses=(NotFound,)))
def own_token(token_id: TokenId) -> ConcludedToken:
    """Show one of one's own tokens, and what came of it."""
    by, runtime = current_actor(), current_runtime()
    shown = token_of(runtime, by=by, token_id=token_id)
    view = _view(shown, conflict_at_visit(runtime, by=by, token_id=token_id))
    conclusion = conclusion_of(runtime, by=by, token_id=token_id)
    return ConcludedToken(
        **view.model_dump(),
        finding=conclusion.code,
        outcomes=tuple(
            OutcomeView(finding=one.code, ruled_at=one.ruled_at)
            for one in conclusion.outcomes
        ),
    )


@bp.get("/<token_id>/receipts")
@requires(Role.AGENT)
@operation(Operation(answer=ReceiptList, refuses=(NotFound,)))
def receipts(token_id: TokenId) -> ReceiptList:
    """List the receipts 回执 of an own token: what became of it, provable."""
    runtime = current_runtime()
    own = facts_of_token(runtime, by=current_actor(), token_id=token_id)
    return receipts_view(receipts_of(runtime, own))


@bp.post("/<token_id>/revoke")
@requires(Role.AGENT)
@operation(
    Operation(
        answer=RevokedToken,
        is_write=True,
        refuses=(NotFound, TokenUsed, TokenRevoked),
    )
)
def revoke(token_id: TokenId, intention: Request) -> Reply:
    """Take back a token that was not redeemed yet (撤回)."""
    return revoke_token(
        current_runtime(), by=current_actor(), request=intention, token_id=token_id
    )


def _view(shown: ShownToken, conflict: str | None = None) -> TokenView:
    token = shown.issued.token
    standing = shown.issued.standing
    return TokenView(
        token_id=token.id,
        project_id=token.project_id,
        binding=token.binding,
        label=shown.label,
        qr=shown.qr,
        issued_at=token.issued_at,
        bound_at=token.bound_at,
        expires_at=token.expires_at,
        redeemed_at=token.redeemed_at,
        revoked_at=token.revoked_at,
        visit_id=shown.issued.visit_id,
        standing=None if standing is None else Standing(standing),
        conflict=conflict,
    )
