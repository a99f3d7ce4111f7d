"""Answering a case file: the standing of each visit, then a ruling for each signing."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from attribution.cases.facts import Arrival
from attribution.cases.people import PROJECT, VERSION
from attribution.cases.reading import Case, parse_case
from attribution.documents import step_to
from attribution.ids import TokenId
from attribution.referrals import ReferralToken
from attribution.rules.matter import Dossier
from attribution.rules.ruling import (
    ClaimFinding,
    Ruling,
    VisitFinding,
    rule_on,
    ruling_to_json,
)
from attribution.rules.standing import Assessment, Referral, assess
from attribution.signings import Signing
from attribution.visits import Standing, Visit


def answer_case(document: object) -> dict[str, object]:
    """Return the rulings of a case file as JSON (docs/specs/rulebook.md §13).

    Of a file that says what it expects, `unmet` lists where the answer differs.

    Raises:
        CaseMalformed: with the path of the first mistake.
    """
    case = parse_case(document)
    answer: dict[str, object] = {
        "title": case.title,
        "time_zone": case.deal_rules.time_zone,
        "rulings": [_answer(rule_on(dossier_of(case, one))) for one in case.signings],
    }
    if case.expected is not None:
        answer["unmet"] = unmet_places(case.expected, answer)
    return answer


def dossier_of(case: Case, signing: Signing) -> Dossier:
    """Return the dossier of one signing: what was logged before it, with standings."""
    known = {
        id_: token
        for id_, token in case.tokens.items()
        if token.log_index < signing.log_index
    }
    return Dossier(
        signing=signing,
        visits=_visits(case, signing, known),
        tokens=known,
        agents=case.agents,
        programmes=case.programmes,
        owners=case.owners,
        token_rules={VERSION: case.token_rules},
        deal_rules=case.deal_rules,
    )


def unmet_places(expected: object, answer: object) -> list[str]:
    """Return `unmet` as people read it: `$` is the whole document."""
    return [place.removeprefix(".") or "$" for place in unmet(expected, answer)]


def unmet(expected: object, answer: object, path: str = "") -> list[str]:
    """Return the paths at which an answer is not what a file expects.

    Keys that the file does not name are free, except in `shares`.
    """
    if isinstance(expected, Mapping) and isinstance(answer, Mapping):
        is_exact = path.endswith(".shares")
        if is_exact and set(expected) != set(answer):
            return [path]
        return [
            place
            for key in expected
            for place in unmet(expected[key], answer.get(key), f"{path}{step_to(key)}")
        ]
    if isinstance(expected, list) and isinstance(answer, list):
        if len(expected) != len(answer):
            return [path]
        return [
            place
            for i, (one, other) in enumerate(zip(expected, answer, strict=True))
            for place in unmet(one, other, f"{path}[{i}]")
        ]
    return [] if expected == answer else [path]


def _visits(
    case: Case, signing: Signing, known: Mapping[TokenId, ReferralToken]
) -> tuple[Visit, ...]:
    """Return the visits before a signing; of two with one token the first logged."""
    order = (signing.signed_at, signing.log_index)
    before = [arrival for arrival in case.arrivals if arrival.order < order]
    spent: dict[TokenId, datetime] = {}
    visits = []
    for arrival in sorted(before, key=lambda one: one.log_index):
        token = _token_at(case, arrival, known, spent, signing.log_index)
        assessment = _assessment(case, arrival, token)
        if token is not None and not assessment.standing.is_refused:
            spent[token.id] = arrival.arrived_at
        visits.append(_visit(arrival, assessment))
    return tuple(visits)


def _token_at(
    case: Case,
    arrival: Arrival,
    known: Mapping[TokenId, ReferralToken],
    spent: Mapping[TokenId, datetime],
    limit: int,
) -> ReferralToken | None:
    """Return the token as it was when the visitor came, as far as the ruling sees."""
    token = None if arrival.token_id is None else known.get(arrival.token_id)
    if token is None:
        return None
    revoked = [
        one.revoked_at
        for one in case.revocations
        if one.token_id == token.id
        and one.log_index < limit
        and (one.revoked_at, one.log_index) < arrival.order
    ]
    return replace(
        token,
        revoked_at=min(revoked, default=None),
        redeemed_at=spent.get(token.id),
    )


def _assessment(
    case: Case, arrival: Arrival, token: ReferralToken | None
) -> Assessment:
    if arrival.token_id is None:
        return Assessment(standing=Standing.WALK_IN)
    if token is None:
        return Assessment(standing=Standing.TOKEN_UNKNOWN)
    referral = Referral(
        token=token,
        agent=case.agents[token.agent_id],
        programme=case.programmes[token.programme_id],
        rules=case.token_rules,
    )
    return assess(referral, arrival.shown, at=arrival.arrived_at, project_id=PROJECT)


def _visit(arrival: Arrival, assessment: Assessment) -> Visit:
    return Visit(
        id=arrival.id,
        project_id=PROJECT,
        arrived_at=arrival.arrived_at,
        log_index=arrival.log_index,
        tags=arrival.tags,
        token_id=arrival.token_id,
        standing=assessment.standing,
        basis=arrival.basis,
        is_marginal=assessment.is_marginal,
    )


def _answer(ruling: Ruling) -> dict[str, object]:
    answer = ruling_to_json(ruling)
    answer["shares"] = dict(ruling.shares)
    answer["reasons"] = _reasons(ruling)
    return answer


def _reasons(ruling: Ruling) -> list[dict[str, object]]:
    """Return the argument in order: each visit, then each claim."""
    visits = [
        _reason(_VISIT_RULES.get(one.finding, "4.1"), one.visit_id, one)
        for one in ruling.visits
    ]
    claims = [
        _reason(one.finding.paragraph, f"{one.channel_id}/{one.token_id}", one)
        for one in ruling.claims
    ]
    return [*visits, *claims]


def _reason(
    rule: str, about: str, one: VisitFinding | ClaimFinding
) -> dict[str, object]:
    return {
        "rule": rule,
        "about": about,
        "finding": str(one.finding),
        "facts": list(one.facts),
    }


_VISIT_RULES = {
    "LATE_EVIDENCE": "1.5",
    "REVISIT": "8.1",
    "WALK_IN": "4.5",
    "LEAD_TIME_TOO_SHORT": "4.3",
    "PROGRAMME_NOT_IN_FORCE": "4.4",
    "AGENT_SUSPENDED": "4.4",
    "BINDING_MISMATCH": "4.2",
}
"""Any other finding of a visit is one of the token, or that it is valid."""
