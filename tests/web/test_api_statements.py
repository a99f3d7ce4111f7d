"""Reconciliation by the API: a spreadsheet in, rows, JSON and a workbook out."""

import io
import json
from datetime import date
from typing import Any

import openpyxl
import pytest

from attribution.money import Fen
from attribution.people import Role
from attribution.sheets.sample import SampleLine, untidy_workbook
from attribution.storage.tables import statements
from tests.web.api_office import Answered, ApiOffice
from tests.web.test_api_signings import CONTRACT, bring

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV = "房号,佣金金额\n3-1-1201,36750\n3-1-1202,100\n".encode()


def upload(
    api: ApiOffice,
    data: bytes,
    *,
    who: str = "finance",
    name: str = "statement.csv",
    **headers: str,
) -> Answered:
    form = {"channel": api.office.channel_a, "file": (io.BytesIO(data), name)}
    return api.send(who, "/statements", headers, data=form)


def test_a_statement_is_matched_row_by_row(api: ApiOffice) -> None:
    bring(api)
    api.post("signing", "/signings", CONTRACT)
    line = SampleLine(
        unit="3-1-1201",
        client="张三",
        agent="王芳",
        signed_on=date(2026, 3, 2),
        price=Fen(245_000_000),
        commission=Fen(3_675_000),
    )
    data = untidy_workbook([line], title="甲渠道结算单")

    uploaded = upload(api, data, name="结算单.xlsx")
    address = f"/reconciliations/{uploaded.json['reconciliation_id']}"
    found = api.get("finance", address).json
    workbook = api.get("finance", f"{address}.xlsx")

    assert uploaded.status_code == 201
    assert [row["kind"] for row in found["rows"]] == ["MATCHED"]
    assert found["totals"]["MATCHED"] == {
        "count": 1,
        "claimed": 3_675_000,
        "owed": 3_675_000,
    }
    assert workbook.mimetype == XLSX
    sheets = openpyxl.load_workbook(io.BytesIO(workbook.data))
    assert sheets.sheetnames == ["汇总", "明细"]


def test_the_columns_can_be_chosen_and_the_answer_says_which_were_used(
    api: ApiOffice,
) -> None:
    data = "房号,佣金金额,应得\n3-1-1201,1,2\n".encode()
    chosen = [
        {"sheet": "a.csv", "header_row": 1, "columns": {"unit": "A", "amount": "C"}}
    ]

    def sent(**fields: str) -> Answered:
        form = {"channel": api.office.channel_a, "file": (io.BytesIO(data), "a.csv")}
        return api.send("finance", "/statements", {}, data={**form, **fields})

    found, corrected = sent(), sent(columns=json.dumps(chosen))
    address = f"/reconciliations/{corrected.json['reconciliation_id']}"
    (row,) = api.get("finance", address).json["rows"]

    assert found.json["columns"] == [
        {"sheet": "a.csv", "header_row": 1, "columns": {"unit": "A", "amount": "B"}}
    ]
    assert corrected.json["columns"] == chosen
    assert (row["cell"], row["claimed"]) == ("C2", 200)


@pytest.mark.parametrize(
    "columns",
    [
        "{}",
        '[{"sheet": "a.csv", "columns": {"unit": "A"}}]',
        '[{"sheet": "a.csv", "columns": {"unit": "A", "amount": "A"}}]',
        '[{"sheet": "a.csv", "columns": {"unit": "A", "amount": "1"}}]',
        '[{"sheet": "a.csv", "columns": {"unit": "A", "wages": "B"}}]',
        '[{"sheet": "b.csv", "columns": {"unit": "A", "amount": "B"}}]',
        '[{"sheet": "a.csv", "header_row": 9, "columns": {"unit":"A","amount":"B"}}]',
        '[{"sheet": "a.csv", "header_row": -1, "columns": {"unit":"A","amount":"B"}}]',
    ],
)
def test_columns_that_are_no_choice_are_refused(api: ApiOffice, columns: str) -> None:
    form = {"channel": api.office.channel_a, "columns": columns}
    form["file"] = (io.BytesIO(CSV), "a.csv")

    refused = api.send("finance", "/statements", {}, data=form)

    assert refused.status_code == 422
    assert api.office.count(statements) == 0


def test_uploads_are_listed_for_finance_and_for_the_channel_itself(
    api: ApiOffice,
) -> None:
    upload(api, CSV)
    own = api.hire(Role.CHANNEL_MANAGER, channel_id=api.office.channel_a)
    other = api.hire(Role.CHANNEL_MANAGER, channel_id=api.office.channel_b)

    counts = {
        who: len(api.get(who, "/reconciliations").json["reconciliations"])
        for who in ("finance", own, other)
    }

    assert counts == {"finance": 1, own: 1, other: 0}
    assert upload(api, CSV + b"3-1-1,1\n", who=own).status_code == 201
    assert upload(api, CSV, who=other).status_code == 403


@pytest.mark.parametrize(("head", "row"), [("甲,乙\n", 1), ("", 0)])
def test_a_header_that_is_not_recognised_is_named(
    api: ApiOffice, head: str, row: int
) -> None:
    data = f"{head}3-1-1201,36750\n".encode()
    chosen = {"sheet": "a.csv", "header_row": row, "columns": {"unit": "A"}}
    chosen["columns"] = {"unit": "A", "amount": "B"}

    def sent(**fields: str) -> Answered:
        form = {"channel": api.office.channel_a, "file": (io.BytesIO(data), "a.csv")}
        return api.send("finance", "/statements", {}, data={**form, **fields})

    refused, read = sent(), sent(columns=json.dumps([chosen]))
    address = f"/reconciliations/{read.json['reconciliation_id']}"
    (found,) = api.get("finance", address).json["rows"]

    assert refused.json["code"] == "HEADER_NOT_FOUND"
    assert read.json["columns"] == [chosen]
    assert (found["unit"], found["claimed"]) == ("3-1-1201", 3_675_000)


def test_what_was_uploaded_before_is_refused_until_it_is_meant_again(
    api: ApiOffice,
) -> None:
    first = upload(api, CSV)
    moved = "佣金金额,房号\n100,3-1-1202\n36750,3-1-1201\n".encode()

    known, same_claims = upload(api, CSV), upload(api, moved)
    form = {"channel": api.office.channel_a, "again": "true"}
    again = api.send(
        "finance",
        "/statements",
        {},
        data={**form, "file": (io.BytesIO(CSV), "statement.csv")},
    )

    for refused in (known, same_claims):
        assert (refused.status_code, refused.json["code"]) == (409, "STATEMENT_KNOWN")
        earlier = refused.json["reconciliation_id"]
        assert earlier == first.json["reconciliation_id"]
        assert refused.json["uploaded_at"].endswith("Z")
    assert again.status_code == 201
    assert api.office.count(statements) == 2


def test_the_same_file_for_another_channel_is_asked_about(api: ApiOffice) -> None:
    upload(api, CSV)
    form = {"channel": api.office.channel_b, "file": (io.BytesIO(CSV), "b.csv")}
    own = api.hire(Role.CHANNEL_MANAGER, channel_id=api.office.channel_b)

    refused = api.send("finance", "/statements", {}, data=form)
    form["file"] = (io.BytesIO(CSV), "b.csv")
    managers = api.send(own, "/statements", {}, data=form)

    assert refused.json["code"] == "STATEMENT_KNOWN"
    assert managers.status_code == 201  # what another channel sent is not told


def test_the_same_file_under_the_same_key_is_read_once(api: ApiOffice) -> None:
    key = "statement-of-march"

    first = upload(api, CSV, Idempotency_Key=key)
    again = upload(api, CSV, Idempotency_Key=key)
    other = upload(api, CSV + b"\n", Idempotency_Key=key)

    assert again.json == {**first.json, "replayed": True}
    assert (other.status_code, other.json["code"]) == (409, "REQUEST_ID_REUSED")


@pytest.mark.parametrize(
    ("data", "name", "status", "code"),
    [
        pytest.param(b"", "a.csv", 415, "STATEMENT_NOT_SPREADSHEET", id="empty"),
        pytest.param(b"a,b\n1,2\n", "a.csv", 422, "HEADER_NOT_FOUND", id="no header"),
        pytest.param(b"\xff\xff,1", "a.csv", 422, "ENCODING_UNKNOWN", id="encoding"),
        pytest.param(
            b"PK\x03\x04 no zip", "a.xlsx", 415, "STATEMENT_NOT_SPREADSHEET", id="zip"
        ),
        pytest.param(
            b"%PDF-1.7", "a.pdf", 415, "STATEMENT_NOT_SPREADSHEET", id="a PDF"
        ),
    ],
)
def test_what_is_no_statement_is_refused(
    api: ApiOffice, data: bytes, name: str, status: int, code: str
) -> None:
    refused = upload(api, data, name=name)

    assert (refused.status_code, refused.json["code"]) == (status, code)
    assert api.get("finance", "/reconciliations").json["reconciliations"] == []


@pytest.mark.parametrize(
    ("form", "status"),
    [
        pytest.param({}, 415, id="nothing"),
        pytest.param({"file": (io.BytesIO(CSV), "a.csv")}, 422, id="no channel"),
        pytest.param(
            {"channel": "0" * 32, "file": (io.BytesIO(CSV), "a.csv")},
            404,
            id="no such channel",
        ),
        pytest.param(
            {"channel": "0" * 32, "picture": (io.BytesIO(CSV), "a.csv")},
            422,
            id="a file by another name",
        ),
        pytest.param(
            {"channel": "0" * 32, "x": "y", "file": (io.BytesIO(CSV), "a.csv")},
            422,
            id="an unknown field",
        ),
    ],
)
def test_a_form_with_a_mistake_is_refused(
    api: ApiOffice, form: dict[str, Any], status: int
) -> None:
    assert api.send("finance", "/statements", {}, data=form).status_code == status


def test_json_is_no_upload(api: ApiOffice) -> None:
    assert api.post("finance", "/statements", {}).status_code == 415


def test_a_statement_of_nothing_but_a_header_is_said_to_be_empty(
    api: ApiOffice,
) -> None:
    answer = upload(api, "房号,佣金金额\n".encode())

    assert (answer.status_code, answer.json["code"]) == (422, "STATEMENT_EMPTY")
    assert api.office.count(statements) == 0
