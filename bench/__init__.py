"""Benchmarks, their measuring tools, and a generator of databases of any size."""
