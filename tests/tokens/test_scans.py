from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tokens.tokens_for_tests import a_token
from tokens import scans
from tokens.codes import normalise_code
from tokens.errors import Reason, ScanMalformed
from tokens.referral import to_digits
from tokens.scans import ScannedToken, TypedCode, read_scan

CODE, OTHER_CODE = "00000000150", "00000000011"
TYPED = TypedCode(code=CODE)
TOKEN, OTHER_TOKEN = a_token(agent_id="wang"), a_token(agent_id="li")
DIGITS, OTHER_DIGITS = to_digits(TOKEN), to_digits(OTHER_TOKEN)
SCANNED = ScannedToken(token=TOKEN)
WIDE = str.maketrans("0123456789", "０１２３４５６７８９")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("{}", id="bare"),
        pytest.param("{}\r\n", id="Enter"),
        pytest.param("{}\t", id="Tab"),
        pytest.param("\r\n\t {} \t\r\n", id="blanks all around"),
        pytest.param("\\000026{}\r", id="ECI prefix"),
        pytest.param("＼000026{}", id="ECI prefix, full width"),
        pytest.param("、000026{}", id="ECI prefix through a Chinese input method"),
        pytest.param("]Q2\\000026{}\t", id="symbology and ECI prefix"),
        pytest.param("】Q1{}", id="symbology through a Chinese input method"),
        pytest.param("]q1{}", id="symbology under Caps Lock"),
        pytest.param("{0}{0}", id="glued to itself"),
        pytest.param("{0}\r{0}\r", id="twice, Enter between"),
        pytest.param("\\000026{0}\\000026{0}", id="twice, each with its prefix"),
        pytest.param("{0}{0}{0}{0}", id="four times"),
    ],
)
def test_one_scan_reads_the_same_however_it_arrives(text: str) -> None:
    assert read_scan(text.format(DIGITS)) == SCANNED
    assert read_scan(text.format(DIGITS.translate(WIDE))) == SCANNED
    assert read_scan(text.format(CODE)) == TYPED
    assert read_scan(text.format("00000-00015-0")) == TYPED
    assert read_scan(text.format("ooooo oooi5 o")) == TYPED


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("", Reason.EMPTY, id="nothing"),
        pytest.param(" \r\n\t", Reason.EMPTY, id="blanks"),
        pytest.param("]Q2\\000026\r", Reason.EMPTY, id="only a prefix"),
        pytest.param(DIGITS + OTHER_DIGITS, Reason.GLUED, id="two tokens"),
        pytest.param(CODE + OTHER_CODE, Reason.GLUED, id="two codes"),
        pytest.param("00000-00015-000000-00001-1", Reason.GLUED, id="dashes"),
        pytest.param(f"{CODE}\r{OTHER_CODE}", Reason.GLUED, id="two lines"),
        pytest.param(CODE + DIGITS, Reason.GLUED, id="code, token"),
        pytest.param(DIGITS + CODE, Reason.GLUED, id="token, code"),
        pytest.param(CODE + CODE + DIGITS, Reason.GLUED, id="three"),
        pytest.param("0000000015", Reason.LENGTH, id="a code cut short"),
        pytest.param("0000000015*", Reason.SYMBOL, id="a wrong symbol"),
        pytest.param("00000000151", Reason.CHECK_SYMBOL, id="a typing mistake"),
        pytest.param(CODE * 5, Reason.LENGTH, id="five times"),
        pytest.param(f"{CODE}\rrubbish", Reason.UNREADABLE, id="rubbish after it"),
        pytest.param(DIGITS[:-1], Reason.UNREADABLE, id="digits cut short"),
        pytest.param(DIGITS[1:], Reason.UNREADABLE, id="the first digit lost"),
        pytest.param("1" * 280, Reason.UNREADABLE, id="digits of nothing"),
        pytest.param("x" * 280, Reason.UNREADABLE, id="letters"),
        pytest.param("0" * 2048, Reason.UNREADABLE, id="zeros"),
        pytest.param("0" * 2049, Reason.LENGTH, id="more than any scanner types"),
    ],
)
def test_what_cannot_be_one_scan_is_refused_with_the_reason(
    text: str, reason: Reason
) -> None:
    with pytest.raises(ScanMalformed) as refusal:
        read_scan(text)

    assert refusal.value.reason is reason


def test_each_piece_is_read_once_for_each_length_it_can_have(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read: list[str] = []

    def normalised(text: str) -> str:
        read.append(text)
        return normalise_code(text)

    monkeypatch.setattr(scans, "normalise_code", normalised)

    with pytest.raises(ScanMalformed):
        read_scan("A\t" * 1024)

    assert len(read) == 1024


def test_a_scan_does_not_show_what_it_holds() -> None:
    assert CODE not in repr(TYPED)
    assert TOKEN.hex() not in repr(SCANNED)
    assert str(TOKEN) not in repr(SCANNED)


@given(st.text(max_size=400))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(ScanMalformed):
        assert isinstance(read_scan(text), TypedCode)
