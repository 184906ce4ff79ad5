"""Names as DNS and Kubernetes take them."""

import re

import idna

from settings import references
from settings.errors import reject

LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
LABEL_KEY = re.compile(r"([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?")
SECRET_KEY = re.compile(r"[A-Za-z0-9._-]{1,253}")
LABEL_VALUE = re.compile(r"([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?")

RECORD_ID = "the record's id, 32 hex digits, in quotes"
TUNNEL_ID = "the tunnel's id, such as c1744f8b-faa1-48a4-9e5c-02ac921467fa"


def domain_name(text: str, accepted: str) -> str:
    """A DNS name of two labels or more: in lower case, international names in punycode."""
    name = text.lower()
    if not name.isascii():
        try:
            name = idna.encode(text, uts46=True).decode()
        except idna.IDNAError as error:
            reject(f"it is no international domain name ({error})", accepted, references.IDN_NAMES)
    if "_" in name:
        reject("no browser and no certificate takes an underscore in a hostname", accepted, references.DNS_NAMES)
    labels = name.split(".")
    if any(len(label) > 63 for label in labels):
        reject("a label of a DNS name has at most 63 characters", accepted, references.DNS_NAMES)
    if len(name) > 253:
        reject("a DNS name has at most 253 characters", accepted, references.DNS_NAMES)
    if not all(LABEL.fullmatch(label) for label in labels) or labels[-1].isdigit() or len(labels) < 2:
        reject("it is no domain name", accepted, references.DNS_NAMES)
    for label in labels:
        if label.startswith("xn--"):
            try:
                idna.ulabel(label)
            except idna.IDNAError:
                reject(f"{label} is no punycode", accepted, references.IDN_NAMES)
    return name


def namespace_name(text: str) -> str:
    """A name of a namespace: a DNS label."""
    if not LABEL.fullmatch(text):
        reject(
            "Kubernetes takes no such name",
            "1 to 63 lower-case letters, digits and hyphens, beginning and ending with a letter or digit",
            references.KUBERNETES_NAMES,
        )
    return text


def service_name(text: str) -> str:
    """A name of a Service: a DNS label that begins with a letter."""
    if not LABEL.fullmatch(text) or not text[0].isalpha():
        reject(
            "it is no name of a Service",
            "1 to 63 lower-case letters, digits and hyphens, beginning with a letter and ending with a letter or digit",
            references.KUBERNETES_NAMES,
        )
    return text


def object_name(text: str) -> str:
    """A name of a Secret or ConfigMap: labels with dots between them."""
    if len(text) > 253 or not all(LABEL.fullmatch(part) for part in text.split(".")):
        reject(
            "Kubernetes takes no such name",
            "at most 253 lower-case letters, digits, hyphens and dots, each part beginning and ending with a letter or digit",
            references.KUBERNETES_NAMES,
        )
    return text


def annotations(values: dict[str, str]) -> dict[str, str]:
    """Kubernetes annotations: their values are any text."""
    for key in values:
        if not LABEL_KEY.fullmatch(key):
            reject(
                f"{key} is no key of an annotation",
                "keys of at most 63 letters, digits, '-', '_' and '.', with an optional 'domain/' before",
                references.KUBERNETES_ANNOTATIONS,
            )
    return values


def label_value(text: str) -> str:
    """The value of a label; not the empty one."""
    if not text or not LABEL_VALUE.fullmatch(text):
        accepted = "1 to 63 letters, digits, '-', '_' and '.', beginning and ending with a letter or digit"
        reject("it is no value of a label", accepted, references.KUBERNETES_LABELS)
    return text


def record_id(text: str) -> str:
    """An id of a DNS record, in lower case."""
    if not re.fullmatch(r"[0-9A-Fa-f]{32}", text):
        reject("it is no id of a DNS record", RECORD_ID, references.CLOUDFLARE_RECORD_IDS)
    return text.lower()


def is_uuid(text: str) -> bool:
    """Whether it is a UUID as Cloudflare writes them: in lower case."""
    return re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", text) is not None


def tunnel_id(text: str) -> str:
    """An id of a tunnel, in lower case."""
    if not is_uuid(text.lower()):
        reject("it is no id of a tunnel", TUNNEL_ID, references.CLOUDFLARE_TUNNEL_IDS)
    return text.lower()


def labels(values: dict[str, str]) -> dict[str, str]:
    """Kubernetes labels."""
    for key, value in values.items():
        if not LABEL_KEY.fullmatch(key) or not LABEL_VALUE.fullmatch(value):
            reject(
                f"{key}: {value} is no Kubernetes label",
                "keys and values of at most 63 letters, digits, '-', '_' and '.', keys with an optional 'domain/' before",
                references.KUBERNETES_LABELS,
            )
    return values


def secret_key(text: str) -> str:
    """A key in a Secret."""
    if not SECRET_KEY.fullmatch(text) or text in (".", ".."):
        reject(
            "no Secret has such a key", "letters, digits, hyphens, underscores and dots", references.KUBERNETES_SECRETS
        )
    return text
