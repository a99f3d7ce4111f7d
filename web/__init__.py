"""The desks and one JSON API: read a form or a body, call one service, answer."""
