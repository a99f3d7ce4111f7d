"""Every case, recorded as it should be, is proven; and survives being a file."""

import json
from pathlib import Path

import pytest
from hypothesis import given

from attribution.bundles.bundle import bundle_bytes, parse_bundle
from attribution.bundles.check import check_bundle
from attribution.bundles.findings import is_good
from attribution.cases.reading import parse_case
from tests.attribution.paper import Json, at, case, signing
from tests.bundles.room import CASES, WITH_KEY, found, room_of_case
from tests.properties.test_rules_laws import SIGNED_ON, Facts, clients, rulebooks

SIGNING = signing(at(SIGNED_ON), log=300)
FILES = sorted(CASES.glob("*.json"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_case_of_the_examples_is_proven(file: Path) -> None:
    document = json.loads(file.read_text("utf-8"))

    for number in range(len(parse_case(document).signings)):
        room = room_of_case(document, number)
        bundle = room.bundle()
        data = bundle_bytes(bundle)
        again = parse_bundle(data)
        assert not found(again)
        assert bundle_bytes(again) == data


@given(clients(), rulebooks)
def test_a_case_that_nobody_thought_of_is_proven(facts: Facts, rules: Json) -> None:
    room = room_of_case(case(*facts, SIGNING, rulebook=rules))

    bundle = parse_bundle(bundle_bytes(room.bundle()))

    assert is_good(check_bundle(bundle, WITH_KEY))
