"""What a deal reaches after its signing, as two desks record it."""

from flask import flash
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from attribution.deals import DealEvent
from attribution.errors import DealCancelled
from attribution.ids import SigningId
from attribution.rulebook import Stage
from attribution.services.signing import record_milestone
from web.access import current_actor, current_runtime
from web.forms import Form, page_request, parse_amount, parse_local

STAGES = {Stage.SUBSCRIPTION: _l("认购"), Stage.CONTRACT: _l("签约（网签）")}
EVENTS = {
    DealEvent.SUBSCRIPTION: _l("认购"),
    DealEvent.CONTRACT: _l("网签"),
    DealEvent.FIRST_PAYMENT: _l("首付到账"),
    DealEvent.PAYMENT: _l("回款"),
    DealEvent.LOAN_DISBURSED: _l("银行放款"),
    DealEvent.FULL_PRICE: _l("全款到账"),
    DealEvent.HANDOVER: _l("交房"),
    DealEvent.RENAMED: _l("更名"),
    DealEvent.SWAPPED: _l("换房"),
    DealEvent.CANCELLED: _l("退房"),
}
_APART = {DealEvent.SUBSCRIPTION, DealEvent.CANCELLED}


def milestone_choices() -> list[tuple[str, str]]:
    """Return what may be recorded after a signing, cancelling apart."""
    return [
        (kind.value, str(words)) for kind, words in EVENTS.items() if kind not in _APART
    ]


def record_from(form: Form, signing_id: SigningId) -> bool:
    """Record the milestone of a form; False when a field has to be mended first."""
    kind = form.choice("kind", DealEvent, DealEvent.CONTRACT)
    at = form.read_if_given("at", parse_local)
    amount = form.read_if_given("amount", parse_amount)
    if kind is DealEvent.CANCELLED and not form.text("sure"):
        form.refuse("sure", _("退房不能撤回，请勾选确认。"))
    if form.mistakes:
        return False
    with form.catching(kind=DealCancelled):
        record_milestone(
            current_runtime(),
            by=current_actor(),
            request=page_request(),
            signing_id=signing_id,
            kind=kind,
            reached_at=at,
            amount=amount,
        )
        flash(_("已登记：%(event)s", event=EVENTS[kind]), "good")
    return not form.mistakes
