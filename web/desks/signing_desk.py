"""The signing desk 签约台: buyers in, earlier visits found, the ruling at once."""

from dataclasses import dataclass
from http import HTTPStatus

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from attribution.errors import InputInvalid, UnitSold
from attribution.ids import SigningId
from attribution.money import Fen
from attribution.people import Role
from attribution.rulebook import Relation, Stage
from attribution.services.accounting import deal_account, deal_accounts
from attribution.services.contracting import conclude_signing
from attribution.services.receipting import facts_of_signing
from attribution.services.signing import Contract, Kin
from attribution.services.surveying import names_in, positions_of
from tokens.identifiers import Identifier, identifier, warnings_of
from web.access import current_actor, current_runtime, requires
from web.choosing import chosen_project, projects_here
from web.forms import Form, needed, page_request, parse_local, parse_price
from web.log_words import ENTRY_WORDS
from web.milestones import EVENTS, STAGES, milestone_choices, record_from
from web.receipts import handed_out
from web.rulings import worded
from web.visitor_words import own_words_of

bp = Blueprint("signing_desk", __name__, url_prefix="/signing")

_MOST_PEOPLE = 8
_MOST_DIGITS = 2
DOCUMENT_KINDS = (
    ("cn-id", _l("居民身份证")),
    ("passport", _l("护照")),
    ("cn-home-return", _l("回乡证（港澳）")),
    ("cn-taiwan-permit", _l("台胞证")),
    ("cn-residence-permit", _l("港澳台居民居住证")),
    ("cn-permanent-residence", _l("外国人永久居留证")),
    ("uscc", _l("企业统一社会信用代码")),
)
RELATIONS = (
    (Relation.SPOUSE, _l("配偶")),
    (Relation.PARENT, _l("父母")),
    (Relation.CHILD, _l("子女")),
    (Relation.SIBLING, _l("兄弟姐妹")),
    (Relation.GRANDPARENT, _l("祖父母、外祖父母")),
    (Relation.GRANDCHILD, _l("孙子女、外孙子女")),
    ("other", _l("其他")),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Counts:
    """How many people the form has room for."""

    buyers: int
    relatives: int


@bp.get("")
@requires(Role.SIGNING)
def signing_form() -> str:
    """Show the form of a new signing."""
    return _form(Form())


@bp.post("")
@requires(Role.SIGNING)
def record() -> ResponseReturnValue:
    """Record a signing, rule on it, and show the ruling."""
    form = Form(request.form)
    contract, project = _contract(form), chosen_project(Role.SIGNING)
    if not form.mistakes:
        with form.catching(unit=UnitSold):
            signed = conclude_signing(
                current_runtime(),
                by=current_actor(),
                request=page_request(),
                project_id=project.id,
                contract=contract,
            )
            _warn(contract)
            return redirect(url_for(".deal", signing_id=signed.signing_id), 303)
    return _form(form), HTTPStatus.UNPROCESSABLE_ENTITY


def _warn(contract: Contract) -> None:
    """Say what is odd about the documents; the number itself is not repeated.

    A warning only warns: regions come and go, and the check digit was right.
    """
    people = [*contract.buyers, *(kin.identifiers for kin in contract.relatives)]
    if any(warnings_of(one) for identifiers in people for one in identifiers):
        flash(
            _(
                "有一个身份证号的前两位不是已知的地区代码。签约已登记；请再看一眼证件，"
                "号码录错了，此前的到访就对不上。"
            ),
            "amber",
        )


@bp.get("/deals")
@requires(Role.SIGNING)
def deals() -> str:
    """List the deals of a project, newest first."""
    project = chosen_project(Role.SIGNING)
    accounts = deal_accounts(
        current_runtime(), by=current_actor(), project_id=project.id
    )
    return render_template(
        "signing/deals.html",
        project=project,
        projects=projects_here(Role.SIGNING),
        accounts=accounts,
        names=names_in(current_runtime()),
        worded=worded,
        stages=STAGES,
        events=EVENTS,
    )


@bp.get("/deals/<signing_id>")
@requires(Role.SIGNING)
def deal(signing_id: SigningId) -> str:
    """Show a deal: the visits found, the ruling with its reasons, the milestones."""
    return _deal(signing_id, Form())


@bp.get("/deals/<signing_id>/receipts/<entry_id>.tlog-proof")
@requires(Role.SIGNING)
def receipt(signing_id: SigningId, entry_id: str) -> ResponseReturnValue:
    """Give the receipt 回执 of one fact of a deal."""
    runtime = current_runtime()
    own = facts_of_signing(runtime, by=current_actor(), signing_id=signing_id)
    return handed_out(own, entry_id)


@bp.post("/deals/<signing_id>/milestones")
@requires(Role.SIGNING)
def add_milestone(signing_id: SigningId) -> ResponseReturnValue:
    """Record what the deal has reached."""
    form = Form(request.form)
    if record_from(form, signing_id):
        return redirect(url_for(".deal", signing_id=signing_id), 303)
    return _deal(signing_id, form), HTTPStatus.UNPROCESSABLE_ENTITY


def _deal(signing_id: SigningId, form: Form) -> str:
    runtime = current_runtime()
    account = deal_account(runtime, by=current_actor(), signing_id=signing_id)
    ruling = account.ruling
    entries = [account.deal.entry_id, *([ruling.entry_id] if ruling else [])]
    return render_template(
        "signing/deal.html",
        account=account,
        ruling=worded(ruling, names_in(runtime)) if ruling else None,
        positions=positions_of(runtime, entries),
        own_facts=facts_of_signing(runtime, by=current_actor(), signing_id=signing_id),
        entry_words=ENTRY_WORDS,
        own_words=own_words_of(signing_id),
        choices=milestone_choices(),
        stages=STAGES,
        events=EVENTS,
        form=form,
    )


def _form(form: Form) -> str:
    counts = _counts(form)
    return render_template(
        "signing/form.html",
        form=form,
        project=chosen_project(Role.SIGNING),
        projects=projects_here(Role.SIGNING),
        buyers=range(counts.buyers),
        relatives=range(counts.relatives),
        most=_MOST_PEOPLE,
        document_kinds=DOCUMENT_KINDS,
        relations=RELATIONS,
        stages=STAGES.items(),
    )


def _counts(form: Form) -> _Counts:
    """Return how many people the form shows: as many as were sent or asked for."""

    def count(name: str, least: int) -> int:
        asked = form.text(name) or request.args.get(name, "")
        is_count = asked.isdecimal() and len(asked) <= _MOST_DIGITS
        return max(least, min(int(asked), _MOST_PEOPLE)) if is_count else least

    return _Counts(buyers=count("buyers", 1), relatives=count("relatives", 0))


def _contract(form: Form) -> Contract:
    """Read the form; every mistake is kept beside its field."""
    counts = _counts(form)
    unit = form.read("unit", needed, "")
    price = form.read("price", parse_price, Fen(0))
    stage = form.choice("stage", Stage, Stage.SUBSCRIPTION)
    signed_at = form.read_if_given("signed_at", parse_local)
    buyers = [_identifiers(form, f"buyer-{i}") for i in range(counts.buyers)]
    if not any(buyers) and not form.mistakes_in("buyer-"):
        form.refuse("buyer-0-phone", _("请至少填一位买方的手机号或证件号。"))
    return Contract(
        unit=unit,
        price=price,
        stage=stage,
        signed_at=signed_at,
        buyers=tuple(one for one in buyers if one),
        relatives=tuple(_relatives(form, counts.relatives)),
        # A scanned receipt is the address of its page; the number is the last part.
        receipts=tuple(line.rpartition("/")[2] for line in form.lines("receipts")),
    )


def _relatives(form: Form, count: int) -> list[Kin]:
    kin = []
    for i in range(count):
        found = _identifiers(form, f"relative-{i}")
        relation = form.text(f"relative-{i}-relation")
        if found and relation not in dict(RELATIONS):
            form.refuse(f"relative-{i}-relation", _("请选一项。"))
        if found:
            kin.append(Kin(relation=relation, identifiers=found))
    return kin


def _identifiers(form: Form, person: str) -> tuple[Identifier, ...]:
    """Return the phone and the document of one person, as far as they are given."""
    kind = form.text(f"{person}-kind", "cn-id")

    def document(text: str) -> Identifier:
        if kind not in dict(DOCUMENT_KINDS):
            raise InputInvalid("kind", "NOT_CHOSEN")
        return identifier(kind, text)

    found = (
        form.read_if_given(
            f"{person}-phone", lambda text: identifier("cn-mobile", text)
        ),
        form.read_if_given(f"{person}-document", document),
    )
    return tuple(one for one in found if one is not None)
