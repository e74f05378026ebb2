"""What a buyer wants to see and hear. Pure."""

from typing import Self

import msgspec


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """What a buyer wants to see and hear; None leaves it to the other side."""

    avatar: str | None = None
    emotion: str | None = None
    language: str | None = None
    voice: str | None = None

    def named(self) -> dict[str, str]:
        """Return only what was named."""
        return {name: value for name, value in msgspec.structs.asdict(self).items() if value is not None}

    def contradiction(self, asked: Self) -> tuple[str, str, str] | None:
        """Find the first field that both name differently: (field, ours, asked)."""
        ours = self.named()
        for name, value in asked.named().items():
            if ours.get(name, value) != value:
                return name, ours[name], value
        return None

    def filled_by(self, other: Self) -> Self:
        """Return this choice with what it leaves open taken from the other."""
        return type(self)(**{**other.named(), **self.named()})
