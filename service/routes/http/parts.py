"""How handlers ask for what the composition root has built."""

from typing import TypeAlias, TypeVar

from litestar.di import NamedDependency
from litestar.params import SkipValidation

T = TypeVar("T")

Part: TypeAlias = NamedDependency[SkipValidation[T]]
"""A part of the service, by the parameter's name. Not validated: it is ours, and a protocol cannot be checked."""
