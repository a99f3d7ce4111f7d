"""The log 存证 for everybody: its newest head, its keys, and who watches it."""

from flask import Blueprint, render_template

from attribution.services.witnessing import log_state
from web.access import current_runtime, open_to_all

bp = Blueprint("log_page", __name__)


@bp.get("/log")
@open_to_all
def log() -> str:
    """Show how far the log is, who signs it, and who has seen how much of it."""
    return render_template("log.html", state=log_state(current_runtime()))
