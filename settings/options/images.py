"""The connector's image, pinned."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from settings import references
from settings.errors import reject
from settings.schema import Accepts, Options

REPOSITORY = "cloudflare/cloudflared"
TAG = "2026.10.0"
DIGEST = "sha256:9b49eed8f62806d5d45ddf59ecefb5710429598ea6d3fcccd2af938f621b2b07"
_DIGEST_PATTERN = re.compile(r"sha256:[0-9a-f]{64}")
_MUTABLE = "is not a fixed version: the image behind it changes"


def _pinned_image(text: str) -> str:
    name, _, digest = text.partition("@")
    folder, _, last = name.rpartition("/")
    last, _, tag = last.partition(":")
    _repository(f"{folder}/{last}" if folder else last)
    _tag(tag)
    if digest and not _DIGEST_PATTERN.fullmatch(digest):
        reject("has an invalid digest")
    if not digest and (not tag or tag == "latest"):
        reject(_MUTABLE)
    return text


def _repository(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9]+([._-]+[a-z0-9]+)*(:[0-9]+)?(/[a-z0-9]+([._-]+[a-z0-9]+)*)*", text):
        reject("is not the name of an image repository")
    return text


def _tag(text: str) -> str:
    if text == "latest":
        reject(_MUTABLE)
    if text and not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", text):
        reject("is not a valid image tag")
    return text


def _digest(text: str) -> str:
    if text and not _DIGEST_PATTERN.fullmatch(text):
        reject("is not a valid digest")
    return text


Repository = Annotated[
    str,
    AfterValidator(_repository),
    Accepts(
        "a repository such as registry.example.com/cloudflared, without tag and digest",
        examples=(REPOSITORY, "registry.example.com/cloudflared"),
    ),
]
Tag = Annotated[
    str,
    AfterValidator(_tag),
    Accepts(f'a fixed tag such as "{TAG}", in quotes (not latest)', examples=(TAG,)),
]
Digest = Annotated[
    str,
    AfterValidator(_digest),
    Accepts('sha256: and 64 hex digits, or "" to rely on the tag alone', examples=(DIGEST,)),
]
PinnedImage = Annotated[
    str,
    AfterValidator(_pinned_image),
    Accepts("an image with a tag other than latest, or with a digest", references.KUBERNETES_IMAGES),
]


class ImageOptions(Options):
    """Image of the connector. Tag and digest belong together: another tag requires its own digest, or `""`."""

    SOURCE = references.KUBERNETES_IMAGES

    repository: Repository = REPOSITORY
    """Repository of the image. A mirror keeps the digest."""
    tag: Tag = TAG
    """Version of the connector; "" with a digest omits the tag."""
    digest: Digest | None = Field(None, validate_default=True)
    """Digest of that version; "" relies on the tag alone. Omitted, it is the digest of the default tag; another tag
    requires its own."""

    @field_validator("digest")
    @classmethod
    def _matches_tag(cls, digest: str | None, info: ValidationInfo) -> str | None:
        tag = info.data.get("tag")
        if tag == TAG and digest not in (None, "", DIGEST):
            reject(f"is not the digest of tag {TAG}", "that tag's digest, or the tag of this digest")
        if tag == "" and not digest:
            reject("must be a digest where the tag is empty, or no version would be specified", "a digest")
        if tag not in (None, TAG) and digest is None:
            reject(f"the default is the digest of tag {TAG}, not of {tag}")
        return digest

    @property
    def reference(self) -> str:
        """The image as Kubernetes reads it: repository:tag@digest."""
        digest = DIGEST if self.digest is None else self.digest
        return self.repository + (f":{self.tag}" if self.tag else "") + (f"@{digest}" if digest else "")
