"""The signing (签约), and which earlier visits were this client group's (签约匹配)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from attribution.ids import ProjectId, SigningId, VisitId, VisitorTag
from attribution.rulebook import Relation, Stage
from attribution.visits import Visit


class MatchBasis(StrEnum):
    """Why a visit is the group's, strongest first (rules §6.2)."""

    ID = "id"
    PHONE = "phone"
    RECEIPT = "receipt"
    RELATIVE = "relative"


@dataclass(frozen=True, kw_only=True, slots=True)
class Relative:
    """A declared relative of a buyer; `relation` may lie outside the family."""

    relation: str
    tags: frozenset[VisitorTag]


@dataclass(frozen=True, kw_only=True, slots=True)
class Signing:
    """A subscription 认购 or contract 签约: the contract, not a digital signature."""

    id: SigningId
    project_id: ProjectId
    signed_at: datetime
    log_index: int
    buyers: tuple[frozenset[VisitorTag], ...]
    relatives: tuple[Relative, ...] = ()
    receipts: frozenset[VisitId] = frozenset()
    stage: Stage = Stage.SUBSCRIPTION

    @property
    def buyer_tags(self) -> frozenset[VisitorTag]:
        """The tags of all buyers."""
        return frozenset().union(*self.buyers)

    def relative_tags(self, family: frozenset[Relation]) -> frozenset[VisitorTag]:
        """Return the tags of the declared relatives that `family` counts."""
        return frozenset().union(
            *(one.tags for one in self.relatives if one.relation in family)
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Match:
    """A visit of the group, and the strongest reason why it is theirs."""

    visit: Visit
    basis: MatchBasis


def match_visits(
    signing: Signing, visits: Iterable[Visit], family: frozenset[Relation]
) -> list[Match]:
    """Return the visits that match the client group, in order of time (rules §6.2).

    Refused and late ones are among them; the ruling says what each counts for.
    """
    buyers, relatives = signing.buyer_tags, signing.relative_tags(family)
    matches = [
        Match(visit=visit, basis=basis)
        for visit in visits
        if visit.project_id == signing.project_id
        and (basis := _basis(visit, signing.receipts, buyers, relatives)) is not None
    ]
    return sorted(matches, key=lambda match: match.visit.order)


def _basis(
    visit: Visit,
    receipts: frozenset[VisitId],
    buyers: frozenset[VisitorTag],
    relatives: frozenset[VisitorTag],
) -> MatchBasis | None:
    tags = visit.all_tags()
    shared = [tag for tag in tags & buyers if not tag.is_masked]
    if shared:
        by_phone = all(tag.is_phone for tag in shared)
        return MatchBasis.PHONE if by_phone else MatchBasis.ID
    if visit.id in receipts:
        return MatchBasis.RECEIPT
    by_relative = any(not tag.is_masked for tag in tags & relatives)
    return MatchBasis.RELATIVE if by_relative else None
