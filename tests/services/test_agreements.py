"""Agreements: projects, channels, programmes, versions, agents, owners, units."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from attribution.errors import (
    InputInvalid,
    LoginTaken,
    NotAllowed,
    NotFound,
    PlanInvalid,
    RulebookInvalid,
)
from attribution.ids import AgentId, ChannelId, PersonId, ProgrammeId, ProjectId
from attribution.owners import OwnerMark
from attribution.people import Actor, Grant, Role
from attribution.programmes import Kind
from attribution.services.administering import (
    ProgrammeTerms,
    create_channel,
    create_programme,
    create_project,
)
from attribution.services.choosing import chosen_project
from attribution.services.enlisting import (
    NewAgent,
    create_agent,
    enlist_owners,
    list_units,
    suspend_agent,
    suspend_channel,
)
from attribution.services.enrolling import account_of
from attribution.services.sequencing import sequence
from attribution.services.surveying import (
    agents_of,
    channels_of,
    names_in,
    projects_of,
    survey_log,
    survey_programme,
    survey_project,
)
from attribution.services.versioning import (
    change_plan,
    change_programme_rules,
    change_project_rules,
)
from attribution.storage.agreement_repository import (
    PENDING,
    PROGRAMME_RULES,
    PROJECT_RULES,
)
from attribution.storage.tables import (
    agent_tags,
    agents,
    owner_tags,
    programmes,
    projects,
)
from tests.office import OTHER_PHONE, PLAN, Office, mobile

FIXED = {"base": "fixed", "fixed_fen": 100}
Act = Callable[[Office], object]


def new_channel(office: Office, name: str = "丙渠道") -> ChannelId:
    made = office.do(create_channel, by=office.admin, name=name)
    return ChannelId(str(made["channel_id"]))


def new_project(office: Office, name: str = "湖畔") -> ProjectId:
    made = office.do(create_project, by=office.admin, name=name, rules={})
    return ProjectId(str(made["project_id"]))


def terms(office: Office, **others: Any) -> ProgrammeTerms:
    values: dict[str, Any] = {
        "project_id": office.project,
        "channel_id": office.channel_b,
        "kind": Kind.PUBLIC,
        "plan": PLAN,
        **others,
    }
    return ProgrammeTerms(**values)


def agree(office: Office, **others: Any) -> dict[str, object]:
    return office.do(create_programme, by=office.admin, terms=terms(office, **others))


def enlist(office: Office, **others: Any) -> AgentId:
    values: dict[str, Any] = {"channel_id": office.channel_a, "name": "赵", **others}
    made = office.do(create_agent, by=office.admin, agent=NewAgent(**values))
    return AgentId(str(made["agent_id"]))


def change(office: Office, service: Any, **others: Any) -> dict[str, object]:
    own: dict[Any, dict[str, Any]] = {
        change_project_rules: {"project_id": office.project, "rules": {}},
        change_programme_rules: {
            "programme_id": office.programmes[office.channel_a],
            "rules": {},
        },
        change_plan: {
            "programme_id": office.programmes[office.channel_a],
            "plan": FIXED,
        },
    }
    arguments = {"by": office.admin, **own[service], **others}
    return office.do(service, **arguments)


# -- who may --


def one_project_only(office: Office) -> Actor:
    here = Grant(role=Role.OPERATIONS, project_id=office.project)
    return office.hire("operations here", here)


def manager(office: Office, project_id: ProjectId | None = None) -> Actor:
    grant = Grant(
        role=Role.CHANNEL_MANAGER, channel_id=office.channel_a, project_id=project_id
    )
    return office.hire("manager", grant)


FORBIDDEN: dict[str, Act] = {
    "suspend channel, at one project": lambda office: office.do(
        suspend_channel,
        by=one_project_only(office),
        channel_id=office.channel_a,
        is_suspended=True,
    ),
    "suspend agent, at one project": lambda office: office.do(
        suspend_agent,
        by=one_project_only(office),
        agent_id=office.wang.agent_id,
        is_suspended=True,
    ),
    "agent, at one project": lambda office: office.do(
        create_agent,
        by=one_project_only(office),
        agent=NewAgent(channel_id=office.channel_a, name="赵"),
    ),
    "agent, by a manager at one project": lambda office: office.do(
        create_agent,
        by=manager(office, office.project),
        agent=NewAgent(channel_id=office.channel_a, name="赵"),
    ),
    "a judge made an agent by a manager": lambda office: office.do(
        create_agent,
        by=manager(office),
        agent=NewAgent(
            channel_id=office.channel_a, name="赵", person_id=office.people["desk"]
        ),
    ),
    "a judge made an agent by operations of one channel": lambda office: office.do(
        create_agent,
        by=office.hire(
            "operations of one channel",
            Grant(role=Role.OPERATIONS, channel_id=office.channel_a),
        ),
        agent=NewAgent(
            channel_id=office.channel_a, name="赵", person_id=office.people["desk"]
        ),
    ),
    "project": lambda office: office.do(
        create_project, by=office.desk, name="湖畔", rules={}
    ),
    "channel": lambda office: office.do(create_channel, by=office.desk, name="丙"),
    "programme": lambda office: office.do(
        create_programme, by=office.desk, terms=terms(office)
    ),
    "project rules": lambda office: change(
        office, change_project_rules, by=office.desk
    ),
    "programme rules": lambda office: change(
        office, change_programme_rules, by=office.desk
    ),
    "plan": lambda office: change(office, change_plan, by=office.desk),
    "agent": lambda office: office.do(
        create_agent,
        by=office.desk,
        agent=NewAgent(channel_id=office.channel_a, name="赵"),
    ),
    "suspend agent": lambda office: office.do(
        suspend_agent,
        by=office.desk,
        agent_id=office.wang.agent_id,
        is_suspended=True,
    ),
    "suspend channel": lambda office: office.do(
        suspend_channel,
        by=office.desk,
        channel_id=office.channel_a,
        is_suspended=True,
    ),
    "owners": lambda office: office.do(
        enlist_owners,
        by=office.desk,
        project_id=office.project,
        identifiers=[mobile()],
        mark=OwnerMark.PROJECT,
    ),
    "units": lambda office: office.do(
        list_units, by=office.desk, project_id=office.project, texts=[]
    ),
    "survey": lambda office: survey_project(
        office.runtime, by=office.desk, project_id=office.project
    ),
    "survey programme": lambda office: survey_programme(
        office.runtime,
        by=office.desk,
        programme_id=office.programmes[office.channel_a],
    ),
}


@pytest.mark.parametrize("name", FORBIDDEN)
def test_agreements_are_not_for_the_desk(name: str, office: Office) -> None:
    with pytest.raises(NotAllowed):
        FORBIDDEN[name](office)


UNKNOWN: dict[str, Act] = {
    "programme of no project": lambda office: agree(office, project_id="none"),
    "programme of no channel": lambda office: agree(office, channel_id="none"),
    "rules of no project": lambda office: change(
        office, change_project_rules, project_id="none"
    ),
    "rules of no programme": lambda office: change(
        office, change_programme_rules, programme_id="none"
    ),
    "plan of no programme": lambda office: change(
        office, change_plan, programme_id="none"
    ),
    "agent of no channel": lambda office: enlist(office, channel_id="none"),
    "suspended nobody": lambda office: office.do(
        suspend_agent, by=office.admin, agent_id="none", is_suspended=True
    ),
    "suspended nothing": lambda office: office.do(
        suspend_channel, by=office.admin, channel_id="none", is_suspended=True
    ),
    "units of no project": lambda office: office.do(
        list_units, by=office.admin, project_id="none", texts=["3-1-1201"]
    ),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_what_does_not_exist_is_not_found(name: str, office: Office) -> None:
    with pytest.raises(NotFound):
        UNKNOWN[name](office)


MISTAKES: dict[str, tuple[str, Act]] = {
    "no name": ("name", lambda office: new_channel(office, "  ")),
    "long name": ("name", lambda office: new_channel(office, "甲" * 41)),
    "control character": ("name", lambda office: new_channel(office, "甲\n乙")),
    "project name taken": ("name", lambda office: new_project(office, "江畔")),
    "channel name taken": ("name", lambda office: new_channel(office, "甲渠道")),
    "person is an agent already": (
        "person_id",
        lambda office: enlist(office, person_id=office.people["wang"]),
    ),
    "same programme twice": (
        "in_force_from",
        lambda office: agree(office, kind=Kind.AGENCY),
    ),
    "ends before it begins": (
        "in_force_until",
        lambda office: agree(office, in_force_until=office.time),
    ),
    "version in the past": (
        "in_force_from",
        lambda office: change(
            office, change_plan, in_force_from=office.time - timedelta(seconds=1)
        ),
    ),
    "no owners": (
        "identifiers",
        lambda office: office.do(
            enlist_owners,
            by=office.admin,
            project_id=office.project,
            identifiers=[],
            mark=OwnerMark.GROUP,
        ),
    ),
    "unreadable unit": (
        "units[1]",
        lambda office: office.do(
            list_units,
            by=office.admin,
            project_id=office.project,
            texts=["3-1-1201", "甲乙丙"],
        ),
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_named_by_its_place(name: str, office: Office) -> None:
    path, act = MISTAKES[name]

    with pytest.raises(InputInvalid) as refusal:
        act(office)

    assert refusal.value.path == path


def test_documents_with_mistakes_make_nothing(office: Office) -> None:
    with pytest.raises(RulebookInvalid):
        office.do(create_project, by=office.admin, name="湖畔", rules={"regime": 1})
    with pytest.raises(RulebookInvalid):
        agree(office, kind=Kind.AGENCY, rules={"binding_required": "none"})
    with pytest.raises(RulebookInvalid):
        change(office, change_programme_rules, rules={"binding_required": "none"})
    with pytest.raises(PlanInvalid):
        agree(office, plan={})

    assert (office.count(projects), office.count(programmes)) == (1, 2)


# -- versions --


def test_of_two_versions_from_the_same_instant_the_later_made_holds(
    office: Office,
) -> None:
    for minutes in range(12):
        office.change_rules(lead_minutes=minutes)

    with office.runtime.reading() as work:
        programme = work.agreements.programme(
            office.programmes[office.channel_a], office.time
        )
        version = work.agreements.version_at(PROGRAMME_RULES, programme.id, office.time)
    assert version.version == programme.rulebook_version
    assert version.version.endswith(".13")
    assert '"lead_minutes":11' in version.body


def test_a_version_holds_from_its_instant_on(office: Office) -> None:
    later = office.time + timedelta(days=1)
    change(office, change_project_rules, in_force_from=later)

    def name_at(shift: timedelta) -> str:
        with office.runtime.reading() as work:
            at = later + shift
            found = work.agreements.version_at(PROJECT_RULES, office.project, at)
            return found.version

    assert name_at(timedelta(0)).endswith(".2")
    assert name_at(timedelta(microseconds=-1)).endswith(".1")
    with pytest.raises(NotFound):
        name_at(timedelta(days=-2))


def test_a_version_is_found_by_its_name(office: Office) -> None:
    with office.runtime.reading() as work:
        (first,) = work.agreements.versions(PROJECT_RULES, office.project)
        found = work.agreements.version(PROJECT_RULES, office.project, first.version)
        with pytest.raises(NotFound):
            work.agreements.version(PROJECT_RULES, office.project, "none")
    assert found == first


def test_a_programme_that_has_not_begun_is_not_in_anybodys_list_yet(
    office: Office,
) -> None:
    later = office.time + timedelta(days=1)
    made = agree(office, in_force_from=later, in_force_until=later + timedelta(days=1))
    programme = ProgrammeId(str(made["programme_id"]))

    with office.runtime.reading() as work:
        with pytest.raises(NotFound):
            work.agreements.programme(programme, office.time)
        assert work.agreements.programme(programme, later).is_in_force(later)


# -- agents, owners, units --


def test_an_agents_own_numbers_become_tags_at_every_project_of_the_channel(
    office: Office,
) -> None:
    home, office.project = office.project, new_project(office)
    office.programme(office.channel_a)

    agent = enlist(office, own=(mobile(), mobile(), mobile(OTHER_PHONE)))

    assert office.count(agent_tags) == 4
    with office.runtime.reading() as work:
        found = work.agreements.agents([agent], home)[agent]
    assert found.own_tags == frozenset(
        office.runtime.tag(home, [mobile(), mobile(OTHER_PHONE)])
    )


def test_an_agent_with_a_login_is_a_person_with_the_role_for_the_channel(
    office: Office,
) -> None:
    agent = enlist(office, login=" Zhao ")

    with office.runtime.reading() as work:
        person = work.access.account_of_login("zhao")
        assert person is not None
        assert work.agreements.agent_profile(agent).person_id == person.id
        grants = [one for one in work.access.grants() if one.person_id == person.id]
    assert [(one.grant.role, one.grant.channel_id) for one in grants] == [
        (Role.AGENT, office.channel_a)
    ]
    sequence(office.runtime)
    latest = [kind for _, kind, _ in survey_log(office.runtime).entries[:3]]
    assert latest == ["agent/v1", "grant/v1", "person/v1"]


def test_a_manager_enlists_agents_with_a_new_login(office: Office) -> None:
    agent = NewAgent(channel_id=office.channel_a, name="赵", login="zhao")

    made = office.do(create_agent, by=manager(office), agent=agent)

    with office.runtime.reading() as work:
        profile = work.agreements.agent_profile(AgentId(str(made["agent_id"])))
    assert profile.person_id is not None


def test_a_person_who_is_not_there_is_not_found(office: Office) -> None:
    with pytest.raises(NotFound):
        enlist(office, person_id=PersonId("nobody"))
    with pytest.raises(InputInvalid, match="is taken already"):
        enlist(office, person_id=office.people["wang"])


def test_an_agents_login_is_checked_like_anybodys(office: Office) -> None:
    with pytest.raises(InputInvalid, match="letters"):
        enlist(office, login="赵 先生")

    assert account_of(office.runtime, "赵 先生") is None


def test_operations_of_one_project_add_channels(office: Office) -> None:
    made = office.do(create_channel, by=one_project_only(office), name="丙渠道")

    assert made["channel_id"] in {one.id for one in channels_of(office.runtime)}


def test_a_taken_login_is_a_refusal_that_can_be_asked_for_again(
    office: Office,
) -> None:
    request = office.request()
    agent = NewAgent(channel_id=office.channel_a, name="赵", login="wang")
    before = office.count(agents)

    for _ in range(2):
        with pytest.raises(LoginTaken):
            office.do(create_agent, by=office.admin, request=request, agent=agent)

    assert office.count(agents) == before


def test_owners_are_marked_once_and_with_where_they_own(office: Office) -> None:
    def mark(*phones: str, scope: OwnerMark) -> object:
        return office.do(
            enlist_owners,
            by=office.admin,
            project_id=office.project,
            identifiers=[mobile(phone) for phone in phones],
            mark=scope,
        )["added"]

    first = mark(OTHER_PHONE, OTHER_PHONE, scope=OwnerMark.PROJECT)
    second = mark(OTHER_PHONE, "13700137000", scope=OwnerMark.GROUP)

    tags = office.runtime.tag(office.project, [mobile(OTHER_PHONE), mobile()])
    with office.runtime.reading() as work:
        found = work.agreements.owners_among(office.project, tags)
    assert (first, second, office.count(owner_tags)) == (1, 1, 2)
    assert [(one.tag, one.mark) for one in found] == [(tags[0], OwnerMark.PROJECT)]


def test_an_owners_mark_names_its_entry_in_the_log(office: Office) -> None:
    made = office.do(
        enlist_owners,
        by=office.admin,
        project_id=office.project,
        identifiers=[mobile()],
        mark=OwnerMark.PROJECT,
    )
    tags = office.runtime.tag(office.project, [mobile()])

    with office.runtime.reading() as work:
        waiting = work.agreements.owners_among(office.project, tags)
    sequence(office.runtime, wait=True)

    promise: Any = made["promise"]
    with office.runtime.reading() as work:
        place = work.log.position_of(promise["entry"])
        placed = work.agreements.owners_among(office.project, tags)
    assert [one.log_index for one in waiting] == [PENDING]
    assert [(one.marked_at, one.log_index) for one in placed] == [(office.time, place)]


def test_units_are_listed_once_whatever_their_spelling(office: Office) -> None:
    def listed(*texts: str) -> object:
        answer = office.do(
            list_units, by=office.admin, project_id=office.project, texts=texts
        )
        return answer["listed"]

    assert listed() == 0
    assert listed("3-1-1201", "3栋1单元1201") == 1
    assert listed("3-1-1201", "3-1-1202") == 2


# -- surveys, and what need not be said --


def test_a_survey_shows_all_that_was_agreed(office: Office) -> None:
    change(office, change_plan)

    survey = survey_project(office.runtime, by=office.admin, project_id=office.project)
    own = survey_programme(
        office.runtime,
        by=office.admin,
        programme_id=office.programmes[office.channel_a],
    )

    assert survey.project.name == "江畔"
    assert own in survey.agreements
    assert (own.channel, len(own.rules), len(own.plans)) == ("甲渠道", 1, 2)
    assert own.plans[1][1].fixed == 100


def test_lists_hold_what_a_person_may_see(office: Office) -> None:
    manager = replace(
        office.wang,
        grants=(Grant(role=Role.CHANNEL_MANAGER, channel_id=office.channel_a),),
    )

    seen = agents_of(office.runtime, by=manager)

    assert [one.name for one in seen] == ["wang"]
    assert len(agents_of(office.runtime, by=office.admin)) == 2
    assert [one.name for one in channels_of(office.runtime)] == ["乙渠道", "甲渠道"]
    assert names_in(office.runtime).agents[office.wang.agent_id or ""] == "wang"
    desks = projects_of(office.runtime, by=office.desk, roles=[Role.DESK])
    assert [one.id for one in desks] == [office.project]
    assert projects_of(office.runtime, by=office.desk, roles=[Role.ADMIN]) == []


def choose(office: Office, by: Actor, named: ProjectId | None = None) -> ProjectId:
    roles = [grant.role for grant in by.grants]
    return chosen_project(office.runtime, by=by, roles=roles, named=named)


def test_the_only_project_of_a_role_need_not_be_named(office: Office) -> None:
    here = replace(
        office.desk, grants=(Grant(role=Role.DESK, project_id=office.project),)
    )

    assert {choose(office, one) for one in (office.desk, office.wang, here)} == {
        office.project
    }
    assert choose(office, office.desk, office.project) == office.project
    with pytest.raises(NotFound):
        choose(office, office.desk, ProjectId("none"))


def test_a_project_must_be_named_where_the_roles_do_not_tell(office: Office) -> None:
    new_project(office)
    nobody = replace(office.wang, channel_id=None)

    for by in (office.desk, nobody):
        with pytest.raises(InputInvalid):
            choose(office, by)
    assert choose(office, office.wang) == office.project
