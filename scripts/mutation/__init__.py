"""Mutation tests: small changes to the code, each of which should turn a unit test red."""
