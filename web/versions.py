"""Versions of rules and plans in words: what each says, and what it changed."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from attribution.commissions import CommissionPlan
from attribution.projects import Version
from web.plan_fields import example_sentence, plan_sentences
from web.rule_fields import RuleField, lines_of


@dataclass(frozen=True, kw_only=True, slots=True)
class WordedVersion:
    """One version: since when, whether in force now, and its lines.

    A line is a name, a value, and whether the version changed it.
    """

    version: str
    since: datetime
    is_in_force: bool
    is_coming: bool
    lines: tuple[tuple[str, str, bool], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class WordedPlan:
    """One version of a plan: its sentences, and its worked example."""

    version: str
    since: datetime
    is_in_force: bool
    is_coming: bool
    sentences: tuple[str, ...]
    example: str


def worded_versions(
    versions: Sequence[Version], fields: Iterable[RuleField], now: datetime
) -> list[WordedVersion]:
    """Return the versions of a rulebook, newest first."""
    shown = tuple(fields)
    current = _current([one.in_force_from for one in versions], now)
    found: list[WordedVersion] = []
    before: dict[str, str] = {}
    for one in versions:
        lines = lines_of(json.loads(one.body), shown)
        found.append(
            WordedVersion(
                version=one.version,
                since=one.in_force_from,
                is_in_force=one.in_force_from == current,
                is_coming=one.in_force_from > now,
                lines=tuple(
                    (name, value, bool(before) and before[name] != value)
                    for name, value in lines
                ),
            )
        )
        before = dict(lines)
    return found[::-1]


def worded_plans(
    plans: Sequence[tuple[Version, CommissionPlan]], now: datetime
) -> list[WordedPlan]:
    """Return the versions of a commission plan, newest first."""
    current = _current([one.in_force_from for one, _ in plans], now)
    return [
        WordedPlan(
            version=one.version,
            since=one.in_force_from,
            is_in_force=one.in_force_from == current,
            is_coming=one.in_force_from > now,
            sentences=tuple(plan_sentences(plan)),
            example=example_sentence(plan),
        )
        for one, plan in reversed(plans)
    ]


def _current(begins: Iterable[datetime], now: datetime) -> datetime | None:
    """Return the beginning of the version in force, None before the first."""
    return max((one for one in begins if one <= now), default=None)
