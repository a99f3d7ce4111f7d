"""The log's public page, and the administrators' page of its witnesses."""

import pytest
from flask.testing import FlaskClient

from attribution.documents import instant_text
from attribution.people import Role
from attribution.services.publishing import newest_head
from attribution.services.rekeying import rotate_log_key
from attribution.services.sequencing import sequence
from attribution.services.witnessing import accept_cosignatures, log_state
from tests.services.test_guarding import foreign
from tests.tokens.tokens_for_tests import OTHER_KEY
from tests.web.conftest import Front
from tests.web.people import in_english, request_id_in, text_of
from tokens.cosignatures import cosign, witness_of
from tokens.notes import parse_note

WITNESS = witness_of("agency.example/w", OTHER_KEY.public_key())
PAGE = "/admin/witnesses"


def cosigned(front: Front) -> None:
    """Let the witness cosign the newest head."""
    note = newest_head(front.office.runtime)[0].checkpoint
    line = cosign(parse_note(note)[0], OTHER_KEY, WITNESS.name, 1_772_000_000)
    accept_cosignatures(front.office.runtime, note + line)


def admitted(browser: FlaskClient, **fields: str) -> str:
    form = {
        "request_id": request_id_in(browser.get(PAGE)),
        "label": "安居中介",
        "vkey": WITNESS.vkey(),
    }
    return text_of(browser.post(PAGE, data=form | fields, follow_redirects=True))


@pytest.fixture
def admin(front: Front) -> FlaskClient:
    return front.signed_in(Role.ADMIN)


def test_an_empty_log_says_so_to_everybody(front: Front) -> None:
    page = front.browser().get("/log")

    assert "还没有检查点" in page.text


def test_anybody_sees_head_key_and_how_to_watch(front: Front) -> None:
    sequence(front.office.runtime)

    page = text_of(in_english(front.browser()).get("/log"))

    assert front.office.keys.log.verifier.vkey() in page
    assert str(newest_head(front.office.runtime)[0].size) in page
    assert "./hefu log witness --url http://localhost" in page
    assert "No witness yet" in page
    assert "in use" in page


def test_a_witness_is_admitted_seen_and_retired(
    front: Front, admin: FlaskClient
) -> None:
    assert "见证人已登记" in admitted(admin)
    sequence(front.office.runtime)
    assert "还没有来看过" in text_of(front.browser().get("/log"))
    cosigned(front)
    assert "看到最新" in text_of(front.browser().get("/log"))
    front.office.walk_in()
    sequence(front.office.runtime)
    assert "差 1 条" in text_of(front.browser().get("/log"))
    [sighting] = log_state(front.office.runtime).sightings

    form = {"request_id": request_id_in(admin.get(PAGE))}
    page = admin.post(
        f"{PAGE}/{sighting.witness.id}/retire", data=form, follow_redirects=True
    )

    assert "见证人已停用" in text_of(page)
    assert "还没有见证人" in text_of(front.browser().get("/log"))


def test_a_silent_witness_is_told_to_everybody(
    front: Front, admin: FlaskClient
) -> None:
    admitted(admin)
    sequence(front.office.runtime)

    front.office.wait(hours=25)

    assert "一天多没有来看" in text_of(front.browser().get("/log"))


def test_a_log_that_is_late_is_told_to_everybody_until_it_is_not(
    front: Front,
) -> None:
    """Frozen: a fact was promised, and its place does not come."""
    office = front.office
    sequence(office.runtime)
    office.walk_in()
    office.wait(seconds=59.999999)
    assert "日志欠着证明" not in text_of(front.browser().get("/log"))
    assert front.browser().get("/api/v1/log/watch").get_json()["owed_since"] is None

    office.wait(seconds=0.000001)

    assert "日志欠着证明" in text_of(front.browser().get("/log"))
    assert "The log owes proofs" in text_of(in_english(front.browser()).get("/log"))
    watch = front.browser().get("/api/v1/log/watch").get_json()
    assert watch["owed_since"] == instant_text(office.time)
    assert watch["merge_delay_seconds"] == 60
    sequence(office.runtime)
    assert "日志欠着证明" not in text_of(front.browser().get("/log"))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"vkey": "nonsense"}, "不是见证人的公钥"),
        ({"url": "ftp://x"}, "地址要以"),
        ({"label": ""}, "有 1 处要改"),
    ],
)
def test_what_is_no_witness_is_refused_at_its_field(
    front: Front, admin: FlaskClient, fields: dict[str, str], words: str
) -> None:
    assert words in admitted(admin, **fields)
    assert log_state(front.office.runtime).sightings == ()


def test_a_key_that_was_admitted_before_is_refused(admin: FlaskClient) -> None:
    admitted(admin)

    assert "这把公钥登记过了" in admitted(admin)


def test_sending_the_form_twice_admits_once(front: Front, admin: FlaskClient) -> None:
    form = {
        "request_id": request_id_in(admin.get(PAGE)),
        "label": "安居",
        "vkey": WITNESS.vkey(),
    }
    for _ in range(2):
        assert admin.post(PAGE, data=form).status_code == 303

    assert len(log_state(front.office.runtime).sightings) == 1


def test_old_keys_are_listed_with_how_they_ended(front: Front) -> None:
    runtime = front.office.runtime
    sequence(runtime)
    rotate_log_key(runtime, why="every year")
    front.office.wait(hours=1)
    rotate_log_key(runtime, why="stolen", compromised_at=front.office.time)

    page = text_of(in_english(front.browser()).get("/log"))

    assert "used until" in page
    assert "was in other hands" in page
    assert len(log_state(runtime).keys) == 3


@pytest.mark.parametrize(
    ("size", "words"),
    [(1, "There are two versions"), (900, "The database is older")],
)
def test_an_alarm_is_shown_to_everybody_with_its_evidence(
    front: Front, size: int, words: str
) -> None:
    sequence(front.office.runtime)
    note = foreign(front.office, size)
    accept_cosignatures(front.office.runtime, note)

    page = text_of(in_english(front.browser()).get("/log"))

    assert words in page
    assert note.split("\n")[2] in page
    assert page.isprintable()
