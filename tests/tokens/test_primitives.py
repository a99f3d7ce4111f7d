"""The primitives as the library gives them, against Wycheproof where it is present."""

import hmac
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256

from tests.tokens.vector_files import own, public
from tokens.errors import SignatureInvalid
from tokens.signatures import verify_ed25519, verify_es256

OWN: dict[str, Any] = own("primitives.json")
Case = dict[str, Any]


def cases(name: str) -> Iterator[tuple[Case, Case]]:
    """Yield each group with each of its cases: our own few, and the public ones."""
    files = [OWN[name], public(f"wycheproof/{name}_test.json")]
    for file in filter(None, files):
        for group in file["testGroups"]:
            for case in group["tests"]:
                yield group, case


def raw(case: Case, name: str) -> bytes:
    return bytes.fromhex(case[name])


def ed25519_accepts(group: Case, case: Case) -> bool:
    key = Ed25519PublicKey.from_public_bytes(raw(group["publicKey"], "pk"))
    try:
        verify_ed25519(key, raw(case, "sig"), raw(case, "msg"))
    except SignatureInvalid:
        return False
    return True


def p256_key(group: Case) -> EllipticCurvePublicKey:
    data = raw(group["publicKey"], "uncompressed")
    return EllipticCurvePublicKey.from_encoded_point(SECP256R1(), data)


def es256_accepts(group: Case, case: Case) -> bool:
    try:
        verify_es256(p256_key(group), raw(case, "sig"), raw(case, "msg"))
    except SignatureInvalid:
        return False
    return True


def es256_der_accepts(group: Case, case: Case) -> bool:
    try:
        p256_key(group).verify(raw(case, "sig"), raw(case, "msg"), ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True


def hmac_accepts(group: Case, case: Case) -> bool:
    tag = hmac.digest(raw(case, "key"), raw(case, "msg"), "sha256")
    return hmac.compare_digest(tag[: group["tagSize"] // 8], raw(case, "tag"))


def aes_gcm_accepts(group: Case, case: Case) -> bool:
    sealed = raw(case, "ct") + raw(case, "tag")
    key, nonce = AESGCM(raw(case, "key")), raw(case, "iv")
    try:
        opened = key.decrypt(nonce, sealed, raw(case, "aad"))
    except (InvalidTag, ValueError):  # ValueError: a nonce below 8 or above 128 bytes
        return False
    return opened == raw(case, "msg") and group["tagSize"] == 128


def has_usual_nonce(case: Case) -> bool:
    """Say whether the library takes the nonce: others it refuses, valid or not."""
    return 8 <= len(case.get("iv", "00" * 12)) // 2 <= 128


@pytest.mark.parametrize(
    ("name", "accepts"),
    [
        ("ed25519", ed25519_accepts),
        ("ecdsa_secp256r1_sha256_p1363", es256_accepts),
        ("ecdsa_secp256r1_sha256", es256_der_accepts),
        ("hmac_sha256", hmac_accepts),
        ("aes_gcm", aes_gcm_accepts),
    ],
)
def test_each_case_is_judged_as_expected(
    name: str, accepts: Callable[[Case, Case], bool]
) -> None:
    judged = [(accepts(group, case), case) for group, case in cases(name)]

    wrong = [
        case["comment"]
        for accepted, case in judged
        if accepted is not (case["result"] == "valid") and has_usual_nonce(case)
    ]
    assert wrong == []
    assert {"valid", "invalid"} <= {case["result"] for _, case in judged}


@pytest.mark.parametrize("signature", [b"", bytes(63), bytes(64), bytes(65)])
def test_what_is_no_signature_is_refused(signature: bytes) -> None:
    [group] = OWN["ecdsa_secp256r1_sha256_p1363"]["testGroups"]

    with pytest.raises(SignatureInvalid):
        verify_es256(p256_key(group), signature, b"")
