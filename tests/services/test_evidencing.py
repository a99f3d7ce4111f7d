"""The evidence of a signing: assembled in one read, by role, and itself logged."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from sqlalchemy import update

from attribution.bundles.bundle import EvidenceBundle, parse_bundle
from attribution.bundles.check import check_bundle
from attribution.bundles.findings import Code, EvidenceFinding, Verdict, is_good
from attribution.bundles.heads import Trusted
from attribution.errors import NotAllowed, NotFound
from attribution.ids import ChannelId, ProjectId, RulingId, SigningId
from attribution.people import Actor, Grant, Role
from attribution.programmes import Kind
from attribution.rules.matter import inputs_of, matter_of
from attribution.rules.ruling import ruling_bytes, ruling_of
from attribution.services.binding import bind_by_link
from attribution.services.enlisting import suspend_agent, suspend_channel
from attribution.services.evidencing import EvidenceFile, export_evidence
from attribution.services.issuing import Client
from attribution.services.ruling import dossier_of
from attribution.services.sequencing import sequence
from attribution.services.statements import StatementKind, record
from attribution.storage.tables import log_entries, rulings
from tests.office import OTHER_PHONE, PHONE, Office, mobile
from tests.overhearing import meanwhile
from tests.racing import outcome_of
from tests.services.test_log import rows
from tokens.canonical import canonical
from tokens.trust import LogKey


def trusted(office: Office) -> Trusted:
    return Trusted(log_keys=(LogKey(verifier=office.keys.log.verifier),))


def export(office: Office, signing: SigningId, by: Actor | None = None) -> EvidenceFile:
    return export_evidence(office.runtime, by=by or office.finance, signing_id=signing)


def bundle_of(
    office: Office, signing: SigningId, by: Actor | None = None
) -> EvidenceBundle:
    return parse_bundle(export(office, signing, by).data)


def findings(office: Office, bundle: EvidenceBundle) -> list[EvidenceFinding]:
    return check_bundle(bundle, trusted(office))


def kinds(bundle: EvidenceBundle) -> list[str]:
    return [one.kind for one in bundle.statements]


def story(office: Office) -> SigningId:
    """Let two channels bring the buyer, and let the buyer sign."""
    for agent in (office.wang, office.li):
        code = office.issue(by=agent)["code"]
        office.wait(hours=1)
        outcome_of(partial(office.redeem, code, phone=OTHER_PHONE))
        office.redeem(code)
    office.walk_in()
    office.wait(hours=1)
    signing = office.sign()
    office.rule(signing)
    return signing


def test_a_ruling_is_proven_from_its_bundle(office: Office) -> None:
    signing = story(office)

    found = findings(office, bundle_of(office, signing))

    assert is_good(found)
    assert {one.code for one in found if one.verdict is Verdict.PROVEN} >= {
        Code.CHECKPOINT,
        Code.RULING,
        Code.INPUTS,
        Code.REPEATED,
        Code.ACCRUAL,
        Code.PAGE,
    }


def test_the_same_facts_give_the_same_bytes(office: Office) -> None:
    signing = story(office)

    first, second = export(office, signing), export(office, signing)

    assert first == second
    assert first.name == f"{signing[:12]}.hefu.zip"


def test_a_bundle_is_of_the_moment_at_which_its_reading_began(office: Office) -> None:
    signing = story(office)
    sequence(office.runtime)
    size = bundle_of(office, signing).head.size

    def go_on() -> None:
        office.walk_in()
        sequence(office.runtime)

    with meanwhile(office.database, "FROM log_heads", go_on):
        bundle = bundle_of(office, signing)

    assert bundle.head.size == size


def test_an_export_is_a_fact_of_its_own(office: Office) -> None:
    signing = story(office)

    file = export(office, signing)

    logged = rows(office)[-1]
    assert logged.kind == StatementKind.EXPORT
    body = json.loads(logged.event)
    assert body["sha256"] == file.digest
    assert body["by"] == office.finance.person_id
    assert body["signing"] == signing


def test_nothing_of_anybody_is_in_a_bundle(office: Office) -> None:
    signing = story(office)
    tags = office.runtime.tag(office.project, [mobile(), mobile(OTHER_PHONE)])
    names = ("甲渠道", "乙渠道", "江畔", "wang")

    data = export(office, signing).data

    for secret in (PHONE, OTHER_PHONE, *names, *(tag.value.hex() for tag in tags)):
        assert secret.encode() not in data


def test_whatever_comes_later_changes_no_bundle_into_a_lie(office: Office) -> None:
    signing = story(office)
    office.change_project(regime="last_visit")
    office.change_rules(visit_protection_days=1)
    office.walk_in()
    office.issue()
    sequence(office.runtime)

    assert is_good(findings(office, bundle_of(office, signing)))


def test_a_suspension_after_the_issue_is_not_in_the_bundle(office: Office) -> None:
    signing = suspended_story(office, minutes=1)

    bundle = bundle_of(office, signing)

    # Whoever was suspended after the issue has a valid token still.
    assert "suspension/v1" not in kinds(bundle)
    assert is_good(findings(office, bundle))


def test_a_suspension_at_the_instant_of_the_issue_is_in_the_bundle(
    office: Office,
) -> None:
    signing = suspended_story(office, minutes=0)

    bundle = bundle_of(office, signing)

    found = findings(office, bundle)
    assert kinds(bundle).count("suspension/v1") == 2
    assert is_good(found)
    standings = [one.verdict for one in found if one.code is Code.STANDING]
    assert standings == [Verdict.PROVEN]


def suspended_story(office: Office, *, minutes: int) -> SigningId:
    """Let agent and channel be suspended some minutes after a token was issued."""
    token = office.issue()
    office.wait(minutes=minutes)
    for service, who in (
        (suspend_agent, {"agent_id": office.wang.agent_id}),
        (suspend_channel, {"channel_id": office.channel_a}),
    ):
        office.do(service, by=office.admin, is_suspended=True, **who)
    office.wait(hours=1)
    office.redeem(token["code"])
    signing = office.sign()
    office.rule(signing)
    return signing


def test_an_opened_link_is_proven_by_its_binding(office: Office) -> None:
    office.change_rules(binding_required="opened")
    token = office.issue(client=Client())
    bind_by_link(
        office.runtime, link=str(token["link"]), identifier=mobile(), address="a"
    )
    office.wait(hours=1)
    office.redeem(token["code"])
    signing = office.sign()
    office.rule(signing)

    bundle = bundle_of(office, signing)

    assert "bind/v1" in kinds(bundle)
    assert is_good(findings(office, bundle))


def test_a_walk_in_reward_is_proven_by_its_programme(office: Office) -> None:
    office.programme(office.channel_b, kind=Kind.WALK_IN_REWARD)
    office.walk_in()
    signing = office.sign()
    office.rule(signing)

    found = findings(office, bundle_of(office, signing))

    reward = [one.verdict for one in found if one.code is Code.WALK_IN_REWARD]
    assert reward == [Verdict.PROVEN]


def test_what_was_erased_is_missing_and_everything_else_is_proven(
    office: Office,
) -> None:
    signing = story(office)
    sequence(office.runtime)
    with office.database.writing() as connection:
        connection.execute(
            update(log_entries)
            .where(log_entries.c.kind == "visit/v1")
            .values(nonce=None, event=None)
        )

    found = findings(office, bundle_of(office, signing))

    wrong = {(one.code, one.verdict) for one in found if not one.verdict.is_good}
    assert wrong == {(Code.VISIT, Verdict.MISSING)}


def test_a_ruling_from_before_inputs_were_kept_is_proven_too(office: Office) -> None:
    signing = story(office)
    with office.database.writing() as connection:
        connection.execute(update(rulings).values(inputs=None))

    assert is_good(findings(office, bundle_of(office, signing)))


def test_more_statements_can_be_put_in(office: Office) -> None:
    signing = story(office)
    consent = next(row for row in rows(office) if row.kind == "project/v1")

    file = export_evidence(
        office.runtime, by=office.finance, signing_id=signing, more=[consent.id]
    )

    bundle = parse_bundle(file.data)
    assert "project/v1" in kinds(bundle)
    assert is_good(findings(office, bundle))


def test_a_statement_that_nobody_knows_is_not_found(office: Office) -> None:
    signing = story(office)

    with pytest.raises(NotFound):
        export_evidence(
            office.runtime, by=office.finance, signing_id=signing, more=["none"]
        )


def test_a_superseding_ruling_is_proven_with_the_one_it_supersedes(
    office: Office,
) -> None:
    signing = story(office)
    supersede(office, signing)

    bundle = bundle_of(office, signing)

    found = findings(office, bundle)
    assert kinds(bundle).count("ruling/v1") == 2
    assert is_good(found)
    assert [one.verdict for one in found if one.code is Code.SUPERSEDED] == [
        Verdict.PROVEN
    ]


def supersede(office: Office, signing: SigningId) -> None:
    """Rule again over everything that was logged by now."""
    sequence(office.runtime)
    with office.runtime.transaction() as work:
        earlier = work.signings.ruling_of(signing)
        head = work.log.head()
        assert earlier is not None
        assert head is not None
        dossier = dossier_of(work, work.signings.deal(signing))
        matter = matter_of(replace(dossier, seen_until=head.size))
        text = ruling_bytes(ruling_of(matter))
        told = json.loads(text)
        names = ("signing", "outcome", "shares", "evidence_grade", "engine")
        body = {
            "ruling": "again",
            "supersedes": earlier.id,
            "inputs": told["inputs_digest"],
            "body": hashlib.sha256(text).hexdigest(),
            **{name: told[name] for name in names},
        }
        entry = (StatementKind.RULING, body)
        recorded = record(office.runtime, work, office.time, entry)[0]
        again = replace(
            earlier,
            id=RulingId("again"),
            supersedes_id=earlier.id,
            inputs_digest=bytes.fromhex(told["inputs_digest"]),
            body=text.decode(),
            entry_id=recorded.entry_id,
            inputs=canonical(inputs_of(matter)).decode(),
        )
        work.signings.add_ruling(again)


# -- who may have it ---------------------------------------------------------------


@pytest.mark.parametrize(
    "role",
    [Role.ADJUDICATOR, Role.AUDITOR, Role.FINANCE_APPROVER, Role.OPERATIONS],
)
def test_the_offices_of_a_project_may_have_it(office: Office, role: Role) -> None:
    signing = story(office)
    actor = replace(office.finance, grants=(Grant(role=role),))

    assert is_good(findings(office, bundle_of(office, signing, actor)))


def test_a_party_gets_what_decided_the_case_and_only_its_own_money(
    office: Office,
) -> None:
    signing = story(office)
    manager = replace(
        office.finance,
        grants=(Grant(role=Role.CHANNEL_MANAGER, channel_id=office.channel_b),),
    )

    winner, loser = (
        bundle_of(office, signing, one) for one in (office.wang, office.li)
    )

    assert kinds(winner).count("accrual/v1") == kinds(winner).count("plan/v1") == 1
    assert "accrual/v1" not in kinds(loser)
    assert "plan/v1" not in kinds(loser)
    assert kinds(loser).count("issue/v1") == kinds(loser).count("visit/v1") - 1 == 2
    assert export(office, signing, manager) == export(office, signing, office.li)
    assert is_good(findings(office, winner))
    assert is_good(findings(office, loser))


MANAGER = Role.CHANNEL_MANAGER
ELSEWHERE = ProjectId("elsewhere")
OTHERS: dict[str, Callable[[Office], Actor]] = {
    "desk": lambda it: it.desk,
    "signing": lambda it: it.signing,
    "a manager of another channel": lambda it: replace(
        it.finance, grants=(Grant(role=MANAGER, channel_id=ChannelId("another")),)
    ),
    "a manager at another project": lambda it: replace(
        it.finance,
        grants=(Grant(role=MANAGER, channel_id=it.channel_a, project_id=ELSEWHERE),),
    ),
    "an agent at another project": lambda it: replace(
        it.wang, grants=(Grant(role=Role.AGENT, project_id=ELSEWHERE),)
    ),
    "an agent no longer": lambda it: replace(it.wang, grants=()),
}


@pytest.mark.parametrize("who", OTHERS)
def test_others_may_not_have_it(office: Office, who: str) -> None:
    signing = story(office)

    with pytest.raises(NotAllowed):
        export(office, signing, OTHERS[who](office))


def test_without_a_ruling_there_is_nothing_to_show(office: Office) -> None:
    office.change_project(fixes_at="contract")
    signing = office.sign()

    with pytest.raises(NotFound):
        export(office, signing)
    with pytest.raises(NotAllowed):
        export(office, signing, office.wang)
    with pytest.raises(NotFound):
        export(office, SigningId("none"))


def test_every_kind_that_a_check_looks_for_is_a_kind_of_statement() -> None:
    known: set[Any] = set(StatementKind)

    assert {
        "signing/v1",
        "visit/v1",
        "refusal/v1",
        "issue/v1",
        "bind/v1",
        "programme/v1",
        "agent/v1",
        "suspension/v1",
        "rulebook/v1",
        "plan/v1",
        "ruling/v1",
        "accrual/v1",
    } <= known
