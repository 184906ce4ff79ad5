"""The sample site: a small nginx to try the tunnel with."""

from typing import Annotated

from pydantic import AfterValidator

from settings import references, types
from settings.options import images
from settings.schema import Options, setting

SAMPLE_SITE_PORT = 80
"""Port of the sample site's Service."""
SAMPLE_SITE_TARGET_PORT = 8080
"""Port that the sample site's pods listen on."""


class SampleSiteOptions(Options):
    """A small nginx site to try the tunnel with."""

    name: Annotated[str, AfterValidator(types.service_name)] = setting(
        "Name of its Service, on port 80; its pods listen on 8080.",
        "the name of a Service",
        references.KUBERNETES_SERVICES,
        examples=["blog"],
        default="blog",
    )
    image: Annotated[str, AfterValidator(images.pinned_reference)] | None = setting(
        "Image to run instead of the pinned nginx; it listens on 8080 and runs as any user.",
        "an image with a tag other than latest, or with a digest",
        references.KUBERNETES_IMAGES,
        examples=["docker.io/nginxinc/nginx-unprivileged:1.28.0"],
        default=None,
    )
