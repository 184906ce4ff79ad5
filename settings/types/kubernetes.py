"""Names, labels and annotations of Kubernetes objects."""

import re
from typing import Annotated

from pydantic import AfterValidator

from settings import references
from settings.errors import reject
from settings.schema import Accepts
from settings.types.dns import LABEL

LABEL_KEY = re.compile(r"([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?")
LABEL_VALUE = re.compile(r"([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?")
DATA_KEY = re.compile(r"[A-Za-z0-9._-]{1,253}")
LABEL_RULE = (
    "each a key and a string of at most 63 letters, digits, '-', '_' and '.', the key with an optional 'domain/' prefix"
)
_OBJECT_NAME = "at most 253 lower-case letters, digits, hyphens and dots"


def namespace_name(text: str) -> str:
    """The name of a namespace: a DNS label."""
    if not LABEL.fullmatch(text):
        reject("is not a valid name of a namespace")
    return text


def service_name(text: str) -> str:
    """The name of a Service: a DNS label that begins with a letter."""
    if not LABEL.fullmatch(text) or not text[0].isalpha():
        reject("is not a valid name of a Service")
    return text


def object_name(text: str) -> str:
    """The name of a Secret, a ConfigMap or a custom resource: DNS labels with dots between them."""
    if len(text) > 253 or not all(LABEL.fullmatch(part) for part in text.split(".")):
        reject("is not a valid name of a Kubernetes object", source=references.KUBERNETES_NAMES)
    return text


def secret_key(text: str) -> str:
    """A key of a Secret or a ConfigMap."""
    if not DATA_KEY.fullmatch(text) or text == "." or text.startswith(".."):
        reject("is not a valid key of a Secret or a ConfigMap")
    return text


def labels(values: dict[str, str]) -> dict[str, str]:
    """Labels, each key and value checked."""
    for key, value in values.items():
        if not LABEL_KEY.fullmatch(key) or not LABEL_VALUE.fullmatch(value):
            reject(f"has an invalid label, {key}: {value}")
    return values


def label_value(text: str) -> str:
    """The value of a label, not empty."""
    if not text or not LABEL_VALUE.fullmatch(text):
        reject("is not a valid value of a label")
    return text


def annotations(values: dict[str, str]) -> dict[str, str]:
    """Annotations, each key checked; a value is any string."""
    for key in values:
        if not LABEL_KEY.fullmatch(key):
            reject(f"has an invalid annotation key, {key}")
    return values


NamespaceName = Annotated[
    str,
    AfterValidator(namespace_name),
    Accepts(
        "the name of a namespace: 1 to 63 lower-case letters, digits and hyphens, "
        "beginning and ending with a letter or digit",
        references.KUBERNETES_NAMESPACES,
    ),
]
ServiceName = Annotated[
    str,
    AfterValidator(service_name),
    Accepts(
        "the name of a Service: 1 to 63 lower-case letters, digits and hyphens, "
        "beginning with a letter and ending with a letter or digit",
        references.KUBERNETES_SERVICES,
    ),
]
SecretName = Annotated[
    str,
    AfterValidator(object_name),
    Accepts(f"the name of a Secret: {_OBJECT_NAME}", references.KUBERNETES_SECRETS),
]
ConfigMapName = Annotated[
    str,
    AfterValidator(object_name),
    Accepts(f"the name of a ConfigMap: {_OBJECT_NAME}", references.KUBERNETES_CONFIG_MAPS),
]
StoreName = Annotated[
    str,
    AfterValidator(object_name),
    Accepts(f"the name of a SecretStore or ClusterSecretStore: {_OBJECT_NAME}", references.EXTERNAL_SECRETS_PUSH),
]
SecretKey = Annotated[
    str,
    AfterValidator(secret_key),
    Accepts("a key of letters, digits, hyphens, underscores and dots", references.KUBERNETES_SECRETS),
]
Labels = Annotated[
    dict[str, str],
    AfterValidator(labels),
    Accepts(f"labels, {LABEL_RULE}", references.KUBERNETES_LABELS),
]
LabelValue = Annotated[
    str,
    AfterValidator(label_value),
    Accepts(
        "the value of a label: 1 to 63 letters, digits, '-', '_' and '.', beginning and ending with a letter or digit",
        references.KUBERNETES_LABELS,
    ),
]
Annotations = Annotated[
    dict[str, str],
    AfterValidator(annotations),
    Accepts(
        "annotations, each a string under a key of at most 63 letters, digits, '-', '_' and '.' "
        "with an optional 'domain/' prefix",
        references.KUBERNETES_ANNOTATIONS,
    ),
]
