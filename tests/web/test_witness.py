"""Witnesses: what they cosign, what they refuse, and what they raise an alarm about."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, update
from werkzeug.serving import make_server

from attribution.errors import InputInvalid, NotAllowed, NotFound, WitnessUnknown
from attribution.services.answering import Answer
from attribution.services.proving import inclusion_of
from attribution.services.publishing import newest_head
from attribution.services.rekeying import resume_log, rotate_log_key
from attribution.services.sequencing import sequence
from attribution.services.witnessing import (
    accept_cosignatures,
    admit_witness,
    log_state,
    questions,
    retire_witness,
    witnessed_size,
)
from attribution.storage.tables import (
    cosignatures,
    log_entries,
    log_heads,
    log_keys,
)
from tests.office import Office
from tests.services.test_guarding import set_back
from tests.services.test_proving import fill
from tokens.checkpoints import sign_checkpoint
from tokens.cosignatures import cosignatures_on
from tokens.errors import CheckpointMalformed, TokenError
from tokens.log import consistency_proof, root_at
from tokens.notes import sign_note
from tokens.witnessing import Offer, offer_text
from web.app import create_app
from web.asking import ask_witnesses
from web.witness import WitnessFolder, succession_of
from web.witness_app import create_witness_app
from web.witnessing import (
    Answered,
    LogMisbehaved,
    LogUnreachable,
    Watcher,
    ask_over_http,
)

NOW = 1_790_000_000
NAME = "agency.example/w"


def drawn(size: int) -> bytes:
    """Stand in for randomness."""
    return b"w" * size


def over(app: Flask) -> Any:
    """Return how to ask an application without a network."""

    def ask(url: str, body: str | None, media: str) -> Answered:
        client = app.test_client()
        path = "/" + url.split("/", 3)[3]
        if body is None:
            answer = client.get(path)
        else:
            answer = client.post(path, data=body.encode(), content_type=media)
        return Answered(
            status=answer.status_code, media=str(answer.mimetype), body=answer.text
        )

    return ask


@dataclass
class Watch:
    """A log, and a witness that watches it."""

    office: Office
    folder: WitnessFolder
    ask: Any

    def grow(self, entries: int = 1) -> None:
        fill(self.office, entries)

    def watcher(self) -> Watcher:
        return Watcher(self.folder, "http://log", self.ask)

    def visit(self) -> int:
        return self.watcher().visit(NOW).head.size

    def admit(self, url: str | None = None) -> Answer:
        return self.office.do(
            admit_witness,
            by=self.office.admin,
            vkey=self.folder.witness.vkey(),
            label="安居",
            url=url,
        )

    def size(self) -> int:
        return newest_head(self.office.runtime)[0].size

    def checkpoint(self) -> str:
        return newest_head(self.office.runtime)[0].checkpoint

    def offer(self, old: int, checkpoint: str | None = None) -> Offer:
        proof: list[bytes] = []
        with self.office.runtime.reading() as work:
            if 0 < old < self.size():
                proof = consistency_proof(old, self.size(), work.log.reader())
        return Offer(
            old_size=old,
            proof=tuple(proof),
            checkpoint=checkpoint or self.checkpoint(),
        )


@pytest.fixture
def watch(sqlite_office: Office, tmp_path: Path) -> Watch:
    office = sqlite_office
    folder = WitnessFolder(tmp_path / "witness", NAME, drawn)
    folder.trust(office.keys.log.verifier)
    watch = Watch(office, folder, over(create_app(office.runtime)))
    watch.grow()
    return watch


# -- the folder of a witness --


def test_a_witness_keeps_its_key_its_name_and_what_it_saw(
    watch: Watch, tmp_path: Path
) -> None:
    watch.visit()

    again = WitnessFolder(tmp_path / "witness", "another.example/name", drawn)

    assert again.witness == watch.folder.witness
    assert again.name == NAME
    assert again.seen_size(watch.office.keys.log.origin) == watch.size()
    assert [k.vkey() for k in again.trusted()] == [
        watch.office.keys.log.verifier.vkey()
    ]
    assert (tmp_path / "witness" / "witness.key").stat().st_mode & 0o077 == 0


def test_a_name_that_no_line_can_hold_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointMalformed):
        WitnessFolder(tmp_path / "w", "an agency", drawn)


# -- add-checkpoint (C2SP tlog-witness) --


def asked(watch: Watch, offer: Offer | str | bytes) -> tuple[int, str, str]:
    app = create_witness_app(watch.folder, lambda: NOW)
    body = offer_text(offer) if isinstance(offer, Offer) else offer
    answer = app.test_client().post("/add-checkpoint", data=body)
    return answer.status_code, str(answer.mimetype), answer.text


def test_a_checkpoint_that_extends_the_last_is_cosigned(watch: Watch) -> None:
    first = watch.size()
    assert asked(watch, watch.offer(0))[0] == 200
    watch.grow(3)

    status, media, line = asked(watch, watch.offer(first))

    assert (status, media) == (200, "text/plain")
    [found] = cosignatures_on(watch.checkpoint() + line, [watch.folder.witness])
    assert found.at_seconds == NOW
    assert asked(watch, watch.offer(watch.size()))[0] == 200


def test_another_old_size_is_answered_with_the_right_one(watch: Watch) -> None:
    asked(watch, watch.offer(0))
    seen = watch.size()
    watch.grow()

    for old in (0, 1, seen + 1):
        answer = asked(watch, watch.offer(old))
        assert answer == (409, "text/x.tlog.size", f"{seen}\n")


def forged(watch: Watch, size: int, root: bytes = b"r" * 32) -> str:
    signer = watch.office.keys.log
    return sign_checkpoint(
        origin=signer.origin,
        size=size,
        root=root,
        key=signer.private,
        name=signer.origin,
    )


def test_another_tree_of_the_same_size_is_a_conflict(watch: Watch) -> None:
    asked(watch, watch.offer(0))
    seen = watch.size()

    status, _, text = asked(watch, watch.offer(seen, forged(watch, seen)))

    assert (status, text) == (409, f"{seen}\n")


def test_a_tree_that_does_not_extend_the_last_is_not_cosigned(watch: Watch) -> None:
    asked(watch, watch.offer(0))
    seen = watch.size()
    watch.grow()
    honest = watch.offer(seen)

    for offer in (
        watch.offer(seen, forged(watch, watch.size())),
        replace(honest, proof=()),
        replace(honest, proof=(*honest.proof, b"x" * 32)),
    ):
        assert asked(watch, offer)[0] == 422
    assert watch.folder.seen_size(watch.office.keys.log.origin) == seen


def test_a_first_checkpoint_needs_no_proof_and_may_bring_none(watch: Watch) -> None:
    offer = Offer(old_size=0, proof=(b"x" * 32,), checkpoint=watch.checkpoint())

    assert asked(watch, offer)[0] == 422


def test_strangers_are_refused(watch: Watch) -> None:
    origin = "another.example/log"
    key = watch.office.keys.log.private
    foreign = sign_checkpoint(
        origin=origin, size=1, root=b"r" * 32, key=key, name=origin
    )
    unsigned = watch.checkpoint().replace("\n— ", "\n— x")

    assert asked(watch, watch.offer(0, foreign))[0] == 404
    assert asked(watch, watch.offer(0, unsigned))[0] == 403


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b"old 1\n",
        b"old 01\n\nx",
        b"old 0\nnot base64\n\nx",
        b"old 0\neA==\n\nx",
        b"old 0\n\nx\n",
        b"old 0\n" + b"A" * 43 + b"=\n" * 64 + b"\nx\n",
        b"old 0\n\n" + b"x" * 131073,
    ],
)
def test_what_is_no_offer_is_refused(watch: Watch, body: bytes) -> None:
    assert asked(watch, body)[0] in {400, 413}


def test_a_checkpoint_smaller_than_what_it_extends_is_no_offer(watch: Watch) -> None:
    assert asked(watch, watch.offer(watch.size() + 1))[0] == 400


def test_of_two_offers_at_once_only_one_history_is_cosigned(watch: Watch) -> None:
    """Racing branches of one size: whichever was first, the others conflict."""
    app = create_witness_app(watch.folder, lambda: NOW)
    size = watch.size()
    branches = [forged(watch, size, bytes([n]) * 32) for n in range(16)]

    def race(checkpoint: str) -> int:
        body = offer_text(Offer(old_size=0, proof=(), checkpoint=checkpoint))
        return app.test_client().post("/add-checkpoint", data=body).status_code

    with ThreadPoolExecutor(16) as pool:
        statuses = list(pool.map(race, branches))

    assert sorted(statuses) == [200] + [409] * 15


# -- watching --


def test_a_watcher_cosigns_what_it_sees_and_hands_it_in(watch: Watch) -> None:
    assert watch.watcher().visit(NOW).is_admitted is False
    watch.admit()
    watch.grow(2)

    visit = watch.watcher().visit(NOW)

    assert visit.is_admitted
    [sighting] = log_state(watch.office.runtime).sightings
    assert sighting.size == visit.head.size == watch.size()
    note = newest_head(watch.office.runtime)[1]
    assert len(cosignatures_on(note, [watch.folder.witness])) == 1
    assert watch.visit() == watch.size()
    assert watch.office.count(cosignatures) == 1


def test_a_set_back_log_is_found_out_and_stopped(watch: Watch) -> None:
    watch.admit()
    watch.grow()
    watch.visit()
    seen = watch.size()
    with watch.office.database.writing() as connection:
        connection.execute(delete(cosignatures))
        connection.execute(delete(log_heads).where(log_heads.c.size == seen))
    watch.office.last_head.replace(None)

    with pytest.raises(LogMisbehaved, match="set back") as alarm:
        watch.visit()

    assert str(seen) in alarm.value.evidence.read_text("utf-8")
    [raised] = log_state(watch.office.runtime).alarms
    assert raised.kind == "behind"


def test_the_same_evidence_is_kept_once(watch: Watch) -> None:
    first = watch.folder.keep_evidence(NOW, "one", "two")

    assert watch.folder.keep_evidence(NOW + 60, "one", "two") == first
    assert watch.folder.keep_evidence(NOW + 60, "one", "three") != first


def test_a_rewritten_log_is_found_out(watch: Watch) -> None:
    watch.visit()
    with watch.office.database.writing() as connection:
        connection.execute(
            update(log_entries).where(log_entries.c.position == 0).values(entry=b"x")
        )
    resumed = forged(watch, watch.size() + 1)

    def lying(url: str, body: str | None, media: str) -> Answered:
        if url.endswith("/checkpoint"):
            return Answered(
                status=200, media="", body=json.dumps({"checkpoint": resumed})
            )
        if "/consistency" in url:
            return Answered(status=200, media="", body='{"proof": []}')
        told: Answered = watch.ask(url, body, media)
        return told

    with pytest.raises(LogMisbehaved, match="forked"):
        Watcher(watch.folder, "http://log", lying).visit(NOW)


def test_two_clients_that_are_shown_two_logs_are_told_by_one_witness(
    watch: Watch,
) -> None:
    """A split view: the second branch is never cosigned, and proves the split."""
    watch.visit()
    split = forged(watch, watch.size())

    def other_view(url: str, body: str | None, media: str) -> Answered:
        if url.endswith("/checkpoint"):
            return Answered(
                status=200, media="", body=json.dumps({"checkpoint": split})
            )
        told: Answered = watch.ask(url, body, media)
        return told

    with pytest.raises(LogMisbehaved) as alarm:
        Watcher(watch.folder, "http://log", other_view).visit(NOW)

    evidence = alarm.value.evidence.read_text("utf-8")
    assert watch.checkpoint() in evidence
    assert split in evidence


def test_a_rotated_key_is_followed_by_the_old_keys_word(watch: Watch) -> None:
    watch.visit()
    watch.grow()
    rotate_log_key(watch.office.runtime, why="every year")
    watch.grow()

    assert watch.visit() == watch.size()
    assert len(watch.folder.trusted()) == 2


def test_a_rotated_key_is_followed_by_who_never_saw_the_old_log(watch: Watch) -> None:
    rotate_log_key(watch.office.runtime, why="every year")

    assert watch.visit() == watch.size()


def test_a_key_that_nobody_trusted_named_is_an_alarm(watch: Watch) -> None:
    watch.visit()
    since = watch.office.time
    rotate_log_key(watch.office.runtime, why="stolen", compromised_at=since)

    with pytest.raises(LogMisbehaved, match="nobody named"):
        watch.visit()


def test_a_resumed_log_that_lost_something_is_an_alarm(watch: Watch) -> None:
    watch.visit()
    set_back(watch.office)
    watch.office.last_head.replace(None)
    watch.grow()
    watch.visit()
    set_back(watch.office)
    resume_log(watch.office.runtime, why="restored")
    watch.folder.trust(watch.office.keys.log.verifier)

    assert watch.visit() == watch.size()


def test_the_first_key_is_what_the_log_says(watch: Watch) -> None:
    assert watch.watcher().first_key() == watch.office.keys.log.verifier
    with watch.office.database.writing() as connection:
        connection.execute(delete(log_keys))
    with pytest.raises(LogUnreachable):
        watch.watcher().first_key()


@pytest.mark.parametrize(
    "answer",
    [
        Answered(status=500, media="", body="{}"),
        Answered(status=200, media="", body="no JSON"),
        Answered(status=200, media="", body="[]"),
    ],
)
def test_an_answer_without_sense_is_no_answer(watch: Watch, answer: Answered) -> None:
    with pytest.raises(LogUnreachable):
        Watcher(watch.folder, "http://log", lambda *_: answer).visit(NOW)


def test_a_proof_without_sense_is_no_answer(watch: Watch) -> None:
    watch.visit()
    watch.grow()

    def odd(url: str, body: str | None, media: str) -> Answered:
        if "/consistency" in url:
            return Answered(status=200, media="", body='{"proof": ["x"]}')
        told: Answered = watch.ask(url, body, media)
        return told

    with pytest.raises(LogUnreachable):
        Watcher(watch.folder, "http://log", odd).visit(NOW)


@pytest.mark.parametrize(
    "body", ["{}", '{"keys": []}', '{"keys": [1]}', '{"keys": [{"vkey": "x"}]}']
)
def test_keys_without_sense_are_no_answer(watch: Watch, body: str) -> None:
    watch.visit()
    rotate_log_key(watch.office.runtime, why="every year")

    def odd(url: str, sent: str | None, media: str) -> Answered:
        if url.endswith("/watch"):
            return Answered(status=200, media="", body=body)
        told: Answered = watch.ask(url, sent, media)
        return told

    watcher = Watcher(watch.folder, "http://log", odd)
    with pytest.raises(LogUnreachable):
        watcher.first_key()
    with pytest.raises((LogUnreachable, LogMisbehaved)):
        watcher.visit(NOW)


def test_a_checkpoint_without_sense_is_an_alarm(watch: Watch) -> None:
    answer = Answered(status=200, media="", body='{"checkpoint": "x"}')

    with pytest.raises(LogMisbehaved, match="CHECKPOINT_MALFORMED"):
        Watcher(watch.folder, "http://log", lambda *_: answer).visit(NOW)


@pytest.mark.parametrize(
    "body",
    [
        "log-succession/v1\n",
        "log-succession/v1\nvkey\nx\nAAAA\n",
        "log-succession/v1\nvkey\n1\n!\n",
        "other/v1\nvkey\n1\nAAAA\n",
    ],
)
def test_a_note_that_names_no_successor_is_refused(watch: Watch, body: str) -> None:
    signer = watch.office.keys.log
    note = sign_note(f"{signer.origin}\n{body}", signer.private, signer.origin)

    with pytest.raises(TokenError):
        succession_of(note, signer.verifier)


# -- asking witnesses --


def test_a_witness_with_an_address_is_asked_and_asked_again(watch: Watch) -> None:
    runtime = watch.office.runtime
    watch.admit("http://witness/")
    sequence(runtime)
    ask = over(create_witness_app(watch.folder, lambda: NOW))

    assert ask_witnesses(runtime, ask) == 1
    assert questions(runtime) == []
    watch.grow()
    assert ask_witnesses(runtime, ask) == 1
    # The witness saw more than this database remembers of it.
    with watch.office.database.writing() as connection:
        connection.execute(delete(cosignatures))
    assert ask_witnesses(runtime, ask) == 1


@pytest.mark.parametrize(
    "answer",
    [
        Answered(status=404, media="text/plain", body="Not Found\n"),
        Answered(status=200, media="text/plain", body="— nonsense\n"),
        Answered(status=409, media="text/x.tlog.size", body="99999\n"),
        Answered(status=409, media="text/x.tlog.size", body="x\n"),
    ],
)
def test_a_witness_that_answers_something_else_changes_nothing(
    watch: Watch, answer: Answered
) -> None:
    watch.admit("http://witness")
    watch.grow()

    assert ask_witnesses(watch.office.runtime, lambda *_: answer) == 0
    assert watch.office.count(cosignatures) == 0


def test_a_witness_that_is_down_changes_nothing(watch: Watch) -> None:
    watch.admit("http://127.0.0.1:9")
    watch.grow()

    assert ask_witnesses(watch.office.runtime, ask_over_http) == 0


def test_an_empty_log_asks_nobody(sqlite_office: Office) -> None:
    assert questions(sqlite_office.runtime) == []


# -- the register --


def test_a_witness_is_admitted_once_and_by_administrators(watch: Watch) -> None:
    watch.admit()

    with pytest.raises(InputInvalid):
        watch.admit()
    with pytest.raises(NotAllowed):
        watch.office.do(admit_witness, by=watch.office.desk, vkey="", label="x")
    with pytest.raises(NotAllowed):
        watch.office.do(retire_witness, by=watch.office.desk, witness_id="x")


@pytest.mark.parametrize(
    ("field", "value"),
    [("vkey", "nonsense"), ("url", "ftp://witness"), ("url", "javascript:1")],
)
def test_what_is_no_witness_is_not_admitted(
    watch: Watch, field: str, value: str
) -> None:
    arguments = {"vkey": watch.folder.witness.vkey(), "label": "x", field: value}

    with pytest.raises(InputInvalid) as refusal:
        watch.office.do(admit_witness, by=watch.office.admin, **arguments)

    assert refusal.value.path == field


def test_a_log_key_is_no_key_of_a_witness(watch: Watch) -> None:
    with pytest.raises(InputInvalid):
        watch.office.do(
            admit_witness,
            by=watch.office.admin,
            vkey=watch.office.keys.log.verifier.vkey(),
            label="x",
        )


def test_a_retired_witness_counts_no_more(watch: Watch) -> None:
    made = watch.admit()
    watch.grow()
    watch.visit()
    with watch.office.runtime.reading() as work:
        assert witnessed_size(work, 1) == watch.size()
        assert witnessed_size(work, 2) == 0
        assert witnessed_size(work, 0) is None

    watch.office.do(
        retire_witness, by=watch.office.admin, witness_id=made["witness_id"]
    )

    with watch.office.runtime.reading() as work:
        assert witnessed_size(work, 1) == 0
    assert log_state(watch.office.runtime).sightings == ()
    with pytest.raises(NotFound):
        watch.office.do(
            retire_witness, by=watch.office.admin, witness_id=made["witness_id"]
        )


def test_a_witness_is_silent_after_a_day_with_something_unseen(watch: Watch) -> None:
    watch.admit()
    watch.grow()
    watch.visit()

    def is_silent() -> bool:
        return log_state(watch.office.runtime).sightings[0].is_silent

    watch.office.wait(hours=100)
    assert not is_silent()
    watch.grow()
    watch.office.wait(hours=24)
    assert not is_silent()
    watch.office.wait(seconds=1)
    assert is_silent()


def test_a_cosignature_of_a_stranger_is_refused(watch: Watch) -> None:
    line = watch.folder.cosign(watch.offer(0), watch.office.keys.log.verifier, NOW)

    with pytest.raises(WitnessUnknown):
        accept_cosignatures(watch.office.runtime, watch.checkpoint() + line)


def test_a_cosigned_head_that_is_not_stored_is_not_found(watch: Watch) -> None:
    watch.admit()
    watch.grow(2)
    with watch.office.runtime.reading() as work:
        root = root_at(watch.size() - 1, work.log.reader())
    note = forged(watch, watch.size() - 1, root)
    line = watch.folder.cosign(
        Offer(old_size=0, proof=(), checkpoint=note),
        watch.office.keys.log.verifier,
        NOW,
    )

    with pytest.raises(NotFound):
        accept_cosignatures(watch.office.runtime, note + line)


def test_receipts_end_in_the_newest_witnessed_head(watch: Watch) -> None:
    watch.admit()
    promise: Any = watch.office.walk_in()["promise"]
    sequence(watch.office.runtime)
    watch.visit()
    seen = watch.size()
    watch.grow()

    assert inclusion_of(watch.office.runtime, promise["entry"]).size == seen


# -- over a real network --


@pytest.fixture
def served(watch: Watch) -> Iterator[str]:
    app = create_witness_app(watch.folder, lambda: NOW)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_witness_is_asked_over_http(watch: Watch, served: str) -> None:
    watch.admit(served)
    sequence(watch.office.runtime)

    assert ask_witnesses(watch.office.runtime, ask_over_http) == 1
    assert ask_over_http(f"{served}/nothing").status == 404


@pytest.mark.parametrize(
    "url", ["ftp://x", "http://127.0.0.1:1/", "http://[", "file:///"]
)
def test_an_address_that_cannot_be_asked_is_no_answer(url: str) -> None:
    with pytest.raises(LogUnreachable):
        ask_over_http(url)
