"""What stands between the characters of a typed text and says nothing.

Parts of a regular expression's set, for whatever reads what people type or paste.
"""

from typing import Final

DASHES: Final = r"\-\u2010-\u2015\u2212"
"""Hyphens, dashes and the minus sign, as keyboards and input methods produce them."""
INVISIBLE: Final = r"\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff"
"""Soft hyphens, zero-width characters and direction marks: phones copy them along."""
