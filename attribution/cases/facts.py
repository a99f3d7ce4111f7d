"""The facts of a case file: reports, revocations, visits and signings."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from attribution.cases.people import (
    PROJECT,
    VERSION,
    identifier_of,
    shown_of,
    tag_of,
    tags_of,
)
from attribution.documents import Node, Table
from attribution.ids import (
    AgentId,
    ProgrammeId,
    SigningId,
    TokenId,
    VisitId,
    VisitorTag,
)
from attribution.programmes import Agent
from attribution.referrals import ReferralToken
from attribution.rulebook import Binding, TokenRules
from attribution.signings import Relative, Signing
from attribution.visits import RedeemedBy

_LAST_INDEX = 2**53 - 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Revocation:
    """A token is taken back."""

    token_id: TokenId
    revoked_at: datetime
    log_index: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Arrival:
    """A visit as the file tells it; its standing is not yet known.

    `shown` adds to the tags those of the masked forms, for masked bindings.
    """

    id: VisitId
    arrived_at: datetime
    log_index: int
    token_id: TokenId | None
    tags: frozenset[VisitorTag]
    shown: frozenset[VisitorTag]
    basis: RedeemedBy

    @property
    def order(self) -> tuple[datetime, int]:
        """The place in the one order of facts (rules §1.4)."""
        return self.arrived_at, self.log_index


class Facts:
    """The facts of a file, each read by its type, with no name used twice."""

    def __init__(self, nodes: Iterable[Node]) -> None:
        self._by_type: dict[str, list[tuple[Table, int]]] = {
            kind: [] for kind in _FACT_KEYS
        }
        indices: set[int] = set()
        for node in nodes:
            kind, table = _fact(node)
            index = table.need("log").whole(0, _LAST_INDEX)
            if index in indices:
                table.need("log").fail("is used by two facts")
            indices.add(index)
            self._by_type[kind].append((table, index))

    def tokens(
        self, agents: dict[AgentId, Agent], rules: TokenRules
    ) -> dict[TokenId, ReferralToken]:
        """Return the tokens that were issued."""
        tokens: dict[TokenId, ReferralToken] = {}
        for table, index in self._by_type["issue"]:
            token_id = TokenId(_unused(table.need("token"), tokens))
            agent = agents.get(AgentId(table.need("agent").text()))
            if agent is None:
                table.need("agent").fail("names no agent")
            tokens[token_id] = _token(token_id, table, index, agent, rules)
        return tokens

    def revocations(
        self, tokens: dict[TokenId, ReferralToken]
    ) -> tuple[Revocation, ...]:
        """Return the revocations of tokens that were issued."""
        return tuple(
            Revocation(
                token_id=TokenId(_known(table.need("token"), tokens, "token")),
                revoked_at=table.need("at").instant(),
                log_index=index,
            )
            for table, index in self._by_type["revoke"]
        )

    def arrivals(self) -> tuple[Arrival, ...]:
        """Return the visits, in no order."""
        arrivals: dict[str, Arrival] = {}
        for table, index in self._by_type["visit"]:
            name = _unused(table.need("visit"), arrivals)
            arrivals[name] = _arrival(VisitId(name), table, index)
        return tuple(arrivals.values())

    def signings(self, visits: set[VisitId]) -> tuple[Signing, ...]:
        """Return the signings in order of time."""
        signings: dict[str, Signing] = {}
        for table, index in self._by_type["signing"]:
            name = _unused(table.need("signing"), signings)
            signings[name] = _signing(SigningId(name), table, index, visits)
        return tuple(
            sorted(signings.values(), key=lambda one: (one.signed_at, one.log_index))
        )


_FACT_KEYS = {
    "issue": ("token", "agent", "binding", "client", "opened_at"),
    "revoke": ("token",),
    "visit": ("visit", "token", "identifiers", "party", "confirmed"),
    "signing": ("signing", "buyers", "relatives", "receipts"),
}


def _fact(node: Node) -> tuple[str, Table]:
    if not isinstance(node.value, dict):
        node.fail("must be a table of keys and values")
    kind = Table(node=node, values=node.value).need("type")
    if not isinstance(kind.value, str) or kind.value not in _FACT_KEYS:
        kind.fail(f"must be one of: {', '.join(_FACT_KEYS)}")
    return kind.value, node.table("log", "type", "at", *_FACT_KEYS[kind.value])


def _unused(node: Node, used: Iterable[str]) -> str:
    name = node.text()
    if name in used:
        node.fail("is used by two facts")
    return name


def _known(node: Node, known: Iterable[str], what: str) -> str:
    name = node.text()
    if name not in known:
        node.fail(f"names no {what}")
    return name


def _token(
    token_id: TokenId, table: Table, index: int, agent: Agent, rules: TokenRules
) -> ReferralToken:
    issued_at = table.need("at").instant()
    binding = table.need("binding").choice(Binding)
    return ReferralToken(
        id=token_id,
        agent_id=agent.id,
        channel_id=agent.channel_id,
        project_id=PROJECT,
        programme_id=ProgrammeId(agent.channel_id),
        rulebook_version=VERSION,
        binding=binding,
        binding_tag=_client(table, binding),
        issued_at=issued_at,
        bound_at=_bound_at(table, binding, issued_at),
        expires_at=issued_at + rules.token_lifetime,
        log_index=index,
    )


def _client(table: Table, binding: Binding) -> VisitorTag | None:
    """Return the tag a token is bound to; what is allowed depends on the binding."""
    node = table.get("client", None)
    if not table.has("client"):
        if binding in {Binding.FULL, Binding.MASKED}:
            node.fail("is missing")
        return None
    if binding is Binding.NONE:
        node.fail("must be left out where the binding is none")
    tag = tag_of(identifier_of(node))
    if tag.is_masked != (binding is Binding.MASKED):
        node.fail("must be masked where the binding is masked, else whole")
    return tag


def _bound_at(table: Table, binding: Binding, issued_at: datetime) -> datetime | None:
    node = table.get("opened_at", None)
    if binding is not Binding.OPENED and table.has("opened_at"):
        node.fail("must be left out unless the binding is opened")
    if binding is Binding.OPENED:
        opened_at = node.instant() if table.has("opened_at") else None
        if opened_at is not None and opened_at < issued_at:
            node.fail("must not be before the token is issued")
        return opened_at
    return None if binding is Binding.NONE else issued_at


def _arrival(visit_id: VisitId, table: Table, index: int) -> Arrival:
    people = [table.get("identifiers", []), *table.get("party", []).items()]
    token = table.get("token", None).text() if table.has("token") else None
    is_confirmed = table.get("confirmed", default=False).flag()
    return Arrival(
        id=visit_id,
        arrived_at=table.need("at").instant(),
        log_index=index,
        token_id=None if token is None else TokenId(token),
        tags=frozenset().union(*map(tags_of, people)),
        shown=frozenset().union(*map(shown_of, people)),
        basis=RedeemedBy.CONFIRMED if is_confirmed else RedeemedBy.CODE,
    )


def _signing(
    signing_id: SigningId, table: Table, index: int, visits: set[VisitId]
) -> Signing:
    buyers = tuple(map(tags_of, table.need("buyers").items()))
    if not buyers:
        table.need("buyers").fail("must name a buyer")
    return Signing(
        id=signing_id,
        project_id=PROJECT,
        signed_at=table.need("at").instant(),
        log_index=index,
        buyers=buyers,
        relatives=tuple(map(_relative, table.get("relatives", []).items())),
        receipts=frozenset(
            VisitId(_known(node, visits, "visit"))
            for node in table.get("receipts", []).items()
        ),
    )


def _relative(node: Node) -> Relative:
    table = node.table("relation", "identifiers")
    return Relative(
        relation=table.need("relation").text(),
        tags=tags_of(table.need("identifiers")),
    )
