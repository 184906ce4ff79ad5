"""The resources of the emulated API."""
