from collections.abc import Callable
from itertools import count

import pytest

from tests.tokens.vector_files import own
from tokens import tags
from tokens.errors import TagElementInvalid, TagProofInvalid
from tokens.identifiers import Identifier, identifier, normal_form
from tokens.tags import TagKey

KEY = TagKey.from_random(bytes(range(32)))
OTHER_KEY = TagKey.from_random(bytes(32))
PHONE = identifier("cn-mobile", "13800138000")
DOCUMENT = identifier("cn-id", "11010519491231002X")
PINNED = own("formats.json")["identity_tag"]


def counted() -> Callable[[int], bytes]:
    """Return a source of bytes that never repeat."""
    numbers = count(1)
    return lambda size: next(numbers).to_bytes(size)


def quick(one: Identifier, project: str) -> bytes:
    """Stand in for Argon2id where its cost is beside the point."""
    return f"{project}/{normal_form(one)}".encode()


def tag(one: Identifier, project: str = "p1", key: TagKey = KEY) -> bytes:
    [made] = tags.tags_for(
        [one], project=project, key=key, random_bytes=counted(), stretch=quick
    )
    return made


def test_the_pinned_tag_has_not_changed() -> None:
    key = TagKey.from_random(bytes.fromhex(PINNED["key_seed"]))
    one = identifier(PINNED["kind"], PINNED["value"])

    made = tags.tags_for(
        [one], project=PINNED["project"], key=key, random_bytes=counted()
    )

    assert key.public_bytes().hex() == PINNED["public_key"]
    assert tags.stretch(one, PINNED["project"]).hex() == PINNED["stretched"]
    assert [one.hex() for one in made] == [PINNED["tag"]]


def test_the_same_person_has_the_same_tag_whatever_is_random() -> None:
    alone = tag(PHONE)

    together = tags.tags_for(
        [DOCUMENT, PHONE, PHONE],
        project="p1",
        key=KEY,
        random_bytes=lambda size: b"\x07" * size,
        stretch=quick,
    )

    assert together == [tag(DOCUMENT), alone, alone]
    assert len(alone) == tags.TAG_SIZE


def test_kind_project_and_key_each_change_the_tag() -> None:
    same_text = Identifier(kind="cn-other", value=PHONE.value)

    made = {tag(PHONE), tag(same_text), tag(PHONE, "p2"), tag(PHONE, key=OTHER_KEY)}

    assert len(made) == 4


def test_no_identifiers_have_no_tags() -> None:
    assert tags.tags_for([], project="p1", key=KEY, random_bytes=counted()) == []


def test_a_tag_asked_of_the_service_is_the_tag_made_here() -> None:
    random_bytes = counted()
    blinded = [tags.blind(quick(one, "p1"), random_bytes) for one in (PHONE, DOCUMENT)]

    answers, proof = tags.blind_evaluate(
        [tags.element_bytes(one) for one in blinded], key=KEY, random_bytes=random_bytes
    )
    made = tags.finalize(blinded, answers, proof, public_key=KEY.public_bytes())

    assert made == [tag(PHONE), tag(DOCUMENT)]


def test_answers_under_another_key_than_the_published_are_refused() -> None:
    random_bytes = counted()
    blinded = tags.blind(b"stretched", random_bytes)
    answers, proof = tags.blind_evaluate(
        [tags.element_bytes(blinded)], key=OTHER_KEY, random_bytes=random_bytes
    )

    with pytest.raises(TagProofInvalid):
        tags.finalize([blinded], answers, proof, public_key=KEY.public_bytes())


@pytest.mark.parametrize(
    "elements", [[], [b""], [b"\x02" + (1).to_bytes(32)], [bytes(33)]]
)
def test_what_is_not_a_point_is_not_evaluated(elements: list[bytes]) -> None:
    with pytest.raises(TagElementInvalid):
        tags.blind_evaluate(elements, key=KEY, random_bytes=counted())


def test_a_key_is_made_of_32_bytes_and_is_not_shown() -> None:
    assert str(KEY.scalar) not in repr(KEY)
    with pytest.raises(ValueError, match="32 random bytes"):
        TagKey.from_random(bytes(31))
