"""Pure computing: bytes in, bytes out. No clock, no database, no network."""
