"""Benchmarks: time, API calls and memory by the number of hostnames, and requests lost during changes and failures."""
