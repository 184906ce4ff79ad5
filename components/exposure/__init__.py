"""The component of a whole exposure, which creates every other component of one tunnel."""

from components.exposure.exposure import Exposure
from components.exposure.outputs import exports

__all__ = ["Exposure", "exports"]
