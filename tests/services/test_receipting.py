"""Receipts 回执: whose own each fact is, and that the proof holds without us."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from hashlib import shake_256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from attribution.deals import DealEvent
from attribution.errors import (
    LogBehind,
    LogForked,
    NotFound,
    ProofPending,
    RateLimited,
)
from attribution.ids import ProjectId, SigningId, TokenId, VisitId
from attribution.people import Actor, Grant, Role
from attribution.services.answering import Answer
from attribution.services.binding import bind_by_link
from attribution.services.greeting import Arrival
from attribution.services.issuing import Client, revoke_token
from attribution.services.receipting import (
    facts_of_holder,
    facts_of_signing,
    facts_of_token,
    facts_of_visit,
    receipt_among,
    receipt_to_print,
    receipts_of,
)
from attribution.services.sequencing import sequence
from attribution.services.signing import record_milestone
from attribution.services.statements import StatementKind
from attribution.services.visiting import record_walk_in
from attribution.storage.log_repository import LoggedFact
from attribution.storage.tables import log_entries
from tests.office import OTHER_PHONE, PHONE, Office, mobile
from tests.quarrel import quarrel
from tokens.canonical import canonical
from tokens.checkpoints import sign_checkpoint
from tokens.cosignatures import cosign
from tokens.links import receipt_link
from tokens.notes import parse_note
from tokens.receipts import (
    Opening,
    Receipt,
    opening_of,
    receipt_of,
    receipt_text,
    verify_receipt,
)
from tokens.trust import LogKey, Trust

RULED = ["signing/v1", "milestone/v1", "ruling/v1", "accrual/v1"]
HERE = "192.0.2.1"


class Story:
    """One buyer, from the report to what is owed, with all that may happen."""

    def __init__(self, office: Office) -> None:
        self.office = office
        office.change_rules(binding_required="opened")
        self.token = office.issue(client=Client(identifier=mobile(), label="张**"))
        self.opened = office.issue(client=Client())
        bind_by_link(
            office.runtime,
            link=str(self.opened["link"]),
            identifier=mobile(OTHER_PHONE),
            address=HERE,
        )
        self.revoked = office.issue(client=Client(identifier=mobile(OTHER_PHONE)))
        office.do(revoke_token, by=office.wang, token_id=self.revoked["token_id"])
        office.wait(hours=1)
        self.visit = office.redeem(self.token["code"])
        self.signing = office.sign()
        office.rule(self.signing)
        office.do(
            record_milestone,
            by=office.finance,
            signing_id=self.signing,
            kind=DealEvent.FIRST_PAYMENT,
        )
        sequence(office.runtime)

    def of_token(
        self, answer: Answer | None = None, by: Actor | None = None
    ) -> list[LoggedFact]:
        return facts_of_token(
            self.office.runtime,
            by=by or self.office.wang,
            token_id=TokenId(str((answer or self.token)["token_id"])),
        )

    def of_holder(self, answer: Answer | None = None) -> list[LoggedFact]:
        receipt = str((answer or self.visit)["visitor_receipt"])
        return facts_of_holder(self.office.runtime, receipt=receipt, address=HERE)

    def of_visit(self, by: Actor, answer: Answer | None = None) -> list[LoggedFact]:
        visit_id = VisitId(str((answer or self.visit)["visit_id"]))
        return facts_of_visit(self.office.runtime, by=by, visit_id=visit_id)

    def of_signing(self, *roles: Role, project: str | None = None) -> list[LoggedFact]:
        place = None if project is None else ProjectId(project)
        grants = tuple(Grant(role=role, project_id=place) for role in roles)
        by = replace(self.office.finance, grants=grants)
        return facts_of_signing(self.office.runtime, by=by, signing_id=self.signing)


@pytest.fixture
def story(office: Office) -> Story:
    return Story(office)


def kinds(facts: list[LoggedFact]) -> list[str]:
    return [fact.kind for fact in facts]


def trust_in(office: Office) -> Trust:
    return Trust(log_keys=(LogKey(verifier=office.keys.log.verifier),))


# -- whose own --


def test_an_agent_has_receipts_of_what_became_of_a_token(story: Story) -> None:
    assert kinds(story.of_token()) == [
        "issue/v1",
        "visit/v1",
        "ruling/v1",
        "accrual/v1",
    ]
    assert kinds(story.of_token(story.opened)) == ["issue/v1", "bind/v1"]
    assert kinds(story.of_token(story.revoked)) == ["issue/v1", "revoke/v1"]


def test_an_agent_whose_claim_is_defeated_has_the_ruling_and_no_accrual(
    office: Office,
) -> None:
    first = office.issue()
    second = office.issue(by=office.li)
    office.wait(hours=1)
    office.redeem(first["code"])
    office.wait(hours=1)
    office.redeem(second["code"])
    office.rule(office.sign())

    def found(answer: Answer, by: Actor) -> list[str]:
        token = TokenId(str(answer["token_id"]))
        return kinds(facts_of_token(office.runtime, by=by, token_id=token))

    assert "accrual/v1" in found(first, office.wang)
    assert found(second, office.li) == ["issue/v1", "visit/v1", "ruling/v1"]


def test_a_visitor_has_the_visit_the_consent_and_the_ruling(story: Story) -> None:
    office = story.office
    arrival = Arrival(
        identifiers=(mobile(OTHER_PHONE),), notice_version="1", purposes=("visit",)
    )
    walk_in = office.do(
        record_walk_in, by=office.desk, project_id=office.project, arrival=arrival
    )

    assert kinds(story.of_holder()) == ["visit/v1", "ruling/v1"]
    assert kinds(story.of_holder(walk_in)) == ["visit/v1", "consent/v1"]
    assert kinds(story.of_visit(office.desk, walk_in)) == ["visit/v1", "consent/v1"]


@pytest.mark.parametrize(
    ("role", "seen"),
    [
        (Role.SIGNING, RULED[:3]),
        (Role.FINANCE, RULED),
        (Role.FINANCE_APPROVER, RULED),
        (Role.OPERATIONS, RULED),
        (Role.ADJUDICATOR, RULED),
        (Role.AUDITOR, RULED),
    ],
)
def test_the_developer_has_the_receipts_of_a_deal(
    story: Story, role: Role, seen: list[str]
) -> None:
    assert sorted(kinds(story.of_signing(role))) == sorted(seen)


def test_after_a_changed_ruling_the_parties_have_the_reversal_too(
    office: Office,
) -> None:
    case = quarrel(office)
    case.settle(case.open())

    def of_token(token_id: TokenId, by: Actor) -> Counter[str]:
        return Counter(kinds(facts_of_token(office.runtime, by=by, token_id=token_id)))

    def of_signing(by: Actor) -> Counter[str]:
        found = facts_of_signing(office.runtime, by=by, signing_id=case.signing)
        return Counter(kinds(found))

    loser, winner = (
        of_token(case.wang_token, office.wang),
        of_token(case.li_token, office.li),
    )
    assert (loser["accrual/v1"], loser["reversal/v1"]) == (1, 1)
    assert (winner["accrual/v1"], winner["reversal/v1"]) == (1, 0)
    assert of_signing(office.finance)["accrual/v1"] == 2
    assert of_signing(office.finance)["reversal/v1"] == 1
    assert of_signing(office.signing)["reversal/v1"] == 0


def another_agents(story: Story) -> object:
    return story.of_token(by=story.office.li)


def no_token(story: Story) -> object:
    return story.of_token({"token_id": "0" * 32})


def no_receipt(story: Story) -> object:
    return story.of_holder({"visitor_receipt": "A" * 24})


def no_visit(story: Story) -> object:
    return story.of_visit(story.office.desk, {"visit_id": "0" * 32})


def another_desk(story: Story) -> object:
    grant = Grant(role=Role.DESK, project_id=ProjectId("elsewhere"))
    return story.of_visit(replace(story.office.desk, grants=(grant,)))


def another_project(story: Story) -> object:
    return story.of_signing(Role.FINANCE, project="elsewhere")


def the_front_desk(story: Story) -> object:
    return story.of_signing(Role.DESK)


def no_signing(story: Story) -> object:
    runtime, by = story.office.runtime, story.office.finance
    return facts_of_signing(runtime, by=by, signing_id=SigningId("0" * 32))


def anothers_fact(story: Story) -> object:
    own = story.of_token(story.revoked)
    return receipt_among(story.office.runtime, own, story.of_token()[0].entry_id)


@pytest.mark.parametrize(
    "asking",
    [
        another_agents,
        no_token,
        no_receipt,
        no_visit,
        another_desk,
        another_project,
        the_front_desk,
        no_signing,
        anothers_fact,
    ],
)
def test_what_is_not_ones_own_does_not_exist(
    story: Story, asking: Callable[[Story], object]
) -> None:
    with pytest.raises(NotFound):
        asking(story)


def test_guessing_at_receipts_is_counted(story: Story) -> None:
    for _ in range(20):
        with suppress(NotFound, RateLimited):
            no_receipt(story)

    with pytest.raises(RateLimited):
        story.of_holder()


# -- the proof --


def every_fact(story: Story) -> Iterator[LoggedFact]:
    yield from story.of_token()
    yield from story.of_token(story.opened)
    yield from story.of_token(story.revoked)
    yield from story.of_holder()
    yield from story.of_signing(Role.FINANCE)


def test_every_receipt_holds_without_us(story: Story) -> None:
    office = story.office
    for fact in every_fact(story):
        receipt = receipt_among(office.runtime, [fact], fact.entry_id)

        verify_receipt(receipt, trust_in(office))

        assert receipt.index == fact.position


def test_all_receipts_of_ones_own_are_given_at_once(story: Story) -> None:
    office = story.office
    waiting = office.issue(client=Client(identifier=mobile(OTHER_PHONE)))
    own = [*story.of_token(), *story.of_token(waiting)]

    found = receipts_of(office.runtime, own)

    assert [one.fact for one in found] == own
    assert [one.receipt is None for one in found] == [False] * 4 + [True]


def test_a_receipt_is_pending_until_its_fact_has_a_place(story: Story) -> None:
    office = story.office
    own = story.of_token(office.issue(client=Client(identifier=mobile(OTHER_PHONE))))

    assert own[0].position is None
    with pytest.raises(ProofPending):
        receipt_among(office.runtime, own, own[0].entry_id)
    sequence(office.runtime)
    assert receipt_among(office.runtime, own, own[0].entry_id).extra is not None


def test_what_was_erased_has_no_receipt(story: Story) -> None:
    office = story.office
    own = story.of_token()
    with office.database.writing() as connection:
        erased = log_entries.c.id == own[0].entry_id
        connection.execute(
            log_entries.update().where(erased).values(nonce=None, event=None)
        )

    assert kinds(story.of_token()) == ["visit/v1", "ruling/v1", "accrual/v1"]
    with pytest.raises(NotFound):
        receipt_among(office.runtime, own, own[0].entry_id)


# -- on paper --


def printed(office: Office, visit: Answer) -> Receipt:
    visit_id = VisitId(str(visit["visit_id"]))
    return receipt_to_print(office.runtime, by=office.desk, visit_id=visit_id)


def test_a_printed_receipt_does_not_wait_for_the_sequencer(office: Office) -> None:
    receipt = printed(office, office.walk_in())

    verify_receipt(receipt, trust_in(office))
    assert receipt == printed(office, {"visit_id": visit_in(receipt)})


def visit_in(receipt: Receipt) -> str:
    return str(json.loads(opening_of(receipt).event)["visit"])


@pytest.mark.parametrize("broken", [LogBehind, LogForked])
def test_a_broken_log_prints_no_receipt(
    office: Office, broken: type[Exception]
) -> None:
    sequence(office.runtime)
    head = office.last_head.checkpoint or ""
    body = parse_note(head)[0].split("\n")
    size = int(body[1]) + (1 if broken is LogBehind else 0)
    office.last_head.checkpoint = sign_checkpoint(
        origin=body[0],
        size=size,
        root=bytes(32),
        key=office.keys.log.private,
        name=body[0],
    )

    with pytest.raises(broken):
        printed(office, office.walk_in())


# -- what it holds, and how large it is --


def test_no_receipt_holds_a_number_a_code_a_label_or_a_tag(story: Story) -> None:
    office = story.office
    tags = office.runtime.tag(office.project, [mobile(), mobile(OTHER_PHONE)])
    codes = [str(one["code"]) for one in (story.token, story.opened, story.revoked)]
    secrets = [
        PHONE,
        OTHER_PHONE,
        "张**",
        *codes,
        *(code.replace("-", "") for code in codes),
        str(story.opened["link"]),
        str(story.visit["visitor_receipt"]),
    ]
    for fact in every_fact(story):
        receipt = receipt_among(office.runtime, [fact], fact.entry_id)
        event = opening_of(receipt).event
        held = event + (receipt.extra or b"") + receipt_text(receipt).encode()
        assert [one for one in secrets if one.encode() in held] == []
        assert [tag for tag in tags if tag.value in held] == []
        assert [tag for tag in tags if tag.value.hex().encode() in event] == []


MOST = 2048
# The longest that our names may be: an origin is made by web/keys.py, and a witness is
# named by its host.
ORIGIN = f"hefu.invalid/{'0' * 16}"
WITNESSES = ("witness.agency-number-one.example.cn", "witness.headquarters.example.cn")


def noise(name: str, size: int = 32) -> bytes:
    return shake_256(name.encode()).digest(size)


def identifier(name: str, size: int = 16) -> str:
    return noise(name, size).hex()


AT = "2026-11-24T15:30:41.123456Z"
PROJECT, VERSION = identifier("p", 8), f"{identifier('v', 8)}.1000"
WORST: dict[StatementKind, dict[str, object]] = {
    StatementKind.ISSUE: {
        "token": identifier("t"),
        "project": PROJECT,
        "programme": identifier("programme"),
        "rulebook": VERSION,
        "agent": identifier("a", 8),
        "channel": identifier("c"),
        "binding": "masked",
        "issued_at": AT,
        "expires_at": AT,
        "cti": identifier("cti", 10),
        "commitment": identifier("commitment", 32),
    },
    StatementKind.BIND: {"token": identifier("t"), "bound_at": AT},
    StatementKind.REVOKE: {"token": identifier("t"), "revoked_at": AT},
    StatementKind.VISIT: {
        "visit": identifier("visit"),
        "project": PROJECT,
        "arrived_at": AT,
        "token": identifier("t"),
        "standing": "LEAD_TIME_TOO_SHORT",
        "redeemed_by": "confirmed",
        "is_marginal": False,
        "party": 99,
        "by": identifier("by"),
        "device": identifier("device"),
    },
    StatementKind.CONSENT: {
        "visit": identifier("visit"),
        "notice": "2026-11-longest1",
        "purposes": ["visit", "referral", "signing_match"],
    },
    StatementKind.SIGNING: {
        "signing": identifier("s"),
        "project": PROJECT,
        "unit": "别墅区十二-12-3456",
        "stage": "subscription",
        "price_fen": 10**12,
        "signed_at": AT,
        "buyers": 8,
        "relatives": ["grandparent"] * 8,
        "receipts": [identifier(f"visit {n}") for n in range(2)],
        "follows": identifier("follows"),
        "by": identifier("by"),
    },
    StatementKind.MILESTONE: {
        "milestone": identifier("m"),
        "signing": identifier("s"),
        "kind": "loan_disbursed",
        "amount_fen": 10**12,
        "reached_at": AT,
        "by": identifier("by"),
    },
    StatementKind.RULING: {
        "ruling": identifier("r"),
        "signing": identifier("s"),
        "supersedes": identifier("r0"),
        "outcome": "channel",
        "shares": [[identifier(f"c{n}"), 3333] for n in range(3)],
        "evidence_grade": "A",
        "inputs": identifier("inputs", 32),
        "engine": "rules/10",
        "body": identifier("body", 32),
    },
    StatementKind.ACCRUAL: {
        "accrual": identifier("accrual"),
        "ruling": identifier("r"),
        "signing": identifier("s"),
        "channel": identifier("c"),
        "plan": VERSION,
        "share_bp": 10_000,
        "amount_fen": 10**12,
    },
}


def worst(kind: StatementKind, body: dict[str, object]) -> str:
    """Return the longest receipt of a kind in a log of a million entries."""
    key = Ed25519PrivateKey.from_private_bytes(noise("key"))
    note = sign_checkpoint(
        origin=ORIGIN, size=10**6, root=noise("root"), key=key, name=ORIGIN
    )
    signed = parse_note(note)[0]
    note += "".join(cosign(signed, key, name, 1_790_000_000) for name in WITNESSES)
    opening = Opening(
        kind=kind, at=1_790_000_000_123_456, nonce=noise("n"), event=canonical(body)
    )
    proof = tuple(noise(f"hash {n}") for n in range(20))
    return receipt_text(
        receipt_of(opening, index=999_999, proof=proof, checkpoint=note)
    )


@pytest.mark.parametrize(("kind", "body"), WORST.items())
def test_a_receipt_is_small_at_a_million_entries(
    kind: StatementKind, body: dict[str, object]
) -> None:
    text = worst(kind, body)

    assert len(text.encode()) <= MOST
    # The largest QR code of level L holds 2953 bytes.
    assert len(receipt_link("https://hefu.example.com/verify", text)) < MOST


def test_the_sizes_are_of_what_is_really_stated(story: Story) -> None:
    for fact in every_fact(story):
        event = opening_of(
            receipt_among(story.office.runtime, [fact], fact.entry_id)
        ).event
        assert set(json.loads(event)) == set(WORST[StatementKind(fact.kind)])
