from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokens.errors import IdentifierInvalid, Reason
from tokens.identifiers import (
    KINDS,
    Identifier,
    convert_legacy_id,
    guess_kind,
    identifier,
    mask_of,
    normal_form,
    warnings_of,
)

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def with_check(body: str) -> str:
    total = sum(int(d) * w for d, w in zip(body, WEIGHTS, strict=True))
    return body + "10X98765432"[total % 11]


def refused(read: Callable[[], object]) -> Reason | None:
    with pytest.raises(IdentifierInvalid) as refusal:
        read()
    return refusal.value.reason


HONG_KONG = with_check("81000019900101001")
TAIWAN = with_check("83000019491231002")
PERMANENT = with_check("91184019870203001")


@pytest.mark.parametrize(
    ("kind", "text", "normal"),
    [
        ("cn-mobile", "13800138000", "cn-mobile:+8613800138000"),
        ("cn-mobile", "+86 138-0013-8000", "cn-mobile:+8613800138000"),
        ("cn-mobile", "0086(138)00138000", "cn-mobile:+8613800138000"),
        ("cn-mobile", "8613800138000", "cn-mobile:+8613800138000"),
        ("cn-mobile", "＋８６　１３８００１３８０００", "cn-mobile:+8613800138000"),
        ("cn-mobile", "\u202d19900138000\u202c", "cn-mobile:+8619900138000"),
        ("cn-mobile", "\u200e138\u00ad00138000\u200f", "cn-mobile:+8613800138000"),
        ("cn-mobile", "\u2068138\u206000138000\u2069", "cn-mobile:+8613800138000"),
        ("cn-mobile-3-4", "138****8000", "cn-mobile-3-4:138****8000"),
        ("cn-mobile-3-4", "+86 138＊＊＊＊8000", "cn-mobile-3-4:138****8000"),
        ("cn-mobile-3-4", "138xxxx8000", "cn-mobile-3-4:138****8000"),
        ("cn-mobile-3-4", "138…8000", "cn-mobile-3-4:138****8000"),
        ("cn-mobile-4-3", "1380****000", "cn-mobile-4-3:1380****000"),
        ("cn-mobile-3-6", "138**138000", "cn-mobile-3-6:138**138000"),
        ("cn-id", "11010519491231002x", "cn-id:11010519491231002X"),
        ("cn-id", "110105 19491231 002Ｘ", "cn-id:11010519491231002X"),
        ("cn-id", HONG_KONG, f"cn-residence-permit:{HONG_KONG}"),
        ("cn-residence-permit", HONG_KONG, f"cn-residence-permit:{HONG_KONG}"),
        ("cn-residence-permit", TAIWAN, f"cn-residence-permit:{TAIWAN}"),
        ("cn-id", PERMANENT, f"cn-permanent-residence:{PERMANENT}"),
        (
            "cn-permanent-residence",
            PERMANENT,
            f"cn-permanent-residence:{PERMANENT}",
        ),
        (
            "cn-permanent-residence",
            "can 110878062901",
            "cn-permanent-residence:CAN110878062901",
        ),
        ("passport", "chn:e12345678", "passport:CHN:E12345678"),
        ("passport", "CHN：EA1234567", "passport:CHN:EA1234567"),
        ("passport", "GBR:123456789", "passport:GBR:123456789"),
        ("cn-home-return", "H12345678", "cn-home-return:H12345678"),
        ("cn-home-return", "m1234567801", "cn-home-return:M12345678"),
        ("cn-taiwan-permit", "12345678", "cn-taiwan-permit:12345678"),
        ("cn-taiwan-permit", "1234567801(B)", "cn-taiwan-permit:12345678"),
        ("uscc", "91350100m000100y43", "uscc:91350100M000100Y43"),
    ],
)
def test_each_kind_has_one_normal_form(kind: str, text: str, normal: str) -> None:
    found = identifier(kind, text)

    assert normal_form(found) == normal
    assert identifier(found.kind, found.value) == found


@pytest.mark.parametrize(
    ("kind", "text", "reason"),
    [
        ("phone", "13800138000", Reason.KIND),
        ("cn-mobile", "", Reason.LENGTH),
        ("cn-mobile", "1380013800", Reason.LENGTH),
        ("cn-mobile", "138001380000", Reason.LENGTH),
        ("cn-mobile", "12800138000", Reason.PREFIX),
        ("cn-mobile", "23800138000", Reason.PREFIX),
        ("cn-mobile", "+85291234567", Reason.PREFIX),
        ("cn-mobile", "138****8000", Reason.CHARACTERS),
        ("cn-mobile", "138001三8000", Reason.CHARACTERS),
        ("cn-mobile", "١٣٨٠٠١٣٨٠٠٠", Reason.CHARACTERS),
        ("cn-mobile-3-4", "1380****000", Reason.MASK),
        ("cn-mobile-3-4", "13800138000", Reason.MASK),
        ("cn-mobile-3-4", "128****8000", Reason.MASK),
        ("cn-mobile-4-3", "138****8000", Reason.MASK),
        ("cn-mobile-3-6", "138**13800", Reason.MASK),
        ("cn-id", "", Reason.LENGTH),
        ("cn-id", "11010519491231002", Reason.LENGTH),
        ("cn-id", "11010519491231002Y", Reason.CHARACTERS),
        ("cn-id", "1101051949123100X2", Reason.CHARACTERS),
        ("cn-id", "110105194912310021", Reason.CHECK_DIGIT),
        ("cn-id", with_check("01010519491231002"), Reason.PREFIX),
        ("cn-id", with_check("11010519490229002"), Reason.BIRTHDAY),
        ("cn-id", with_check("11010519000229002"), Reason.BIRTHDAY),
        ("cn-id", with_check("11010519491301002"), Reason.BIRTHDAY),
        ("cn-id", with_check("11010519490431002"), Reason.BIRTHDAY),
        ("cn-id", with_check("11010500001231002"), Reason.BIRTHDAY),
        ("cn-residence-permit", "11010519491231002X", Reason.PREFIX),
        ("cn-permanent-residence", HONG_KONG, Reason.PREFIX),
        ("cn-permanent-residence", "CAN11087806290", Reason.CHARACTERS),
        ("passport", "E12345678", Reason.PREFIX),
        ("passport", "CHN:E1234567", Reason.LENGTH),
        ("passport", "CHN:E123456789", Reason.LENGTH),
        ("passport", "GBR:1234", Reason.LENGTH),
        ("passport", "GBR:1234567890", Reason.LENGTH),
        ("passport", "GBR:12345/789", Reason.CHARACTERS),
        ("cn-home-return", "A12345678", Reason.LENGTH),
        ("cn-home-return", "H1234567", Reason.LENGTH),
        ("cn-taiwan-permit", "123456789", Reason.LENGTH),
        ("uscc", "91350100M000100Y4", Reason.LENGTH),
        ("uscc", "91350100M000100Y44", Reason.CHECK_DIGIT),
        ("uscc", "91350100I000100Y43", Reason.CHARACTERS),
    ],
)
def test_what_is_not_an_identifier_is_refused_with_the_reason(
    kind: str, text: str, reason: Reason
) -> None:
    assert refused(lambda: identifier(kind, text)) is reason


@pytest.mark.parametrize("day", ["20000229", "20240229", "19491231", "19500101"])
def test_real_birthdays_pass_leap_days_too(day: str) -> None:
    number = with_check(f"110105{day}002")

    assert identifier("cn-id", number).value == number


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_refusal_never_holds_what_was_typed(kind: str) -> None:
    secret = "ZQ7"

    with pytest.raises(IdentifierInvalid) as refusal:
        identifier(kind, secret)

    assert secret not in f"{refusal.value!r} {refusal.value} {vars(refusal.value)}"


def test_an_identifier_does_not_show_its_value() -> None:
    assert "138" not in repr(identifier("cn-mobile", "13800138000"))


@given(st.text())
def test_any_text_is_normalised_once_or_refused(text: str) -> None:
    for kind in KINDS:
        try:
            found = identifier(kind, text)
        except IdentifierInvalid:
            continue
        assert identifier(found.kind, found.value) == found


@pytest.mark.parametrize("number", ["11010519491231002X", PERMANENT, HONG_KONG])
def test_every_single_wrong_digit_of_a_personal_number_is_caught(number: str) -> None:
    for at in range(18):
        for other in set("0123456789X") - {number[at]}:
            with pytest.raises(IdentifierInvalid):
                identifier("cn-id", number[:at] + other + number[at + 1 :])


@pytest.mark.parametrize("code", ["91350100M000100Y43"])
def test_every_single_wrong_character_of_a_company_code_is_caught(code: str) -> None:
    for at in range(18):
        for other in set("0123456789ABCDEFGHJKLMNPQRTUWXY") - {code[at]}:
            with pytest.raises(IdentifierInvalid):
                identifier("uscc", code[:at] + other + code[at + 1 :])


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("cn-mobile-3-4", "138****5678"),
        ("cn-mobile-4-3", "1381****678"),
        ("cn-mobile-3-6", "138**345678"),
    ],
)
def test_a_whole_number_has_each_mask(kind: str, value: str) -> None:
    masked = mask_of(identifier("cn-mobile", "13812345678"), kind)

    assert masked == identifier(kind, value)


def test_only_whole_mobile_numbers_are_masked() -> None:
    whole = identifier("cn-mobile", "13812345678")
    document = identifier("cn-id", "11010519491231002X")

    assert refused(lambda: mask_of(document, "cn-mobile-3-4")) is Reason.KIND
    assert refused(lambda: mask_of(whole, "cn-mobile")) is Reason.KIND


@pytest.mark.parametrize(
    ("region", "warnings"),
    [("110105", ()), ("710000", ()), ("470000", ("REGION_UNKNOWN",))],
)
def test_an_unknown_region_is_only_a_warning(
    region: str, warnings: tuple[str, ...]
) -> None:
    found = identifier("cn-id", with_check(f"{region}19491231002"))

    assert warnings_of(found) == warnings


def test_other_kinds_have_no_region_to_warn_of() -> None:
    assert warnings_of(identifier("cn-id", HONG_KONG)) == ()
    assert warnings_of(identifier("cn-mobile", "13800138000")) == ()


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("138 0013 8000", "cn-mobile"),
        ("+86 138 0013 8000", "cn-mobile"),
        ("12800138000", "cn-mobile"),
        ("138****8000", "cn-mobile-3-4"),
        ("1380****000", "cn-mobile-4-3"),
        ("138**138000", "cn-mobile-3-6"),
        ("110105194912310021", "cn-id"),
        ("11010519491231002x", "cn-id"),
        ("CAN110878062901", "cn-permanent-residence"),
        ("H12345678", "cn-home-return"),
        ("CHN:E12345678", "passport"),
        ("91350100M000100Y43", "uscc"),
        ("E12345678", None),
        ("张三", None),
        ("", None),
    ],
)
def test_one_field_takes_any_kind(text: str, kind: str | None) -> None:
    assert guess_kind(text) == kind


@pytest.mark.parametrize(
    ("legacy", "number"),
    [
        ("110105491231002", "11010519491231002X"),
        ("110105 491231 996", with_check("11010518491231996")),
    ],
)
def test_a_legacy_number_gets_its_century_and_check_digit(
    legacy: str, number: str
) -> None:
    assert convert_legacy_id(legacy) == Identifier(kind="cn-id", value=number)


@pytest.mark.parametrize(
    ("legacy", "reason"),
    [
        ("11010549123100", Reason.LENGTH),
        ("11010549123100X", Reason.LENGTH),
        ("110105490229002", Reason.BIRTHDAY),
    ],
)
def test_a_wrong_legacy_number_is_refused(legacy: str, reason: Reason) -> None:
    assert refused(lambda: convert_legacy_id(legacy)) is reason


def test_legacy_numbers_are_not_taken_at_the_desk() -> None:
    assert refused(lambda: identifier("cn-id", "110105491231002")) is Reason.LENGTH
