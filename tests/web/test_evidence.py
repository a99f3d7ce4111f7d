"""The evidence bundle by page, by call and by command."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient

from attribution.bundles.bundle import parse_bundle
from attribution.bundles.check import check_bundle
from attribution.bundles.findings import is_good
from attribution.bundles.heads import Trusted
from attribution.people import Role
from attribution.services.sequencing import sequence
from tests.office import Office
from tests.web.api_office import ApiOffice
from tests.web.conftest import Front
from tests.web.test_api_signings import CONTRACT, bring
from tokens.trust import LogKey
from web.cli import main


def is_proven(data: bytes, office: Office) -> bool:
    trusted = Trusted(log_keys=(LogKey(verifier=office.keys.log.verifier),))
    return is_good(check_bundle(parse_bundle(data), trusted))


def a_signing(office: Office) -> str:
    code = office.issue()["code"]
    office.wait(hours=1)
    office.redeem(code)
    signing = office.sign()
    office.rule(signing)
    return signing


def test_the_page_of_a_deal_gives_its_bundle(front: Front) -> None:
    signing = a_signing(front.office)
    browser: FlaskClient = front.signed_in(Role.FINANCE)

    page = browser.get(f"/finance/deals/{signing}").text
    link = re.search(r'href="([^"]+evidence.zip)"', page)
    assert link is not None
    answer = browser.get(link[1])

    assert answer.mimetype == "application/zip"
    name = f"{signing[:12]}.hefu.zip"
    assert answer.headers["Content-Disposition"] == f"attachment; filename={name}"
    assert answer.headers["Cache-Control"] == "no-store"
    assert is_proven(answer.data, front.office)


def test_the_call_gives_it_to_offices_and_to_the_parties(api: ApiOffice) -> None:
    bring(api)
    signed = api.post("signing", "/signings", CONTRACT).json["signing_id"]
    path = f"/signings/{signed}/bundle"

    told = api.get("finance", path)
    own = api.get("wang", path)

    assert told.headers["Content-Disposition"] == (
        f"attachment; filename={signed[:12]}.hefu.zip"
    )
    assert is_proven(told.data, api.office)
    assert is_proven(own.data, api.office)
    assert api.get("li", path).status_code == 403
    assert api.get("finance", f"/signings/{'0' * 32}/bundle").status_code == 404


@pytest.fixture
def installed(
    sqlite_office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Office:
    """An office whose database the command works on."""
    monkeypatch.setenv("HEFU_DATA_DIR", str(tmp_path / "data"))
    url = f"sqlite:///{tmp_path}/o.db"
    monkeypatch.setenv("HEFU_DATABASE_URL", url)
    return sqlite_office


def test_the_command_writes_a_new_file_and_never_over_another(
    installed: Office, tmp_path: Path
) -> None:
    signing = a_signing(installed)
    sequence(installed.runtime)
    file = tmp_path / "case.hefu.zip"

    first = CliRunner().invoke(main, ["evidence", signing, "--to", str(file)])
    data = file.read_bytes()
    again = CliRunner().invoke(main, ["evidence", signing, "--to", str(file)])

    assert re.fullmatch(
        rf"{re.escape(str(file))} sha256:[0-9a-f]{{64}}\n", first.stdout
    )
    assert is_proven(data, installed)
    assert again.exit_code == 2
    assert "is there already" in again.stderr
    assert file.read_bytes() == data


def test_the_command_says_when_there_is_nothing_to_show(
    installed: Office, tmp_path: Path
) -> None:
    assert installed.project
    path = str(tmp_path / "none.zip")

    answer = CliRunner().invoke(main, ["evidence", "0" * 32, "--to", path])

    assert answer.exit_code == 1
    assert answer.stderr.startswith("NOT_FOUND: ")
    assert not Path(path).exists()
