"""Benchmarks: figures for people, never tests. `make bench` runs them all."""
