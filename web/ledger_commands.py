"""Commands of the ledger 台账: walk it, and write it out."""

import json
import sys
from pathlib import Path

import click

from attribution.services.bookkeeping import LedgerFinding, check_ledgers, ledger_of
from attribution.services.surveying import project_called
from web.installed import OPERATOR, installed
from web.ledger_files import WRITERS
from web.new_files import TO_NEW_FILE, write_new

_REFUSED = 1


@click.group()
def ledger() -> None:
    """The ledger: walk it, write it out."""


@ledger.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document per line.")
def check(as_json: bool) -> None:  # noqa: FBT001 (a flag of click)
    """Make the books of every project from the facts, and walk them.

    Changes nothing. Names the first violation of each project. Exit code 0: all
    holds; 1: not.
    """
    with installed() as (_, runtime):
        found = list(check_ledgers(runtime))
    for one in found:
        click.echo(json.dumps(_row(one), ensure_ascii=False) if as_json else _line(one))
    sys.exit(_REFUSED if any(one.violation for one in found) else 0)


@ledger.command()
@click.argument("project")
@click.option("--format", "kind", type=click.Choice([*WRITERS]), required=True)
@TO_NEW_FILE
def export(project: str, kind: str, path: Path) -> None:
    """Write the journal of PROJECT (id or name) to a new file.

    Prints the path and the SHA-256 of what was written. An existing file is never
    replaced.
    """
    with installed() as (_, runtime):
        project_id = project_called(runtime, project).id
        found = ledger_of(runtime, by=OPERATOR, project_id=project_id)
        data = WRITERS[kind](found.books)
    write_new(path, data)


def _row(one: LedgerFinding) -> dict[str, object]:
    return {
        "project": one.project.id,
        "project_name": one.project.name,
        "entries": one.entries,
        "violation": one.violation and [one.violation.rule, one.violation.of],
    }


def _line(one: LedgerFinding) -> str:
    told = f"{one.project.name}\t{one.entries} entries\t"
    if one.violation is None:
        return told + "all holds"
    return told + f"{one.violation.rule}  {one.violation.of}"
