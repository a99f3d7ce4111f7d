"""Reading a case file strictly; every mistake is named by its path."""

import json
from dataclasses import dataclass
from typing import NoReturn

from attribution.cases.facts import Arrival, Facts, Revocation
from attribution.cases.people import VERSION, agent_of, programme_of, tags_of
from attribution.documents import Node
from attribution.errors import CaseMalformed
from attribution.ids import AgentId, ProgrammeId, TokenId
from attribution.owners import Owner
from attribution.programmes import Agent, Programme
from attribution.referrals import ReferralToken
from attribution.rulebook import DealRules, TokenRules, rules_of_node
from attribution.signings import Signing


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """A rulebook, the people and the facts."""

    title: str
    token_rules: TokenRules
    deal_rules: DealRules
    programmes: dict[ProgrammeId, Programme]
    agents: dict[AgentId, Agent]
    owners: tuple[Owner, ...]
    tokens: dict[TokenId, ReferralToken]
    revocations: tuple[Revocation, ...]
    arrivals: tuple[Arrival, ...]
    signings: tuple[Signing, ...]
    expected: object


def case_from_text(text: str) -> object:
    """Return the JSON of a case file; a key that stands twice is a mistake.

    Raises:
        CaseMalformed: not JSON, nested too deep, or an ambiguous table.
    """
    try:
        return json.loads(text, object_pairs_hook=_table, parse_constant=_no_number)
    except (ValueError, RecursionError):
        _fail("$", "is not JSON")


def parse_case(document: object) -> Case:
    """Return the case of a JSON document.

    Raises:
        CaseMalformed: with the path of the first mistake.
    """
    root = Node(value=document, path="", refuse=CaseMalformed)
    table = root.table(
        "title", "rulebook", "programmes", "agents", "owners", "facts", "expect"
    )
    rules = table.get("rulebook", {})
    token_rules, deal_rules = rules_of_node(rules, version=VERSION)
    programmes = dict(
        programme_of(*entry) for entry in table.get("programmes", {}).entries()
    )
    agents = dict(
        agent_of(name, node, programmes)
        for name, node in table.get("agents", {}).entries()
    )
    owners = frozenset().union(*map(tags_of, table.get("owners", []).items()))
    facts = Facts(table.need("facts").items())
    tokens = facts.tokens(agents, token_rules)
    arrivals = facts.arrivals()
    return Case(
        title=table.get("title", "-").text(1000),
        token_rules=token_rules,
        deal_rules=deal_rules,
        programmes=programmes,
        agents=agents,
        owners=tuple(Owner(tag=tag) for tag in owners),
        tokens=tokens,
        revocations=facts.revocations(tokens),
        arrivals=arrivals,
        signings=facts.signings({one.id for one in arrivals}),
        expected=table.get("expect", None).value,
    )


def _fail(path: str, reason: str) -> NoReturn:
    Node(value=None, path=path, refuse=CaseMalformed).fail(reason)


def _table(pairs: list[tuple[str, object]]) -> dict[str, object]:
    table: dict[str, object] = {}
    for key, value in pairs:
        if key in table:
            _fail("$", f"has the key {json.dumps(key[:40])} twice in one table")
        table[key] = value
    return table


def _no_number(_: str) -> NoReturn:
    _fail("$", "holds a number that JSON does not know")
