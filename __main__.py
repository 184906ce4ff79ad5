"""From a Kubernetes Service to a public hostname: settings, Exposure, exports."""

import pulumi

from clients import lazy_sdk
from settings import Settings, base_name

lazy_sdk.install()

# After `install`, which affects only the imports that follow it.
from components.exposure import Exposure, exports  # noqa: E402

settings = Settings.load()
exposure = Exposure(base_name(pulumi.get_project(), pulumi.get_stack()), settings)
for output, value in exports(exposure).items():
    pulumi.export(output, value)
