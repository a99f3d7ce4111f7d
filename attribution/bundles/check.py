"""The offline check of a bundle: every line proven, stated, missing or contradicted."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from attribution.bundles.bundle import PAGE_FORM, EvidenceBundle
from attribution.bundles.facts import FactCheck
from attribution.bundles.findings import Code, EvidenceFinding, Verdict
from attribution.bundles.heads import Trusted, head_findings, placed, trust_of
from attribution.bundles.outcome import OutcomeCheck
from attribution.bundles.page import page_of
from attribution.bundles.record import Record, contradicted
from tokens.checkpoints import Checkpoint
from tokens.errors import TokenError
from tokens.log import leaf_hash
from tokens.receipts import Receipt, opening_of, verify_receipt
from tokens.trust import Trust


@dataclass(frozen=True, kw_only=True, slots=True)
class HeldReceipt:
    """A receipt that somebody holds, and what to call it in the answer."""

    name: str
    receipt: Receipt


def check_bundle(
    bundle: EvidenceBundle,
    trusted: Trusted,
    receipts: Iterable[HeldReceipt] = (),
) -> list[EvidenceFinding]:
    """Return what becomes of every line of a case, in the order of checking."""
    heads = list(head_findings(bundle, trusted))
    placements, proven = placed(bundle)
    record = Record(statements=tuple(proven))
    facts = list(FactCheck(bundle.matter, record).findings())
    outcome = list(OutcomeCheck(bundle, record).findings())
    held = [
        finding
        for one in receipts
        for finding in _held(bundle, trust_of(bundle, trusted), record, one)
    ]
    return [*heads, *placements, *outcome, *facts, _page(bundle), *held]


def _page(bundle: EvidenceBundle) -> EvidenceFinding:
    """Return whether the human page says what the case says."""
    verdict = Verdict.STATED
    if bundle.page_form == PAGE_FORM:
        is_same = bundle.page == page_of(bundle)
        verdict = Verdict.PROVEN if is_same else Verdict.CONTRADICTED
    return EvidenceFinding(code=Code.PAGE, verdict=verdict, about=bundle.page_form)


def _held(
    bundle: EvidenceBundle, trust: Trust, record: Record, held: HeldReceipt
) -> Iterator[EvidenceFinding]:
    """Yield whether the fact of a receipt is among those that were weighed."""
    receipt = held.receipt
    about = f"{held.name} #{receipt.index}"
    try:
        head = verify_receipt(receipt, trust)
        leaf = leaf_hash(opening_of(receipt).entry())
    except TokenError as refusal:
        yield contradicted(Code.RECEIPT, f"{about} {refusal.code}")
        return
    same = [one for one in record.statements if one.index == receipt.index]
    if _is_other_tree(bundle.head, head.checkpoint) or any(
        one.leaf != leaf for one in same
    ):
        yield contradicted(Code.FORK, about)
        return
    is_weighed = bool(same) and receipt.index in record.weighed
    verdict = Verdict.PROVEN if is_weighed else Verdict.MISSING
    yield EvidenceFinding(code=Code.RECEIPT, verdict=verdict, about=about)


def _is_other_tree(one: Checkpoint, other: Checkpoint) -> bool:
    """Say whether two heads of one log and one size are of two histories."""
    is_comparable = one.origin == other.origin and one.size == other.size
    return is_comparable and one.root != other.root
