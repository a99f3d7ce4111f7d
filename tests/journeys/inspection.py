"""Inspection: what every page must be, whoever reads it and on whatever screen."""

from pathlib import Path
from typing import Any

from playwright.sync_api import Page

_AXE = (Path(__file__).parents[1] / "vectors" / "axe" / "axe.min.js").read_text("utf-8")
_RUN = """async (rules) => {
  const limit = rules ? { runOnly: { type: "rule", values: rules } } : {};
  const found = await axe.run(document, { resultTypes: ["violations"], ...limit });
  return found.violations.map((one) => [
    one.impact, one.id, one.nodes.map((node) => node.target.join(" ")).join(", "),
  ]);
}"""
_WIDE, _NARROW, _NARROWEST = 1280, 390, 320
_HEIGHT = 800
_COLOURS = ["color-contrast"]


def inspect(page: Page, name: str, shots: Path) -> list[str]:
    """Return what is wrong with the page now shown; leave two pictures of it.

    Colours are all that differs in the dark, so only they are checked again there.
    """
    page.evaluate(_AXE)
    wrong = []
    for width, screen in ((_WIDE, "desk"), (_NARROW, "phone")):
        page.set_viewport_size({"width": width, "height": _HEIGHT})
        page.emulate_media(color_scheme="light")
        page.screenshot(path=shots / f"{name}-{screen}.png", full_page=True)
        wrong += _violations(page, f"{name} {screen}", None)
        page.emulate_media(color_scheme="dark")
        wrong += _violations(page, f"{name} {screen} dark", _COLOURS)
    page.emulate_media(color_scheme="light")
    return [*wrong, *_overflow(page, name)]


def _violations(page: Page, where: str, rules: list[str] | None) -> list[str]:
    found: list[tuple[Any, ...]] = page.evaluate(_RUN, rules)
    return [
        f"{where}: {impact} {rule} at {places}"
        for impact, rule, places in found
        if impact in {"serious", "critical"}
    ]


def _overflow(page: Page, name: str) -> list[str]:
    """Say whether a page has to be moved sideways on the narrowest screen."""
    page.set_viewport_size({"width": _NARROWEST, "height": _HEIGHT})
    width = page.evaluate("document.scrollingElement.scrollWidth")
    return [f"{name}: {width} px wide on {_NARROWEST} px"] if width > _NARROWEST else []
