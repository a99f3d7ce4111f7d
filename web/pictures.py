"""QR codes as pictures for pages and paper: dark on white, whatever the page is."""

import segno
from markupsafe import Markup


def digits_qr(digits: str) -> Markup:
    """Return the QR code of a token's digits (token.md §5: numeric mode, level M)."""
    return _drawn(segno.make_qr(digits, error="m", mode="numeric", boost_error=False))


def text_qr(text: str) -> Markup:
    """Return the QR code of a text of ours, such as the address of a receipt."""
    return _drawn(segno.make_qr(text, error="m"))


def dense_qr(text: str) -> Markup:
    """Return the QR code of a long text at level L: printed large, on clean paper."""
    return _drawn(segno.make_qr(text, error="l", boost_error=False))


def _drawn(code: segno.QRCode) -> Markup:
    picture = code.svg_inline(omitsize=True, dark="#000", light="#fff", border=4)
    # Drawn by segno from our own text: paths and numbers, nothing typed by anybody.
    return Markup(picture)  # noqa: S704
