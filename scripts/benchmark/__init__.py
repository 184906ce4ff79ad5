"""How much: time, calls and memory by the number of hostnames, and requests lost while things change. Nothing here is a test."""
