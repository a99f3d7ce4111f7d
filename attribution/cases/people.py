"""The people of a case file: identifiers as tags, programmes, agents."""

from attribution.documents import Node
from attribution.ids import AgentId, ChannelId, ProgrammeId, ProjectId, VisitorTag
from attribution.programmes import Agent, Kind, Programme
from tokens.errors import IdentifierInvalid, Reason
from tokens.identifiers import Identifier, identifier, mask_of, normal_form

PROJECT = ProjectId("case")
VERSION = "case"
_MASKS = ("cn-mobile-3-4", "cn-mobile-4-3", "cn-mobile-3-6")


def programme_of(name: str, node: Node) -> tuple[ProgrammeId, Programme]:
    """Return a programme; on paper a channel has one, of its own name."""
    table = node.table("kind", "from", "until")
    since = table.need("from").instant()
    until = table.get("until", None).instant() if table.has("until") else None
    if until is not None and until <= since:
        table.get("until", None).fail("must be after from")
    programme = Programme(
        id=ProgrammeId(name),
        project_id=PROJECT,
        channel_id=ChannelId(name),
        kind=table.need("kind").choice(Kind),
        rulebook_version=VERSION,
        in_force_from=since,
        in_force_until=until,
    )
    return programme.id, programme


def agent_of(
    name: str, node: Node, programmes: dict[ProgrammeId, Programme]
) -> tuple[AgentId, Agent]:
    """Return an agent of a channel that has a programme."""
    table = node.table("channel", "own", "owner", "desk_staff", "suspended_from")
    channel = table.need("channel").text()
    if channel not in programmes:
        table.need("channel").fail("names no programme")
    suspended = table.has("suspended_from")
    agent = Agent(
        id=AgentId(name),
        channel_id=ChannelId(channel),
        own_tags=tags_of(table.get("own", [])),
        is_owner=table.get("owner", default=False).flag(),
        is_desk_staff=table.get("desk_staff", default=False).flag(),
        suspended_from=table.get("suspended_from", None).instant()
        if suspended
        else None,
    )
    return agent.id, agent


def identifier_of(node: Node) -> Identifier:
    """Return an identifier in normal form (identity-tag.md §2)."""
    table = node.table("kind", "value")
    kind, value = table.need("kind"), table.need("value")
    try:
        return identifier(kind.text(), value.text())
    except IdentifierInvalid as error:
        if error.reason is Reason.KIND:
            kind.fail("is no kind of identifier")
        value.fail(f"is no identifier of this kind ({error.reason})")


def tag_of(one: Identifier) -> VisitorTag:
    """Return a tag that is the normal form itself: on paper nothing is hidden."""
    return VisitorTag(kind=one.kind, epoch=0, value=normal_form(one).encode())


def tags_of(node: Node) -> frozenset[VisitorTag]:
    """Return the tags of a list of identifiers."""
    return frozenset(tag_of(identifier_of(item)) for item in node.items())


def shown_of(node: Node) -> frozenset[VisitorTag]:
    """Return the tags of a list of identifiers, their masked forms added."""
    whole = [identifier_of(item) for item in node.items()]
    masked = [
        mask_of(one, kind)
        for one in whole
        if one.kind == "cn-mobile"
        for kind in _MASKS
    ]
    return frozenset(tag_of(one) for one in [*whole, *masked])
