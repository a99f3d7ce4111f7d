import base64
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePublicKey,
    EllipticCurvePublicNumbers,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tests.tokens.tokens_for_tests import KEY, KID, OTHER_KEY
from tests.tokens.vector_files import own
from tokens import cbor, cose
from tokens.errors import CborMalformed, SignatureInvalid, TokenError

OWN = own("cose_sign1.json")
CWT = OWN["cwt"]
SIGNED = cose.sign(b"payload", KEY, KID)
# Signed with SHA-512 on P-256, an algorithm we do not have.
OUTSIDE_OUR_SUBSET = {"ecdsa-sig-04.json"}


def p256_key(x: str, y: str) -> EllipticCurvePublicKey:
    return EllipticCurvePublicNumbers(int(x, 16), int(y, 16), SECP256R1()).public_key()


def member(key: dict[str, str], name: str) -> str:
    if f"{name}_hex" in key:
        return key[f"{name}_hex"]
    return base64.urlsafe_b64decode(key[name] + "==").hex()


def key_of(case: dict[str, Any]) -> cose.PublicKey:
    key = case["input"]["sign0"]["key"]
    if key["kty"] == "OKP":
        return Ed25519PublicKey.from_public_bytes(bytes.fromhex(member(key, "x")))
    return p256_key(member(key, "x"), member(key, "y"))


def accepts(case: dict[str, Any]) -> bool:
    external = bytes.fromhex(case["input"]["sign0"].get("external", ""))
    try:
        message = cose.parse(bytes.fromhex(case["output"]["cbor"]))
        cose.verify(message, key_of(case), external=external)
    except TokenError:
        return False
    return True


def parts(message: bytes) -> list[Any]:
    value: Any = cbor.decode(message)
    return list(value.value)


def test_every_published_message_is_judged_as_expected() -> None:
    cases = {Path(case["file"]).name: case for case in OWN["cases"]["messages"]}

    accepted = {name for name, case in cases.items() if accepts(case)}

    valid = {name for name, case in cases.items() if not case.get("fail")}
    assert accepted == valid - OUTSIDE_OUR_SUBSET
    assert len(cases) == 13


def test_the_signed_web_token_of_rfc_8392_verifies() -> None:
    message = cose.parse(bytes.fromhex(CWT["message"]))

    cose.verify(message, p256_key(CWT["x"], CWT["y"]))

    assert message.payload.hex() == CWT["payload"]


def test_key_ids_of_the_unprotected_header_are_not_looked_at() -> None:
    protected, _, payload, signature = parts(SIGNED)
    bare = cbor.encode({cose.ALGORITHM: cose.ED25519})

    moved = cose.parse(cbor.encode([bare, {cose.KEY_ID: KID}, payload, signature]))
    both = cose.parse(cbor.encode([protected, {cose.KEY_ID: b"x"}, payload, signature]))

    assert moved.key_id() is None
    assert both.key_id() == KID


@pytest.mark.parametrize("wrong", ["CO22", "CO23"])
def test_the_public_cases_of_misplaced_key_ids_are_refused(wrong: str) -> None:
    # CO22: the unprotected key id is right and the protected one wrong. CO23: none is
    # protected. Both also spell their maps in another order than the one we take.
    message = bytes.fromhex(OWN["misplaced_key_ids"]["messages"][wrong])

    with pytest.raises(CborMalformed):
        cose.parse(message)


def test_a_message_verifies_with_or_without_its_tags() -> None:
    tagged: Any = cbor.decode(SIGNED)
    for spelling in (tagged, tagged.value, cbor.Tag(61, tagged)):
        cose.verify(cose.parse(cbor.encode(spelling)), KEY.public_key())


def test_ed25519_is_known_by_its_older_name_too() -> None:
    protected = cbor.encode({cose.ALGORITHM: -8})
    signed = cbor.encode(["Signature1", protected, b"", b"payload"])
    message = cbor.encode([protected, {}, b"payload", KEY.sign(signed)])

    cose.verify(cose.parse(message), KEY.public_key())


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(None, id="nothing"),
        pytest.param([b"", {}, b""], id="three parts"),
        pytest.param([b"", {}, b"", b"", b""], id="five parts"),
        pytest.param([b"", {}, None, b""], id="detached payload"),
        pytest.param([b"", [], b"", b""], id="headers that are no map"),
        pytest.param([b"\x80", {}, b"", b""], id="protected headers that are no map"),
        pytest.param([b"\x00\x00", {}, b"", b""], id="protected headers and more"),
        pytest.param(cbor.Tag(61, [b"", {}, b"", b""]), id="CWT without COSE tag"),
        pytest.param(
            cbor.Tag(18, cbor.Tag(61, [b"", {}, b"", b""])), id="CWT inside COSE tag"
        ),
    ],
)
def test_what_is_not_a_message_is_refused(value: cbor.Cbor) -> None:
    with pytest.raises(CborMalformed):
        cose.parse(cbor.encode(value))


def test_another_key_did_not_sign() -> None:
    with pytest.raises(SignatureInvalid):
        cose.verify(cose.parse(SIGNED), OTHER_KEY.public_key())


def test_a_key_of_another_algorithm_did_not_sign() -> None:
    with pytest.raises(SignatureInvalid):
        cose.verify(cose.parse(SIGNED), p256_key(CWT["x"], CWT["y"]))


def test_external_bytes_are_part_of_what_is_signed() -> None:
    with pytest.raises(SignatureInvalid):
        cose.verify(cose.parse(SIGNED), KEY.public_key(), external=b"x")


def test_a_critical_header_is_refused_whatever_it_says() -> None:
    protected = cbor.encode({cose.ALGORITHM: cose.ED25519, cose.CRITICAL: [4]})
    signed = cbor.encode(["Signature1", protected, b"", b"payload"])
    message = cbor.encode([protected, {}, b"payload", KEY.sign(signed)])

    with pytest.raises(SignatureInvalid):
        cose.verify(cose.parse(message), KEY.public_key())


def test_every_changed_byte_is_noticed() -> None:
    for at in range(len(SIGNED)):
        changed = bytearray(SIGNED)
        changed[at] ^= 1
        with pytest.raises((CborMalformed, SignatureInvalid)):
            cose.verify(cose.parse(bytes(changed)), KEY.public_key())
