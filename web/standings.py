"""What a visit's standing (rules §4) is called, and what it means to each reader."""

from collections.abc import Mapping
from dataclasses import dataclass

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from attribution.rulebook import ShortLead
from attribution.visits import Standing


@dataclass(frozen=True, kw_only=True, slots=True)
class Words:
    """A standing in words; `kind` is the colour that repeats them."""

    kind: str
    word: LazyString
    desk: LazyString
    agent: LazyString
    visitor: LazyString


STANDINGS: Mapping[Standing, Words] = {
    Standing.VALID_REFERRAL: Words(
        kind="green",
        word=_l("有效带看"),
        desk=_l("报备有效，这次到访算经纪人带看。"),
        agent=_l("到访有效。客户在保护期内签约，会自动匹配到您。"),
        visitor=_l("您用推荐码到访，这次到访记在推荐您的渠道名下。"),
    ),
    Standing.WALK_IN: Words(
        kind="info",
        word=_l("自然到访"),
        desk=_l("没有使用推荐码，客户是自己来的。"),
        agent=_l("这次到访没有使用推荐码。"),
        visitor=_l("您是自己来的，没有记在任何渠道名下。"),
    ),
    Standing.LEAD_TIME_TOO_SHORT: Words(
        kind="amber",
        word=_l("报备时间不够"),
        desk=_l("报备到到访的时间太短，这次不算经纪人带看。"),
        agent=_l("报备之后来得太快，没有达到约定的提前时间，这次不算带看。"),
        visitor=_l("推荐码发得太晚，这次到访没有记在渠道名下。"),
    ),
    Standing.PROGRAMME_NOT_IN_FORCE: Words(
        kind="amber",
        word=_l("合作未生效"),
        desk=_l("发码时渠道与本项目没有生效的合作，这次算自然到访。"),
        agent=_l("发码时合作没有生效，这次算自然到访。请联系渠道负责人。"),
        visitor=_l("推荐您的渠道当时没有有效的合作，这次没有记在它名下。"),
    ),
    Standing.AGENT_SUSPENDED: Words(
        kind="amber",
        word=_l("经纪人已停用"),
        desk=_l("发码时经纪人或渠道已停用，这次算自然到访。"),
        agent=_l("发码时您或您的渠道已停用，这次算自然到访。请联系渠道负责人。"),
        visitor=_l("推荐您的经纪人当时已停用，这次没有记在渠道名下。"),
    ),
}

SHORT_LEADS: Mapping[ShortLead, LazyString] = {
    ShortLead.WALK_IN: _l("按约定，这次算自然到访。"),
    ShortLead.VOID: _l("按约定，这次只登记：不算带看，也不算自然到访。"),
}
