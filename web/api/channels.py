"""The API of channels 渠道: the companies that bring buyers."""

from http import HTTPStatus

from flask import Blueprint
from pydantic import Field, StrictBool

from attribution.errors import NotFound
from attribution.ids import ChannelId
from attribution.people import Role
from attribution.services.administering import create_channel
from attribution.services.answering import Reply, Request
from attribution.services.enlisting import suspend_channel
from attribution.services.surveying import channels_of
from attribution.services.versioning import AGREEMENT_ROLES
from web.access import current_actor, current_runtime, requires
from web.api.fields import Asked, Instant, Line, Told, Written
from web.api.operations import Operation, operation

bp = Blueprint("api_channels", __name__, url_prefix="/api/v1/channels")

READERS = (*AGREEMENT_ROLES, Role.FINANCE, Role.FINANCE_APPROVER, Role.AUDITOR)


class NewChannel(Asked):
    """A company that brings buyers."""

    name: Line = Field(examples=["甲渠道"])


class Suspension(Asked):
    """Whether to suspend from now on, or to let work again."""

    is_suspended: StrictBool


class CreatedChannel(Written):
    """A channel that was added."""

    channel_id: str


class ChannelView(Told):
    """A channel."""

    channel_id: str = Field(validation_alias="id")
    name: str
    created_at: Instant
    suspended_from: Instant | None


class ChannelList(Told):
    """Channels, by name."""

    channels: tuple[ChannelView, ...]


@bp.get("")
@requires(*READERS)
@operation(Operation(answer=ChannelList))
def channels() -> ChannelList:
    """List the channels."""
    found = channels_of(current_runtime())
    return ChannelList.model_validate({"channels": found}, from_attributes=True)


@bp.post("")
@requires(*AGREEMENT_ROLES)
@operation(
    Operation(
        body=NewChannel,
        answer=CreatedChannel,
        status=HTTPStatus.CREATED,
        is_write=True,
    )
)
def create(body: NewChannel, intention: Request) -> Reply:
    """Add a channel."""
    return create_channel(
        current_runtime(), by=current_actor(), request=intention, name=body.name
    )


@bp.post("/<channel_id>/suspension")
@requires(*AGREEMENT_ROLES)
@operation(
    Operation(
        body=Suspension, answer=CreatedChannel, is_write=True, refuses=(NotFound,)
    )
)
def suspend(channel_id: ChannelId, body: Suspension, intention: Request) -> Reply:
    """Suspend a whole channel from now on, or let it work again."""
    return suspend_channel(
        current_runtime(),
        by=current_actor(),
        request=intention,
        channel_id=channel_id,
        is_suspended=body.is_suspended,
    )
