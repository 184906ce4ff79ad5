"""The connector's image, pinned."""

import re
from typing import Annotated

from pydantic import AfterValidator, ValidationInfo, field_validator

from settings import references
from settings.errors import reject
from settings.schema import Options, setting

REPOSITORY = "cloudflare/cloudflared"
TAG = "2026.7.3"
DIGEST = "sha256:e39ee8da81ad5e05d77f38d2f51c60ca51bf2a8450ac3abab50c17fdb91d91bf"
REPOSITORIES = "a repository such as registry.example.com/cloudflared, without tag and digest"
TAGS = f'a tag that stays, such as "{TAG}", in quotes (not latest)'
DIGESTS = 'sha256: and 64 hex digits, or "" to trust the tag alone'


def pinned_reference(text: str) -> str:
    """An image by tag or digest, and not by `latest`."""
    name, _, digest = text.partition("@")
    tag = name.rsplit("/", 1)[-1].partition(":")[2]
    if digest:
        _digest(digest)
    elif not tag or tag == "latest":
        accepted = "an image with a tag other than latest, or with a digest"
        reject("it may be another image tomorrow", accepted, references.KUBERNETES_IMAGES)
    return text


def _repository(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9]+([._-]+[a-z0-9]+)*(:[0-9]+)?(/[a-z0-9]+([._-]+[a-z0-9]+)*)*", text):
        reject("it is no repository", REPOSITORIES, references.KUBERNETES_IMAGES)
    return text


def _tag(text: str) -> str:
    if text == "latest":
        reject("it may be another image tomorrow", TAGS, references.KUBERNETES_IMAGES)
    if text and not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", text):
        reject("it is no tag", TAGS, references.KUBERNETES_IMAGES)
    return text


def _digest(text: str) -> str:
    if text and not re.fullmatch(r"sha256:[0-9a-f]{64}", text):
        reject("it is no digest", DIGESTS, references.KUBERNETES_IMAGES)
    return text


class ImageOptions(Options):
    """Which image the connector runs. Tag and digest go together: a tag of your own needs its own digest, or `""`."""

    repository: Annotated[str, AfterValidator(_repository)] = setting(
        "Where the image comes from. A mirror keeps the digest.",
        REPOSITORIES,
        references.KUBERNETES_IMAGES,
        examples=[REPOSITORY, "registry.example.com/cloudflared"],
        default=REPOSITORY,
    )
    tag: Annotated[str, AfterValidator(_tag)] = setting(
        'Version of the connector; "" with a digest goes without.',
        TAGS,
        references.KUBERNETES_IMAGES,
        examples=[TAG],
        default=TAG,
    )
    digest: Annotated[str, AfterValidator(_digest)] | None = setting(
        'Digest of that version; "" trusts the tag. Left out, it is that of the default tag, and of no other.',
        DIGESTS,
        references.KUBERNETES_IMAGES,
        examples=[DIGEST],
        default=None,
        validate_default=True,
    )

    @field_validator("digest")
    @classmethod
    def _pair(cls, digest: str | None, info: ValidationInfo) -> str | None:
        tag = info.data.get("tag")
        if tag == TAG and digest not in (None, "", DIGEST):
            why = f"it is not the digest of {TAG}, the tag it stands with"
            reject(why, "that digest, or the digest's own tag beside it", references.KUBERNETES_IMAGES)
        if tag == "" and not digest:
            reject("without a tag nothing says which version runs", "a digest", references.KUBERNETES_IMAGES)
        if tag not in (None, TAG) and digest is None:
            reject(f"the digest known here is that of {TAG}, not of {tag}", DIGESTS, references.KUBERNETES_IMAGES)
        return DIGEST if digest is None else digest

    @property
    def reference(self) -> str:
        """The image as Kubernetes takes it: repository:tag@digest."""
        return self.repository + (f":{self.tag}" if self.tag else "") + (f"@{self.digest}" if self.digest else "")
