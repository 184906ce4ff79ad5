"""DNS names: hostnames of routes, zones, and names outside the cluster."""

import re
from typing import Annotated

import idna
from pydantic import AfterValidator

from settings import references
from settings.errors import reject
from settings.schema import Accepts

LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
CLUSTER_DOMAIN = "cluster.local"
"""DNS domain of a cluster's Services, unless the kubelet's `clusterDomain` is another."""


def domain_name(text: str) -> str:
    """A DNS name of two labels or more: in lower case, international names in punycode, without a final dot."""
    text = text.removesuffix(".")
    name = text.lower()
    if not name.isascii():
        try:
            name = idna.encode(text, uts46=True).decode()
        except idna.IDNAError as error:
            reject(f"is not an international domain name ({error})", source=references.IDN_NAMES)
    if "_" in name:
        problem = "must not have an underscore: browsers and certificates accept none in a hostname"
        reject(problem, source=references.DNS_NAMES)
    labels = name.split(".")
    if any(len(label) > 63 for label in labels):
        reject("must have at most 63 characters in a label", source=references.DNS_NAMES)
    if len(name) > 253:
        reject("must have at most 253 characters", source=references.DNS_NAMES)
    if not all(LABEL.fullmatch(label) for label in labels) or labels[-1].isdigit() or len(labels) < 2:
        reject("is not a domain name", source=references.DNS_NAMES)
    for label in labels:
        if label.startswith("xn--"):
            try:
                idna.ulabel(label)
            except idna.IDNAError:
                reject(f"has a label that is not punycode: {label}", source=references.IDN_NAMES)
    return name


def normalize_hostname(text: str) -> str:
    """A route's hostname: in lower case, in punycode, with `*` as the whole first label or not at all."""
    if text == "@":
        reject("stands for the zone itself only in a zone file", "the zone's own name, such as example.com")
    if re.search(r"[/?@:]", text):
        bare = re.sub(r"^[^/?]*?//", "", text)
        bare = re.split(r"[/?]", bare)[0].rpartition("@")[2].partition(":")[0]
        parts = "a scheme or a path" if re.search(r"[/?@]", text) else "a port"
        reject(f"must not have {parts}", bare or None)
    if text == "*":
        reject("is the catch-all, which culvert adds itself, with the answer 404")
    if text.startswith("."):
        reject("begins with a dot", f"*{text} for every name below {text[1:]}")
    rest = text.removeprefix("*.")
    if "*" in rest:
        wider = re.fullmatch(r"(?:\*{1,2}\.)+([^*]+)", text)
        accepted = f"*.{wider[1]}, which matches every depth" if wider else None
        reject("must have * as the whole first label, or not at all", accepted)
    name = domain_name(rest)
    if rest == text:
        return name
    if len(name) > 251:
        reject("must have at most 253 characters", source=references.DNS_NAMES)
    return f"*.{name}"


def cluster_domain(text: str) -> str:
    """The DNS domain of a cluster, in lower case, without a final dot."""
    name = text.lower().removesuffix(".")
    if not name or len(name) > 253 or not all(LABEL.fullmatch(label) for label in name.split(".")):
        reject("is not a DNS domain")
    return name


Hostname = Annotated[
    str,
    AfterValidator(normalize_hostname),
    Accepts(
        "a hostname such as blog.example.com, or *.example.com for every name below example.com",
        references.CONNECTOR_RULES,
        ("blog.example.com",),
    ),
]
ZoneName = Annotated[
    str,
    AfterValidator(domain_name),
    Accepts("the name of a zone, such as example.com", references.CLOUDFLARE_ZONES, ("example.com",)),
]
ClusterDomain = Annotated[
    str,
    AfterValidator(cluster_domain),
    Accepts("the DNS domain of the cluster's Services", references.KUBERNETES_SERVICE_NAMES, ("k8s.example",)),
]
