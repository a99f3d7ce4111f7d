"""What disputes come to: how two rulings differ, and who was right how often."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from statistics import median
from typing import Any

from attribution.disputes import Ground, Verdict

RulingText = Mapping[str, Any]
"""A ruling as JSON: what `ruling_to_json` returns."""


class ChangeKind(StrEnum):
    """What differs between two rulings of one signing."""

    SHARE = "share"
    CLAIM = "claim"
    VISIT = "visit"


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One difference: about which channel, token or visit; empty where there is none.

    A share is told in basis points, a claim and a visit by their findings.
    """

    kind: ChangeKind
    about: str
    before: str
    after: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Ended:
    """One case as statistics see it; no verdict if withdrawn, no end while it runs."""

    ground: Ground
    opened_at: datetime
    ended_at: datetime | None
    verdict: Verdict | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Tally:
    """How many cases, what became of them, and how long half of them took at most."""

    running: int
    upheld: int
    changed: int
    withdrawn: int
    median_period: timedelta | None

    @property
    def total(self) -> int:
        """All of them."""
        return self.running + self.upheld + self.changed + self.withdrawn


def changes_between(before: RulingText, after: RulingText) -> tuple[Change, ...]:
    """Return how a ruling differs from another: the shares first, then the reasons."""
    return (
        *_changes(ChangeKind.SHARE, _shares(before), _shares(after)),
        *_changes(ChangeKind.CLAIM, _claims(before), _claims(after)),
        *_changes(ChangeKind.VISIT, _visits(before), _visits(after)),
    )


def moves_money(changes: Iterable[Change]) -> bool:
    """Say whether somebody would get another share than before."""
    return any(one.kind is ChangeKind.SHARE for one in changes)


def change_to_json(change: Change) -> dict[str, str]:
    """Return a difference as JSON."""
    return asdict(change)


def change_from_json(values: Mapping[str, str]) -> Change:
    """Return a difference that was stored."""
    return Change(**{**values, "kind": ChangeKind(values["kind"])})  # type: ignore[arg-type]


def tally(cases: Iterable[Ended]) -> Tally:
    """Return what became of some cases; the median is of those that were decided."""
    every = list(cases)
    decided = [one for one in every if one.verdict is not None]
    periods = [one.ended_at - one.opened_at for one in decided if one.ended_at]
    return Tally(
        running=sum(one.ended_at is None for one in every),
        upheld=sum(one.verdict is Verdict.UPHELD for one in decided),
        changed=sum(one.verdict is Verdict.CHANGED for one in decided),
        withdrawn=sum(bool(one.ended_at) and one.verdict is None for one in every),
        median_period=_median(periods),
    )


def tally_by_ground(cases: Iterable[Ended]) -> dict[Ground, Tally]:
    """Return the tally of each ground that came up, in the order of the grounds."""
    every = list(cases)
    return {
        ground: tally(one for one in every if one.ground is ground)
        for ground in Ground
        if any(one.ground is ground for one in every)
    }


def _median(periods: list[timedelta]) -> timedelta | None:
    if not periods:
        return None
    return timedelta(seconds=median(one.total_seconds() for one in periods))


def _shares(ruling: RulingText) -> dict[str, str]:
    return {channel: str(share) for channel, share in ruling["shares"]}


def _claims(ruling: RulingText) -> dict[str, str]:
    return {one["token"]: one["finding"] for one in ruling["claims"]}


def _visits(ruling: RulingText) -> dict[str, str]:
    return {one["visit"]: one["finding"] for one in ruling["visits"]}


def _changes(
    kind: ChangeKind, before: Mapping[str, str], after: Mapping[str, str]
) -> list[Change]:
    return [
        Change(
            kind=kind, about=one, before=before.get(one, ""), after=after.get(one, "")
        )
        for one in dict.fromkeys((*before, *after))
        if before.get(one) != after.get(one)
    ]
