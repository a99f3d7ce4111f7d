"""Why a field of a body is refused, in the language of the caller."""

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString
from pydantic_core import ErrorDetails

from web.languages import current_language
from web.reasons import reason_text

# The kinds of pydantic; English callers read its own sentences.
_KINDS: dict[str, LazyString] = {
    "bool_type": _l("要填 true 或 false。"),
    "dict_type": _l("要是一个对象。"),
    "enum": _l("只能是：%(expected)s。"),
    "extra_forbidden": _l("没有这一项，请去掉。"),
    "greater_than_equal": _l("不能小于 %(ge)s。"),
    "int_parsing": _l("要填整数。"),
    "int_type": _l("要填整数。"),
    "less_than_equal": _l("不能大于 %(le)s。"),
    "list_type": _l("要是一个列表。"),
    "literal_error": _l("只能是：%(expected)s。"),
    "missing": _l("这一项要填。"),
    "model_attributes_type": _l("要是一个对象。"),
    "model_type": _l("要是一个对象。"),
    "string_pattern_mismatch": _l("格式不对，请对照 OpenAPI 文档。"),
    "string_too_long": _l("最多 %(max_length)s 个字符。"),
    "string_too_short": _l("至少 %(min_length)s 个字符。"),
    "string_type": _l("要填文字。"),
    "too_long": _l("最多 %(max_length)s 项。"),
    "too_short": _l("至少 %(min_length)s 项。"),
    "tuple_type": _l("要是一个列表。"),
}
_OUR_OWN = "Value error, "


def body_reason(error: ErrorDetails) -> str:
    """Return the sentence of a mistake; it never holds what was sent."""
    if error["type"] == "value_error":
        return reason_text(error["msg"].removeprefix(_OUR_OWN))
    words = _KINDS.get(error["type"])
    if words is None or current_language() == "en":
        return error["msg"]
    return str(words) % error.get("ctx", {})
