"""Keys and tokens with fixed bytes."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tokens.referral import Claims, key_id, mint

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KID = key_id(KEY.public_key())
KEYS = {KID: KEY.public_key()}
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))


def some_claims(agent_id: str = "wang", commitment: bytes | None = None) -> Claims:
    return Claims(
        project="p1",
        agent_id=agent_id,
        issued_at=1_790_000_000,
        expires_at=1_790_259_200,
        token_id=b"0123456789",
        commitment=commitment,
    )


def a_token(agent_id: str = "wang", commitment: bytes | None = None) -> bytes:
    return mint(some_claims(agent_id, commitment), KEY, KID)
