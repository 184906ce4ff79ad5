"""From a Kubernetes Service to a public hostname: settings, Exposure, exports."""

import atexit
import gc

import pulumi

from clients import lazy_sdk
from clients.plugin_start import start_plugins

# The process ends with the run, and nearly all of its objects live until then. To search them for unused ones, most of
# all when the interpreter exits, took a third of the program's processor time (docs/scale.md).
gc.disable()
atexit.register(gc.freeze)
plugins = start_plugins()
lazy_sdk.install()

# After `install`, which affects only the imports that follow it, and while the plugins start.
from components.exposure import Exposure, exports  # noqa: E402
from settings import Settings, base_name  # noqa: E402
from settings.program import ending_the_program  # noqa: E402

with ending_the_program():
    settings = Settings.load()
    exposure = Exposure(base_name(pulumi.get_project(), pulumi.get_stack()), settings)
for output, value in exports(exposure).items():
    pulumi.export(output, value)
