"""The sample site: a small nginx to try the tunnel with."""

from typing import Annotated

from settings import references
from settings.options.images import PinnedImage
from settings.schema import Example, Options
from settings.types.kubernetes import ServiceName

SAMPLE_SITE_NAME = "blog"
SAMPLE_SITE_PORT = 80
"""Port of the sample site's Service."""
SAMPLE_SITE_TARGET_PORT = 8080
"""Port of the sample site's pods."""


class SampleSiteOptions(Options):
    """A small nginx site to try the tunnel with."""

    SOURCE = references.KUBERNETES_SERVICES

    name: ServiceName = SAMPLE_SITE_NAME
    """Name of the site's Service, on port 80; its pods listen on 8080."""
    image: Annotated[PinnedImage | None, Example("docker.io/nginxinc/nginx-unprivileged:1.28.0")] = None
    """Image to run instead of the pinned nginx; it must listen on 8080 and run as any user."""
