"""Arguments of the components, checked when the program runs: a mistyped key is an error at any depth."""

import asyncio
from collections.abc import Iterator
from copy import deepcopy
from typing import Any, get_args, get_origin, is_typeddict

import pulumi
import pytest

import components
from components.argument_check import ArgumentError, _alternatives
from plugin import package
from tests.support.snapshot import assert_message_matches

ARGS = {each: each.__init__.__annotations__["args"] for each in package.COMPONENTS}


def example(expected: Any) -> Any:
    """A value of a type, with every key that it may have."""
    (first, *_) = _alternatives(expected)
    if is_typeddict(first):
        return {key: example(each) for key, each in first.__annotations__.items()}
    if get_origin(first) is list:
        return [example(get_args(first)[0])]
    if get_origin(first) is dict:
        return {"key": example(get_args(first)[1])}
    return {str: "text", int: 1, bool: True}.get(first, "anything")


def objects(expected: Any, value: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object in an example whose keys are declared, with its path."""
    (first, *_) = _alternatives(expected)
    if is_typeddict(first):
        yield path, value
        for key, each in first.__annotations__.items():
            yield from objects(each, value[key], f"{path}.{key}".removeprefix("."))
    elif get_origin(first) is list:
        yield from objects(get_args(first)[0], value[0], f"{path}[0]")
    elif get_origin(first) is dict:
        yield from objects(get_args(first)[1], value["key"], f'{path}["key"]')


PATHS = [(each, path) for each, args in ARGS.items() for path, _ in objects(args, example(args))]


@pytest.mark.parametrize(("component", "path"), PATHS, ids=lambda each: getattr(each, "__name__", each) or "args")
def test_a_mistyped_key_is_rejected_at_every_depth(component: Any, path: str) -> None:
    args = deepcopy(example(ARGS[component]))
    dict(objects(ARGS[component], args))[path]["mistyped"] = True
    with pytest.raises(ArgumentError) as rejected:
        component("shop", args)
    ((found, problem),) = rejected.value.mistakes
    assert found == f"{path}.mistyped".removeprefix(".")
    assert problem.startswith("is an unknown argument; accepted: ")
    assert str(rejected.value) == f"{component.__name__}: {found} {problem}."


def test_every_nested_group_of_arguments_is_covered() -> None:
    nested = {path for _, path in PATHS}
    assert {
        "destinations[0]",
        "resolvers[0]",
        "ingress_rules[0].origin_request.access",
        "token_delivery.store",
        'applications["key"]',
        "rules[0].rate",
        "pools[0]",
        "dashboard",
    } <= nested


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ({"hostname": {}}, r"hostname is an unknown argument \(did you mean hostnames\?\); accepted: account_id,"),
        ({"hostNames": {}}, r"hostNames is an unknown argument \(did you mean hostnames\?\)"),
        ({"hostnames": ["a.example.com"]}, "hostnames must be an object"),
        ({"hostnames": {"a.example.com": 1}}, r'hostnames\["a.example.com"\] must be a string'),
        ({"depends_on": "tunnel"}, "depends_on must be a list"),
        ({"comment": None}, "comment must be a string"),
        ({"dependsON": []}, r"dependsON is an unknown argument \(did you mean depends_on\?\)"),
    ],
)
def test_each_mistake_has_its_path_and_what_is_accepted(args: dict[str, Any], message: str) -> None:
    good = {"account_id": "0" * 32, "hostnames": {}, "target": "t", "comment": "c"}
    with pytest.raises(pulumi.RunError, match=message) as rejected:
        components.Records("shop", {**good, **args})  # pyright: ignore[reportArgumentType]
    assert_message_matches(str(rejected.value))


def test_of_several_close_arguments_the_closest_is_meant() -> None:
    good: Any = {"account_id": "0" * 32, "hostname": "a.example.com", "tunnel_id": "id", "pools": [], "zon": "b.com"}
    with pytest.raises(ArgumentError) as rejected:
        components.LoadBalancer("shop", good)
    assert_message_matches(str(rejected.value))
    assert "zon is an unknown argument (did you mean zone?); accepted: " in str(rejected.value)


def test_every_mistake_is_reported_at_once_missing_ones_included() -> None:
    args: Any = {"namespace": "blog", "tokn": "t", "replicas": True, "token_delivery": {"certficate": "pem"}}
    with pytest.raises(ArgumentError) as rejected:
        components.Connector("shop", args)
    assert [path for path, _ in rejected.value.mistakes] == ["tokn", "replicas", "token_delivery.certficate", "token"]
    assert_message_matches(str(rejected.value))


def test_numbers_of_the_engine_and_outputs_are_accepted() -> None:
    from components.argument_check import argument_mistakes

    assert list(argument_mistakes(8080.0, int)) == []
    assert list(argument_mistakes(8080.5, int)) == [("args", "must be a whole number")]
    assert list(argument_mistakes("on", bool)) == [("args", "must be true or false")]
    assert list(argument_mistakes(None, str | None)) == list(argument_mistakes((), list[int])) == []

    async def mistakes_of_an_output() -> list[tuple[str, str]]:
        return list(argument_mistakes(pulumi.Output.from_input({}), pulumi.Input[list[str]]))

    assert asyncio.run(mistakes_of_an_output()) == []


@pytest.mark.parametrize(
    ("pods", "found"),
    [
        ({}, "none of them"),
        ({"pod_selector": {}}, "none of them"),
        ({"every_pod": False}, "none of them"),
        ({"pod_selector": {"app": "api"}, "every_pod": True}, "pod_selector and every_pod"),
    ],
)
def test_every_pod_of_a_namespace_is_allowed_only_by_name(pods: dict[str, Any], found: str) -> None:
    good: Any = {"namespace": "shop", "every_pod": True, "port": 80}
    for key in ("destinations", "resolvers"):
        peers: Any = [good, {"namespace": "shop", "port": 80, **pods}]
        args: Any = {"namespace": "blog", "destinations": [good], key: peers}
        with pytest.raises(ArgumentError) as rejected:
            components.NetworkPolicy("shop", args)
        problem = f"must have exactly one of pod_selector and every_pod, but has {found}"
        assert rejected.value.mistakes == [(f"{key}[1]", problem)]


@pytest.mark.parametrize("cidr", ["10.0.0.1/8", "example.com"])
def test_addresses_of_a_network_policy_are_a_range(cidr: str) -> None:
    for key in ("destinations", "resolvers"):
        good: Any = {"cidr": "10.0.0.0/8", "port": 80}
        args: Any = {"namespace": "blog", "destinations": [good], key: [good, {**good, "cidr": cidr}]}
        with pytest.raises(ArgumentError) as rejected:
            components.NetworkPolicy("shop", args)
        problem = f"is {cidr!r}; accepted: a range of addresses from its first, such as 192.0.2.0/24"
        assert rejected.value.mistakes == [(f"{key}[1].cidr", problem)]
