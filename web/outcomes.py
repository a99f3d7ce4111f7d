"""What came of a token, in words: what it came to, why, and what to do next."""

from dataclasses import dataclass
from datetime import datetime

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from attribution.services.concluding import TokenOutcome
from web.problems import explain_code
from web.rulings import finding_sentence, finding_word


@dataclass(frozen=True, kw_only=True, slots=True)
class WordedOutcome:
    """An outcome ready to be shown; `kind` is the colour that repeats the words."""

    code: str
    kind: str
    title: str
    why: str
    todo: str
    ruled_at: datetime


def worded_outcome(outcome: TokenOutcome) -> WordedOutcome:
    """Return an outcome in the reader's language.

    Findings about the agent's own person are no refusals of rules §12 with an answer
    of their own: they are told in the words of the ruling.
    """
    kind, title, why, todo = "amber", "", "", str(_CHECK)
    problem = explain_code(outcome.code)
    if outcome.code == "OK":
        kind, title, why, todo = "green", *map(str, _OK)
    elif problem is not None:
        title, why, todo = problem.title, problem.why, problem.todo
    else:
        title, why = finding_word(outcome.code), finding_sentence(outcome.code)
    return WordedOutcome(
        code=outcome.code,
        kind=kind,
        title=title,
        why=why,
        todo=todo,
        ruled_at=outcome.ruled_at,
    )


_OK: tuple[LazyString, ...] = (
    _l("客户已签约，带看成立"),
    _l("这次带看按规则成立，佣金记在您的渠道名下。"),
    _l("结佣的进度请问渠道负责人。"),
)
_CHECK = _l("认为有误，请联系渠道负责人，向案场提出核对。")
