"""Instalments and merged lines: what amounts alone say about several lines or deals.

Source: docs/specs/reconciliation.md §11.6.
"""

import re
from collections.abc import Sequence

from attribution.money import Fen
from attribution.reconciliation.units import UnitName, folded, read_unit

_LISTED = re.compile("[、,;&+和及]")
_ROOM_ALONE = re.compile("([0-9]{3,5})(?:室|号|房)?")


def merged_units(text: str) -> list[UnitName]:
    """Return the units of a text that lists several (`3-1-1201、1202`), or nothing.

    A room alone is in the building and section before it. A range is not a list.
    """
    names: list[UnitName] = []
    for part in _LISTED.split(folded(text)):
        name = read_unit(part).name
        room = _ROOM_ALONE.fullmatch(part)
        if room and names:
            name = names[-1]._replace(room=int(room[1]))
        if name is None or name.building is None or name in names:
            return []
        names.append(name)
    return names if len(names) > 1 else []


def fits_beside(amount: Fen, accepted: Sequence[Fen], owed: Fen) -> bool:
    """Say whether a further line may be an instalment: together within what is owed."""
    return amount > 0 and min(accepted) > 0 and amount + sum(accepted) <= owed
