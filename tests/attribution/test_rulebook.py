from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from attribution.errors import RulebookInvalid
from attribution.programmes import Kind
from attribution.rulebook import (
    DEAL_KEYS,
    TOKEN_KEYS,
    Binding,
    DealRules,
    Regime,
    TokenRules,
    check_kind,
    deal_rules_from_json,
    deal_rules_to_json,
    parse_rulebook,
    rulebook_at,
    token_rules_from_json,
    token_rules_to_json,
)

RULEBOOKS = Path(__file__).parents[2] / "attribution" / "rulebooks"
DEFAULT = (RULEBOOKS / "2026-01.toml").read_text("utf-8")


def test_the_first_rulebook_holds_the_defaults_of_the_specification() -> None:
    book = parse_rulebook(DEFAULT)

    assert book.token == TokenRules(version="2026-01")
    assert book.deal == DealRules(version="2026-01")
    assert book.in_force_from == datetime(2025, 12, 31, 16, tzinfo=UTC)


@pytest.mark.parametrize("file", sorted(RULEBOOKS.glob("*.toml")), ids=lambda f: f.name)
def test_a_rulebook_is_named_by_its_version(file: Path) -> None:
    assert parse_rulebook(file.read_text("utf-8")).version == file.stem


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("version = ", "$"),
        ('in_force_from = "2026-01-01T00:00:00Z"', "version"),
        ('version = "1"', "in_force_from"),
        ('version = "1"\nin_force_from = 2026-01-01T00:00:00', "in_force_from"),
        (DEFAULT + "\nregime_ = 1", "deal.regime_"),
        (DEFAULT.replace("[deal]", ""), "token.regime"),
        (DEFAULT.replace('"first_visit"', '["first_visit"]'), "deal.regime"),
        (DEFAULT.replace('"masked"', '"loose"'), "token.binding_required"),
        (DEFAULT.replace('"winner_takes_all"', "[0, 10000]"), "deal.joint[0]"),
        (DEFAULT.replace('"winner_takes_all"', "[9999]"), "deal.joint"),
        (f"version = {'1' * 5000}", "$"),
        (f"version = {'[' * 5000}", "$"),
    ],
)
def test_a_mistake_in_a_rulebook_is_named(text: str, path: str) -> None:
    with pytest.raises(RulebookInvalid) as refused:
        parse_rulebook(text)

    assert refused.value.path == path


@pytest.mark.parametrize(
    ("days", "version"),
    [(timedelta(0), "new"), (timedelta(microseconds=-1), "2026-01")],
)
def test_the_latest_rulebook_that_has_begun_is_in_force(
    days: timedelta, version: str
) -> None:
    begins = datetime(2026, 6, 1, tzinfo=UTC)
    old = parse_rulebook(DEFAULT)
    new = parse_rulebook(
        'version = "new"\nin_force_from = 2026-06-01T00:00:00Z\n[deal]\n'
    )

    assert rulebook_at([new, old], begins + days).version == version


def test_before_the_first_rulebook_there_is_none() -> None:
    with pytest.raises(RulebookInvalid):
        rulebook_at([parse_rulebook(DEFAULT)], datetime(2025, 1, 1, tzinfo=UTC))


TOKEN = {
    "lead_minutes": 0,
    "report_protection_hours": 48,
    "binding_required": "full",
    "revisit_renews": True,
}
DEAL = {
    "regime": "first_report",
    "joint": [6000, 4000],
    "family": ["spouse", "sibling"],
    "walk_in_protection_days": "ever",
    "owners_excluded": ["agency"],
}


@pytest.mark.parametrize("values", [{}, TOKEN])
def test_token_rules_are_written_in_full_and_read_back(values: object) -> None:
    rules = token_rules_from_json(values, version="7")

    written = token_rules_to_json(rules)

    assert tuple(written) == TOKEN_KEYS
    assert token_rules_from_json(written, version="7") == rules


@pytest.mark.parametrize("values", [{}, DEAL, {"joint": "equal"}])
def test_deal_rules_are_written_in_full_and_read_back(values: object) -> None:
    rules = deal_rules_from_json(values, version="7")

    written = deal_rules_to_json(rules)

    assert tuple(written) == DEAL_KEYS
    assert deal_rules_from_json(written, version="7") == rules


def test_parameters_of_the_other_level_are_refused() -> None:
    with pytest.raises(RulebookInvalid) as refused:
        token_rules_from_json({"regime": "first_visit"}, version="7")

    assert refused.value.path == "regime"


def test_unbound_tokens_are_refused_to_agencies_only() -> None:
    unbound = token_rules_from_json({"binding_required": "none"}, version="7")

    check_kind(unbound, Kind.STAFF)
    check_kind(TokenRules(version="7"), Kind.AGENCY)
    with pytest.raises(RulebookInvalid):
        check_kind(unbound, Kind.AGENCY)


@pytest.mark.parametrize(
    ("binding", "other", "is_enough"),
    [
        (Binding.FULL, Binding.MASKED, True),
        (Binding.MASKED, Binding.MASKED, True),
        (Binding.OPENED, Binding.MASKED, False),
        (Binding.NONE, Binding.OPENED, False),
        (Binding.OPENED, Binding.NONE, True),
    ],
)
def test_bindings_have_an_order(
    binding: Binding, other: Binding, *, is_enough: bool
) -> None:
    assert binding.is_at_least(other) is is_enough


def test_one_project_has_one_regime() -> None:
    assert deal_rules_from_json({}, version="7").regime is Regime.FIRST_VISIT


def test_a_later_rank_may_get_nothing() -> None:
    text = DEFAULT.replace('"winner_takes_all"', "[10000, 0]")

    assert parse_rulebook(text).deal.joint == (10_000, 0)
