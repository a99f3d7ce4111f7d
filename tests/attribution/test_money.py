import pytest
from hypothesis import given
from hypothesis import strategies as st

from attribution.money import WHOLE, BasisPoints, Fen, share_of, split


@pytest.mark.parametrize(
    ("amount", "rate", "share"),
    [
        (245_000_000, 150, 3_675_000),
        (0, 150, 0),
        (49, 100, 0),
        (50, 100, 1),
        (149, 100, 1),
        (150, 100, 2),
        (-50, 100, -1),
        (-49, 100, 0),
        (1, 10_000, 1),
    ],
)
def test_a_share_is_rounded_half_up_away_from_zero(
    amount: int, rate: int, share: int
) -> None:
    assert share_of(Fen(amount), BasisPoints(rate)) == share


@given(st.integers(-(10**13), 10**13), st.integers(0, 10_000))
def test_the_share_of_a_debt_is_the_negative_of_the_share(
    amount: int, rate: int
) -> None:
    owed = share_of(Fen(-amount), BasisPoints(rate))

    assert owed == -share_of(Fen(amount), BasisPoints(rate))


@pytest.mark.parametrize(
    ("amount", "weights", "parts"),
    [
        (10_000, [1, 1, 1], [3334, 3333, 3333]),
        (10_000, [1, 2], [3333, 6667]),
        (100, [8000, 2000], [80, 20]),
        (1, [1, 1], [1, 0]),
        (0, [1, 1], [0, 0]),
        (5, [0, 1], [0, 5]),
    ],
)
def test_a_split_gives_what_is_left_to_the_largest_remainder(
    amount: int, weights: list[int], parts: list[int]
) -> None:
    assert split(amount, weights) == parts


@given(
    st.integers(0, 10**13),
    st.lists(st.integers(0, WHOLE), min_size=1, max_size=9).filter(any),
)
def test_the_parts_of_a_split_add_up_and_are_within_a_fen(
    amount: int, weights: list[int]
) -> None:
    parts = split(amount, weights)

    assert sum(parts) == amount
    exact = [amount * weight / sum(weights) for weight in weights]
    assert all(abs(p - e) <= 1 for p, e in zip(parts, exact, strict=True))


@pytest.mark.parametrize(
    ("amount", "weights"), [(-1, [1]), (1, [0, 0]), (1, []), (1, [2, -1])]
)
def test_a_split_that_cannot_add_up_is_our_mistake(
    amount: int, weights: list[int]
) -> None:
    with pytest.raises(ValueError, match="split needs"):
        split(amount, weights)
