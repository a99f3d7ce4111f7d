"""Which desks a person sees in the menu: data, by role."""

from dataclasses import dataclass

from flask import Flask, current_app, request
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from attribution.people import Actor, Role
from web.access import asking


@dataclass(frozen=True, kw_only=True, slots=True)
class Desk:
    """One entry of the menu and of the first page."""

    path: str
    name: LazyString
    purpose: LazyString
    roles: frozenset[Role]


DESKS = (
    Desk(
        path="/agent",
        name=_l("我的推荐码"),
        purpose=_l("给客户发推荐码，看每一张走到了哪一步"),
        roles=frozenset({Role.AGENT}),
    ),
    Desk(
        path="/channel",
        name=_l("渠道"),
        purpose=_l("本渠道的经纪人、名额与对账单"),
        roles=frozenset({Role.CHANNEL_MANAGER}),
    ),
    Desk(
        path="/desk",
        name=_l("前台"),
        purpose=_l("扫码或输入推荐码，登记到访"),
        roles=frozenset({Role.DESK, Role.DESK_SUPERVISOR}),
    ),
    Desk(
        path="/signing",
        name=_l("签约台"),
        purpose=_l("核对买方，找出此前的到访，当场判客"),
        roles=frozenset({Role.SIGNING}),
    ),
    Desk(
        path="/finance",
        name=_l("财务"),
        purpose=_l("成交、判客、计提与渠道对账"),
        roles=frozenset({Role.FINANCE, Role.FINANCE_APPROVER}),
    ),
    Desk(
        path="/finance/ledger",
        name=_l("台账"),
        purpose=_l("试算平衡表与分录账"),
        roles=frozenset({Role.AUDITOR}),
    ),
    Desk(
        path="/cases",
        name=_l("争议"),
        purpose=_l("我方的争议：进展、期限、证据"),
        roles=frozenset(
            {Role.AGENT, Role.CHANNEL_MANAGER, Role.FINANCE, Role.OPERATIONS}
        ),
    ),
    Desk(
        path="/disputes",
        name=_l("判客裁决"),
        purpose=_l("争议案件：听证、建议、决定、复核"),
        roles=frozenset({Role.ADJUDICATOR, Role.AUDITOR}),
    ),
    Desk(
        path="/admin",
        name=_l("管理"),
        purpose=_l("人员、角色、设备、项目与规则版本"),
        roles=frozenset({Role.ADMIN, Role.OPERATIONS}),
    ),
)


ROLE_NAMES = {
    Role.AGENT: _l("经纪人"),
    Role.CHANNEL_MANAGER: _l("渠道负责人"),
    Role.DESK: _l("前台人员"),
    Role.DESK_SUPERVISOR: _l("前台主管"),
    Role.SIGNING: _l("签约人员"),
    Role.FINANCE: _l("财务人员"),
    Role.FINANCE_APPROVER: _l("财务复核"),
    Role.OPERATIONS: _l("渠道管理"),
    Role.ADJUDICATOR: _l("判客员"),
    Role.RISK: _l("风控"),
    Role.AUDITOR: _l("审计"),
    Role.ADMIN: _l("管理员"),
}


def desks_of(actor: Actor | None) -> list[Desk]:
    """Return the desks that a person may open and that this installation serves."""
    if actor is None:
        return []
    served = _served(current_app)
    return [desk for desk in DESKS if actor.holds(*desk.roles) and desk.path in served]


def is_admin() -> bool:
    """Say whether who is asking looks after people, and not only after agreements."""
    actor = asking()
    return actor is not None and actor.holds(Role.ADMIN)


def is_here(desk: Desk) -> bool:
    """Say whether the page now shown belongs to a desk."""
    return request.path == desk.path or request.path.startswith(f"{desk.path}/")


def _served(app: Flask) -> set[str]:
    return {rule.rule.rstrip("/") for rule in app.url_map.iter_rules()}
