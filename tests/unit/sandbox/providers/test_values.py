"""Property values: conversion to plain Python and back, and secrets."""

from typing import Any

import pytest
from google.protobuf import struct_pb2
from hypothesis import given
from hypothesis import strategies as st

from sandbox.providers.values import (
    OUTPUT,
    RESOURCE,
    SIGNATURE,
    UNKNOWN,
    UNKNOWN_STRING,
    UNKNOWNS,
    Secret,
    from_struct,
    has_secret,
    has_unknown,
    hide,
    plain,
    to_struct,
)

LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**53), 2**53),
    st.floats(allow_nan=False, allow_infinity=False).filter(lambda number: not number.is_integer()),
    st.text(),
    st.just(UNKNOWN),
)
NAMES = st.text("abc", min_size=1, max_size=3)
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(NAMES, inner), max_leaves=8)
PROPERTIES = st.dictionaries(NAMES, VALUES | VALUES.map(Secret), max_size=4)


@given(PROPERTIES)
def test_every_value_survives_a_round_trip(properties: dict[str, Any]) -> None:
    assert from_struct(to_struct(properties)) == properties


@given(PROPERTIES)
def test_a_plain_value_has_no_secret_left(properties: dict[str, Any]) -> None:
    assert not has_secret(plain(properties))
    assert has_unknown(plain(properties)) == has_unknown(properties)


@pytest.mark.parametrize("sentinel", sorted(UNKNOWNS))
def test_each_sentinel_of_the_engine_is_an_unknown(sentinel: str) -> None:
    assert from_struct(to_struct({"deep": [{"value": sentinel}]})) == {"deep": [{"value": UNKNOWN}]}


def test_an_unknown_is_sent_as_the_engine_writes_it() -> None:
    assert to_struct({"value": UNKNOWN}).fields["value"].string_value == UNKNOWN_STRING


def test_an_output_value_is_its_value_or_unknown() -> None:
    def output(**fields: Any) -> struct_pb2.Struct:
        return to_struct({"one": {SIGNATURE: OUTPUT, **fields}})

    assert from_struct(output(value=1, secret=False)) == {"one": 1}
    assert from_struct(output(value=1, secret=True)) == {"one": Secret(1)}
    assert from_struct(output(secret=True)) == {"one": Secret(UNKNOWN)}


def test_a_reference_to_a_resource_is_its_id() -> None:
    reference = {SIGNATURE: RESOURCE, "urn": "urn:pulumi:a", "id": "the-id"}
    assert from_struct(to_struct({"one": reference})) == {"one": "the-id"}
    del reference["id"]
    assert from_struct(to_struct({"one": reference})) == {"one": "urn:pulumi:a"}


def test_the_repr_of_a_secret_hides_it() -> None:
    assert "open sesame" not in f"{Secret('open sesame')!r} {[Secret('open sesame')]} {Secret('open sesame')}"


def test_a_property_that_contains_a_secret_is_secret_as_a_whole() -> None:
    outputs = {"a": {"b": ["x"]}, "c": 1, "d": 2}
    like = {"a": {"b": [Secret("x")]}, "c": 1}
    assert hide(outputs, like, frozenset({"d"})) == {"a": Secret({"b": ["x"]}), "c": 1, "d": Secret(2)}
