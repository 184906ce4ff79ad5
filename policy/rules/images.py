"""Rule: images are pinned by digest."""

import re
from collections.abc import Iterator

from policy.pods import pod_of
from policy.property_paths import UNKNOWN, get_path
from policy.rule import Options, Rule
from policy.stack import Resource, Stack


def _validate(resource: Resource, _: Stack, __: Options) -> Iterator[str]:
    pod = pod_of(resource)
    for name, container in pod.containers if pod else ():
        image = get_path(container, "image")
        if image is not UNKNOWN and not re.search(r"@sha256:[0-9a-f]{64}$", str(image)):
            yield f"container {name} runs {image}, which has no digest: the tag may move to another image"


IMAGES = Rule(
    name="images-by-digest",
    description="Every container pins its image by digest, so that the reviewed image is the one that runs.",
    remedy="Append @sha256:… to the image; `docker buildx imagetools inspect IMAGE` prints the digest. The tag may "
    "stay.",
    validate=_validate,
    scope="resource",
)
