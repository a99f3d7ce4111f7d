"""Whatever is changed in a case is named; the untouched one is proven."""

import hashlib
import json
from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from attribution.bundles.bundle import EvidenceBundle, HistoricKey
from attribution.bundles.check import HeldReceipt, check_bundle
from attribution.bundles.findings import Code, EvidenceFinding, Verdict, is_good
from attribution.bundles.heads import Trusted
from attribution.bundles.page import page_of
from attribution.bundles.wording import SENTENCES, render_findings, sentence
from attribution.documents import instant_text
from attribution.rules.ruling import ruling_bytes, ruling_of
from tests.attribution.facts import START
from tests.attribution.paper import AGENTS, HOUR, at, case, issue, phone, signing, visit
from tests.bundles.room import (
    LOG,
    LOG_KEY,
    LOG_NAME,
    PROJECT,
    RULING,
    WITH_KEY,
    Json,
    Room,
    found,
    named,
    room_of_case,
)
from tokens.canonical import canonical
from tokens.checkpoints import sign_checkpoint
from tokens.cosignatures import cosign, witness_of
from tokens.notes import verifier_of
from tokens.trust import LogKey

P, S, M, C = Verdict
Named = set[tuple[Code, Verdict]]

CASE = case(
    issue("t1", "wang", at(0)),
    visit("v1", at(0, HOUR), "t1"),
    issue("t2", "li", at(1), binding="opened", client=phone(), opened_at=at(1, HOUR)),
    visit("v2", at(1, 2 * HOUR), "t2"),
    visit("w1", at(2)),
    visit("x1", at(3), "t9"),
    issue("t3", "wu", at(4)),
    visit("v3", at(4, HOUR), "t3"),
    signing(at(10)),
    visit("v0", at(-1)),
    agents={**AGENTS, "wu": {"channel": "A", "suspended_from": at(3)}},
)
ROOM = room_of_case(CASE)
BUNDLE = ROOM.bundle()
WITNESS_KEY = Ed25519PrivateKey.from_private_bytes(b"w" * 32)
WITNESS = witness_of("witness.test/a", WITNESS_KEY.public_key())
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(b"o" * 32)


def codes_of(findings: list[EvidenceFinding], code: Code) -> list[Verdict]:
    return [one.verdict for one in findings if one.code is code]


def test_the_untouched_case_is_proven_and_says_what_is_only_stated() -> None:
    findings = check_bundle(BUNDLE, WITH_KEY)

    assert is_good(findings)
    assert not {one.code for one in findings if one.verdict is S} - {
        Code.MATCH,
        Code.IN_GROUP,
        Code.BUYING_OWNER,
        Code.WALK_IN_REWARD,
        Code.LATEST_RULES,
        Code.COMPLETE,
        Code.KEY_HISTORY,
    }
    proven = {one.code for one in findings if one.verdict is P}
    assert proven >= {
        Code.CHECKPOINT,
        Code.STATEMENT,
        Code.RULING,
        Code.INPUTS,
        Code.REPEATED,
        Code.SIGNING,
        Code.VISIT,
        Code.TOKEN,
        Code.BINDING,
        Code.PROGRAMME,
        Code.AGENT,
        Code.STANDING,
        Code.TOKEN_RULES,
        Code.DEAL_RULES,
        Code.ACCRUAL,
        Code.PAGE,
    }
    assert len(codes_of(findings, Code.MATCH)) == 6


# -- a dishonest file: the log is as it was ----------------------------------------


def shown(change: Callable[[list[Json]], object]) -> Callable[[], EvidenceBundle]:
    """Return the case with other statements shown, under the honest checkpoint."""

    def changed() -> EvidenceBundle:
        statements = list(BUNDLE.statements)
        change(statements)  # type: ignore[arg-type]
        return repaged(replace(BUNDLE, statements=tuple(statements)))

    return changed


def repaged(bundle: EvidenceBundle) -> EvidenceBundle:
    return replace(bundle, page=page_of(bundle))


DROPPED: dict[str, Named] = {
    "signing/v1": {(Code.SIGNING, M)},
    "visit/v1": {(Code.VISIT, M)},
    "refusal/v1": {(Code.VISIT, M)},
    "issue/v1": {(Code.TOKEN, M)},
    "bind/v1": {(Code.BINDING, M)},
    "programme/v1": {(Code.PROGRAMME, M), (Code.STANDING, M)},
    "agent/v1": {(Code.AGENT, M)},
    "rulebook/v1": {(Code.TOKEN_RULES, M)},
    "ruling/v1": {(Code.RULING, M), (Code.INPUTS, M)},
    "plan/v1": {(Code.ACCRUAL, M)},
}


@pytest.mark.parametrize("kind", DROPPED)
def test_a_statement_that_is_not_shown_is_missed(kind: str) -> None:
    index = ROOM.index_of(kind)
    kept = tuple(one for one in BUNDLE.statements if one.index != index)

    bundle = repaged(replace(BUNDLE, statements=kept))

    assert named(bundle) - {(Code.SIGNING, M)} >= DROPPED[kind] - {(Code.SIGNING, M)}
    assert {verdict for _, verdict in named(bundle)} <= {M, C}
    assert DROPPED[kind] <= named(bundle)


def test_every_statement_that_is_dropped_is_missed_or_not_needed() -> None:
    for index in sorted(ROOM.events):
        kept = tuple(one for one in BUNDLE.statements if one.index != index)
        kind, body = ROOM.events[index]
        used = {"programme": ("A", "B"), "agent": ("wang", "li", "wu")}
        name = kind.partition("/")[0]
        is_needed = name not in {*used, "suspension", "accrual", "plan"} or (
            body.get(name) in used.get(name, ())
        )

        missed = named(repaged(replace(BUNDLE, statements=kept)))

        assert bool(missed) or not is_needed, (index, kind)


def test_a_suspension_that_is_not_shown_is_only_stated() -> None:
    kept = [one for one in BUNDLE.statements if one.kind != "suspension/v1"]
    bundle = repaged(replace(BUNDLE, statements=tuple(kept)))

    findings = check_bundle(bundle, WITH_KEY)

    assert codes_of(findings, Code.STANDING) == [P, P, S]
    assert is_good(findings)


def test_two_statements_in_each_others_place_are_named() -> None:
    one, other, *rest = BUNDLE.statements
    swapped = (
        replace(one, opening=other.opening),
        replace(other, opening=one.opening),
        *rest,
    )

    bundle = repaged(replace(BUNDLE, statements=swapped))

    findings = found(bundle)
    assert [one.about for one in findings if one.code is Code.STATEMENT] == [
        f"#{one.index} {other.kind}",
        f"#{other.index} {one.kind}",
    ]


@pytest.mark.parametrize("field", ["kind", "at", "nonce", "event"])
def test_any_part_of_a_statement_that_is_changed_is_named(field: str) -> None:
    changes: dict[str, object] = {
        "kind": "visit/v2",
        "at": 1,
        "nonce": bytes(32),
        "event": b"{}",
    }
    for number, one in enumerate(BUNDLE.statements):
        opening = replace(one.opening, **{field: changes[field]})  # type: ignore[arg-type]
        statements = list(BUNDLE.statements)
        statements[number] = replace(one, opening=opening)
        bundle = repaged(replace(BUNDLE, statements=tuple(statements)))

        assert (Code.STATEMENT, C) in named(bundle)


def test_a_proof_that_was_changed_is_named() -> None:
    one, *rest = BUNDLE.statements
    broken = replace(one, proof=(bytes(32), *one.proof[1:]))

    bundle = replace(BUNDLE, statements=(broken, *rest))

    assert (Code.STATEMENT, C) in named(bundle)


# -- the checkpoint ----------------------------------------------------------------


def resigned(
    key: Ed25519PrivateKey = LOG_KEY, name: str = LOG_NAME, **changes: object
) -> EvidenceBundle:
    head = {"size": BUNDLE.head.size, "root": BUNDLE.head.root, **changes}
    note = sign_checkpoint(origin=name, key=key, name=name, **head)  # type: ignore[arg-type]
    return repaged(replace(BUNDLE, checkpoint=note))


@pytest.mark.parametrize(
    ("bundle", "names"),
    [
        pytest.param(
            resigned(OTHER_KEY),
            {(Code.CHECKPOINT, C), (Code.KEY_HISTORY, C)},
            id="another key",
        ),
        pytest.param(
            resigned(OTHER_KEY, "other.test/log"),
            {(Code.CHECKPOINT, C), (Code.KEY_HISTORY, C)},
            id="another log",
        ),
        pytest.param(
            replace(BUNDLE, checkpoint=BUNDLE.checkpoint.replace("\n— ", "\n— x", 1)),
            {(Code.CHECKPOINT, C), (Code.KEY_HISTORY, C)},
            id="nobody's signature",
        ),
    ],
)
def test_a_foreign_checkpoint_is_named(bundle: EvidenceBundle, names: Named) -> None:
    assert named(repaged(bundle)) == names


def test_another_tree_under_the_right_key_holds_no_statement() -> None:
    findings = found(resigned(root=bytes(32)))

    wrong = [one for one in findings if one.code is Code.STATEMENT]
    assert len(wrong) == len(BUNDLE.statements)


def test_without_a_key_the_bundles_own_is_only_stated() -> None:
    findings = check_bundle(BUNDLE, Trusted())

    assert codes_of(findings, Code.CHECKPOINT) == [S]
    assert is_good(findings)


def test_a_replaced_key_is_only_found_by_who_brings_the_right_one() -> None:
    forged = resigned(OTHER_KEY)
    fake = HistoricKey(
        verifier=verifier_of(LOG_NAME, OTHER_KEY.public_key()), since_size=1
    )

    bundle = replace(forged, keys=(fake,))

    assert is_good(check_bundle(bundle, Trusted()))
    assert named(bundle) == {(Code.CHECKPOINT, C)}


def test_a_compromised_key_counts_only_where_a_witness_saw_it_before() -> None:
    seconds = int(START.timestamp())
    key = HistoricKey(verifier=LOG, since_size=1, compromised_at=START)
    bundle = replace(BUNDLE, keys=(key,))
    early, late = (cosigned(bundle, seconds + shift) for shift in (-1, 0))
    watched = Trusted(log_keys=WITH_KEY.log_keys, witnesses=(WITNESS,))

    assert named(bundle) == {(Code.KEY_COMPROMISED, C)}
    assert named(early, watched) == set()
    assert named(late, watched) == {(Code.KEY_COMPROMISED, C)}


def test_a_bundle_that_hides_the_theft_of_its_key_convinces_nobody_who_knows() -> None:
    seconds = int(START.timestamp())
    known = LogKey(verifier=LOG, compromised_at=seconds * 1_000_000)
    told = Trusted(log_keys=(known,), witnesses=(WITNESS,))
    later = HistoricKey(verifier=LOG, since_size=1, compromised_at=START + HOUR)
    other = replace(BUNDLE, keys=(later,))
    early, late = (cosigned(BUNDLE, seconds + shift) for shift in (-1, 0))

    assert named(BUNDLE, replace(told, witnesses=())) == {(Code.KEY_COMPROMISED, C)}
    assert named(early, told) == set()
    assert named(late, told) == {(Code.KEY_COMPROMISED, C)}
    assert named(cosigned(other, seconds), told) == {(Code.KEY_COMPROMISED, C)}


def cosigned(bundle: EvidenceBundle, seconds: int) -> EvidenceBundle:
    body = bundle.checkpoint.partition("\n\n")[0] + "\n"
    line = cosign(body, WITNESS_KEY, WITNESS.name, seconds)
    return replace(bundle, checkpoint=bundle.checkpoint + line)


def test_a_witness_is_named_with_the_instant_or_missed() -> None:
    watched = Trusted(log_keys=WITH_KEY.log_keys, witnesses=(WITNESS,))
    bundle = cosigned(BUNDLE, 1_790_000_000)

    seen = [one for one in check_bundle(bundle, watched) if one.code is Code.WITNESS]

    assert [(one.verdict, one.about) for one in seen] == [
        (P, "witness.test/a 2026-09-21T14:13:20Z")
    ]
    assert named(BUNDLE, watched) == {(Code.WITNESS, M)}


def test_a_witness_whose_clock_is_beyond_all_calendars_stops_nothing() -> None:
    watched = Trusted(log_keys=WITH_KEY.log_keys, witnesses=(WITNESS,))

    bundle = cosigned(BUNDLE, 2**64 - 1)

    assert named(bundle, watched) == set()


def test_a_false_cosignature_is_named() -> None:
    watched = Trusted(log_keys=WITH_KEY.log_keys, witnesses=(WITNESS,))
    wrong = WITNESS.key_id() + bytes(72)
    line = f"— {WITNESS.name} {b64encode(wrong).decode()}\n"

    bundle = replace(BUNDLE, checkpoint=BUNDLE.checkpoint + line)

    assert named(bundle, watched) == {(Code.WITNESS, C)}
    assert named(bundle) == set()


# -- a dishonest case: the inputs or the ruling are others ------------------------


def weighing(change: Callable[[Json], object]) -> EvidenceBundle:
    """Return the case over other inputs, with the ruling that follows from them."""
    room = ROOM.with_inputs(change)
    bundle = room.bundle()
    ruling = ruling_bytes(ruling_of(bundle.matter))
    return repaged(replace(bundle, ruling=ruling))


def put(*path: str | int, value: object) -> Callable[[Json], object]:
    def change(values: Json) -> None:
        *way, last = path
        place: Json = values
        for step in way:
            place = place[step]  # type: ignore[index]
        place[last] = value  # type: ignore[index]

    return change


EARLIER = "2026-02-28T15:59:00.000000Z"
RULING_IS_OTHER: Named = {(Code.RULING, C), (Code.INPUTS, C)}
CHANGED: list[tuple[Callable[[Json], object], Named]] = [
    (put("signing", 0, value="s2"), {(Code.SIGNING, M), (Code.INPUTS, C)}),
    (put("signing", 1, value="2026-04-01T00:00:00.000000Z"), {(Code.SIGNING, C)}),
    (put("log_index", value=91), {(Code.SIGNING, C)}),
    (put("seen", 1, "visit", value="v9"), {(Code.VISIT, M)}),
    (
        put("seen", 1, "arrived_at", value="2026-03-01T17:59:00.000000Z"),
        {(Code.VISIT, C)},
    ),
    (put("seen", 1, "log_index", value=41), {(Code.VISIT, C)}),
    (put("seen", 1, "is_marginal", value=True), {(Code.VISIT, C), (Code.STANDING, C)}),
    (put("seen", 1, "redeemed_by", value="confirmed"), {(Code.VISIT, C)}),
    (
        put("seen", 1, "standing", value="LEAD_TIME_TOO_SHORT"),
        {(Code.VISIT, C), (Code.STANDING, C)},
    ),
    (put("seen", 3, "standing", value="TOKEN_USED"), {(Code.VISIT, C)}),
    (put("seen", 3, "is_marginal", value=True), {(Code.VISIT, C)}),
    (put("seen", 3, "redeemed_by", value="confirmed"), {(Code.VISIT, C)}),
    (put("late", 0, "arrived_at", value=EARLIER), {(Code.VISIT, C)}),
    (put("late", 0, "log_index", value=101), {(Code.VISIT, C)}),
    (put("tokens", 0, "agent", value="li"), {(Code.TOKEN, C)}),
    (put("tokens", 0, "channel", value="B"), {(Code.TOKEN, C)}),
    (put("tokens", 0, "programme", value="B"), {(Code.TOKEN, C)}),
    (put("tokens", 0, "binding", value="full"), {(Code.TOKEN, C)}),
    (put("tokens", 0, "issued_at", value=EARLIER), {(Code.TOKEN, C)}),
    (put("tokens", 0, "bound_at", value=None), {(Code.BINDING, C)}),
    (
        put("tokens", 1, "bound_at", value="2026-03-01T17:00:00.000001Z"),
        {(Code.BINDING, C)},
    ),
    (put("tokens", 0, "log_index", value=11), {(Code.TOKEN, C)}),
    (put("tokens", 0, "kind", value="own"), {(Code.PROGRAMME, C)}),
    (put("tokens", 0, "agent_log_index", value=10), {(Code.AGENT, C)}),
    (put("tokens", 0, "is_owner", value=True), {(Code.AGENT, C)}),
    (put("tokens", 0, "is_desk_staff", value=True), {(Code.AGENT, C)}),
    (
        put("token_rules", 0, 1, "visit_protection_days", value=31),
        {(Code.TOKEN_RULES, C)},
    ),
    (put("deal_rules", 1, "regime", value="last_visit"), {(Code.DEAL_RULES, C)}),
    (put("deal_rules", 0, value="deal-2"), {(Code.DEAL_RULES, M)}),
    # These no statement carries: only the digest in the ruling gives them away.
    (put("seen", 1, "basis", value="id"), set()),
    (put("tokens", 0, "is_in_group", value=True), set()),
    (put("has_buying_owner", value=True), set()),
    (put("has_walk_in_reward", value=True), set()),
]


@pytest.mark.parametrize(("change", "names"), CHANGED)
def test_any_input_that_is_changed_is_named(
    change: Callable[[Json], object], names: Named
) -> None:
    assert named(weighing(change)) >= names | RULING_IS_OTHER


def test_a_visit_that_is_left_out_is_found_by_the_digest() -> None:
    bundle = weighing(lambda values: values["seen"].pop(2))

    assert named(bundle) >= RULING_IS_OTHER


def test_a_ruling_that_was_edited_is_named() -> None:
    values = json.loads(BUNDLE.ruling)
    values["shares"] = [["B", 10_000]]

    bundle = replace(BUNDLE, ruling=canonical(values))

    assert named(bundle) == {
        (Code.RULING, C),
        (Code.REPEATED, C),
        (Code.ACCRUAL, C),
    }


def test_a_ruling_that_never_was_one_is_named() -> None:
    bundle = replace(BUNDLE, ruling=b"{}")

    assert named(bundle) >= {(Code.RULING, C), (Code.INPUTS, C), (Code.REPEATED, M)}


def test_a_ruling_of_another_engine_cannot_be_repeated() -> None:
    values = {**json.loads(BUNDLE.ruling), "engine": "rules/2\u001b[2J"}

    findings = found(replace(BUNDLE, ruling=canonical(values)))

    again = next(one for one in findings if one.code is Code.REPEATED)
    assert (again.verdict, again.about) == (M, "rules/2\\u001b[2J")


def test_a_bundle_that_says_it_is_of_another_signing_is_named() -> None:
    bundle = repaged(replace(BUNDLE, signing_id=BUNDLE.signing_id + "x"))  # type: ignore[arg-type]

    assert named(bundle) == {(Code.INPUTS, C)}


def test_a_page_that_says_something_else_is_named() -> None:
    page = BUNDLE.page.replace("渠道".encode(), "甲".encode(), 1)

    assert named(replace(BUNDLE, page=page)) == {(Code.PAGE, C)}


def test_a_page_of_another_form_is_not_compared() -> None:
    bundle = replace(BUNDLE, page=b"", page_form="page/2")

    findings = check_bundle(bundle, WITH_KEY)

    assert codes_of(findings, Code.PAGE) == [S]
    assert is_good(findings)


# -- a dishonest house: the log itself says something else -------------------------

LYING: list[tuple[Room, Named]] = [
    (ROOM.saying("signing/v1", project="other"), {(Code.VISIT, C), (Code.TOKEN, C)}),
    (ROOM.saying("visit/v1", project="other"), {(Code.VISIT, C)}),
    (ROOM.saying("visit/v1", is_marginal=0), {(Code.VISIT, C)}),
    (ROOM.saying("issue/v1", expires_at=EARLIER), {(Code.TOKEN, C)}),
    (ROOM.saying("programme/v1", kind="own"), {(Code.PROGRAMME, C)}),
    (
        ROOM.saying("programme/v1", in_force_from="2027-01-01T00:00:00Z"),
        {(Code.STANDING, C)},
    ),
    (ROOM.saying("programme/v1", in_force_from=5), {(Code.STANDING, M)}),
    (
        ROOM.saying("rulebook/v1", in_force_from="2027-01-01T00:00:00.000000Z"),
        {(Code.TOKEN_RULES, C)},
    ),
    (ROOM.saying("rulebook/v1", in_force_from=None), {(Code.TOKEN_RULES, C)}),
    (ROOM.saying("rulebook/v1", of="other"), {(Code.TOKEN_RULES, C)}),
    (ROOM.saying("ruling/v1", signing="other"), {(Code.RULING, C)}),
    (ROOM.saying("ruling/v1", inputs="00"), {(Code.INPUTS, C)}),
    (ROOM.saying("ruling/v1", supersedes="gone"), {(Code.SUPERSEDED, M)}),
    (ROOM.saying("accrual/v1", amount_fen=1), {(Code.ACCRUAL, C)}),
    (ROOM.saying("accrual/v1", channel=["A"]), {(Code.ACCRUAL, C)}),
    (ROOM.saying("accrual/v1", share_bp=1), {(Code.ACCRUAL, C)}),
    (ROOM.saying("accrual/v1", signing="other"), {(Code.ACCRUAL, C)}),
    (ROOM.saying("accrual/v1", plan="plan-1 B"), {(Code.ACCRUAL, C)}),
    (ROOM.saying("plan/v1", text="{}"), {(Code.ACCRUAL, C)}),
    (ROOM.saying("plan/v1", of={"A": 1}), {(Code.ACCRUAL, C)}),
    (ROOM.saying("plan/v1", of=None), {(Code.ACCRUAL, C)}),
    (ROOM.saying("plan/v1", text="x"), {(Code.ACCRUAL, C)}),
    (ROOM.saying("signing/v1", price_fen=-1), {(Code.ACCRUAL, C)}),
    (ROOM.saying("signing/v1", price_fen="1"), {(Code.ACCRUAL, C)}),
]


@pytest.mark.parametrize(("room", "names"), LYING)
def test_a_log_that_contradicts_the_case_is_named(room: Room, names: Named) -> None:
    assert names <= named(room.bundle())


def test_a_fact_that_the_log_tells_twice_is_named() -> None:
    body = {**ROOM.events[20][1], "standing": "WALK_IN"}
    twice = replace(ROOM, events={**ROOM.events, 25: ("visit/v1", body)})

    assert named(twice.bundle()) == {(Code.SAID_TWICE, C), (Code.VISIT, C)}


def test_a_plan_that_the_log_tells_twice_is_named() -> None:
    free = next(at for at in range(ROOM.size) if at not in ROOM.events)
    kind, body = ROOM.events[ROOM.index_of("plan/v1")]
    other = {**body, "text": '{"base":"price","rate_bp":300}'}
    twice = replace(ROOM, events={**ROOM.events, free: (kind, other)})

    findings = found(twice.bundle())

    assert (Code.SAID_TWICE, "plan-1 A") in {(one.code, one.about) for one in findings}


def test_a_visit_logged_after_the_signing_must_not_be_weighed() -> None:
    def move(values: Json) -> None:
        values["seen"].insert(0, values["late"].pop())

    assert named(weighing(move)) >= {(Code.ORDER, C)}


def test_every_report_is_under_rules_of_its_own_programme() -> None:
    def take(values: Json) -> None:
        values["tokens"][1]["rulebook"] = "A.1"
        del values["token_rules"][1]

    bundle = weighing(take)

    wrong = [one for one in found(bundle) if one.code is Code.TOKEN_RULES]
    assert [one.about.split()[:2] for one in wrong] == [["A.1", "of"]]


def test_rules_must_have_begun_at_the_earliest_report_under_them() -> None:
    room = room_of_case(
        case(
            issue("t1", "wang", at(0)),
            issue("t2", "wang", at(1)),
            visit("v2", at(1, HOUR), "t2"),
            visit("v1", at(1, 2 * HOUR), "t1"),
            signing(at(2)),
        )
    )
    later, earlier = (one.issued_at for one in room.matter.tokens.values())

    begun = room.saying("rulebook/v1", in_force_from=instant_text(earlier))
    assert named(begun.bundle()) == set()
    late = room.saying("rulebook/v1", in_force_from=instant_text(later))
    assert named(late.bundle()) == {(Code.TOKEN_RULES, C)}


def test_the_entry_that_an_agent_is_cited_by_is_the_agents() -> None:
    place = ROOM.index_of("agent/v1", agent="wang")

    bundle = weighing(put("tokens", 0, "agent_log_index", value=place))

    assert (Code.AGENT, C) not in named(bundle)


def test_a_report_logged_after_the_signing_must_not_be_weighed() -> None:
    first, signed = ROOM.index_of("issue/v1"), ROOM.matter.log_index
    moved = {at: event for at, event in ROOM.events.items() if at != first}
    place = next(at for at in range(signed, ROOM.size) if at not in moved)
    moved[place] = ROOM.events[first]
    change = put("tokens", 0, "log_index", value=place)
    weighed = weighing(change)
    room = replace(ROOM, events=moved, inputs=weighed.inputs, ruling=weighed.ruling)

    late = [one for one in found(room.bundle()) if one.code is Code.ORDER]

    assert [one.about for one in late] == ["t1"]


def test_a_visit_logged_before_the_signing_must_not_be_left_out() -> None:
    def move(values: Json) -> None:
        values["late"].append(values["seen"].pop(2))

    findings = found(weighing(move))

    assert [one.about for one in findings if one.code is Code.ORDER] == ["w1"]


def test_a_fact_that_was_logged_after_the_ruling_is_named() -> None:
    index = ROOM.index_of("bind/v1")
    last = ROOM.size
    events = {at: event for at, event in ROOM.events.items() if at != index}
    moved = replace(ROOM, events={**events, last: ROOM.events[index]})

    findings = found(moved.bundle())

    assert [(one.code, one.about) for one in findings] == [(Code.ORDER, f"#{last}")]


def test_a_superseding_ruling_weighs_what_was_logged_before_it() -> None:
    def move(values: Json) -> None:
        values["seen"].insert(0, values["late"].pop())

    bundle = superseding(move).bundle()

    assert named(bundle) == set()
    assert Code.SUPERSEDED in {one.code for one in check_bundle(bundle, WITH_KEY)}


def superseding(change: Callable[[Json], object]) -> Room:
    """Return the room where the case was ruled on again, over other inputs."""
    first = ROOM.index_of("ruling/v1")
    again = ROOM.with_inputs(change)
    matter = again.bundle().matter
    ruling = ruling_of(matter)
    text = ruling_bytes(ruling)
    _, body = ROOM.events[first]
    earlier = {**body, "ruling": "ruling-0"}
    told = json.loads(text)
    events = {
        at: event for at, event in ROOM.events.items() if event[0] != "accrual/v1"
    }
    events[first] = ("ruling/v1", earlier)
    events[ROOM.size] = (
        "ruling/v1",
        {
            **body,
            **{name: told[name] for name in ("outcome", "shares", "evidence_grade")},
            "ruling": RULING,
            "supersedes": "ruling-0",
            "inputs": told["inputs_digest"],
            "body": hashlib.sha256(text).hexdigest(),
        },
    )
    return replace(again, matter=matter, ruling=text, events=events)


def test_a_superseded_ruling_of_another_signing_is_named() -> None:
    room = superseding(lambda _: None)
    first = ROOM.index_of("ruling/v1")
    kind, body = room.events[first]

    events = {**room.events, first: (kind, {**body, "signing": "other"})}

    assert (Code.SUPERSEDED, C) in named(replace(room, events=events).bundle())


# -- a walk-in reward, and tokens bound to nothing ---------------------------------


def test_a_walk_in_reward_is_proven_by_its_programme() -> None:
    room = rewarded()

    findings = check_bundle(room.bundle(), WITH_KEY)

    assert codes_of(findings, Code.WALK_IN_REWARD) == [P]
    assert is_good(findings)


@pytest.mark.parametrize(
    ("kind", "changes", "verdict"),
    [
        ("accrual/v1", {}, P),
        ("accrual/v1", {"visit": "another"}, C),
        ("accrual/v1", {"visit": ["w"]}, C),
        ("accrual/v1", {"visit": None}, C),
        ("accrual/v1", {"amount_fen": 1}, C),
        ("accrual/v1", {"share_bp": 9_999}, C),
        ("plan/v1", {"of": "another"}, C),
        ("programme/v1", {"kind": "agency"}, C),
        ("signing/v1", {"project": "other"}, C),
        ("ruling/v1", {}, P),
    ],
)
def test_a_reward_is_owed_for_the_walk_in_that_the_ruling_names(
    kind: str, changes: Json, verdict: Verdict
) -> None:
    findings = check_bundle(rewarded().saying(kind, **changes).bundle(), WITH_KEY)

    assert codes_of(findings, Code.ACCRUAL) == [verdict]


def test_a_reward_that_no_ruling_gives_is_contradicted() -> None:
    room = ROOM.saying("accrual/v1", visit="v1", share_bp=10_000)

    assert codes_of(check_bundle(room.bundle(), WITH_KEY), Code.ACCRUAL)[0] == C


@pytest.mark.parametrize(
    "changes",
    [
        {"project": "other"},
        {"in_force_from": "2027-01-01T00:00:00Z"},
        {"in_force_from": "never"},
    ],
)
def test_a_reward_of_another_place_or_time_proves_nothing(changes: Json) -> None:
    room = rewarded()
    index = room.index_of("programme/v1", kind="walk_in_reward")
    kind, body = room.events[index]

    events = {**room.events, index: (kind, {**body, **changes})}

    findings = check_bundle(replace(room, events=events).bundle(), WITH_KEY)
    assert codes_of(findings, Code.WALK_IN_REWARD) == [S]


def rewarded() -> Room:
    reward = {"kind": "walk_in_reward", "from": at(-10)}
    return room_of_case(
        case(visit("w", at(0)), signing(at(1)), agents={}, programmes={"W": reward})
    )


# -- what visitors say themselves ---------------------------------------------------


def saying_of(visit_id: str, **said: object) -> Room:
    body = {
        "statement": "s",
        "visit": visit_id,
        "basis": "visitor_statement",
        "been_before": None,
        "brought_by": "nobody",
        "channel": None,
        "had_come_before": None,
        "stated_at": "2026-03-20T00:00:00.000000Z",
        **said,
    }
    later = {**ROOM.events, ROOM.size: ("visitor-statement/v1", body)}
    return replace(ROOM, events=later)


@pytest.mark.parametrize(
    ("said", "flags"),
    [
        ({}, " SAYS_CAME_ALONE"),
        ({"brought_by": None, "been_before": True, "had_come_before": True}, ""),
        ({"brought_by": "channel", "channel": "A"}, ""),
        ({"brought_by": "channel", "channel": "Z"}, " SAYS_OTHER_CHANNEL"),
    ],
)
def test_what_a_visitor_says_is_proven_said_and_changes_nothing(
    said: Json, flags: str
) -> None:
    first = BUNDLE.matter.tokens
    visit_id = next(id_ for id_, token in first.items() if token.channel_id == "A")
    room = saying_of(visit_id, **said)

    findings = check_bundle(room.bundle(), WITH_KEY)

    (own,) = [one for one in findings if one.code is Code.VISITOR_STATEMENT]
    assert own.verdict is P
    assert own.about == f"{visit_id} #{ROOM.size}{flags}"
    assert is_good(findings)


@pytest.mark.parametrize(
    "said",
    [
        {"brought_by": "the tall one"},
        {"brought_by": "channel"},
        {"been_before": "yes"},
        {"extra": 1},
        {"stated_at": "never"},
    ],
)
def test_a_word_that_cannot_be_read_is_no_proof(said: Json) -> None:
    visit_id = next(iter(BUNDLE.matter.tokens))
    bundle = saying_of(visit_id, **said).bundle()

    assert (Code.VISITOR_STATEMENT, C) in named(bundle)
    assert "访客自述" not in bundle.page.decode()


def test_what_is_said_of_somebody_elses_visit_is_none_of_the_case() -> None:
    bundle = saying_of("another").bundle()

    assert codes_of(check_bundle(bundle, WITH_KEY), Code.VISITOR_STATEMENT) == []


@pytest.mark.parametrize(("binding", "verdict"), [("none", P), ("opened", S)])
def test_a_token_bound_to_nothing_is_as_the_log_can_show_it(
    binding: str, verdict: Verdict
) -> None:
    report = issue("t", "zhou", at(0), binding=binding)
    room = room_of_case(
        case(
            report,
            visit("v", at(0, HOUR), "t"),
            signing(at(1)),
            rulebook={"binding_required": "none"},
        )
    )

    findings = check_bundle(room.bundle(), WITH_KEY)

    assert codes_of(findings, Code.BINDING) == [verdict]
    assert is_good(findings)


# -- receipts ----------------------------------------------------------------------


def held(
    *receipts: HeldReceipt, bundle: EvidenceBundle = BUNDLE
) -> list[EvidenceFinding]:
    findings = check_bundle(bundle, WITH_KEY, receipts)
    return [one for one in findings if one.code in {Code.RECEIPT, Code.FORK}]


def test_a_receipt_whose_fact_was_weighed_is_proven() -> None:
    index = ROOM.index_of("visit/v1", visit="v1")

    (finding,) = held(HeldReceipt(name="mine.txt", receipt=ROOM.receipt(index)))

    assert (finding.verdict, finding.about) == (P, f"mine.txt #{index}")


def test_a_receipt_whose_fact_was_not_weighed_is_missed() -> None:
    unused = ROOM.index_of("programme/v1", programme="S")
    left_out = ROOM.index_of("visit/v1", visit="w1")

    in_bundle = held(HeldReceipt(name="a", receipt=ROOM.receipt(unused)))
    # The same log, of which the bundle shows nothing at that place.
    hidden = replace(
        BUNDLE,
        statements=tuple(one for one in BUNDLE.statements if one.index != left_out),
    )
    outside = held(HeldReceipt(name="b", receipt=ROOM.receipt(left_out)), bundle=hidden)

    assert [one.verdict for one in (*in_bundle, *outside)] == [M, M]


def test_a_receipt_of_another_history_is_a_fork() -> None:
    index = ROOM.index_of("visit/v1", visit="v1")
    other = ROOM.saying("visit/v1", standing="WALK_IN")
    longer = replace(other, events={**other.events, 200: ("consent/v1", {})})

    same_size = held(HeldReceipt(name="a", receipt=other.receipt(index)))
    same_place = held(
        HeldReceipt(name="b", receipt=longer.receipt(ROOM.index_of("visit/v1")))
    )

    assert [one.code for one in (*same_size, *same_place)] == [Code.FORK, Code.FORK]


def test_a_receipt_that_does_not_hold_says_why() -> None:
    receipt = ROOM.receipt(ROOM.index_of("visit/v1"))
    bare = replace(receipt, extra=None)
    moved = replace(receipt, index=receipt.index + 1)

    findings = held(
        HeldReceipt(name="a", receipt=bare), HeldReceipt(name="b", receipt=moved)
    )

    assert [(one.code, one.verdict) for one in findings] == [(Code.RECEIPT, C)] * 2
    assert "RECEIPT_MALFORMED" in findings[0].about
    assert "LOG_PROOF_INVALID" in findings[1].about


# -- words -------------------------------------------------------------------------


def test_every_finding_has_words_in_both_languages() -> None:
    for code in Code:
        for verdict, (chinese, english) in SENTENCES[code].items():
            finding = EvidenceFinding(code=code, verdict=verdict)
            assert sentence(finding, "zh") == chinese != english
            assert sentence(finding, "en") == english


@pytest.mark.parametrize(
    ("lang", "line", "last"),
    [
        ("zh", "[已证明] RULING ruling-1 #", "缺失 0 · 矛盾 0\n"),
        ("en", "[proven]       RULING ruling-1 #", "missing 0 · contradicted 0\n"),
    ],
)
def test_an_answer_is_a_line_for_each_finding(lang: str, line: str, last: str) -> None:
    text = render_findings(check_bundle(BUNDLE, WITH_KEY), lang)

    assert line in text
    assert text.endswith(last)
    assert PROJECT not in text
