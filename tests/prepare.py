"""Before the tests: Debian's browser with Chinese letters; says what is not there.

`make test` runs this first. On a build server (CI=true) nothing may be skipped.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.public_sets import SETS, absent_sets

PACKAGES: Mapping[str, str] = {
    "chromium": "the journeys in a real browser",
    "fonts-wqy-microhei": "screenshots with Chinese letters",
}
_FONT_FOLDERS = (Path("/usr/share/fonts"), Path.home() / ".local/share/fonts")
_HAN_FONTS = ("wqy-microhei*", "wqy-zenhei*", "Noto*CJK*", "NotoSans*SC*")


def find_chromium() -> str | None:
    """Return the path of the browser that the tests drive, or None."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


def has_han_font() -> bool:
    """Say whether some font has Han letters."""
    return any(
        next(folder.rglob(pattern), None) is not None
        for folder in _FONT_FOLDERS
        for pattern in _HAN_FONTS
    )


def missing_packages() -> list[str]:
    """Return the packages that are not there."""
    there = {
        "chromium": find_chromium() is not None,
        "fonts-wqy-microhei": has_han_font(),
    }
    return [name for name in PACKAGES if not there[name]]


def why_not(packages: list[str]) -> str:
    """Install packages by apt; return why that was not possible, or nothing."""
    if os.getuid() != 0:
        return f"only root may install; run: sudo apt-get install {' '.join(packages)}"
    if shutil.which("apt-get") is None:
        return "there is no apt-get here"
    install = ["apt-get", "install", "-y", "--no-install-recommends", *packages]
    for command in (["apt-get", "update"], install):
        _say(f"running {' '.join(command)} …")
        finished = subprocess.run(command, capture_output=True, text=True, check=False)
        if finished.returncode:
            last = (finished.stderr.strip() or "no message").splitlines()[-1]
            return f"`{' '.join(command)}` failed: {last}"
    return ""


def main() -> int:
    """Prepare what can be prepared; return the exit code."""
    for name in absent_sets():
        _say(f"not here: ../shared/{name} ({SETS[name]})")
    missing = missing_packages()
    reason = why_not(missing) if missing else ""
    missing = missing_packages()
    for name in missing:
        _say(f"SKIPPED: {PACKAGES[name]}, because {name} is missing: {reason}")
    if missing and os.getenv("CI") == "true":
        _say("on a build server nothing may be skipped")
        return 1
    return 0


def _say(line: str) -> None:
    sys.stdout.write(f"prepare: {line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
