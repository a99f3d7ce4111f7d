"""The pinned bytes of our formats: the code makes them, the specifications show."""

from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.tokens.vector_files import own
from tokens import codes, log, referral
from tokens.checkpoints import sign_checkpoint
from tokens.cosignatures import cosign, witness_of
from tokens.identifiers import KINDS, identifier, mask_of, normal_form
from tokens.links import receipt_link
from tokens.notes import parse_note, verifier_of
from tokens.promises import Promise, sign_promise, verify_promise
from tokens.receipts import Opening, receipt_of, receipt_text

PINNED: dict[str, Any] = own("formats.json")
SPECS = Path(__file__).parents[2] / "docs" / "specs"
LOG_NAME = PINNED["checkpoint"]["origin"]

# Which values each specification shows.
SHOWN = {
    ("token.md", "code"): "random code shown digest",
    ("token.md", "token"): (
        "key_id project agent_id issued_at expires_at token_id token digits"
    ),
    ("token.md", "commitment"): "commitment",
    ("identity-tag.md", "identity_tag"): "public_key normal_form stretched tag",
    ("log.md", "entry"): "kind at_microseconds event entry leaf_hash",
    ("log.md", "checkpoint"): "vkey note",
    ("log.md", "promise"): "promise",
    ("receipt.md", "receipt"): (
        "kind at_microseconds event extra entry witness_seed witness_vkey text link"
    ),
}


def key(seed: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(seed))


@pytest.mark.parametrize(("page", "group"), SHOWN)
def test_the_specification_shows_the_pinned_values(page: str, group: str) -> None:
    text = (SPECS / page).read_text("utf-8")

    names = SHOWN[page, group].split()

    assert [name for name in names if str(PINNED[group][name]) not in text] == []


def test_a_code_and_its_digest() -> None:
    pinned = PINNED["code"]

    code = codes.code_from_random(lambda _: bytes.fromhex(pinned["random"]))

    assert code == pinned["code"]
    assert codes.format_code(code) == pinned["shown"]
    digest = codes.code_digest(code, bytes.fromhex(pinned["key"]))
    assert digest.hex() == pinned["digest"]


def test_a_token_and_its_digits() -> None:
    pinned = PINNED["token"]
    issuer = key(pinned["issuer_seed"])
    claims = referral.Claims(
        project=pinned["project"],
        agent_id=pinned["agent_id"],
        issued_at=pinned["issued_at"],
        expires_at=pinned["expires_at"],
        token_id=bytes.fromhex(pinned["token_id"]),
    )

    kid = referral.key_id(issuer.public_key())
    token = referral.mint(claims, issuer, kid)

    assert kid.hex() == pinned["key_id"]
    assert token.hex() == pinned["token"]
    assert referral.to_digits(token) == pinned["digits"]


def test_a_commitment() -> None:
    pinned = PINNED["commitment"]

    made = referral.commit(bytes.fromhex(pinned["nonce"]), bytes.fromhex(pinned["tag"]))

    assert made.hex() == pinned["commitment"]


def test_an_entry_and_its_leaf() -> None:
    pinned = PINNED["entry"]

    entry = log.entry_bytes(
        pinned["kind"],
        pinned["at_microseconds"],
        bytes.fromhex(pinned["nonce"]),
        bytes.fromhex(pinned["event"]),
    )

    assert entry.hex() == pinned["entry"]
    assert log.leaf_hash(entry).hex() == pinned["leaf_hash"]


def test_a_checkpoint_and_its_key() -> None:
    pinned = PINNED["checkpoint"]
    root = bytes.fromhex(PINNED["entry"]["leaf_hash"])
    secret = key(pinned["log_seed"])

    note = sign_checkpoint(
        origin=LOG_NAME, size=pinned["size"], root=root, key=secret, name=LOG_NAME
    )

    assert note == pinned["note"]
    assert verifier_of(LOG_NAME, secret.public_key()).vkey() == pinned["vkey"]


def test_a_promise() -> None:
    promise = Promise(
        entry_hash=bytes.fromhex(PINNED["entry"]["leaf_hash"]),
        at_microseconds=PINNED["entry"]["at_microseconds"],
        due_microseconds=PINNED["promise"]["due_microseconds"],
        key_id=bytes.fromhex(PINNED["promise"]["key_id"]),
    )
    secret = key(PINNED["checkpoint"]["log_seed"])

    signed = sign_promise(promise, secret)

    assert signed.hex() == PINNED["promise"]["promise"]
    first = bytes.fromhex(PINNED["promise"]["first_version"])
    assert verify_promise(first, secret.public_key()) == promise


def test_a_receipt() -> None:
    pinned = PINNED["receipt"]
    secret, witness = key(PINNED["checkpoint"]["log_seed"]), key(pinned["witness_seed"])
    opening = Opening(
        kind=pinned["kind"],
        at=pinned["at_microseconds"],
        nonce=bytes.fromhex(pinned["nonce"]),
        event=pinned["event"].encode(),
    )
    first = bytes.fromhex(PINNED["entry"]["leaf_hash"])
    root = log.root([first, log.leaf_hash(opening.entry())])
    note = sign_checkpoint(
        origin=LOG_NAME, size=2, root=root, key=secret, name=LOG_NAME
    )
    body, name, at = parse_note(note)[0], pinned["witness"], pinned["cosigned_at"]
    note += cosign(body, witness, name, at)

    made = receipt_of(opening, index=pinned["index"], proof=(first,), checkpoint=note)

    assert (made.extra or b"").hex() == pinned["extra"]
    assert opening.entry().hex() == pinned["entry"]
    assert receipt_text(made) == pinned["text"]
    assert receipt_link("https://hefu.example/verify", pinned["text"]) == pinned["link"]
    assert witness_of(name, witness.public_key()).vkey() == pinned["witness_vkey"]


def test_the_specification_names_every_kind_and_mask() -> None:
    text = (SPECS / "identity-tag.md").read_text("utf-8")
    phone = identifier("cn-mobile", "13812345678")
    masks = [kind for kind in KINDS if kind.startswith("cn-mobile-")]

    assert all(f"`{kind}`" in text for kind in KINDS)
    assert all(f"`{normal_form(mask_of(phone, kind))}`" in text for kind in masks)


@pytest.mark.parametrize(
    ("kind", "typed"),
    [
        ("cn-mobile", "１３８ 0013-8000"),
        ("cn-id", "11010519491231002x"),
        ("uscc", "91350100M000100Y43"),
    ],
)
def test_the_examples_of_normal_forms_hold(kind: str, typed: str) -> None:
    text = (SPECS / "identity-tag.md").read_text("utf-8")

    assert f"`{typed}` is" in text
    assert identifier(kind, typed).value in text
