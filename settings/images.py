"""Container images, pinned."""

import re
from typing import Any

from pydantic import model_validator

from settings import sources
from settings.fields import Options, setting
from settings.mistakes import refuse

REPOSITORY = "cloudflare/cloudflared"
TAG = "2026.7.3"
DIGEST = "sha256:e39ee8da81ad5e05d77f38d2f51c60ca51bf2a8450ac3abab50c17fdb91d91bf"
PINNED = "a tag that stays, such as 2026.7.3 (not latest)"
DIGESTS = 'sha256: and 64 hex digits, or "" to trust the tag alone'


class ImageOptions(Options):
    """The connector's image. A tag of your own needs its own digest: the default one belongs to the default tag."""

    repository: str = setting(
        "Where the image comes from; a mirror keeps the digest.",
        "a repository without tag and digest",
        sources.KUBERNETES_IMAGES,
        examples=[REPOSITORY, "registry.example.com/cloudflared"],
        default=REPOSITORY,
        pattern=r"^[a-z0-9]+([._-]+[a-z0-9]+)*(:[0-9]+)?(/[a-z0-9]+([._-]+[a-z0-9]+)*)*$",
    )
    tag: str = setting("Version of the connector.", PINNED, sources.KUBERNETES_IMAGES, examples=[TAG], default=TAG)
    digest: str = setting(
        'Digest of that version, for all platforms; "" goes without.',
        DIGESTS,
        sources.KUBERNETES_IMAGES,
        examples=[DIGEST],
        default=DIGEST,
    )

    @model_validator(mode="before")
    @classmethod
    def _pair(cls, data: Any) -> Any:
        if isinstance(data, dict) and data.get("tag", TAG) != TAG and "digest" not in data:
            refuse(
                f"the digest known here is that of {TAG}",
                f"the digest of that tag beside it ({DIGESTS})",
                sources.KUBERNETES_IMAGES,
            )
        if isinstance(data, dict) and "digest" in data and "tag" not in data and data["digest"] not in ("", DIGEST):
            return {**data, "tag": ""}
        return data

    @model_validator(mode="after")
    def _forms(self) -> "ImageOptions":
        if self.tag == "latest":
            refuse("latest is another image every week", PINNED, sources.KUBERNETES_IMAGES)
        if self.tag and not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", self.tag):
            refuse("it is no tag", PINNED, sources.KUBERNETES_IMAGES)
        if self.digest and not re.fullmatch(r"sha256:[0-9a-f]{64}", self.digest):
            refuse("it is no digest", DIGESTS, sources.KUBERNETES_IMAGES)
        if not self.tag and not self.digest:
            refuse("it names no version", "a tag, a digest, or both", sources.KUBERNETES_IMAGES)
        return self

    @property
    def reference(self) -> str:
        """The image as Kubernetes takes it: repository:tag@digest."""
        return self.repository + (f":{self.tag}" if self.tag else "") + (f"@{self.digest}" if self.digest else "")
