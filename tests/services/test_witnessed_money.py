"""Where witnesses are asked for, nothing is payable that they have not seen."""

from dataclasses import replace

from attribution.money import Fen
from attribution.rulebook import Stage
from attribution.services.accounting import UNWITNESSED, deal_account, deal_accounts
from attribution.services.publishing import newest_head
from attribution.services.sequencing import sequence
from attribution.services.signing import Contract, record_signing
from attribution.services.witnessing import accept_cosignatures, admit_witness
from tests.office import Office, mobile
from tests.tokens.tokens_for_tests import OTHER_KEY
from tokens.cosignatures import cosign, witness_of
from tokens.notes import parse_note

WITNESS = witness_of("agency.example/w", OTHER_KEY.public_key())


def sold(office: Office) -> None:
    """Let the buyer of Wang's code sign the contract, and place everything."""
    code = office.issue()["code"]
    office.wait(hours=1)
    office.redeem(code)
    office.wait(hours=1)
    contract = Contract(
        unit="3-1-1201",
        price=Fen(245_000_000),
        stage=Stage.CONTRACT,
        buyers=((mobile(),),),
    )
    made = office.do(
        record_signing, by=office.signing, project_id=office.project, contract=contract
    )
    office.rule(made["signing_id"])  # type: ignore[arg-type]
    sequence(office.runtime)


def cosigned(office: Office) -> None:
    note = newest_head(office.runtime)[0].checkpoint
    line = cosign(parse_note(note)[0], OTHER_KEY, WITNESS.name, 1_772_000_000)
    accept_cosignatures(office.runtime, note + line)


def payable(office: Office) -> tuple[Fen, str | None]:
    [account] = deal_accounts(
        office.runtime, by=office.finance, project_id=office.project
    )
    one = deal_account(office.runtime, by=office.finance, signing_id=account.deal.id)
    assert one.lines == account.lines
    [line] = account.lines
    return line.payable, line.reason


def test_without_a_quorum_nobody_is_waited_for(office: Office) -> None:
    sold(office)

    assert payable(office) == (2_572_500, None)


def test_an_accrual_waits_for_as_many_witnesses_as_are_asked_for(
    office: Office,
) -> None:
    office.runtime = replace(office.runtime, witness_quorum=1)
    office.do(admit_witness, by=office.admin, vkey=WITNESS.vkey(), label="安居")
    sequence(office.runtime)
    cosigned(office)
    sold(office)

    assert payable(office) == (0, UNWITNESSED)
    cosigned(office)
    assert payable(office) == (2_572_500, None)


def test_redemption_goes_on_while_the_witnesses_are_silent(office: Office) -> None:
    office.runtime = replace(office.runtime, witness_quorum=2)

    sold(office)

    assert payable(office) == (0, UNWITNESSED)
