"""The fixed words and phrases of refusals, put into sentences of both languages."""

import re

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from web.answers import REASONS as NUMBER_REASONS

_PHRASES: dict[str, LazyString] = {
    # attribution/documents.py, rulebook.py, commissions.py
    "must be a whole number": _l("请填整数，例如 30。"),
    "must be true or false": _l("请选“是”或“否”。"),
    "must be a text": _l("请填文字。"),
    "must be a list": _l("请从列表里选择。"),
    "must be a table of keys and values": _l("内容的格式不对。"),
    "is missing": _l("这一项要填。"),
    "unknown key": _l("没有这一项。"),
    "is no time zone": _l("没有这个时区，例如 Asia/Shanghai。"),
    "is no such day or time": _l("没有这一天或这个时间。"),
    "weights must sum to 10 000": _l("各名次的比例相加必须是 100%。"),
    "must sum to 10 000": _l("各节点的比例相加必须是 100%。"),
    "none is refused for kind agency": _l(
        "中介分销的推荐码必须绑定客户，不能选“不绑定”。"
    ),
    "can be tried in case files, and is not booked yet": _l(
        "目前只能在案例文件里试算，还不能记账。"
    ),
    "must not be below the floor": _l("封顶不能低于保底。"),
    "is listed twice": _l("同一项写了两次。"),
    # services
    "must have 1 to 40 printable characters": _l(
        "请写 1 到 40 个字，不能有看不见的字符。"
    ),
    "lies in the future": _l("时间在将来；还没有发生的不能登记。"),
    "must lie between the signing and now": _l("时间要在签约之后、现在之前。"),
    "must not lie in the past": _l("不能从过去开始生效；不填就是从现在起。"),
    "must be after in_force_from": _l("结束时间要在开始之后。"),
    "must name at least one buyer with an identifier": _l(
        "请至少填一位买方的手机号或证件号。"
    ),
    "must not be empty": _l("请至少填一行。"),
    "is no key text of a witness": _l("不是见证人的公钥。请粘贴见证命令打印的整行。"),
    "was admitted before": _l("这把公钥登记过了；停用过的请换一把新的。"),
    "must begin with http:// or https://": _l("地址要以 http:// 或 https:// 开头。"),
    "must say why": _l("请写明原因。"),
    "a note is too long": _l("备注最多 12 个字。"),
    "a note holds a number": _l(
        "备注里的数字最多 4 个：号码不能留在备注里，只写自己认得的，例如 张** 或尾号。"
    ),
    "a note is unprintable": _l("备注里有看不见的字符，请重新输入。"),
    "is needed: the code is bound to a client": _l(
        "推荐码绑定了客户，要填客户的号码。"
    ),
    "must be letters, digits, dots, dashes": _l(
        "登录名只用英文字母、数字和 . _ - @，不要空格和汉字。"
    ),
    "an administrator is not limited to a place": _l(
        "管理员不分范围，请选“全部案场”“全部渠道”。"
    ),
    "this role belongs to a channel": _l("这个角色属于一个渠道，请选渠道。"),
    "was reached before": _l("这一步已经登记过；要更正，请联系管理员。"),
    "needs either code or qr": _l("code 和 qr 请给一个，且只给一个。"),
    "must be named: your roles do not tell which": _l(
        "您在几个案场有角色，请写明是哪一个。"
    ),
    "must be one file": _l("请选一个文件，一次一个。"),
    "must be 8 to 128 printable ASCII characters": _l(
        "请用 8 到 128 个可见的英文字符，每次操作用新的。"
    ),
    "must name unit and amount": _l("请至少指定房号和金额两列。"),
    "names a sheet that is not there": _l("文件里没有这个工作表。"),
    "names one column twice": _l("一列只能有一个含义。"),
    "BASE64": _l("页面里暂存的文件不完整，请重新上传。"),
    "SECRET_DAMAGED": _l("密钥不完整，请重新生成。"),
    "names a header row that is not there": _l("表里没有这一行；没有表头请填 0。"),
    "is taken already": _l("已经有了，请换一个。"),
    "lies before the first rules of the project": _l(
        "早于这个案场的第一版规则，没有规则可判；请核对日期。"
    ),
    "is not known here": _l("没有这张到访回执，请再核对一次。"),
    "is of another project": _l("这张到访回执是另一个案场的。"),
    # attribution/disputes.py, services/adjudicating.py
    "must have 1 to 1000 characters": _l("请写 1 到 1000 个字。"),
    "holds a control character": _l("有看不见的控制字符，请删掉。"),
    "holds a long number": _l("请不要写电话、证件这样的长号码；系统不保存号码。"),
    "the proposal changes nothing": _l("建议没有改变任何事，只能维持原判。"),
    # web/forms.py
    "NOT_AN_AMOUNT": _l("金额看不懂。例如 2450000、2,450,000.00 或 245万。"),
    "NOT_ABOVE_NOTHING": _l("金额要大于零。"),
    "PRICE_TOO_SMALL": _l("少于一万元。是不是漏写了“万”？例如 245万。"),
    "NOT_A_PERCENTAGE": _l("请填 0 到 100 之间的百分比，最多两位小数，例如 1.5。"),
    "NOT_A_TIME": _l("没有这个日期或时间。"),
    "NOT_CHOSEN": _l("请选一项。"),
    # attribution/reconciliation/units.py: a unit that was typed
    "LEFT_OVER": _l("房号里有看不懂的部分。例如 3栋1单元1201 或 3-1-1201。"),
    "SEVERAL_UNITS": _l("像是几套房连写；请一次写一套。"),
    "BUILDING_MISSING": _l("没有写楼栋。例如 3栋1201。"),
    "ROOM_UNCLEAR": _l("房间号看不清。例如 1201。"),
    "TOO_MANY_NUMBERS": _l("数字太多，分不清哪个是楼栋、单元、房间。"),
    "SECTION_OR_FLOOR": _l("分不清是单元还是楼层，请写明“单元”。"),
    "COLUMNS_DISAGREE": _l("楼栋、单元两列与房号写的不一致。"),
    "NOT_TEXT": _l("表格软件把房号变成了日期或数字，请改成文本格式。"),
    "UNIT_NOT_IN_LIST": _l("楼盘表里没有这套房。"),
    "SEVERAL_IN_LIST": _l("楼盘表里有几套房符合，请写全楼栋和单元。"),
    # attribution/reconciliation: cells, columns and matches
    "AMOUNT_TOO_LARGE": _l("金额大得不合理。"),
    "SHORTENED_BY_SPREADSHEET": _l("表格软件丢掉了末尾的数字，请改成文本格式。"),
    "FORMULA_WITHOUT_VALUE": _l("公式没有算出结果；请在 Excel 里打开、保存后再传。"),
    "MERGED_OVER_ROWS": _l("一个合并单元格盖住了几行，不知道金额归哪一行。"),
    "ROUNDED_TO_FEN": _l("小数多于两位，已四舍五入到分。"),
    "NOT_A_DATE": _l("日期看不懂。"),
    "YEAR_MISSING": _l("日期没有写年份。"),
    "DATE_FROM_SERIAL": _l("日期是表格软件的序号，已换算。"),
    "COLUMN_AMBIGUOUS": _l("有两列都像同一个意思；请只留一列，或把另一列改名。"),
    "NOT_A_TABLE": _l("引号没有配对，分不清行和列。"),
    "UNEXPLAINED": _l("没有哪一项单独就能解释这个差额，请核对费率和方案。"),
    "NO_SIGNING": _l("这套房没有签约记录"),
    "SECTION_MISSING": _l("没有写单元，而几个单元都有这个房号"),
    "SEVERAL_DEALS": _l("这套房有几笔签约，分不清是哪一笔"),
    # attribution/sheets/guard.py
    "NOT_A_SPREADSHEET": _l("内容不是表格。"),
    "OLD_XLS": _l("是旧版 .xls；请另存为 .xlsx。"),
    "ENCRYPTED": _l("文件有密码；请去掉密码再传。"),
    "WEB_PAGE": _l("名字像表格，里面其实是网页；请另存为 .xlsx。"),
    "BROKEN": _l("文件损坏，打不开。"),
    "MACROS": _l("文件里有宏；请另存为不带宏的 .xlsx。"),
    "EXTERNAL_LINKS": _l("文件链接到别的文件；请断开链接再传。"),
    "NESTED_ARCHIVE": _l("文件里还有压缩包。"),
    "STRANGE_XML": _l("文件里有不寻常的内容，为安全起见不打开。"),
    "BYTES": _l("文件太大。"),
    "MEMBERS": _l("文件里的部件太多。"),
    "UNPACKED_BYTES": _l("解压后太大。"),
    "RATIO": _l("压缩得不正常，像是恶意文件。"),
    "ROWS": _l("行数太多。"),
    "CELLS": _l("单元格太多。"),
    "EXTENT": _l("有内容的单元格离得太远；请删掉远处的内容。"),
    "MERGED_ROWS": _l("合并单元格太大。"),
    "ELEMENTS": _l("内容太复杂。"),
    "RESOURCES": _l("读取它用的时间或内存超过了上限。"),
}


_PATTERNS: tuple[tuple[re.Pattern[str], LazyString], ...] = (
    (
        re.compile(r"lists more than (?P<most>\d+) numbers"),
        _l("号码太多，一次最多 %(most)s 个。"),
    ),
    (
        re.compile(r"must be from (?P<least>\d+) to (?P<most>\d+)"),
        _l("请填 %(least)s 到 %(most)s 之间的整数。"),
    ),
    (re.compile(r"must be one of: .*"), _l("请从列表里选一项。")),
    (
        re.compile(r"has no place where the base is \w+"),
        _l("选了这种计佣方式，这一项要留空。"),
    ),
    (
        re.compile(r"must have 1 to (?P<most>\d+) characters, none of them a control"),
        _l("请写 1 到 %(most)s 个字，不要换行。"),
    ),
)


def reason_text(reason: str) -> str:
    """Return the sentence of a fixed reason; a reason without one shows itself."""
    words = NUMBER_REASONS.get(reason) or _PHRASES.get(reason)
    if words is not None:
        return str(words)
    for pattern, sentence in _PATTERNS:
        match = pattern.fullmatch(reason)
        if match is not None:
            return str(sentence) % match.groupdict()
    return reason


_BYTES = frozenset({"BYTES", "UNPACKED_BYTES"})
_MEGABYTE = 1024 * 1024
_UNITS: dict[str, LazyString] = {
    "ROWS": _l("%(count)s 行"),
    "MERGED_ROWS": _l("%(count)s 行"),
    "CELLS": _l("%(count)s 个单元格"),
    "MEMBERS": _l("%(count)s 个部件"),
    "RATIO": _l("%(count)s 倍"),
}


def limit_text(reason: str, limit: int) -> str:
    """Return a limit with its unit, as far as it has one."""
    if reason in _BYTES:
        return f"{limit / _MEGABYTE:g} MB"
    words = _UNITS.get(reason)
    count = f"{limit:,}"
    return count if words is None else str(words) % {"count": count}


def has_words(reason: str) -> bool:
    """Say whether a fixed reason can be put into a sentence."""
    return reason_text(reason) != reason
