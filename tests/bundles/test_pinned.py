"""The pinned bundle: read, proven, written again to the byte, and as specified."""

import hashlib
import re
from pathlib import Path

from attribution.bundles.bundle import NAMES, bundle_bytes, parse_bundle
from attribution.bundles.check import check_bundle
from attribution.bundles.findings import Code, Verdict, is_good
from attribution.bundles.heads import Trusted
from attribution.bundles.wording import SENTENCES
from tokens.trust import parse_log_key

ROOT = Path(__file__).parents[2]
DATA = (ROOT / "tests" / "vectors" / "case.hefu.zip").read_bytes()
SPEC = (ROOT / "docs" / "specs" / "evidence-bundle.md").read_text("utf-8")


def test_the_pinned_bundle_is_proven_under_the_key_of_the_specification() -> None:
    vkey = re.findall(r"^hefu\.test/log\+\S+$", SPEC, re.MULTILINE)[0]

    bundle = parse_bundle(DATA)
    findings = check_bundle(bundle, Trusted(log_keys=(parse_log_key(vkey),)))

    assert is_good(findings)
    assert findings[-1].verdict is Verdict.PROVEN
    assert bundle_bytes(bundle) == DATA


def test_the_specification_shows_the_pinned_values() -> None:
    bundle = parse_bundle(DATA)

    assert f"{len(DATA):,}".replace(",", " ") in SPEC
    for part in (DATA, bundle.inputs, bundle.ruling):
        assert hashlib.sha256(part).hexdigest() in SPEC
    assert bundle.checkpoint in SPEC
    assert [one.index for one in bundle.statements if one.kind == "ruling/v1"] == [17]


def test_the_specification_names_every_part_and_every_finding() -> None:
    rows = re.findall(r"^\| (`.+?`) \|", SPEC, re.MULTILINE)
    codes = re.findall(r"`([A-Z_]+)`", " ".join(rows))

    assert [name for name in NAMES if f"| `{name}` |" not in SPEC] == []
    assert codes == list(Code)
    assert set(SENTENCES) == set(Code)
