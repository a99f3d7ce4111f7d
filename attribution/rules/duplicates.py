"""Duplicates at report time (查重, rules §5): what earlier facts say to a report."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from attribution.errors import (
    AttributionError,
    GroupOwner,
    KnownClient,
    ProjectOwner,
    Protected,
    ReportedByOther,
    ReportedByYou,
    VisitedByOther,
)
from attribution.ids import AgentId, ChannelId, VisitId, VisitorTag
from attribution.owners import Owner, OwnerMark
from attribution.programmes import Kind
from attribution.referrals import ReferralToken
from attribution.rulebook import (
    DealRules,
    DiscloseConflict,
    Regime,
    TokenRules,
)
from attribution.rules.claims import first_end, reported_order
from attribution.rules.precedence import counts_as_walk_in, still_counts
from attribution.visits import Standing, Visit


@dataclass(frozen=True, kw_only=True, slots=True)
class NewReport:
    """A report, whose conflicts are asked about as it is made or once the client came.

    Args:
        tags: masked forms beside the whole one.
        order: the place of its binding in the one order of facts (rules §1.4).
        visited: the place of the visit; None as long as nobody came.
    """

    agent_id: AgentId
    channel_id: ChannelId
    kind: Kind
    tags: frozenset[VisitorTag]
    order: tuple[datetime, int]
    visited: tuple[datetime, int] | None = None

    @property
    def at(self) -> datetime:
        """The instant of the report."""
        return self.order[0]

    @property
    def asked(self) -> tuple[datetime, int]:
        """The place up to which this can be asked: the visit, or else the report."""
        return self.visited or self.order


@dataclass(frozen=True, kw_only=True, slots=True)
class EarlierFacts:
    """What this project knows of the tags of a report; others do no harm.

    Nor do later facts: whatever comes after the report is no conflict of it.

    Args:
        referrals: the token that each referred visit took.
        token_rules: by the version that a token names.
    """

    tokens: tuple[ReferralToken, ...] = ()
    visits: tuple[Visit, ...] = ()
    referrals: Mapping[VisitId, ReferralToken]
    owners: tuple[Owner, ...] = ()
    token_rules: Mapping[str, TokenRules]
    deal_rules: DealRules


@dataclass(frozen=True, kw_only=True, slots=True)
class Conflict:
    """One finding of §12 for an agent, and the log indices it rests on.

    `is_possible`: only masked digits agree, so it may be somebody else (§5.2).
    Nothing here refuses a report; the ruling decides when the time comes.
    """

    kind: type[AttributionError]
    is_possible: bool
    facts: tuple[int, ...] = ()


def conflicts_of(report: NewReport, earlier: EarlierFacts) -> list[Conflict]:
    """Return every conflict, certain ones first, then in the order of `_FINDERS`."""
    found = [conflict for finder in _FINDERS for conflict in finder(report, earlier)]
    return sorted(found, key=lambda conflict: conflict.is_possible)


def disclosed(
    conflicts: Iterable[Conflict], policy: DiscloseConflict, moment: DiscloseConflict
) -> Conflict | None:
    """Return the conflict to tell an agent at `moment` (rules §5.1); None is OK.

    An agent's own live token is the agent's to know at any moment.
    """
    for conflict in conflicts:
        if conflict.kind is ReportedByYou or policy is moment:
            return conflict
    return None


def _reported_by_you(report: NewReport, earlier: EarlierFacts) -> Iterator[Conflict]:
    for token in _reports(report, earlier):
        if token.agent_id == report.agent_id and token.is_live(report.at):
            yield _by_token(ReportedByYou, token)


def _owners(report: NewReport, earlier: EarlierFacts) -> Iterator[Conflict]:
    if report.kind not in earlier.deal_rules.owners_excluded:
        return
    for mark, kind in (
        (OwnerMark.PROJECT, ProjectOwner),
        (OwnerMark.GROUP, GroupOwner),
    ):
        marks = [
            owner
            for owner in earlier.owners
            if owner.mark is mark
            and owner.tag in report.tags
            and owner.is_before(report.order)
        ]
        if marks:
            yield Conflict(
                kind=kind,
                is_possible=all(owner.tag.is_masked for owner in marks),
                facts=tuple(fact for owner in marks for fact in owner.facts),
            )


def _known_client(report: NewReport, earlier: EarlierFacts) -> Iterator[Conflict]:
    for visit in _visits(report, earlier, before=report.order):
        if (
            _counts_as_walk_in(visit, earlier)
            and still_counts(visit, report.at, earlier.deal_rules)
            and not _is_revisit(visit, earlier)
        ):
            yield _by_visit(KnownClient, visit, report)


def _protected(report: NewReport, earlier: EarlierFacts) -> Iterator[Conflict]:
    """Under first_report another's protection makes a new claim void (rules §7.2)."""
    if earlier.deal_rules.regime is not Regime.FIRST_REPORT:
        return
    for token in _reports(report, earlier):
        is_running = report.at < _report_end(token, earlier)
        # A report that nobody has come of yet protects only while somebody still may.
        may_come = token.is_live(report.asked[0])
        if _is_anothers(token, report) and is_running and may_come:
            yield _by_token(Protected, token)
    for visit in _visits_by_others(report, earlier, before=report.asked):
        is_earlier = reported_order(earlier.referrals[visit.id], visit) < report.order
        if is_earlier and report.at < _protected_until(visit, earlier):
            yield _by_visit(Protected, visit, report)


def _visited_by_other(report: NewReport, earlier: EarlierFacts) -> Iterator[Conflict]:
    """Where visits decide, one between the report and the visit conflicts as well."""
    by_report = earlier.deal_rules.regime is Regime.FIRST_REPORT
    order = report.order if by_report else report.asked
    for visit in _visits_by_others(report, earlier, before=order):
        if order[0] < _protected_until(visit, earlier):
            yield _by_visit(VisitedByOther, visit, report)


def _reported_by_other(report: NewReport, earlier: EarlierFacts) -> Iterator[Conflict]:
    for token in _reports(report, earlier):
        if _is_anothers(token, report) and token.is_live(report.at):
            yield _by_token(ReportedByOther, token)


_FINDERS = (
    _reported_by_you,
    _owners,
    _known_client,
    _protected,
    _visited_by_other,
    _reported_by_other,
)


def _reports(report: NewReport, earlier: EarlierFacts) -> list[ReferralToken]:
    """Return the reports of the same client that come before this one."""
    return [
        token
        for token in earlier.tokens
        if token.binding_tag in report.tags
        and token.bound_at is not None
        and (token.bound_at, token.log_index) < report.order
    ]


def _visits(
    report: NewReport, earlier: EarlierFacts, *, before: tuple[datetime, int]
) -> list[Visit]:
    hits = [
        visit
        for visit in earlier.visits
        if visit.order < before and not report.tags.isdisjoint(visit.all_tags())
    ]
    return sorted(hits, key=lambda visit: visit.order)


def _visits_by_others(
    report: NewReport, earlier: EarlierFacts, *, before: tuple[datetime, int]
) -> list[Visit]:
    return [
        visit
        for visit in _visits(report, earlier, before=before)
        if visit.standing is Standing.VALID_REFERRAL
        and _is_anothers(earlier.referrals[visit.id], report)
    ]


def _is_anothers(token: ReferralToken, report: NewReport) -> bool:
    return token.channel_id != report.channel_id


def _report_end(token: ReferralToken, earlier: EarlierFacts) -> datetime:
    rules = earlier.token_rules[token.rulebook_version]
    return token.issued_at + rules.report_period


def _protected_until(visit: Visit, earlier: EarlierFacts) -> datetime:
    token = earlier.referrals[visit.id]
    rules = earlier.token_rules[token.rulebook_version]
    return first_end(token, visit, rules, earlier.deal_rules)


def _counts_as_walk_in(visit: Visit, earlier: EarlierFacts) -> bool:
    token = earlier.referrals.get(visit.id)
    rules = None if token is None else earlier.token_rules[token.rulebook_version]
    return counts_as_walk_in(visit.standing, rules)


def _is_revisit(visit: Visit, earlier: EarlierFacts) -> bool:
    return any(
        other.order < visit.order
        and visit.arrived_at < _protected_until(other, earlier)
        for other in earlier.visits
        if other.standing is Standing.VALID_REFERRAL
        and not other.all_tags().isdisjoint(visit.all_tags())
    )


def _by_token(kind: type[AttributionError], token: ReferralToken) -> Conflict:
    is_masked = token.binding_tag is not None and token.binding_tag.is_masked
    return Conflict(kind=kind, is_possible=is_masked, facts=(token.log_index,))


def _by_visit(
    kind: type[AttributionError], visit: Visit, report: NewReport
) -> Conflict:
    shared = visit.all_tags() & report.tags
    is_possible = all(tag.is_masked for tag in shared)
    return Conflict(kind=kind, is_possible=is_possible, facts=(visit.log_index,))
