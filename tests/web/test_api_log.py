"""The public part of the log: its newest head and its entries."""

from attribution.services.sequencing import sequence
from tests.web.api_office import ApiOffice
from tokens.checkpoints import verify_checkpoint
from tokens.log import leaf_hash, root


def test_everybody_can_check_the_log_against_its_head(api: ApiOffice) -> None:
    sequence(api.office.runtime)
    verifier = api.office.keys.log.verifier

    head = api.get(None, "/log/checkpoint").json
    entries = api.get(None, "/log/entries?limit=1000").json["entries"]

    read = verify_checkpoint(head["checkpoint"], verifier, origin=verifier.name)
    leaves = [leaf_hash(bytes.fromhex(one["entry"])) for one in entries]
    assert root(leaves) == read.root == bytes.fromhex(head["root"])
    assert len(leaves) == read.size == head["size"]


def test_entries_are_read_page_by_page(api: ApiOffice) -> None:
    sequence(api.office.runtime)
    size = api.get(None, "/log/checkpoint").json["size"]

    first = api.get(None, f"/log/entries?limit={size - 1}").json
    last = api.get(None, f"/log/entries?start={first['next']}").json

    assert [one["position"] for one in last["entries"]] == [size - 1]
    assert last["next"] is None


def test_an_empty_log_has_no_head_yet(api: ApiOffice) -> None:
    assert api.get(None, "/log/checkpoint").status_code == 404


def test_a_page_beyond_its_bounds_is_refused(api: ApiOffice) -> None:
    for query in ("start=-1", "limit=0", "limit=1001", "start=a", "page=1"):
        answer = api.get(None, f"/log/entries?{query}")
        assert (answer.status_code, answer.json["code"]) == (422, "INPUT_INVALID")
