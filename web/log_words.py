"""The kinds of log entries 存证 in words."""

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from attribution.services.statements import StatementKind

ENTRY_WORDS: dict[str, LazyString] = {
    StatementKind.KEY_EPOCH: _l("标签密钥启用"),
    StatementKind.ISSUER_KEY: _l("发码密钥启用"),
    StatementKind.LOG_KEY: _l("日志密钥更换"),
    StatementKind.LOG_RESUMED: _l("日志中断后恢复"),
    StatementKind.WITNESS: _l("见证人登记或停用"),
    StatementKind.PROJECT: _l("新案场"),
    StatementKind.CHANNEL: _l("新渠道"),
    StatementKind.PROGRAMME: _l("新合作方案"),
    StatementKind.RULEBOOK: _l("规则版本"),
    StatementKind.PLAN: _l("佣金方案版本"),
    StatementKind.AGENT: _l("新经纪人"),
    StatementKind.SUSPENSION: _l("停用或恢复"),
    StatementKind.OWNER: _l("业主名单"),
    StatementKind.PERSON: _l("人员"),
    StatementKind.GRANT: _l("角色"),
    StatementKind.INVITATION: _l("邀请"),
    StatementKind.SECOND_FACTOR: _l("登录验证码"),
    StatementKind.CREDENTIAL: _l("接口令牌"),
    StatementKind.ENROLMENT: _l("前台电脑"),
    StatementKind.UNITS: _l("楼盘表"),
    StatementKind.ISSUE: _l("发码"),
    StatementKind.BIND: _l("绑定客户"),
    StatementKind.REVOKE: _l("撤回推荐码"),
    StatementKind.VISIT: _l("到访"),
    StatementKind.CONSENT: _l("同意"),
    StatementKind.REFUSAL: _l("拒绝核销"),
    StatementKind.LOOK_UP: _l("查找客户"),
    StatementKind.SIGNING: _l("签约"),
    StatementKind.MILESTONE: _l("签约进展"),
    StatementKind.RULING: _l("判客"),
    StatementKind.ACCRUAL: _l("计提"),
    StatementKind.STATEMENT: _l("对账单"),
    StatementKind.EXPORT: _l("导出证据包"),
    StatementKind.DISPUTE: _l("争议"),
    StatementKind.DISPUTE_STEP: _l("争议的一步"),
    StatementKind.EVIDENCE: _l("证据"),
    StatementKind.HOLD: _l("暂缓结佣"),
    StatementKind.RELEASE: _l("解除暂缓"),
    StatementKind.REVERSAL: _l("冲回计提"),
}
