"""Case files in a few words: facts of one client group, numbered as they are listed."""

from datetime import datetime, timedelta

from attribution.cases.answering import answer_case

Json = dict[str, object]

_START = datetime.fromisoformat("2026-03-01T00:00:00+08:00")
ALWAYS = {"from": "2026-01-01T00:00:00+08:00"}
PROGRAMMES: Json = {
    "A": {"kind": "agency", **ALWAYS},
    "B": {"kind": "agency", **ALWAYS},
    "C": {"kind": "agency", **ALWAYS},
    "R": {"kind": "resident", **ALWAYS},
    "P": {"kind": "public", **ALWAYS},
    "S": {"kind": "staff", **ALWAYS},
    "O": {"kind": "own", **ALWAYS},
}
AGENTS: Json = {
    "wang": {"channel": "A"},
    "wu": {"channel": "A"},
    "li": {"channel": "B"},
    "zhao": {"channel": "C"},
    "qian": {"channel": "R", "owner": True},
    "sun": {"channel": "R"},
    "zhou": {"channel": "P"},
    "zheng": {"channel": "S", "desk_staff": True},
    "feng": {"channel": "O", "desk_staff": True},
}
US = timedelta(microseconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def at(days: float, plus: timedelta = timedelta(0)) -> str:
    """Return the instant `days` after midnight of 1 March 2026 in Shanghai."""
    return (_START + timedelta(days=days) + plus).isoformat()


def phone(number: int = 0) -> Json:
    return {"kind": "cn-mobile", "value": f"138001380{number:02}"}


def masked(number: int = 0) -> Json:
    return {"kind": "cn-mobile-3-4", "value": f"138****80{number:02}"}


def document() -> Json:
    return {"kind": "cn-id", "value": "11010519491231002X"}


def issue(token: str, agent: str, when: str, /, **more: object) -> Json:
    """Return a report; `masked` for the client 0 unless told otherwise."""
    bound = {} if "binding" in more else {"binding": "masked", "client": masked()}
    return {
        "type": "issue",
        "token": token,
        "agent": agent,
        "at": when,
        **bound,
        **more,
    }


def visit(name: str, when: str, token: str | None = None, /, **more: object) -> Json:
    """Return a visit of the client 0 unless told otherwise."""
    taken = {} if token is None else {"token": token}
    who = {"identifiers": [phone()]}
    return {"type": "visit", "visit": name, "at": when, **taken, **who, **more}


def revoke(token: str, when: str, /, **more: object) -> Json:
    return {"type": "revoke", "token": token, "at": when, **more}


def signing(when: str, name: str = "s1", /, **more: object) -> Json:
    buyers = [[phone()]]
    return {"type": "signing", "signing": name, "at": when, "buyers": buyers, **more}


def case(*facts: Json, **more: object) -> Json:
    """Return a case file; facts without a log number get that of their place."""
    numbered = [{"log": place * 10, **fact} for place, fact in enumerate(facts, 1)]
    return {
        "title": "a case",
        "programmes": PROGRAMMES,
        "agents": AGENTS,
        "facts": numbered,
        **more,
    }


def summary(ruling: Json) -> str:
    """Return a ruling in one line: shares; claims; visits."""
    shares, claims, visits = ruling["shares"], ruling["claims"], ruling["visits"]
    assert isinstance(shares, dict)
    assert isinstance(claims, list)
    assert isinstance(visits, list)
    return "; ".join(
        [
            " ".join(f"{name}={share}" for name, share in shares.items()) or "natural",
            ", ".join(f"{c['channel']}/{c['token']} {c['finding']}" for c in claims),
            ", ".join(f"{v['visit']} {v['finding']}" for v in visits),
        ]
    )


def rulings_of(file: Json) -> list[Json]:
    rulings = answer_case(file)["rulings"]
    assert isinstance(rulings, list)
    return rulings


def summaries(file: Json) -> list[str]:
    """Return each ruling of a case file in one line, in order of signing."""
    return [summary(ruling) for ruling in rulings_of(file)]
