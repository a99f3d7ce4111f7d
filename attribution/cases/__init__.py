"""Case files: attribution on paper, without a database (docs/specs/rulebook.md §13)."""
