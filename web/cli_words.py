"""What commands say: the sentences of a refusal, in the language of the operator."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask
from flask_babel import Babel
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from attribution.errors import AttributionError
from tokens.errors import TokenError
from web.answers import ANSWERS
from web.keys import KeyFileUnsafe
from web.reasons import reason_text
from web.settings import SettingInvalid

# What web/settings.py, wiring.py and serving.py refuse, with what to do next.
_SETTINGS: tuple[tuple[re.Pattern[str], LazyString], ...] = (
    (re.compile("is not a folder"), _l("不是文件夹。请换一个路径。")),
    (
        re.compile(r"cannot be made: (?P<why>.*)"),
        _l("文件夹建不了：%(why)s。请换一个能写的路径，或修改权限。"),
    ),
    (
        re.compile("is not a database URL"),
        _l("不是数据库地址。例如 sqlite:////srv/hefu/hefu.db。"),
    ),
    (
        re.compile(r"begins with neither sqlite:/// nor postgresql://"),
        _l("数据库地址要以 sqlite:/// 或 postgresql:// 开头。"),
    ),
    (
        re.compile("is not a number from 1 to 65535"),
        _l("端口要是 1 到 65535 的整数。"),
    ),
    (re.compile(r"is none of (?P<choices>.*)"), _l("只能是 %(choices)s 之一。")),
    (
        re.compile(r"cannot listen on (?P<place>.*): (?P<why>.*)"),
        _l("不能在 %(place)s 上监听：%(why)s。请换一个端口，或停掉占用它的程序。"),
    ),
)


@contextmanager
def words_in(language: str) -> Iterator[None]:
    """Let texts be in a language, outside of any page."""
    app = Flask("web")
    Babel(app, default_locale="zh", locale_selector=lambda: language)  # type: ignore[no-untyped-call]
    with app.app_context():
        yield


def refusal_line(refusal: AttributionError | TokenError) -> str:
    """Return the stable code of a refusal, what happened, why, and what to do next."""
    answer = ANSWERS[type(refusal)]
    line = f"{refusal.code}: " + _(
        "%(title)s。%(why)s%(todo)s",
        title=answer.title,
        why=answer.why,
        todo=answer.todo,
    )
    reason = getattr(refusal, "reason", None)
    if not reason:
        return line
    path = getattr(refusal, "path", "")
    return f"{line} [{path}: {reason_text(str(reason))}]" if path else line


def setting_line(refusal: SettingInvalid | KeyFileUnsafe) -> str:
    """Return what is wrong with a setting or a key file, and what to do next."""
    if isinstance(refusal, KeyFileUnsafe):
        return _(
            "密钥文件不安全，没有启动：%(why)s。请改好权限，或从备份恢复。", why=refusal
        )
    for pattern, sentence in _SETTINGS:
        match = pattern.fullmatch(refusal.reason)
        if match is not None:
            return f"{refusal.name}: {str(sentence) % match.groupdict()}"
    return str(refusal)
