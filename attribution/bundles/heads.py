"""Who vouches for the tree: the checkpoint of a bundle, its keys and its witnesses."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

from attribution.bundles.bundle import EvidenceBundle, Statement
from attribution.bundles.findings import Code, EvidenceFinding, Verdict
from attribution.bundles.record import EPOCH, microseconds
from attribution.documents import instant_text
from tokens.cosignatures import Cosignature, Witness, cosignatures_on
from tokens.errors import (
    CheckpointMalformed,
    KeyCompromised,
    LogProofInvalid,
    SignatureInvalid,
)
from tokens.log import verify_inclusion
from tokens.notes import parse_note
from tokens.trust import LogKey, Trust, open_checkpoint

_LATEST = 7_258_118_400
"""1 January 2200, in seconds: what a clock says beyond it, no calendar can show."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Trusted:
    """Whom the person who checks trusts: keys that did not come with the bundle."""

    log_keys: tuple[LogKey, ...] = ()
    witnesses: tuple[Witness, ...] = ()


def trust_of(bundle: EvidenceBundle, trusted: Trusted) -> Trust:
    """Return whom to trust about the log: the keys given, else the bundle's own.

    That a key was in other hands makes a checker stricter, so for that everybody's
    word is taken, and of two instants the earlier.
    """
    own = tuple(
        LogKey(
            verifier=one.verifier,
            compromised_at=None
            if one.compromised_at is None
            else microseconds(one.compromised_at),
        )
        for one in bundle.keys
    )
    stolen: dict[str, int] = {}
    for key in (*own, *trusted.log_keys):
        vkey, at = key.verifier.vkey(), key.compromised_at
        if at is not None:
            stolen[vkey] = min(at, stolen.get(vkey, at))
    return Trust(
        log_keys=tuple(
            replace(key, compromised_at=stolen.get(key.verifier.vkey()))
            for key in trusted.log_keys or own
        ),
        witnesses=trusted.witnesses,
    )


def head_findings(
    bundle: EvidenceBundle, trusted: Trusted
) -> Iterator[EvidenceFinding]:
    """Yield who signed and who cosigned the checkpoint."""
    trust = trust_of(bundle, trusted)
    seen: list[Witness] = []
    about_witnesses = []
    for witness in trusted.witnesses:
        verdict, cosignature = _cosigned(bundle.checkpoint, witness)
        if cosignature is not None:
            seen.append(witness)
        about_witnesses.append(
            EvidenceFinding(
                code=Code.WITNESS, verdict=verdict, about=_seen(witness, cosignature)
            )
        )
    about = f"{bundle.head.origin} ({bundle.head.size})"
    yield _signed(
        bundle.checkpoint,
        Trust(log_keys=trust.log_keys, witnesses=tuple(seen)),
        Verdict.PROVEN if trusted.log_keys else Verdict.STATED,
        about,
    )
    yield from about_witnesses
    yield from _history(bundle)


def _history(bundle: EvidenceBundle) -> Iterator[EvidenceFinding]:
    """Yield the keys that the log is said to have had; one must be the signer's."""
    lines = {(one.name, one.key_id) for one in parse_note(bundle.checkpoint)[1]}
    known = {(one.verifier.name, one.verifier.key_id()) for one in bundle.keys}
    is_listed = not lines.isdisjoint(known)
    for key in bundle.keys:
        about = f"{key.verifier.name}+{key.verifier.key_id().hex()} #{key.since_size}"
        if key.compromised_at is not None:
            about = f"{about} ! {instant_text(key.compromised_at)}"
        verdict = Verdict.STATED if is_listed else Verdict.CONTRADICTED
        yield EvidenceFinding(code=Code.KEY_HISTORY, verdict=verdict, about=about)


def placed(
    bundle: EvidenceBundle,
) -> tuple[list[EvidenceFinding], list[Statement]]:
    """Return of each statement whether the tree holds it, and those that it holds."""
    findings, proven = [], []
    for statement in bundle.statements:
        verdict = Verdict.PROVEN
        try:
            verify_inclusion(
                leaf=statement.leaf,
                index=statement.index,
                size=bundle.head.size,
                proof=statement.proof,
                root=bundle.head.root,
            )
            proven.append(statement)
        except LogProofInvalid:
            verdict = Verdict.CONTRADICTED
        about = f"#{statement.index} {statement.kind}"
        findings.append(
            EvidenceFinding(code=Code.STATEMENT, verdict=verdict, about=about)
        )
    return findings, proven


def _signed(note: str, trust: Trust, good: Verdict, about: str) -> EvidenceFinding:
    try:
        open_checkpoint(note, trust)
    except KeyCompromised:
        return EvidenceFinding(
            code=Code.KEY_COMPROMISED, verdict=Verdict.CONTRADICTED, about=about
        )
    except (CheckpointMalformed, SignatureInvalid):
        return EvidenceFinding(
            code=Code.CHECKPOINT, verdict=Verdict.CONTRADICTED, about=about
        )
    return EvidenceFinding(code=Code.CHECKPOINT, verdict=good, about=about)


def _cosigned(note: str, witness: Witness) -> tuple[Verdict, Cosignature | None]:
    try:
        found = cosignatures_on(note, [witness])
    except SignatureInvalid:
        return Verdict.CONTRADICTED, None
    return (Verdict.PROVEN, found[0]) if found else (Verdict.MISSING, None)


def _seen(witness: Witness, cosignature: Cosignature | None) -> str:
    if cosignature is None:
        return witness.name
    at = EPOCH + timedelta(seconds=min(cosignature.at_seconds, _LATEST))
    return f"{witness.name} {at:%Y-%m-%dT%H:%M:%SZ}"
