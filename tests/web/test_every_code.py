"""Each code of rules §12 is told by a page, in both languages, with what to do next."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update
from werkzeug.test import TestResponse

from attribution.ids import ProjectId, TokenId
from attribution.owners import OwnerMark
from attribution.people import Role
from attribution.services.administering import create_project
from attribution.services.answering import Answer
from attribution.services.concluding import TokenOutcome
from attribution.services.enlisting import enlist_owners, suspend_agent
from attribution.services.issuing import revoke_token
from attribution.storage.tables import programmes
from tests.office import OTHER_PHONE, PHONE, Office, mobile
from tests.web.conftest import Front
from tests.web.people import browser_of, in_english, request_id_in, text_of
from tokens.codes import code_from_random, format_code
from web.outcomes import worded_outcome
from web.problems import explain_code

RULEBOOK = Path(__file__).parents[2] / "docs" / "specs" / "rulebook.md"


class Told:
    """An office, and whoever is told something by its pages, in one language."""

    def __init__(self, front: Front, language: str) -> None:
        self.front, self.language = front, language
        self.office: Office = front.office

    def browser(self, name: str, role: Role) -> FlaskClient:
        browser = browser_of(self.front, name, role)
        return in_english(browser) if self.language == "en" else browser

    def of_token(self, token: Answer) -> TestResponse:
        """Return what Wang's page of a token says."""
        wang = self.browser("wang", Role.AGENT)
        return wang.get(f"/agent/tokens/{token['token_id']}")

    def issuing(self, client: str = PHONE) -> TestResponse:
        """Let Wang fill in the form of a new token."""
        wang, page = self.browser("wang", Role.AGENT), "/agent"
        form = {"project": self.office.project, "client": client}
        return wang.post(
            page, data={"request_id": request_id_in(wang.get(page)), **form}
        )

    def at_desk(self, step: str, **form: object) -> TestResponse:
        """Let the desk send one of its forms."""
        desk, page = self.browser("desk", Role.DESK), f"/desk/{self.office.project}"
        fresh = {"request_id": request_id_in(desk.get(page))}
        return desk.post(f"{page}/{step}", data={**fresh, **form})

    def brought(self, by: str = "wang") -> Answer:
        """Let an agent report the client, who comes an hour later."""
        agent = {"wang": self.office.wang, "li": self.office.li}[by]
        token = self.office.issue(by=agent)
        self.office.wait(hours=1)
        self.office.redeem(token["code"])
        return token

    def signed(self, token: Answer, days: float = 1) -> TestResponse:
        """Let the client sign; return the page of the token."""
        self.office.wait(days=days)
        self.office.rule(self.office.sign())
        return self.of_token(token)

    def owner(self, mark: OwnerMark) -> None:
        self.office.do(
            enlist_owners,
            by=self.office.admin,
            project_id=self.office.project,
            identifiers=[mobile()],
            mark=mark,
        )
        self.office.wait(minutes=1)


def group_owner(told: Told) -> TestResponse:
    told.owner(OwnerMark.GROUP)
    return told.of_token(told.brought())


def project_owner(told: Told) -> TestResponse:
    told.owner(OwnerMark.PROJECT)
    return told.signed(told.brought())


def known_client(told: Told) -> TestResponse:
    told.office.walk_in()
    told.office.wait(minutes=1)
    return told.signed(told.brought())


def too_early(told: Told) -> TestResponse:
    token = told.office.issue()
    told.office.redeem(token["code"])
    return told.of_token(token)


def reported_by_other(told: Told) -> TestResponse:
    told.office.issue(by=told.office.li)
    told.office.wait(minutes=1)
    return told.of_token(told.brought())


def visited_by_other(told: Told) -> TestResponse:
    told.brought("li")
    return told.signed(told.brought())


def protected(told: Told) -> TestResponse:
    told.office.change_project(regime="first_report")
    told.office.wait(minutes=1)
    told.brought("li")
    return told.signed(told.brought())


def visit_overdue(told: Told) -> TestResponse:
    told.office.issue()
    told.office.wait(days=3)
    return told.at_desk("forgotten", scan=PHONE)


def reported_by_you(told: Told) -> TestResponse:
    told.office.issue()
    told.office.wait(minutes=1)
    return told.issuing()


def wrong_project(told: Told) -> TestResponse:
    office = told.office
    here = office.project
    made = office.do(create_project, by=office.admin, name="山麓", rules={})
    office.project = ProjectId(str(made["project_id"]))
    office.programme(office.channel_b)
    token = office.issue(by=office.li)
    office.project = here
    return told.at_desk("peek", scan=token["code"])


def token_used(told: Told) -> TestResponse:
    return told.at_desk("peek", scan=told.brought()["code"])


def token_expired(told: Told) -> TestResponse:
    token = told.office.issue()
    told.office.wait(days=3)
    return told.at_desk("peek", scan=token["code"])


def token_revoked(told: Told) -> TestResponse:
    token = told.office.issue()
    token_id = TokenId(str(token["token_id"]))
    told.office.do(revoke_token, by=told.office.wang, token_id=token_id)
    return told.at_desk("peek", scan=token["code"])


def token_unknown(told: Told) -> TestResponse:
    code = format_code(code_from_random(lambda size: b"\x07" * size))
    return told.at_desk("peek", scan=code)


def binding_mismatch(told: Told) -> TestResponse:
    token = told.office.issue()
    told.office.wait(hours=1)
    return told.at_desk("redeem", scan=token["code"], visitor=OTHER_PHONE)


def quota_exceeded(told: Told) -> TestResponse:
    told.office.wait(seconds=1)
    told.office.change_rules(agent_quota_day=1)
    told.office.issue()
    return told.issuing()


def agent_suspended(told: Told) -> TestResponse:
    agent_id = told.office.wang.agent_id
    told.office.do(
        suspend_agent, by=told.office.admin, agent_id=agent_id, is_suspended=True
    )
    return told.issuing()


def programme_not_in_force(told: Told) -> TestResponse:
    token = told.office.issue()
    told.office.wait(hours=1)
    since = told.office.time
    with told.office.database.writing() as connection:
        connection.execute(update(programmes).values(in_force_from=since))
    told.office.redeem(token["code"])
    return told.of_token(token)


EVERY: dict[str, Callable[[Told], TestResponse]] = {
    "OK": lambda told: told.signed(told.brought()),
    "GROUP_OWNER": group_owner,
    "PROJECT_OWNER": project_owner,
    "KNOWN_CLIENT": known_client,
    "LEAD_TIME_TOO_SHORT": too_early,
    "REPORTED_BY_OTHER": reported_by_other,
    "VISITED_BY_OTHER": visited_by_other,
    "PROTECTED": protected,
    "VISIT_OVERDUE": visit_overdue,
    "DEAL_OVERDUE": lambda told: told.signed(told.brought(), days=30),
    "REPORTED_BY_YOU": reported_by_you,
    "WRONG_PROJECT": wrong_project,
    "TOKEN_USED": token_used,
    "TOKEN_EXPIRED": token_expired,
    "TOKEN_REVOKED": token_revoked,
    "TOKEN_UNKNOWN": token_unknown,
    "BINDING_MISMATCH": binding_mismatch,
    "BINDING_REQUIRED": lambda told: told.issuing(client=""),
    "QUOTA_EXCEEDED": quota_exceeded,
    "AGENT_SUSPENDED": agent_suspended,
    "PROGRAMME_NOT_IN_FORCE": programme_not_in_force,
}


def words_of(told: Told, code: str) -> tuple[str, str]:
    """Return what a page must say of a code: its title, and what to do next."""
    cookie = {"Cookie": f"hefu_lang={told.language}"}
    with told.front.app.test_request_context(headers=cookie):
        if code == "OK":
            outcome = worded_outcome(TokenOutcome(code=code, ruled_at=told.office.time))
            return outcome.title, outcome.todo
        problem = explain_code(code)
        assert problem is not None
        return problem.title, problem.todo


def test_the_table_produces_every_code_of_the_rulebook() -> None:
    paragraph = (
        RULEBOOK.read_text("utf-8").partition("## 12 ")[2].partition("## 13 ")[0]
    )

    assert set(re.findall(r"`([A-Z_]+)`", paragraph)) <= set(EVERY)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("code", EVERY)
def test_a_page_tells_the_code_and_what_to_do_next(
    code: str, language: str, front: Front
) -> None:
    told = Told(front, language)

    page = text_of(EVERY[code](told))

    title, todo = words_of(told, code)
    assert title in page
    assert todo in page


@pytest.mark.parametrize(
    "finding", ["DESK_STAFF", "SELF_REFERRAL", "REFERRER_NOT_OWNER"]
)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_finding_about_the_agent_is_told_in_the_words_of_the_ruling(
    finding: str, language: str, front: Front
) -> None:
    cookie = {"Cookie": f"hefu_lang={language}"}
    with front.app.test_request_context(headers=cookie):
        outcome = worded_outcome(TokenOutcome(code=finding, ruled_at=front.office.time))

    has_chinese = bool(re.search(r"[\u4e00-\u9fff]", outcome.title + outcome.why))
    assert has_chinese is (language == "zh")
    assert outcome.todo
