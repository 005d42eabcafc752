"""Results with names for everything in them that unpack like those of the peers, which are tuples of less."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


class Unpacks:
    """What reads as a tuple of some of its fields: ``y_before, y_after = result``, ``result[0]``."""

    def _unpacked(self) -> tuple[Any, ...]:
        raise NotImplementedError

    def __iter__(self) -> Iterator[Any]:
        return iter(self._unpacked())

    def __len__(self) -> int:
        return len(self._unpacked())

    def __getitem__(self, field: int) -> Any:
        return self._unpacked()[field]
