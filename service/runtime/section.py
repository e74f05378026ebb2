"""What a section of the settings is made of. `service.settings` puts them together."""

from typing import Annotated

import msgspec
from msgspec import Meta

Positive = Annotated[float, Meta(gt=0)]
PositiveInt = Annotated[int, Meta(gt=0)]
NotNegative = Annotated[float, Meta(ge=0)]
NotNegativeInt = Annotated[int, Meta(ge=0)]


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """Fields that an operator may set, each by the variable `SATSPEAK_` + its name in capitals.

    What contradicts another field is refused by `__post_init__`, with a ValueError that names the variable.
    """
