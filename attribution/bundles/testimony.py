"""What visitors say of their own visits, as the statements of a bundle say it.

It decides nothing (rules §4.6); so it is shown, and never weighed.
"""

from collections.abc import Iterable, Iterator

from attribution.bundles.bundle import Statement
from attribution.documents import Node
from attribution.errors import BundleUnreadable
from attribution.ids import ChannelId, VisitId
from attribution.rules.matter import Matter
from attribution.visitor_statements import BroughtBy, Said, VisitorStatement

KIND = "visitor-statement/v1"


def testimony(
    statements: Iterable[Statement], matter: Matter
) -> Iterator[tuple[Statement, VisitorStatement | None]]:
    """Yield what was said of the visits of a case; None where it is said badly."""
    visits = {match.visit.id for match in (*matter.seen, *matter.late)}
    for one in statements:
        if one.kind == KIND and one.body.get("visit") in visits:
            yield one, _statement_of(one, matter)


def _statement_of(statement: Statement, matter: Matter) -> VisitorStatement | None:
    node = Node(value=statement.body, path="", refuse=BundleUnreadable)
    try:
        table = node.table("statement", "visit", "basis", *_SAID, "stated_at")
        visit_id = VisitId(table.need("visit").text())
        token = matter.tokens.get(visit_id)
        before, brought, channel, known = (table.need(key) for key in _SAID)
        said = Said(
            been_before=None if before.value is None else before.flag(),
            brought_by=None if brought.value is None else brought.choice(BroughtBy),
            channel_id=None if channel.value is None else ChannelId(channel.text()),
        )
        return VisitorStatement(
            visit_id=visit_id,
            said=said,
            recorded_channel_id=None if token is None else token.channel_id,
            had_come_before=None if known.value is None else known.flag(),
            stated_at=table.need("stated_at").instant(),
        )
    except (BundleUnreadable, ValueError):
        return None


_SAID = ("been_before", "brought_by", "channel", "had_come_before")
