"""Commands for operators; exit codes: 0 done, 1 refused or failed, 2 usage."""

import json
import sqlite3
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import click
import sqlalchemy as sa
from flask_babel import gettext as _

from attribution.cases.answering import answer_case
from attribution.cases.earnings import answer_earnings, parse_earnings
from attribution.cases.earnings_wording import render_earnings
from attribution.cases.reading import case_from_text
from attribution.cases.wording import Answer, render_text
from attribution.errors import AttributionError, CaseMalformed, NotFound
from attribution.ids import SigningId
from attribution.people import CHANNEL_ROLES, Grant, Role, check_grant
from attribution.services.enrolling import (
    account_of,
    add_person,
    give_role,
    invite,
    is_anybody_there,
    people_and_grants,
)
from attribution.services.evidencing import export_evidence
from attribution.services.pairing import begin_pairing, devices
from attribution.services.runtime import Runtime
from attribution.services.surveying import channel_called, project_called
from attribution.storage.access_repository import Account
from attribution.withholding import current_tax_tables
from tokens.errors import TokenError
from web.case_commands import cases
from web.cli_words import refusal_line, setting_line, words_in
from web.demo import SIGN_INS, seed
from web.installed import OPERATOR, installed
from web.keys import KeyFileUnsafe
from web.ledger_commands import ledger
from web.log_commands import keys, log
from web.new_files import TO_NEW_FILE, write_new
from web.serving import refuse_taken_port, serve
from web.settings import (
    SettingInvalid,
    Settings,
    language_asked,
    read_settings,
    unknown_settings,
)

_REFUSED = 1
_USAGE = 2
_UNFINISHED = "unfinished"
_ROLES = click.Choice([role.value for role in Role])


class _Commands(click.Group):
    """Commands that answer a refusal with one line and exit code 1."""

    def invoke(self, ctx: click.Context) -> None:
        """Run a command; a refusal is told, anything else is a mistake of ours."""
        with words_in(language_asked()):
            for name in unknown_settings():
                click.echo(
                    _("没有 %(name)s 这个设置，没有采用。请检查拼写。", name=name),
                    err=True,
                )
            refusal = self._refusal(ctx)
            if refusal:
                click.echo(refusal, err=True)
                ctx.exit(_REFUSED)

    def _refusal(self, ctx: click.Context) -> str:
        """Run a command; return in one line why it was refused, if it was."""
        try:
            super().invoke(ctx)
        except (AttributionError, TokenError) as refusal:
            return refusal_line(refusal)
        except sa.exc.OperationalError as failure:
            reason = str(failure.orig).partition("\n")[0]
            return "HEFU_DATABASE_URL: " + _(
                "数据库没有应答：%(reason)s。请检查它是否在运行、地址是否正确。",
                reason=reason,
            )
        except (sqlite3.DatabaseError, sa.exc.DatabaseError) as failure:
            if not _is_damaged(failure):
                raise
            return "HEFU_DATABASE_URL: " + _(
                "数据库文件损坏，打不开。请保留它，从备份恢复一份。"
            )
        except (SettingInvalid, KeyFileUnsafe) as refusal:
            return setting_line(refusal)
        return ""


def _is_damaged(failure: sqlite3.DatabaseError | sa.exc.DatabaseError) -> bool:
    """Say whether the file is no database any more, rather than a mistake of ours."""
    cause = failure.orig if isinstance(failure, sa.exc.DatabaseError) else failure
    code = getattr(cause, "sqlite_errorcode", None)
    return code in {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT}


@click.group(cls=_Commands)
def main() -> None:
    """Hefu 合符: who brought the buyer, provably."""


main.add_command(log)
main.add_command(keys)
main.add_command(cases)
main.add_command(ledger)


@main.command()
@click.option("--login", default="admin", show_default=True)
@click.option("--name", default="管理员", show_default=True)
def init(login: str, name: str) -> None:
    """Create keys, database and the first administrator; print the invitation."""
    with installed() as (settings, runtime):
        if is_anybody_there(runtime):
            click.echo(
                _(
                    "已经初始化过：这里已有人员。再邀请一个人："
                    "./hefu user invite 登录名；要另起一套，请换一个 HEFU_DATA_DIR。"
                ),
                err=True,
            )
            sys.exit(_REFUSED)
        person_id = add_person(runtime, login=login, name=name)
        give_role(runtime, person_id, Grant(role=Role.ADMIN))
        click.echo(_("先启动 ./hefu run，再在 72 小时内打开："), err=True)
        click.echo(_invitation_link(settings, invite(runtime, person_id)))


@main.command()
def run() -> None:
    """Serve; on an empty data directory make a demo first, unless HEFU_DEMO=0."""
    refuse_taken_port(read_settings())
    with installed() as (settings, runtime):
        _refuse_half_a_demo(settings)
        if not is_anybody_there(runtime):
            _fill(settings, runtime)
        elif (sign_ins := settings.data_dir / "demo" / SIGN_INS).exists():
            click.echo(_("演示的账号和推荐码：%(file)s", file=sign_ins))
    click.echo(f"Hefu 合符  http://{settings.host}:{settings.port}")
    serve(settings)


def _fill(settings: Settings, runtime: Runtime) -> None:
    if not settings.demo:
        click.echo(_("还没有人可以登录；请先运行：./hefu init"), err=True)
        return
    click.echo(_("数据目录是空的：正在准备演示数据……"))
    folder = settings.data_dir / "demo"
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = folder / _UNFINISHED
    unfinished.touch()
    for line in seed(runtime, folder):
        click.echo(line)
    unfinished.unlink()


def _refuse_half_a_demo(settings: Settings) -> None:
    """Stop where an earlier start was interrupted: half a fortnight misleads."""
    if (settings.data_dir / "demo" / _UNFINISHED).exists():
        click.echo(
            _(
                "上一次启动时，演示数据没有做完。请删掉 %(folder)s（用 PostgreSQL 的，"
                "连同数据库清空），再启动一次。",
                folder=settings.data_dir,
            ),
            err=True,
        )
        sys.exit(_REFUSED)


_FILES = click.argument(
    "files",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
_AS_JSON = click.option(
    "--json", "as_json", is_flag=True, help="One JSON document per line."
)


@main.command()
@_FILES
@_AS_JSON
def rule(files: Sequence[Path], as_json: bool) -> None:  # noqa: FBT001 (a flag of click)
    """Rule on case FILES, without a database, and say why.

    A malformed file is refused with the path of the mistake, exit code 2; the other
    files are answered all the same.
    """

    def answered(document: object, language: str) -> tuple[Answer, str]:
        answer = answer_case(document)
        return answer, render_text(answer, language)

    _answer_files(files, answered, spec="rulebook.md", as_json=as_json)


@main.command()
@_FILES
@_AS_JSON
def commission(files: Sequence[Path], as_json: bool) -> None:  # noqa: FBT001 (a flag of click)
    """Reckon the commissions of case FILES: a plan and deals in, money out.

    A malformed file is refused with the path of the mistake, exit code 2; the other
    files are answered all the same.
    """
    tables = current_tax_tables()

    def answered(document: object, language: str) -> tuple[Answer, str]:
        case = parse_earnings(document)
        answer = answer_earnings(case, tables)
        return answer, render_earnings(answer, case.plan, language)

    _answer_files(files, answered, spec="commission.md", as_json=as_json)


def _answer_files(
    files: Sequence[Path],
    answered: Callable[[object, str], tuple[Answer, str]],
    *,
    spec: str,
    as_json: bool,
) -> None:
    """Print the answer of each file, and say of each malformed one where it is so."""
    language = read_settings().language
    is_any_malformed = False
    for file in files:
        try:
            answer, text = answered(case_from_text(_text_of(file)), language)
        except CaseMalformed as mistake:
            todo = _("请改正后再运行一次；格式见 docs/specs/%(spec)s。", spec=spec)
            click.echo(f"{file}: {mistake}. {todo}", err=True)
            is_any_malformed = True
            continue
        click.echo(json.dumps(answer, ensure_ascii=False) if as_json else text)
    if is_any_malformed:
        sys.exit(_USAGE)


def _text_of(file: Path) -> str:
    try:
        return file.read_text("utf-8-sig")
    except UnicodeDecodeError:
        place = "$"
        raise CaseMalformed(place, "is not UTF-8") from None


@main.command()
@click.argument("signing_id", metavar="SIGNING")
@TO_NEW_FILE
def evidence(signing_id: str, path: Path) -> None:
    """Write the evidence bundle (证据包) of SIGNING's ruling to a new file.

    Prints the path and the SHA-256 of what was written. An existing file is never
    replaced. Check a bundle with `python -m attribution verify FILE`, on any machine.
    """
    with installed() as (_, runtime):
        file = export_evidence(runtime, by=OPERATOR, signing_id=SigningId(signing_id))
    write_new(path, file.data)


@main.group()
def user() -> None:
    """People: add, invite, list."""


@user.command("add")
@click.argument("login")
@click.argument("name")
@click.option("--role", "roles", multiple=True, type=_ROLES)
@click.option("--project", "project_id", help="Where the roles hold (id or name).")
@click.option("--channel", "channel_id", help="For whom the roles hold (id or name).")
def user_add(
    login: str,
    name: str,
    roles: Sequence[str],
    project_id: str | None,
    channel_id: str | None,
) -> None:
    """Add a person with roles; print the invitation to choose a password."""
    if channel_id is None and CHANNEL_ROLES & set(roles):
        raise click.UsageError(
            _("经纪人和渠道负责人属于一个渠道，请加上 --channel 渠道名。")
        )
    with installed() as (settings, runtime):
        project = None if project_id is None else project_called(runtime, project_id).id
        channel = None if channel_id is None else channel_called(runtime, channel_id).id
        grants = [
            Grant(role=Role(role), project_id=project, channel_id=channel)
            for role in roles
        ]
        # Before anybody is added: what is refused leaves nobody behind.
        for grant in grants:
            check_grant(grant)
        person_id = add_person(runtime, login=login, name=name)
        for grant in grants:
            give_role(runtime, person_id, grant)
        click.echo(_invitation_link(settings, invite(runtime, person_id)))


@user.command("invite")
@click.argument("login")
def user_invite(login: str) -> None:
    """Print a new invitation for LOGIN; earlier ones end."""
    with installed() as (settings, runtime):
        account = account_of(runtime, login)
        if account is None:
            raise NotFound
        click.echo(_invitation_link(settings, invite(runtime, account.id)))


@user.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON document per line.")
def user_list(as_json: bool) -> None:  # noqa: FBT001 (a flag of click)
    """List people with their roles."""
    with installed() as (_settings, runtime):
        accounts, held = people_and_grants(runtime)
    for account in accounts:
        roles = sorted({one.grant.role for one in held if one.person_id == account.id})
        row = _row(account, roles)
        click.echo(
            json.dumps(row, ensure_ascii=False)
            if as_json
            else "\t".join([account.login, account.name, ", ".join(roles)])
        )


def _row(account: Account, roles: Sequence[str]) -> dict[str, object]:
    return {
        "id": account.id,
        "login": account.login,
        "name": account.name,
        "roles": list(roles),
        "suspended": account.suspended_at is not None,
    }


@main.group()
def device() -> None:
    """Desks: pair, list."""


@device.command("pair")
@click.argument("project")
@click.argument("name")
def device_pair(project: str, name: str) -> None:
    """Print the six digits that make a browser the desk NAME of PROJECT.

    PROJECT is its id or its name. The digits work once, within ten minutes, at /pair.
    """
    with installed() as (_, runtime):
        project_id = project_called(runtime, project).id
        click.echo(begin_pairing(runtime, project_id=project_id, name=name))


@device.command("list")
def device_list() -> None:
    """List the desks that were not revoked."""
    with installed() as (_settings, runtime):
        for one in devices(runtime):
            state = "paired" if one.paired_at else "waiting"
            click.echo(f"{one.id}\t{one.name}\t{one.project_id}\t{state}")


def _invitation_link(settings: Settings, secret: str) -> str:
    return f"http://{settings.host}:{settings.port}/invitation#{secret}"
