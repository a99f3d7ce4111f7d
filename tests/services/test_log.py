"""The log: what is written to it, in which order, and what everybody may read."""

import json
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from sqlalchemy import select

from attribution.deals import DealEvent
from attribution.errors import (
    AttributionError,
    NotFound,
    QuotaExceeded,
    RequestIdReused,
    TokenUnknown,
)
from attribution.services import sequencing
from attribution.services.answering import Request
from attribution.services.greeting import Arrival
from attribution.services.guarding import frontier_of
from attribution.services.issuing import Client, revoke_token
from attribution.services.looking import find_reports
from attribution.services.publishing import newest_head, published_entries
from attribution.services.sealing import seal, unseal
from attribution.services.sequencing import sequence
from attribution.services.signing import record_milestone
from attribution.services.statements import StatementKind
from attribution.services.surveying import positions_of, survey_log
from attribution.services.visiting import record_walk_in, redeem_token
from attribution.storage.instants import microseconds_of
from attribution.storage.tables import log_entries, requests
from tests.office import OTHER_PHONE, PHONE, Office, mobile
from tests.racing import outcome_of
from tokens.log import entry_bytes, leaf_hash, root
from tokens.promises import verify_promise
from tokens.scans import read_scan

LABEL = "张某某"


def story(office: Office) -> list[str]:
    """Let everything happen once; return every secret that was spoken of."""
    answer = office.issue(client=Client(identifier=mobile(), label=LABEL))
    lost = office.issue(client=Client(identifier=mobile(OTHER_PHONE)))
    office.do(revoke_token, by=office.wang, token_id=lost["token_id"])
    office.wait(hours=1)
    office.redeem(answer["code"])
    outcome_of(lambda: office.redeem(answer["code"], phone=OTHER_PHONE))
    find_reports(
        office.runtime,
        by=office.desk,
        project_id=office.project,
        identifiers=(mobile(),),
    )
    arrival = Arrival(
        identifiers=(mobile(OTHER_PHONE),), notice_version="1", purposes=("visit",)
    )
    walk_in = office.do(
        record_walk_in, by=office.desk, project_id=office.project, arrival=arrival
    )
    office.wait(hours=1)
    signing = office.sign()
    office.rule(signing)
    office.do(
        record_milestone,
        by=office.finance,
        signing_id=signing,
        kind=DealEvent.CANCELLED,
    )
    tags = office.runtime.tag(office.project, [mobile(), mobile(OTHER_PHONE)])
    codes = [str(one["code"]).replace("-", "") for one in (answer, lost)]
    return [
        PHONE,
        OTHER_PHONE,
        PHONE[-4:] + '"',
        LABEL,
        *codes,
        *(str(one["code"]) for one in (answer, lost)),
        str(walk_in["visitor_receipt"]),
        *(tag.value.hex() for tag in tags),
    ]


def rows(office: Office) -> list[Any]:
    with office.database.reading() as connection:
        return list(connection.execute(select(log_entries).order_by("arrival")))


def test_every_entry_opens_to_its_event_and_no_event_holds_a_secret(
    office: Office,
) -> None:
    secrets = story(office)

    found = rows(office)

    for row in found:
        at = microseconds_of(row.at)
        assert row.entry == entry_bytes(row.kind, at, row.nonce, row.event)
        assert json.loads(row.event)
        for secret in secrets:
            assert secret.encode() not in row.event
    kinds = {row.kind for row in found}
    assert {
        StatementKind.ISSUE,
        StatementKind.REVOKE,
        StatementKind.VISIT,
        StatementKind.CONSENT,
        StatementKind.REFUSAL,
        StatementKind.LOOK_UP,
        StatementKind.SIGNING,
        StatementKind.RULING,
        StatementKind.ACCRUAL,
        StatementKind.MILESTONE,
    } <= kinds


def test_an_answer_carries_the_signed_promise_of_its_entry(office: Office) -> None:
    made: Mapping[str, Any] = office.walk_in()

    data = urlsafe_b64decode(made["promise"]["promise"] + "==")
    promise = verify_promise(data, office.keys.log.verifier.key)

    row = rows(office)[-1]
    assert made["promise"]["entry"] == row.id
    assert promise.entry_hash == leaf_hash(row.entry)
    assert promise.key_id == office.keys.log.id
    due = promise.due_microseconds - promise.at_microseconds
    assert due == office.runtime.merge_delay // timedelta(microseconds=1)


# -- the sequencer --


def test_pending_entries_get_their_places_in_order_of_arrival(office: Office) -> None:
    assert survey_log(office.runtime).head is None
    with pytest.raises(NotFound):
        newest_head(office.runtime)
    waiting = len(rows(office))
    assert positions_of(office.runtime, [rows(office)[0].id]) == [None]

    placed = sequence(office.runtime)

    found = rows(office)
    leaves = [leaf_hash(row.entry) for row in found]
    head, _ = newest_head(office.runtime)
    assert placed == waiting == head.size
    assert [row.position for row in found] == list(range(waiting))
    assert head.root == root(leaves) == frontier_of(head).root()
    assert positions_of(office.runtime, [found[-1].id]) == [waiting - 1]
    survey = survey_log(office.runtime)
    assert survey.head == head
    assert survey.entries[0][0] == waiting - 1
    assert published_entries(office.runtime, start=waiting - 2, most=10_000) == [
        (row.position, row.entry) for row in found[-2:]
    ]


def test_an_empty_run_signs_nothing_new(office: Office) -> None:
    sequence(office.runtime)

    assert sequence(office.runtime) == 0


def test_a_long_queue_is_placed_batch_by_batch(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sequencing, "_LARGEST_BATCH", 2)
    waiting = len(rows(office))

    assert sequence(office.runtime) == waiting
    assert newest_head(office.runtime)[0].size == waiting


def test_a_sequencer_leaves_the_work_to_one_that_is_at_it(
    postgres_office: Office,
) -> None:
    office = postgres_office
    with office.runtime.transaction() as work:
        assert work.log.lock_for_sequencing(wait=True)
        assert sequence(office.runtime) == 0

    assert sequence(office.runtime) > 0


# -- the same request twice --


def redeem(office: Office, code: object, *, body: bytes = b"body") -> Any:
    return redeem_token(
        office.runtime,
        by=office.desk,
        request=Request(caller="desk", id="one", body=body),
        project_id=office.project,
        scan=read_scan(str(code)),
        arrival=Arrival(identifiers=(mobile(),)),
    )


def test_a_repeated_request_gets_the_stored_answer(office: Office) -> None:
    code = office.issue()["code"]
    office.wait(hours=1)

    first, again = redeem(office, code), redeem(office, code)

    assert (first.replayed, again.replayed) == (False, True)
    assert first.answer == again.answer
    with pytest.raises(RequestIdReused):
        redeem(office, code, body=b"another")


def test_a_repeated_refusal_is_refused_alike_and_says_so(office: Office) -> None:
    code = "00000-00000-0"

    with pytest.raises(TokenUnknown) as first:
        redeem(office, code)
    with pytest.raises(TokenUnknown) as again:
        redeem(office, code)

    assert getattr(first.value, "__notes__", []) == []
    assert again.value.__notes__ == ["replayed"]


def test_a_refusal_with_a_place_is_not_stored_so_it_can_be_corrected(
    office: Office,
) -> None:
    request = office.request()
    before = office.count(requests)

    with pytest.raises(AttributionError):
        office.sign(unit="甲乙丙", request=request)

    assert office.count(requests) == before


def test_a_stored_answer_opens_only_with_its_request_id(office: Office) -> None:
    answer = office.issue()

    with office.database.reading() as connection:
        stored = connection.execute(select(requests.c.answer)).scalars().all()

    assert all(str(answer["code"]).encode() not in one for one in stored)
    assert "code" not in repr(office.request(b"code"))


def test_answers_are_forgotten_when_they_are_old(office: Office) -> None:
    before = office.count(requests)
    office.wait(days=1)
    request = office.request()
    office.change_rules(agent_quota_open=0)
    with pytest.raises(QuotaExceeded):
        office.issue(request=request)

    with office.runtime.transaction() as work:
        forgotten = work.requests.forget_before(office.time)

    assert forgotten == before
    assert office.count(requests) == 2


# -- small sealed texts --


def test_a_sealed_text_opens_for_its_own_record_only(office: Office) -> None:
    sealed = seal(office.runtime, "record", LABEL)

    assert unseal(office.runtime, "record", sealed) == LABEL
    assert LABEL.encode() not in sealed
    assert sealed != seal(office.runtime, "record", LABEL)
    with pytest.raises(InvalidTag):
        unseal(office.runtime, "another", sealed)
