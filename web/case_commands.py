"""Commands of the cases 争议: whose term is near or over, for a timer or a mail."""

import json
from datetime import timedelta

import click

from attribution.documents import instant_text
from attribution.services.hearing import WaitingCase, waiting_cases
from web.dispute_words import STATES, TURNS
from web.installed import installed

_YEAR = 366 * 24


@click.group()
def cases() -> None:
    """Disputes: what is due."""


@cases.command()
@click.option(
    "--within",
    type=click.IntRange(min=0, max=_YEAR),
    default=24,
    show_default=True,
    help="Hours ahead; 0: only what is overdue.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document per line.")
def due(within: int, as_json: bool) -> None:  # noqa: FBT001 (a flag of click)
    """List the cases whose term ends within some hours or is over, most urgent first.

    Prints nothing where there is none, so that a timer sends no mail. Names nobody.
    """
    with installed() as (_, runtime):
        found = waiting_cases(runtime, within=timedelta(hours=within))
    for one in found:
        click.echo(json.dumps(_row(one), ensure_ascii=False) if as_json else _line(one))


def _row(one: WaitingCase) -> dict[str, object]:
    return {
        "dispute": one.dispute.id,
        "project": one.project.id,
        "project_name": one.project.name,
        "state": one.progress.state,
        "turn": one.progress.turn,
        "due_at": instant_text(one.due_at),
        "is_overdue": one.progress.is_overdue,
    }


def _line(one: WaitingCase) -> str:
    return "\t".join(
        [
            f"{one.due_at:%Y-%m-%d %H:%M}Z",
            "OVERDUE" if one.progress.is_overdue else "due",
            one.project.name,
            one.dispute.id,
            str(STATES[one.progress.state][1]),
            str(TURNS[one.progress.turn]),
        ]
    )
