"""The macros that pages are made of, each rendered once in each language."""

from datetime import UTC, datetime

import pytest
from flask import render_template_string

from tests.web.conftest import Front

NOON = datetime(2026, 3, 1, 4, tzinfo=UTC)
FIELDS = "{% from '_fields.html' import text_field, money_field, select_field, "
FIELDS += "textarea_field, checkbox_field, radio_field, file_field, "
FIELDS += "request_id_field %}"
PARTS = "{% from '_parts.html' import money, instant, countdown, countdown_script, "
PARTS += "status_badge, big_status, table, empty_state, steps, facts %}"


def rendered(front: Front, source: str, **values: object) -> str:
    with front.app.test_request_context():
        return render_template_string(FIELDS + PARTS + source, **values)


def test_a_field_ties_its_hint_and_its_error_to_it(front: Front) -> None:
    html = rendered(front, "{{ text_field('a', 'A', 'hint', 'v', 'wrong') }}")

    assert '<label for="a">A</label>' in html
    assert 'aria-describedby="a-hint a-error"' in html
    assert 'aria-invalid="true"' in html
    assert 'value="v"' in html
    assert " required" in html


def test_a_plain_field_says_nothing_it_does_not_have(front: Front) -> None:
    html = rendered(front, "{{ text_field('a', 'A', required=false) }}")

    assert "describedby" not in html
    assert "可不填" in html
    assert 'autocomplete="off"' in html


def test_further_attributes_are_passed_on(front: Front) -> None:
    html = rendered(front, "{{ text_field('a', 'A', inputmode='numeric', min=1) }}")

    assert 'inputmode="numeric"' in html
    assert 'min="1"' in html


def test_what_was_typed_is_never_markup(front: Front) -> None:
    html = rendered(front, "{{ text_field('a', 'A', value=v) }}", v='"><script>')

    assert "<script>" not in html


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{{ money_field('p', '价', '提示') }}", 'inputmode="decimal"'),
        ("{{ select_field('k', '类', [('a', 'A')], value='a') }}", "selected"),
        ("{{ textarea_field('t', '文', value='x', required=false) }}", ">x<"),
        ("{{ checkbox_field('c', '选', '提示', checked=true) }}", "checked"),
        ("{{ radio_field('r', '选', [('a', 'A')], value='a') }}", "<legend>"),
        ("{{ file_field('f', '件', '提示', '.csv') }}", 'accept=".csv"'),
    ],
)
def test_each_kind_of_field_is_labelled(
    front: Front, source: str, expected: str
) -> None:
    html = rendered(front, source)

    assert expected in html
    assert "<label" in html


def test_each_rendered_form_has_a_request_id_of_its_own(front: Front) -> None:
    first = rendered(front, "{{ request_id_field() }}")
    second = rendered(front, "{{ request_id_field() }}")

    assert first.startswith('<input type="hidden" name="request_id" value="')
    assert first != second


def test_money_and_instants_are_shown(front: Front) -> None:
    html = rendered(front, "{{ money(245000050) }} {{ instant(at) }}", at=NOON)

    assert "¥2,450,000.50" in html
    assert '<time datetime="2026-03-01T04:00:00Z">2026-03-01 12:00</time>' in html


def test_no_instant_is_a_dash(front: Front) -> None:
    assert rendered(front, "{{ instant(none) }}").strip() == "–"


def test_a_countdown_is_an_instant_until_scripts_run(front: Front) -> None:
    html = rendered(front, "{{ countdown(at) }}{{ countdown_script() }}", at=NOON)

    assert ">2026-03-01 12:00</time>" in html
    assert "countdown.js" in html


@pytest.mark.parametrize("kind", ["green", "amber", "red", "info"])
def test_a_status_has_a_sign_and_a_word_beside_its_colour(
    front: Front, kind: str
) -> None:
    badge = rendered(front, "{{ status_badge(kind, '已到访') }}", kind=kind)
    big = "{% call big_status(kind, '可以核销') %}<p>因</p>{% endcall %}"

    assert "已到访" in badge
    assert 'class="sign"' in badge
    assert "可以核销" in rendered(front, big, kind=kind)


def test_a_table_has_a_caption_and_can_be_scrolled_by_keyboard(front: Front) -> None:
    source = "{% call table('表', ['甲', ('乙', 'num')]) %}<tr></tr>{% endcall %}"

    html = rendered(front, source)

    assert "<caption>表</caption>" in html
    assert 'tabindex="0"' in html
    assert '<th scope="col" class="num">乙</th>' in html


def test_steps_say_which_is_next(front: Front) -> None:
    html = rendered(front, "{{ steps(['一', '二', '三'], 1) }}")

    assert html.count('class="done"') == 1
    assert html.count('aria-current="step"') == 1
    assert html.count('class="later"') == 1


def test_facts_and_empty_states_are_shown(front: Front) -> None:
    source = "{{ facts([('项目', '江畔')]) }}"
    source += "{% call empty_state('没有') %}<p>怎么办</p>{% endcall %}"

    html = rendered(front, source)

    assert "<dt>项目</dt><dd>江畔</dd>" in html
    assert "怎么办" in html
