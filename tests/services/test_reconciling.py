"""A statement that repeats an earlier one is noticed before it is stored again."""

from typing import Any

import pytest

from attribution.errors import NotAllowed, NotFound, StatementKnown
from attribution.ids import ChannelId, StatementId
from attribution.people import Grant, Role
from attribution.services.reconciling import (
    Confirmed,
    earlier_upload,
    upload_of_file,
    upload_statement,
)
from attribution.storage.tables import statements
from tests.office import Office

ONE = "房号,佣金\n3-1-1201,100\n3-1-1202,200\n".encode()
MOVED = "七月\n佣金,房号\n200,3栋1单元1202\n100,3-1-1201\n".encode()
MORE = ONE + b"3-1-1203,1\n"


def upload(office: Office, data: bytes, **others: Any) -> StatementId:
    others.setdefault("channel_id", office.channel_a)
    made = office.do(
        upload_statement,
        by=office.finance,
        project_id=office.project,
        file=("七月.csv", data),
        **others,
    )
    return StatementId(str(made["reconciliation_id"]))


@pytest.mark.parametrize(
    ("data", "of_channel", "is_known"),
    [
        pytest.param(ONE, "channel_a", True, id="the same file"),
        pytest.param(MOVED, "channel_a", True, id="the same claims in another file"),
        pytest.param(ONE, "channel_b", True, id="the same file for another channel"),
        pytest.param(
            MOVED, "channel_b", False, id="the same claims of another channel"
        ),
        pytest.param(MORE, "channel_a", False, id="one claim more"),
    ],
)
def test_what_repeats_an_upload_is_refused_until_it_is_meant(
    office: Office, data: bytes, of_channel: str, *, is_known: bool
) -> None:
    first = upload(office, ONE)
    channel: ChannelId = getattr(office, of_channel)

    if is_known:
        with pytest.raises(StatementKnown) as refusal:
            upload(office, data, channel_id=channel)
        assert refusal.value.reconciliation_id == first
        assert office.count(statements) == 1
    upload(office, data, channel_id=channel, confirmed=Confirmed(is_again=True))

    assert office.count(statements) == 2


def test_a_corrected_file_is_no_repetition_and_the_newest_one_is_named(
    office: Office,
) -> None:
    upload(office, ONE)
    upload(office, MORE)
    office.wait(days=1)
    newest = upload(office, ONE, confirmed=Confirmed(is_again=True))

    with pytest.raises(StatementKnown) as refusal:
        upload(office, ONE)

    assert refusal.value.reconciliation_id == newest


def test_who_uploaded_it_is_told_to_those_who_may_see_it(office: Office) -> None:
    first = upload(office, ONE)
    managers = [
        office.hire("manager", Grant(role=Role.CHANNEL_MANAGER, channel_id=one))
        for one in (office.channel_a, office.channel_b)
    ]
    runtime, project = office.runtime, office.project

    told = earlier_upload(runtime, by=office.finance, statement_id=first)
    seen = [
        upload_of_file(runtime, by=by, project_id=project, data=ONE) for by in managers
    ]

    assert (told.uploaded_by, told.channel_id) == ("finance", office.channel_a)
    assert seen == [first, None]
    assert (
        upload_of_file(runtime, by=office.finance, project_id=project, data=b"") is None
    )
    with pytest.raises(NotAllowed):
        earlier_upload(runtime, by=managers[1], statement_id=first)
    with pytest.raises(NotFound):
        earlier_upload(runtime, by=office.finance, statement_id=StatementId("none"))
