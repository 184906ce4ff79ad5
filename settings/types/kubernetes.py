"""Names, labels and annotations of Kubernetes objects."""

import re
from typing import Annotated

from pydantic import AfterValidator

from settings import references
from settings.errors import reject
from settings.schema import Accepts
from settings.types.dns import LABEL

_DNS_LABEL = "[a-z0-9]([a-z0-9-]*[a-z0-9])?"
LABEL_KEY = re.compile(
    rf"((?=[^/]{{1,253}}/){_DNS_LABEL}(\.{_DNS_LABEL})*/)?[A-Za-z0-9]([A-Za-z0-9_.-]{{0,61}}[A-Za-z0-9])?"
)
LABEL_VALUE = re.compile(r"([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?")
QUANTITY = re.compile(r"[0-9]+(\.[0-9]+)?([numkMGTPE]|[KMGTPE]i|[eE][+-]?[0-9]{1,2})?")
UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
"""Characters that YAML does not have, the form of a server-side apply: https://yaml.org/spec/1.2.2/#51-character-set"""
MAX_ANNOTATION_BYTES = 200 << 10
"""The API server accepts 256 KiB for an object, of which some are the engine's."""
_POD_ANNOTATIONS = (
    "container.apparmor.security.beta.kubernetes.io/",
    "container.seccomp.security.alpha.kubernetes.io/",
    "kubernetes.io/config.mirror",
    "scheduler.alpha.kubernetes.io/tolerations",
    "seccomp.security.alpha.kubernetes.io/",
)
"""Annotations that the API server reads as fields of the pod, each or by its prefix."""
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


def is_label_key(text: str) -> bool:
    """Whether it is the key of a label or an annotation."""
    return LABEL_KEY.fullmatch(text) is not None


def _label_key(text: str) -> str:
    if not is_label_key(text):
        reject("is not a valid key of a label")
    return text


def _label_text(text: str) -> str:
    if not LABEL_VALUE.fullmatch(text):
        reject("is not a valid value of a label")
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
        if key.startswith(_POD_ANNOTATIONS):
            problem = f"must not have {key}: the API server reads it as a field of the pod"
            reject(problem, "other annotations; connector.scheduling has the fields that a stack file may set")
        if UNPRINTABLE.search(values[key]):
            reject(f"has a control character in the annotation {key}", "annotations of printable characters")
    size = sum(len(key.encode()) + len(value.encode()) for key, value in values.items())
    if size > MAX_ANNOTATION_BYTES:
        reject(f"has {size} bytes of annotations", f"at most {MAX_ANNOTATION_BYTES} bytes of annotations")
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
LabelKey = Annotated[
    str,
    AfterValidator(_label_key),
    Accepts(
        "the key of a label: at most 63 letters, digits, '-', '_' and '.', with an optional 'domain/' prefix",
        references.KUBERNETES_LABELS,
    ),
]
LabelText = Annotated[
    str,
    AfterValidator(_label_text),
    Accepts("the value of a label: at most 63 letters, digits, '-', '_' and '.'", references.KUBERNETES_LABELS),
]
ObjectName = Annotated[
    str,
    AfterValidator(object_name),
    Accepts(f"the name of an object: {_OBJECT_NAME}", references.KUBERNETES_NAMES),
]
PriorityClassName = Annotated[
    str,
    AfterValidator(object_name),
    Accepts(f"the name of a PriorityClass: {_OBJECT_NAME}", references.KUBERNETES_PRIORITY, ("high",)),
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
