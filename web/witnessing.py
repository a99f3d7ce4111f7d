"""Watching a log from outside: fetch its head, check that it only grew, cosign it."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPResponse
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen
from urllib.response import addinfourl

from tokens.checkpoints import Checkpoint
from tokens.errors import LogProofInvalid, TokenError, WitnessConflict
from tokens.log import verify_consistency
from tokens.notes import Verifier, parse_vkey
from tokens.witnessing import Offer
from web.witness import WitnessFolder, checkpoint_of, succession_of

_TIMEOUT = 10
_LARGEST_ANSWER = 4 * 1024 * 1024
_PLAIN = "text/plain; charset=utf-8"
_SENSELESS = (AttributeError, IndexError, KeyError, TypeError, ValueError)
"""What an answer of another form than ours leads to; the log may send anything."""


class LogUnreachable(Exception):
    """The log gave no answer, or none that makes sense."""


class LogMisbehaved(Exception):
    """The log contradicts what it signed before; the evidence is kept in a file."""

    def __init__(self, what: str, evidence: Path) -> None:
        super().__init__(f"{what}; evidence: {evidence}")
        self.evidence = evidence


@dataclass(frozen=True, kw_only=True, slots=True)
class Answered:
    """An answer over HTTP."""

    status: int
    media: str
    body: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Visit:
    """What a visit has seen. `is_admitted`: the log has kept our cosignature.

    `grew_at`: in seconds, when the head was first seen that is still the newest.
    """

    head: Checkpoint
    grew_at: int
    is_admitted: bool


Ask = Callable[[str, str | None, str], Answered]
"""Asks an address; with a body (and its media type) it is a POST."""


def ask_over_http(url: str, body: str | None = None, media: str = _PLAIN) -> Answered:
    """Ask an address, or raise LogUnreachable. Answers are cut at 4 MiB."""
    if not url.startswith(("http://", "https://")):
        raise LogUnreachable(url)
    data = None if body is None else body.encode()
    try:
        request = Request(url, data=data, headers={"Content-Type": media})  # noqa: S310
        with urlopen(request, timeout=_TIMEOUT) as answer:  # noqa: S310 (checked above)
            return _answered(answer)
    except HTTPError as refused:
        with refused:
            return _answered(refused)
    except (URLError, OSError, ValueError) as error:
        raise LogUnreachable(url) from error


def _answered(answer: addinfourl | HTTPResponse | HTTPError) -> Answered:
    return Answered(
        status=answer.status or 0,
        media=answer.headers.get_content_type(),
        body=answer.read(_LARGEST_ANSWER).decode("utf-8", "replace"),
    )


class Watcher:
    """Visits one log again and again, on behalf of one witness."""

    def __init__(self, folder: WitnessFolder, url: str, ask: Ask) -> None:
        self._folder = folder
        self._url = url.rstrip("/") + "/api/v1/log"
        self._ask = ask

    def first_key(self) -> Verifier:
        """Return the key that the log says it signs with now, to be compared by eye."""
        try:
            return parse_vkey(self._json("/watch")["keys"][-1]["vkey"])
        except (*_SENSELESS, TokenError) as error:
            raise LogUnreachable(self._url) from error

    def visit(self, at_seconds: int) -> Visit:
        """Look at the newest head, cosign it, and hand the cosignature in.

        Raises:
            LogUnreachable: no answer that makes sense.
            LogMisbehaved: it was set back, forked or signed by a key that no trusted
                key has named; the log is shown what it signed before.
        """
        note = str(self._json("/checkpoint").get("checkpoint"))
        try:
            offered = checkpoint_of(note)
            key = self._key_of(offered.origin)
            if key is None:
                key = self._follow(offered.origin, note, at_seconds)
            line = self._cosign(note, offered, key, at_seconds)
        except (WitnessConflict, LogProofInvalid):
            raise self._misbehaved("set back or forked", note, at_seconds) from None
        except TokenError as error:
            raise self._misbehaved(error.code, note, at_seconds) from None
        except _SENSELESS as error:
            raise LogUnreachable(self._url) from error
        answer = self._hand_in(note.rstrip("\n") + "\n" + line)
        return Visit(
            head=offered,
            grew_at=self._folder.grew_at(offered.origin),
            is_admitted=answer.status == HTTPStatus.OK,
        )

    def _cosign(
        self, note: str, offered: Checkpoint, key: Verifier, at_seconds: int
    ) -> str:
        old = self._folder.seen_size(key.name)
        proof = self._proof(old, offered.size)
        offer = Offer(old_size=old, proof=proof, checkpoint=note)
        if old > offered.size:
            raise WitnessConflict
        return self._folder.cosign(offer, key, at_seconds)

    def _follow(self, origin: str, note: str, at_seconds: int) -> Verifier:
        """Return the key of a new origin, once the trusted key has named it.

        The log of the old key, as far as it was seen, must be the beginning of it.
        """
        listed = {one["origin"]: one for one in self._json("/watch")["keys"]}
        for old in self._folder.trusted():
            told = listed.get(old.name)
            if told is None or not told["succession"] or told["compromised_at"]:
                continue
            succession = succession_of(told["succession"], old)
            if succession.new.name == origin:
                self._check_continues(old, succession.size, succession.root)
                head = checkpoint_of(note)
                verify_consistency(
                    size1=succession.size,
                    size2=head.size,
                    proof=self._proof(succession.size, head.size),
                    root1=succession.root,
                    root2=head.root,
                )
                self._folder.trust(succession.new)
                return succession.new
        raise self._misbehaved("signed by a key nobody named", note, at_seconds)

    def _check_continues(self, old: Verifier, size: int, root: bytes) -> None:
        seen = self._folder.seen(old.name)
        if seen is None:
            return
        earlier = checkpoint_of(seen)
        verify_consistency(
            size1=earlier.size,
            size2=size,
            proof=self._proof(earlier.size, size),
            root1=earlier.root,
            root2=root,
        )

    def _key_of(self, origin: str) -> Verifier | None:
        return next((k for k in self._folder.trusted() if k.name == origin), None)

    def _proof(self, first: int, second: int) -> tuple[bytes, ...]:
        if not 0 < first < second:
            return ()
        told = self._json(f"/consistency?from={first}&to={second}")
        return tuple(bytes.fromhex(one) for one in told["proof"])

    def _misbehaved(self, what: str, note: str, at_seconds: int) -> LogMisbehaved:
        """Keep the evidence, and show the log what it signed before."""
        seen = [
            found
            for key in self._folder.trusted()
            if (found := self._folder.seen(key.name)) is not None
        ]
        evidence = self._folder.keep_evidence(at_seconds, *seen, note)
        for earlier in seen:
            self._hand_in(earlier)
        return LogMisbehaved(what, evidence)

    def _hand_in(self, note: str) -> Answered:
        body = json.dumps({"note": note})
        return self._ask(f"{self._url}/cosignatures", body, "application/json")

    def _json(self, path: str) -> Mapping[str, Any]:
        answer = self._ask(self._url + path, None, _PLAIN)
        try:
            told = json.loads(answer.body)
        except ValueError:
            told = None
        if answer.status != HTTPStatus.OK or not isinstance(told, dict):
            raise LogUnreachable(f"{self._url}{path}: {answer.status}")
        return told
