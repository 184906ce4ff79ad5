"""Mutation tests: which changes of the code does no unit test notice?"""
