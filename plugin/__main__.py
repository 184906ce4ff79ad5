"""The plugin that the engine starts: it serves the components over gRPC."""

import sys
from pathlib import Path

# The components are the program's own, one folder up; a plugin is cloned with its whole repository.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from clients import lazy_sdk

# A plugin starts with each run of a program: not with three seconds for the whole of Cloudflare's SDK.
lazy_sdk.install()

from plugin.package import serve  # noqa: E402

serve(sys.argv[1:])
