"""What may be brought as evidence is told by its bytes."""

import pytest

from attribution.evidence import MOST_BYTES, EvidenceKind, evidence_kind
from tests.racing import outcome_of

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 16


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"%PDF-1.7\n\xff\x00", EvidenceKind.PDF),
        ("微信记录：三点到\n".encode(), EvidenceKind.TEXT),
        (b"\xef\xbb\xbfwith a mark", EvidenceKind.TEXT),
        (b"a\tb\r\nc\f", EvidenceKind.TEXT),
        (b"x" * MOST_BYTES, EvidenceKind.TEXT),
    ],
)
def test_text_and_pdf_are_evidence(data: bytes, kind: EvidenceKind) -> None:
    assert evidence_kind(data) is kind


@pytest.mark.parametrize(
    ("data", "outcome"),
    [
        pytest.param(b"", "INPUT_INVALID", id="nothing"),
        pytest.param(b" \n", "INPUT_INVALID", id="only spaces"),
        pytest.param(b"x" * (MOST_BYTES + 1), "EVIDENCE_TOO_LARGE", id="a byte more"),
        pytest.param(PNG, "EVIDENCE_NOT_ACCEPTED", id="a picture"),
        pytest.param(b"\xff\xd8\xff\xe0JFIF", "EVIDENCE_NOT_ACCEPTED", id="a photo"),
        pytest.param(b"PK\x03\x04", "EVIDENCE_NOT_ACCEPTED", id="an archive"),
        pytest.param(b"MZ\x90\x00", "EVIDENCE_NOT_ACCEPTED", id="a program"),
        pytest.param(
            b" %PDF-1.7\xff", "EVIDENCE_NOT_ACCEPTED", id="no PDF at the start"
        ),
        pytest.param("张三".encode("gb18030"), "EVIDENCE_NOT_ACCEPTED", id="no UTF-8"),
        pytest.param(b"a\0b", "EVIDENCE_NOT_ACCEPTED", id="a control character"),
    ],
)
def test_anything_else_is_refused(data: bytes, outcome: str) -> None:
    assert outcome_of(lambda: evidence_kind(data)) == outcome
