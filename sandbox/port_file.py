"""The port file of a service: a JSON object, written once the service accepts connections.

Its existence is the readiness signal that the sandbox and the tests wait for.
"""

import json
from collections.abc import Mapping
from pathlib import Path

from sandbox.directory import write_private


def write(path: Path, ports: Mapping[str, int | bool | list[int] | dict[str, float]]) -> None:
    """Writes atomically: a reader sees no file or all of it.

    `ports` has one port or several by name; the edge also reports its delays, the kubelet whether policies apply.
    """
    write_private(path, json.dumps(ports))
