"""Images by digest."""

import re
from collections.abc import Iterator

from policy.pods import pod_of
from policy.property_paths import UNKNOWN, at
from policy.rule import Options, Rule
from policy.stack import Resource, Stack


def _judge(resource: Resource, _: Stack, __: Options) -> Iterator[str]:
    pod = pod_of(resource)
    for name, container in pod.containers if pod else ():
        image = at(container, "image")
        if image is not UNKNOWN and not re.search(r"@sha256:[0-9a-f]{64}$", str(image)):
            yield f"container {name} runs {image}, which may be another image tomorrow"


IMAGES = Rule(
    name="images-by-digest",
    says="Every container names its image by digest, so that what was looked at is what runs.",
    remedy="Add @sha256:… to the image: `docker buildx imagetools inspect IMAGE` prints it; the tag may stay before it.",
    judge=_judge,
    when="alone",
)
