"""Random network policies of Kubernetes, and flows near their boundaries, as strategies of Hypothesis."""

from ipaddress import ip_network
from typing import Any

from hypothesis import strategies as st

from traffic import Flow, Host

FLOWS = 20
"""Flows of one example."""
_PORTS, _NAMES = (79, 80, 81, 82, 443), ("http", "web", "metrics")
_NAMESPACES = {"a": (("team", "x"),), "b": (("team", "y"), ("tier", "db")), "c": (("team", "db"),)}
_ADDRESSES = ("10.0.0.1", "10.0.1.1", "10.1.0.1", "10.255.255.255", "11.0.0.0", "192.168.0.1", "fd00::1", "fd01::1")
_CIDRS = ("0.0.0.0/0", "10.0.0.0/8", "10.0.0.0/16", "10.0.0.1/32", "10.0.1.0/24", "::/0", "fd00::/8", "fd00::/16")

_labels = st.dictionaries(st.sampled_from(("app", "tier", "team")), st.sampled_from(("x", "y", "db")), max_size=2)
_values = st.lists(st.sampled_from(("x", "y", "db")), min_size=1, max_size=2, unique=True)
_expressions = st.one_of(
    st.fixed_dictionaries(
        {"key": st.sampled_from(("app", "tier", "team")), "operator": st.just("In"), "values": _values}
    ),
    # Every host has this label: without it, NotIn matches in Kubernetes, but not in cyclonus
    # (`pkg/labels/selector.go` of apimachinery, `pkg/kube/labelselector.go` of cyclonus).
    st.fixed_dictionaries({"key": st.just("team"), "operator": st.just("NotIn"), "values": _values}),
    st.fixed_dictionaries(
        {"key": st.sampled_from(("app", "tier", "team")), "operator": st.sampled_from(("Exists", "DoesNotExist"))}
    ),
)
_selectors = st.fixed_dictionaries(
    {}, optional={"matchLabels": _labels, "matchExpressions": st.lists(_expressions, max_size=2)}
)


@st.composite
def _blocks(draw: st.DrawFn) -> dict[str, Any]:
    cidr = draw(st.sampled_from(_CIDRS))
    # The API server takes an exception only if it is within the range and smaller.
    within = [other for other in _CIDRS if other != cidr and _contains(cidr, other)]
    excepted = draw(st.lists(st.sampled_from(within), max_size=2, unique=True)) if within else []
    return {"ipBlock": {"cidr": cidr, **({"except": excepted} if excepted else {})}}


def _contains(cidr: str, other: str) -> bool:
    outer, inner = ip_network(cidr), ip_network(other)
    return outer.version == inner.version and inner.subnet_of(outer)  # pyright: ignore[reportArgumentType]


_peers = st.one_of(
    _blocks(),
    st.fixed_dictionaries({"podSelector": _selectors}),
    st.fixed_dictionaries({"namespaceSelector": _selectors}),
    st.fixed_dictionaries({"namespaceSelector": _selectors, "podSelector": _selectors}),
)
_protocols = st.sampled_from(("TCP", "UDP", "SCTP"))
_ports = st.one_of(
    st.fixed_dictionaries({"protocol": _protocols}),
    st.fixed_dictionaries({"protocol": _protocols, "port": st.sampled_from((*_PORTS, *_NAMES))}),
    st.fixed_dictionaries({"protocol": _protocols, "port": st.just(80), "endPort": st.sampled_from((80, 81, 443))}),
)


def _rules(side: str) -> st.SearchStrategy[list[dict[str, Any]]]:
    return st.lists(
        st.fixed_dictionaries({}, optional={side: st.lists(_peers, max_size=3), "ports": st.lists(_ports, max_size=3)}),
        max_size=3,
    )


@st.composite
def _policies(draw: st.DrawFn) -> dict[str, Any]:
    types = draw(st.sampled_from((["Egress"], ["Ingress"], ["Ingress", "Egress"])))
    rules = {kind.lower(): draw(_rules({"Egress": "to", "Ingress": "from"}[kind])) for kind in types}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"namespace": draw(st.sampled_from([*_NAMESPACES]))},
        "spec": {"podSelector": draw(_selectors), "policyTypes": types, **rules},
    }


@st.composite
def _hosts(draw: st.DrawFn) -> Host:
    address = draw(st.sampled_from(_ADDRESSES))
    namespace = draw(st.sampled_from(("", *_NAMESPACES, *_NAMESPACES)))
    if not namespace:
        return Host(address)
    labels = {"team": "x", **draw(_labels)}
    return Host(address, namespace, tuple(labels.items()), namespace_labels=_NAMESPACES[namespace])


_flows = st.builds(
    Flow,
    _hosts(),
    _hosts(),
    st.sampled_from(_PORTS),
    _protocols,
    st.one_of(st.just(()), st.tuples(st.sampled_from(_NAMES))),
).filter(lambda flow: flow.source.ip != flow.destination.ip)  # no policy keeps a pod from itself


@st.composite
def cases(draw: st.DrawFn) -> tuple[list[dict[str, Any]], list[Flow]]:
    """Some policies of several namespaces, and FLOWS flows."""
    policies = draw(st.lists(_policies(), min_size=1, max_size=4))
    for number, policy in enumerate(policies):
        policy["metadata"]["name"] = f"policy-{number}"
    return policies, draw(st.lists(_flows, min_size=FLOWS, max_size=FLOWS))
