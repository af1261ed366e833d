"""Benchmarks, what they measure with, and a generator of databases of any size."""
