"""python -m tests.bundles.pinned: make the pinned bundle anew, when its form changes.

One report, one visit, one signing, in an office with counted randomness and a set
clock, so that every run gives the same bytes. The specification shows some of them.
"""

import hashlib
import tempfile
from pathlib import Path

from attribution.bundles.bundle import parse_bundle
from attribution.services.evidencing import export_evidence
from attribution.storage.engine import open_database
from tests.office import Office

TARGET = Path(__file__).parents[1] / "vectors" / "case.hefu.zip"


def pinned_bundle() -> tuple[bytes, str]:
    """Return the bundle, and the text of the log's key."""
    with tempfile.TemporaryDirectory() as folder:
        database = open_database(f"sqlite:///{folder}/hefu.db")
        office = Office(database)
        code = office.issue()["code"]
        office.wait(hours=1)
        office.redeem(code)
        office.wait(hours=1)
        signing = office.sign()
        office.rule(signing)
        file = export_evidence(office.runtime, by=office.finance, signing_id=signing)
        database.close()
    return file.data, office.keys.log.verifier.vkey()


def main() -> None:
    """Write the file and say what the specification has to show."""
    data, vkey = pinned_bundle()
    TARGET.write_bytes(data)
    bundle = parse_bundle(data)
    parts = {"file": data, "inputs": bundle.inputs, "ruling": bundle.ruling}
    print(vkey, len(data), bundle.checkpoint, sep="\n")  # noqa: T201 (a command)
    for name, part in parts.items():
        print(name, hashlib.sha256(part).hexdigest())  # noqa: T201 (a command)
    print([(one.index, one.kind) for one in bundle.statements])  # noqa: T201


if __name__ == "__main__":
    main()
