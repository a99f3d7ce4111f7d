import pytest

from attribution.errors import NotFound
from attribution.services.administering import create_project
from attribution.services.surveying import project_called
from tests.office import Office


def test_a_project_is_found_by_its_id_or_its_name(office: Office) -> None:
    made = office.do(create_project, by=office.admin, name="湖畔", rules={})

    for called in ("湖畔", str(made["project_id"])):
        assert project_called(office.runtime, called).id == made["project_id"]
    assert project_called(office.runtime, "江畔").id == office.project
    with pytest.raises(NotFound):
        project_called(office.runtime, "山前")
