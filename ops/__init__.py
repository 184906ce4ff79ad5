"""Commands for operators: verify, recover and migrate."""
