"""The evidence bundle (证据包): what one ruling rests on, as one file.

Source: docs/specs/evidence-bundle.md.
"""

import json
import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import pairwise
from typing import Final, NoReturn

from attribution.bundles.archive import archive_bytes, read_archive
from attribution.bundles.inputs import LARGEST_INDEX, matter_from_json
from attribution.documents import Node, instant_text
from attribution.errors import BundleUnreadable
from attribution.ids import RulingId, SigningId
from attribution.rules.matter import Matter
from tokens.canonical import canonical
from tokens.checkpoints import Checkpoint, parse_checkpoint, proof_lines
from tokens.errors import CheckpointMalformed
from tokens.log import HASH_SIZE, MAXIMUM_PROOF, leaf_hash
from tokens.notes import Verifier, decode_base64, parse_note, parse_vkey
from tokens.receipts import Opening

FORMAT: Final = "hefu-evidence/1"
PAGE_FORM: Final = "page/1"
"""How the page is made from the rest; another wording is another form."""
MANIFEST, PAGE, RULING, INPUTS, STATEMENTS, CHECKPOINT, KEYS = (
    "manifest.json",
    "page.html",
    "ruling.json",
    "inputs.json",
    "statements.json",
    "checkpoint.txt",
    "keys.json",
)
NAMES: Final = (MANIFEST, PAGE, RULING, INPUTS, STATEMENTS, CHECKPOINT, KEYS)

_MOST_STATEMENTS: Final = 10_000
_MOST_KEYS: Final = 100
_LONGEST_TEXT: Final = 65_536
_KIND: Final = re.compile(r"[a-z][a-z-]{0,19}/v[0-9]{1,2}")


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One fact of the log with what opens its entry, and its proof."""

    index: int
    opening: Opening
    proof: tuple[bytes, ...] = field(repr=False)

    @property
    def kind(self) -> str:
        """The kind of fact, such as `visit/v1`."""
        return self.opening.kind

    @cached_property
    def body(self) -> Mapping[str, object]:
        """What the fact says."""
        body: Mapping[str, object] = json.loads(self.opening.event)
        return body

    @cached_property
    def leaf(self) -> bytes:
        """The hash of its entry, as the tree holds it."""
        return leaf_hash(self.opening.entry())


@dataclass(frozen=True, kw_only=True, slots=True)
class HistoricKey:
    """A key of the log, as its own history says: since which size, and until when."""

    verifier: Verifier
    since_size: int
    compromised_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class EvidenceBundle:
    """One case: a ruling, what it rests on, and the proof that all of it was logged.

    Args:
        ruling: the ruling's canonical bytes, as the log names their digest.
        inputs: its canonical inputs, likewise.
        statements: in order of the log.
        checkpoint: a signed note; the proofs lead to its root.
        page: the human page, made of the rest as `page_form` says.
    """

    signing_id: SigningId
    ruling_id: RulingId
    ruling: bytes = field(repr=False)
    inputs: bytes = field(repr=False)
    statements: tuple[Statement, ...] = field(repr=False)
    checkpoint: str = field(repr=False)
    keys: tuple[HistoricKey, ...] = field(repr=False)
    page: bytes = field(default=b"", repr=False)
    page_form: str = PAGE_FORM

    @cached_property
    def matter(self) -> Matter:
        """The facts that were weighed."""
        return matter_from_json(json.loads(self.inputs))

    @cached_property
    def head(self) -> Checkpoint:
        """What the checkpoint says; whether it is signed, is another question."""
        return _head(self.checkpoint)


def bundle_bytes(bundle: EvidenceBundle) -> bytes:
    """Return a bundle as a file; the same bundle gives the same bytes."""
    manifest = {
        "format": FORMAT,
        "page": bundle.page_form,
        "ruling": bundle.ruling_id,
        "signing": bundle.signing_id,
    }
    return archive_bytes(
        {
            MANIFEST: canonical(manifest),
            PAGE: bundle.page,
            RULING: bundle.ruling,
            INPUTS: bundle.inputs,
            STATEMENTS: canonical([_statement_json(one) for one in bundle.statements]),
            CHECKPOINT: bundle.checkpoint.encode(),
            KEYS: canonical([_key_json(one) for one in bundle.keys]),
        }
    )


def parse_bundle(data: bytes) -> EvidenceBundle:
    """Return the bundle of a file. It is read strictly, and nothing is checked yet.

    Raises:
        BundleUnreadable: with the part of the file and what is wrong with it.
    """
    files = read_archive(data, NAMES)
    manifest = _root(MANIFEST, files).table("format", "page", "ruling", "signing")
    if manifest.need("format").value != FORMAT:
        manifest.need("format").fail(f"must be {FORMAT}")
    bundle = EvidenceBundle(
        signing_id=SigningId(manifest.need("signing").text()),
        ruling_id=RulingId(manifest.need("ruling").text()),
        ruling=_table_bytes(RULING, files),
        inputs=_table_bytes(INPUTS, files),
        statements=_statements(_root(STATEMENTS, files)),
        checkpoint=_text(CHECKPOINT, files[CHECKPOINT]),
        keys=_keys(_root(KEYS, files)),
        page=files[PAGE],
        page_form=manifest.need("page").text(),
    )
    _read_inside(INPUTS, lambda: bundle.matter)
    _read_inside(CHECKPOINT, lambda: bundle.head)
    return bundle


def _statement_json(statement: Statement) -> dict[str, object]:
    opening = statement.opening
    return {
        "index": statement.index,
        "kind": opening.kind,
        "at": opening.at,
        "event": opening.event.decode(),
        "nonce": b64encode(opening.nonce).decode(),
        "proof": proof_lines(statement.proof),
    }


def _key_json(key: HistoricKey) -> dict[str, object]:
    at = key.compromised_at
    return {
        "vkey": key.verifier.vkey(),
        "since_size": key.since_size,
        "compromised_at": None if at is None else instant_text(at),
    }


def _statements(node: Node) -> tuple[Statement, ...]:
    items = node.items()
    if len(items) > _MOST_STATEMENTS:
        node.fail(f"must have at most {_MOST_STATEMENTS} statements")
    statements = tuple(_statement(item) for item in items)
    indices = [one.index for one in statements]
    if any(one >= other for one, other in pairwise(indices)):
        node.fail("must be in the order of the log, each once")
    return statements


def _statement(node: Node) -> Statement:
    table = node.table("index", "kind", "at", "event", "nonce", "proof")
    kind = table.need("kind")
    if not _KIND.fullmatch(kind.text()):
        kind.fail("must be a kind like visit/v1")
    hashes = table.need("proof")
    proof = tuple(_bytes(item, HASH_SIZE) for item in hashes.items())
    if len(proof) > MAXIMUM_PROOF:
        hashes.fail(f"must have at most {MAXIMUM_PROOF} hashes")
    return Statement(
        index=table.need("index").whole(0, LARGEST_INDEX),
        opening=Opening(
            kind=kind.text(),
            at=table.need("at").whole(0, LARGEST_INDEX),
            nonce=_bytes(table.need("nonce"), HASH_SIZE),
            event=_event(table.need("event")),
        ),
        proof=proof,
    )


def _event(node: Node) -> bytes:
    data = node.text(_LONGEST_TEXT).encode()
    if not isinstance(_value(data, node.fail), Mapping):
        node.fail("must be a table of keys and values")
    return data


def _bytes(node: Node, size: int) -> bytes:
    if not isinstance(node.value, str):
        node.fail("must be base64")
    try:
        data = decode_base64(node.value)
    except CheckpointMalformed:
        node.fail("must be base64")
    if len(data) != size:
        node.fail(f"must have {size} bytes")
    return data


def _keys(node: Node) -> tuple[HistoricKey, ...]:
    items = node.items()
    if not 0 < len(items) <= _MOST_KEYS:
        node.fail(f"must have 1 to {_MOST_KEYS} keys")
    return tuple(_key(item) for item in items)


def _key(node: Node) -> HistoricKey:
    table = node.table("vkey", "since_size", "compromised_at")
    at = table.need("compromised_at")
    try:
        verifier = parse_vkey(table.need("vkey").text())
    except CheckpointMalformed:
        table.need("vkey").fail("must be the text of a log key")
    return HistoricKey(
        verifier=verifier,
        since_size=table.need("since_size").whole(0, LARGEST_INDEX),
        compromised_at=None if at.value is None else at.instant(),
    )


def _head(note: str) -> Checkpoint:
    try:
        text, _ = parse_note(note)
        checkpoint = parse_checkpoint(text)
    except CheckpointMalformed:
        raise BundleUnreadable("$", "must be a signed checkpoint") from None
    if len(checkpoint.root) != HASH_SIZE:
        raise BundleUnreadable("$", "must have a root of 32 bytes")
    return checkpoint


def _root(name: str, files: Mapping[str, bytes]) -> Node:
    def refuse(path: str, reason: str) -> BundleUnreadable:
        return BundleUnreadable(f"{name} {path}", reason)

    root = Node(value=None, path="", refuse=refuse)
    value = _value(files[name], root.fail)
    return Node(value=value, path="", refuse=refuse)


def _table_bytes(name: str, files: Mapping[str, bytes]) -> bytes:
    """Return the canonical bytes of a table that is read elsewhere."""
    root = _root(name, files)
    if not isinstance(root.value, Mapping):
        root.fail("must be a table of keys and values")
    return files[name]


def _value(data: bytes, fail: Callable[[str], NoReturn]) -> object:
    """Return the JSON value of bytes that are its canonical form."""
    try:
        value = json.loads(data)
        is_canonical = canonical(value) == data
    except (ValueError, RecursionError):
        fail("must be canonical JSON")
    if not is_canonical:
        fail("must be canonical JSON")
    return value


def _text(name: str, data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise BundleUnreadable(name, "must be UTF-8") from None


def _read_inside(name: str, read: Callable[[], object]) -> None:
    """Read a part, and name the file it is in if it is refused."""
    try:
        read()
    except BundleUnreadable as mistake:
        raise BundleUnreadable(f"{name} {mistake.path}", mistake.reason) from None
