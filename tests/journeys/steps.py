"""What people do in a browser: issue, read a QR code, scan, confirm."""

import base64
import re

import zxingcpp
from playwright.sync_api import Locator, Page, expect

from tests.office import PHONE

_GREY = """async (picture) => {
  const bytes = Uint8Array.from(atob(picture), (letter) => letter.charCodeAt(0));
  const image = await createImageBitmap(new Blob([bytes]));
  const canvas = new OffscreenCanvas(image.width, image.height);
  const drawing = canvas.getContext("2d");
  drawing.drawImage(image, 0, 0);
  const pixels = drawing.getImageData(0, 0, image.width, image.height).data;
  let grey = "";
  for (let i = 0; i < pixels.length; i += 4) grey += String.fromCharCode(pixels[i]);
  return [image.width, image.height, btoa(grey)];
}"""


def read_qr(place: Locator) -> str:
    """Return what a QR code on a page says, read from its picture like a scanner."""
    picture = base64.b64encode(place.screenshot()).decode()
    width, height, grey = place.page.evaluate(_GREY, picture)
    shades = memoryview(base64.b64decode(grey)).cast("B", shape=[height, width])
    (found,) = zxingcpp.read_barcodes(shades)
    return str(found.text)


def issue(page: Page, client: str = PHONE, label: str = "张**") -> tuple[str, str]:
    """Issue a token on the agent's page; return the code and the digits of the QR."""
    page.goto("/agent")
    page.get_by_label("客户手机号").fill(client)
    page.get_by_label("备注").fill(label)
    page.get_by_role("button", name="生成推荐码").click()
    expect(page.locator("#code")).to_be_visible()
    return page.locator("#code").inner_text().strip(), read_qr(page.locator(".qr"))


def at_desk(page: Page) -> Page:
    """Open the desk, ready for a scan."""
    page.goto("/desk")
    expect(page.locator("#scan")).to_be_focused()
    return page


def scan(page: Page, text: str, *, enter: bool = True) -> None:
    """Type like a scanner: into whatever has the focus, and perhaps Enter after it."""
    page.wait_for_load_state()
    page.keyboard.type(text)
    if enter:
        page.keyboard.press("Enter")


def press(page: Page, key: str) -> None:
    """Press a key once the page is there, scripts and all."""
    page.wait_for_load_state()
    page.keyboard.press(key)


def word(page: Page) -> Locator:
    """Return the big word that a desk answers with."""
    return page.locator(".status .word")


def confirm(page: Page, number: str = PHONE) -> None:
    """Give the visitor's number on the page of a token, and redeem it by Enter."""
    expect(word(page)).to_contain_text("可以核销")
    expect(page.locator("#visitor")).to_be_focused()
    # Before its scripts are there a page that was sent unasked hears no typing.
    page.wait_for_load_state()
    page.keyboard.type(number)
    page.keyboard.press("Enter")
    expect(word(page)).to_contain_text("已登记")
    expect(page.locator("#scan")).to_be_focused()


def receipt_on(page: Page) -> str:
    """Return the visitor's receipt that a desk's answer shows."""
    return page.locator(".handover code").inner_text()


def amounts_in(text: str) -> list[str]:
    """Return the amounts that a text names."""
    return re.findall(r"-?¥[\d,]+\.\d\d", text)
