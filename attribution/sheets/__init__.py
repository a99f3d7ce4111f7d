"""Spreadsheets in and out: measured before they are read, typed when written."""
