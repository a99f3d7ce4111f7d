"""Storage: what is remembered. The only SQL of the project."""
