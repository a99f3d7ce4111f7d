"""The canonical inputs of a ruling, read back: the strict inverse of `inputs_of`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from attribution.documents import Node, Table
from attribution.errors import BundleUnreadable, RulebookInvalid
from attribution.ids import (
    AgentId,
    ChannelId,
    ProgrammeId,
    ProjectId,
    SigningId,
    TokenId,
    VisitId,
)
from attribution.programmes import Kind
from attribution.referrals import ReferralToken
from attribution.rulebook import (
    Binding,
    DealRules,
    TokenRules,
    deal_rules_from_json,
    token_rules_from_json,
)
from attribution.rules.matter import Matter, Referrer, inputs_of
from attribution.signings import Match, MatchBasis
from attribution.visits import RedeemedBy, Standing, Visit

LARGEST_INDEX = 2**53 - 1
"""Above this, JSON readers may differ on a number (RFC 8785)."""

# What a case may hold at most: a ruling looks at every pair of visits.
_MOST_VISITS = 1_000
# The inputs name no project, for all of it is of one; no rule asks for it.
_PROJECT = ProjectId("")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Report:
    """What one entry of `tokens` says: a token, and who referred."""

    token: ReferralToken
    referrer: Referrer


def matter_from_json(values: object) -> Matter:
    """Return the matter whose canonical inputs these are.

    `inputs_of` of the answer gives the same values again, so nothing in them is
    ignored, and whatever has two spellings is refused in all but one.

    Raises:
        BundleUnreadable: with the path of the first mistake.
    """
    root = Node(value=values, path="", refuse=BundleUnreadable)
    table = root.table(*_KEYS)
    signing = _of_size(table.need("signing"), 2)
    rules = {
        version: _token_rules(version, node)
        for version, node in map(_version, table.need("token_rules").items())
    }
    deal_version, deal_node = _version(table.need("deal_rules"))
    seen = _matches(table.need("seen"))
    reports = _reports(table.need("tokens"), seen, rules)
    matter = Matter(
        signing_id=SigningId(signing[0].text()),
        signed_at=signing[1].instant(),
        log_index=_index(table.need("log_index")),
        seen=seen,
        late=_matches(table.need("late")),
        tokens={visit: report.token for visit, report in reports.items()},
        referrers={visit: report.referrer for visit, report in reports.items()},
        token_rules=rules,
        deal_rules=_deal_rules(deal_version, deal_node),
        has_buying_owner=table.need("has_buying_owner").flag(),
        owner_facts=tuple(map(_index, table.need("owner_facts").items())),
        has_walk_in_reward=table.need("has_walk_in_reward").flag(),
    )
    _check_order(matter, table)
    _check_same(inputs_of(matter), root)
    return matter


_KEYS = (
    "signing",
    "log_index",
    "seen",
    "late",
    "tokens",
    "token_rules",
    "deal_rules",
    "has_buying_owner",
    "owner_facts",
    "has_walk_in_reward",
)


def _of_size(node: Node, size: int) -> list[Node]:
    items = node.items()
    if len(items) != size:
        node.fail(f"must have {size} items")
    return items


def _index(node: Node) -> int:
    return node.whole(0, LARGEST_INDEX)


def _index_or_none(node: Node) -> int | None:
    return None if node.value is None else _index(node)


def _version(node: Node) -> tuple[str, Node]:
    version, rules = _of_size(node, 2)
    return version.text(), rules


def _token_rules(version: str, node: Node) -> TokenRules:
    try:
        return token_rules_from_json(node.value, version=version)
    except RulebookInvalid as mistake:
        node.fail(f"{mistake.path}: {mistake.reason}")


def _deal_rules(version: str, node: Node) -> DealRules:
    try:
        return deal_rules_from_json(node.value, version=version)
    except RulebookInvalid as mistake:
        node.fail(f"{mistake.path}: {mistake.reason}")


def _matches(node: Node) -> tuple[Match, ...]:
    items = node.items()
    if len(items) > _MOST_VISITS:
        node.fail(f"must have at most {_MOST_VISITS} visits")
    return tuple(_match(item) for item in items)


def _match(node: Node) -> Match:
    table = node.table(
        "visit",
        "arrived_at",
        "log_index",
        "standing",
        "token",
        "redeemed_by",
        "is_marginal",
        "basis",
    )
    standing = table.need("standing").choice(Standing)
    token = table.need("token")
    token_id = None if token.value is None else TokenId(token.text())
    if not standing.is_refused and (token_id is None) != (standing is Standing.WALK_IN):
        token.fail("must be there for a referred visit, and for no walk-in")
    visit = Visit(
        id=VisitId(table.need("visit").text()),
        project_id=_PROJECT,
        arrived_at=table.need("arrived_at").instant(),
        log_index=_index(table.need("log_index")),
        token_id=token_id,
        standing=standing,
        basis=table.need("redeemed_by").choice(RedeemedBy),
        is_marginal=table.need("is_marginal").flag(),
    )
    return Match(visit=visit, basis=table.need("basis").choice(MatchBasis))


def _reports(
    node: Node, seen: Iterable[Match], rules: Mapping[str, TokenRules]
) -> dict[VisitId, _Report]:
    """Return the reports of the visits that took a token, in order of these."""
    visits = [
        match.visit
        for match in seen
        if match.visit.token_id is not None and not match.visit.standing.is_refused
    ]
    items = node.items()
    if len(items) != len(visits):
        node.fail("must have one entry for each visit that took a token")
    reports = {}
    for item, visit in zip(items, visits, strict=True):
        report = _report(item, rules)
        if report.token.id != visit.token_id:
            item.fail("is not the token of the visit in its place")
        reports[visit.id] = report
    return reports


def _report(node: Node, rules: Mapping[str, TokenRules]) -> _Report:
    table = node.table(
        "token",
        "agent",
        "channel",
        "programme",
        "rulebook",
        "binding",
        "issued_at",
        "bound_at",
        "log_index",
        "kind",
        "is_in_group",
        "is_owner",
        "is_desk_staff",
        "agent_log_index",
    )
    rulebook, issued_at = table.need("rulebook"), table.need("issued_at").instant()
    version = rulebook.text()
    if version not in rules:
        rulebook.fail("is no version of token_rules")
    token = ReferralToken(
        id=TokenId(table.need("token").text()),
        agent_id=AgentId(table.need("agent").text()),
        channel_id=ChannelId(table.need("channel").text()),
        project_id=_PROJECT,
        programme_id=ProgrammeId(table.need("programme").text()),
        rulebook_version=version,
        binding=table.need("binding").choice(Binding),
        issued_at=issued_at,
        bound_at=_bound_at(table),
        expires_at=issued_at + rules[version].token_lifetime,
        log_index=_index(table.need("log_index")),
    )
    referrer = Referrer(
        agent_id=token.agent_id,
        channel_id=token.channel_id,
        kind=table.need("kind").choice(Kind),
        is_in_group=table.need("is_in_group").flag(),
        is_owner=table.need("is_owner").flag(),
        is_desk_staff=table.need("is_desk_staff").flag(),
        log_index=_index_or_none(table.need("agent_log_index")),
    )
    return _Report(token=token, referrer=referrer)


def _bound_at(table: Table) -> datetime | None:
    node = table.need("bound_at")
    return None if node.value is None else node.instant()


def _check_order(matter: Matter, table: Table) -> None:
    """Refuse visits out of order, given twice, or after the signing (rules §1.4)."""
    for name, matches in (("seen", matter.seen), ("late", matter.late)):
        orders = [match.visit.order for match in matches]
        if any(one >= other for one, other in pairwise(orders)):
            table.need(name).fail("must be in order of time")
        if orders and orders[-1] >= (matter.signed_at, matter.log_index):
            table.need(name).fail("must hold what was before the signing")
    visits = [match.visit.id for match in (*matter.seen, *matter.late)]
    if len(set(visits)) != len(visits):
        table.need("seen").fail("must not name a visit twice")
    used = {token.rulebook_version for token in matter.tokens.values()}
    if used != set(matter.token_rules):
        table.need("token_rules").fail("must be those of the tokens")


def _check_same(written: object, node: Node) -> None:
    """Refuse at its path whatever is written differently from how it was read."""
    match written:
        case dict():
            table = node.table(*written)
            for key, value in written.items():
                _check_same(value, table.need(key))
        case list():
            for value, item in zip(written, _of_size(node, len(written)), strict=True):
                _check_same(value, item)
        case _:
            is_same = type(node.value) is type(written) or isinstance(written, str)
            if not is_same or node.value != written:
                node.fail("must be written in the canonical form")
