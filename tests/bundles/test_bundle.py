"""The file of a bundle: strictly read, deterministic, and small changes are named."""

import json
import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attribution.bundles.archive import archive_bytes, read_archive
from attribution.bundles.bundle import (
    CHECKPOINT,
    INPUTS,
    KEYS,
    MANIFEST,
    NAMES,
    PAGE,
    RULING,
    STATEMENTS,
    bundle_bytes,
    parse_bundle,
)
from attribution.bundles.check import check_bundle
from attribution.bundles.findings import Verdict, is_good
from attribution.errors import BundleUnreadable
from tests.attribution.paper import HOUR, at, case, issue, signing, visit
from tests.bundles.room import WITH_KEY, room_of_case
from tests.bundles.test_check import BUNDLE, CASE
from tokens.canonical import canonical

DATA = bundle_bytes(BUNDLE)
FILES = read_archive(DATA, NAMES)
SMALL = bundle_bytes(
    room_of_case(
        case(
            issue("t1", "wang", at(0)),
            visit("v1", at(0, HOUR), "t1"),
            signing(at(10)),
        )
    ).bundle()
)
NIGHTLY = os.getenv("HYPOTHESIS_PROFILE") == "nightly"
MANY = settings(max_examples=20_000 if NIGHTLY else 1_000)


def outcome(data: bytes) -> int:
    """Return what the command would exit with; 1 also for a page of another form."""
    try:
        bundle = parse_bundle(data)
    except BundleUnreadable:
        return 2
    findings = check_bundle(bundle, WITH_KEY)
    is_page_known = findings[-1].verdict is not Verdict.STATED
    return 0 if is_good(findings) and is_page_known else 1


def test_the_same_case_gives_the_same_bytes() -> None:
    again = parse_bundle(DATA)

    assert bundle_bytes(again) == DATA
    assert bundle_bytes(room_of_case(CASE).bundle()) == DATA
    assert again == BUNDLE
    assert outcome(DATA) == 0


def test_no_byte_of_a_bundle_can_be_flipped() -> None:
    assert outcome(SMALL) == 0
    data = bytearray(SMALL)
    for place in range(len(data)):
        data[place] ^= 1
        assert outcome(bytes(data)) == 2
        data[place] ^= 1


@pytest.mark.parametrize("name", NAMES)
def test_no_byte_of_a_part_can_be_flipped_by_who_packs_it_again(name: str) -> None:
    # In the build every 23rd byte, each by other bits; at night all of them.
    files = read_archive(SMALL, NAMES)
    for place in range(0, len(files[name]), 1 if NIGHTLY else 23):
        data = bytearray(files[name])
        data[place] ^= 1 << place % 7
        changed = archive_bytes({**files, name: bytes(data)})
        assert outcome(changed) in {1, 2}


def test_whoever_drops_or_swaps_parts_of_a_part_is_found_out() -> None:
    statements = json.loads(FILES[STATEMENTS])
    for place in range(len(statements) - 1):
        turned = [*statements]
        turned[place : place + 2] = turned[place + 1], turned[place]
        changed = {**FILES, STATEMENTS: canonical(turned)}
        assert reason(changed) == (
            "statements.json $: must be in the order of the log, each once"
        )


def reason(files: dict[str, bytes]) -> str:
    with pytest.raises(BundleUnreadable) as refused:
        parse_bundle(archive_bytes(files))
    return str(refused.value)


def put(name: str, *place: str | int, value: Any) -> dict[str, bytes]:
    root = [json.loads(FILES[name])]
    way: tuple[str | int, ...] = (0, *place)
    at_: Any = root
    for step in way[:-1]:
        at_ = at_[step]
    at_[way[-1]] = value
    return {**FILES, name: canonical(root[0])}


def text(name: str, data: bytes) -> dict[str, bytes]:
    return {**FILES, name: data}


MISTAKES: list[tuple[Callable[[], dict[str, bytes]], str]] = [
    (
        lambda: put(MANIFEST, "format", value="hefu-evidence/2"),
        "manifest.json format: must be hefu-evidence/1",
    ),
    (lambda: put(MANIFEST, "more", value=1), "manifest.json more: unknown key"),
    (lambda: put(MANIFEST, "ruling", value=1), "manifest.json ruling: must be a text"),
    (
        lambda: text(MANIFEST, FILES[MANIFEST] + b"\n"),
        "manifest.json $: must be canonical JSON",
    ),
    (lambda: text(RULING, b"\xff"), "ruling.json $: must be canonical JSON"),
    (
        lambda: text(RULING, b"[]"),
        "ruling.json $: must be a table of keys and values",
    ),
    (lambda: text(RULING, b'{"a":1.5}'), "ruling.json $: must be canonical JSON"),
    (
        lambda: text(RULING, b'{"a":1,"a":1}'),
        "ruling.json $: must be canonical JSON",
    ),
    (
        lambda: text(RULING, b'{"a":' + b"[" * 10**5 + b"]" * 10**5 + b"}"),
        "ruling.json $: must be canonical JSON",
    ),
    (
        lambda: text(RULING, b'{"a":' + b"9" * 5000 + b"}"),
        "ruling.json $: must be canonical JSON",
    ),
    (
        lambda: put(INPUTS, "seen", 0, "visit", value=1),
        "inputs.json seen[0].visit: must be a text",
    ),
    (lambda: text(INPUTS, b"{}"), "inputs.json signing: is missing"),
    (
        lambda: put(STATEMENTS, 0, "kind", value="Visit"),
        "statements.json [0].kind: must be a kind like visit/v1",
    ),
    (
        lambda: put(STATEMENTS, 0, "event", value="[]"),
        "statements.json [0].event: must be a table of keys and values",
    ),
    (
        lambda: put(STATEMENTS, 0, "event", value="{ }"),
        "statements.json [0].event: must be canonical JSON",
    ),
    (
        # Deep enough to be read at the top of the stack and not where it is weighed.
        lambda: put(STATEMENTS, 0, "event", value=f'{{"a":{"[" * 900 + "]" * 900}}}'),
        "statements.json [0].event: must be canonical JSON",
    ),
    (
        lambda: put(STATEMENTS, 0, "nonce", value="AA=="),
        "statements.json [0].nonce: must have 32 bytes",
    ),
    (
        lambda: put(STATEMENTS, 0, "nonce", value="?"),
        "statements.json [0].nonce: must be base64",
    ),
    (
        lambda: put(STATEMENTS, 0, "proof", value=[1]),
        "statements.json [0].proof[0]: must be base64",
    ),
    (
        lambda: put(STATEMENTS, 0, "proof", value=["A" * 43 + "="] * 64),
        "statements.json [0].proof: must have at most 63 hashes",
    ),
    (
        lambda: put(STATEMENTS, 0, "index", value=-1),
        "statements.json [0].index: must be from 0 to 9007199254740991",
    ),
    (
        lambda: put(STATEMENTS, value=[0] * 10_001),
        "statements.json $: must have at most 10000 statements",
    ),
    (lambda: put(KEYS, value=[]), "keys.json $: must have 1 to 100 keys"),
    (
        lambda: put(KEYS, 0, "vkey", value="x"),
        "keys.json [0].vkey: must be the text of a log key",
    ),
    (
        lambda: put(KEYS, 0, "compromised_at", value="2100-02-30T00:00:00Z"),
        "keys.json [0].compromised_at: is no such day or time",
    ),
    (lambda: text(CHECKPOINT, b"\xff"), "checkpoint.txt: must be UTF-8"),
    (
        lambda: text(CHECKPOINT, b"hello"),
        "checkpoint.txt $: must be a signed checkpoint",
    ),
    (
        lambda: text(CHECKPOINT, b"a\n1\nAA==\n\n\xe2\x80\x94 a AAAAAAA=\n"),
        "checkpoint.txt $: must have a root of 32 bytes",
    ),
]


@pytest.mark.parametrize(("make", "expected"), MISTAKES)
def test_a_mistake_is_named_with_its_part_and_place(
    make: Callable[[], dict[str, bytes]], expected: str
) -> None:
    assert reason(make()) == expected


def test_a_key_history_keeps_the_instant_of_a_compromise() -> None:
    known = parse_bundle(archive_bytes(put(KEYS, 0, "compromised_at", value=AT)))

    assert json.loads(read_archive(bundle_bytes(known), NAMES)[KEYS])[0][
        "compromised_at"
    ] == (AT)


AT = "2026-03-01T00:00:00.000000Z"


# -- whatever comes, it is an answer or a refusal ---------------------------------

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-10, 2**53 - 1) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["kind", "event", "index", "a"]), inner)
    ),
    max_leaves=8,
)


@MANY
@given(st.data())
def test_a_value_in_any_place_is_named_or_refused(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from([MANIFEST, RULING, INPUTS, STATEMENTS, KEYS]))
    root: Any = [json.loads(FILES[name])]
    at_, step = root, 0
    while isinstance(at_[step], dict | list) and at_[step] and data.draw(st.booleans()):
        at_ = at_[step]
        steps = sorted(at_) if isinstance(at_, dict) else range(len(at_))
        step = data.draw(st.sampled_from(steps))
    before = at_[step]
    at_[step] = data.draw(json_values)

    changed = {**FILES, name: canonical(root[0])}

    is_same = canonical(before) == canonical(at_[step])
    is_found = outcome(archive_bytes(changed)) != 0
    # What a bundle says of its keys is only stated, so most of it may be changed.
    assert name == KEYS or is_found != is_same


@MANY
@given(st.binary(max_size=400), st.integers(0, len(SMALL)), st.integers(0, 400))
def test_bytes_in_any_place_are_named_or_refused(
    added: bytes, place: int, lost: int
) -> None:
    changed = SMALL[:place] + added + SMALL[place + lost :]

    assert outcome(changed) == (0 if changed == SMALL else 2)


@MANY
@given(st.sampled_from(NAMES), st.binary(max_size=50), st.integers(0, 5000))
def test_bytes_in_any_part_are_named_or_refused(
    name: str, added: bytes, place: int
) -> None:
    part = FILES[name]
    changed = part[:place] + added + part[place + len(added) :]

    found = outcome(archive_bytes({**FILES, name: changed}))

    assert (found == 0) == (changed == part)


def test_a_bundle_without_its_page_is_named() -> None:
    assert outcome(bundle_bytes(replace(BUNDLE, page=b""))) == 1


def test_the_page_loads_nothing_and_runs_nothing() -> None:
    page = FILES[PAGE].decode()

    for word in ("<script", "http://", "https://", "src=", "href=", "url(", "@import"):
        assert word not in page
    assert "default-src 'none'" in page
    assert page.count("<section lang=") == 2
