"""A model as a graph of operations, evaluated only where an edit reaches and only as far as the output reads.

An edit changes an interval of the sequence. Forward, each operation says which interval of its result that can reach;
backward, which interval of its operands it needs for what is asked of it; then the values are computed. All the rest is
what the unedited sequences gave.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import torch.nn.functional as F

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import Tensor

Span: TypeAlias = tuple[int, int]  # first position, and the one after the last; empty unless the first is smaller
EMPTY: Span = (0, 0)


def hull(a: Span, b: Span) -> Span:
    """Smallest interval that holds two others."""
    if a[0] >= a[1]:
        return b
    return a if b[0] >= b[1] else (min(a[0], b[0]), max(a[1], b[1]))


def overlap(a: Span, b: Span) -> Span:
    """Interval that two others share."""
    span = max(a[0], b[0]), min(a[1], b[1])
    return span if span[0] < span[1] else EMPTY


class Operation(NamedTuple):
    """A step of the graph, as three functions.

    Its result is either a *window*, whose last axis is along the sequence so that it is known in intervals, or a
    *value*, which any edit changes as a whole.

    Attributes
    ----------
    reach
        Intervals that can differ in the operands -> that of the result; not asked of a value.
    wants
        Interval of the result that is asked for, and ``reach``'s argument -> interval of each operand from which that
        is computed; it may go beyond the ends.
    run
        The interval that is asked for, and the frame -> the result in it, which nobody may write to.
    """

    reach: Callable[[Sequence[Span]], Span]
    wants: Callable[[Span, Sequence[Span]], Sequence[Span]]
    run: Callable[[Span, Frame], Any]


@dataclass(slots=True, eq=False)
class Node:
    """An operation in its place: ``inputs`` are positions of other nodes, ``base`` what the sequences gave (N, ..., L).

    A node without a base is a value.
    """

    operation: Operation | None
    inputs: tuple[int, ...]
    base: Tensor | None


class Frame:
    """One evaluation of a graph, for edits of the same interval.

    Parameters
    ----------
    nodes
        In the order in which the model runs them; the first is the sequences.
    output
        Position of the node that is asked for.
    first
        First position that changes.
    values
        What stands there instead, shape (N * m, 4, w): m edits of each of the N rows of the bases.
    """

    def __init__(self, nodes: Sequence[Node], output: int, first: int, values: Tensor) -> None:
        self.nodes, self.output, self.values = nodes, output, values
        self.rows = len(values)
        self.spans: list[Span] = [(first, first + values.shape[-1])]
        for node in nodes[1:]:
            reached = [self.spans[i] for i in node.inputs]
            self.spans.append(EMPTY if node.base is None or node.operation is None else node.operation.reach(reached))
        self.held = self._needs()
        self.stores: list[Any] = [None] * len(nodes)

    def _needs(self) -> list[Span | None]:
        """Interval of each node that must be at hand, from the last to the first; None if nothing of it is read."""
        held: list[Span | None] = [None] * len(self.nodes)
        held[self.output] = self.whole(self.output)
        for k in range(self.output, 0, -1):
            node, span = self.nodes[k], held[k]
            if span is None or node.operation is None:
                continue
            if node.base is not None:
                span = overlap(span, self.spans[k])
                if span == EMPTY:
                    continue
            for i, want in zip(
                node.inputs, node.operation.wants(span, [self.spans[i] for i in node.inputs]), strict=True
            ):
                known = held[i]
                inside = want if self.nodes[i].base is None else overlap(want, self.whole(i))
                held[i] = inside if known is None else hull(known, inside)
        return held

    def whole(self, k: int) -> Span:
        """All positions of a node."""
        base = self.nodes[k].base
        return (0, 1) if base is None else (0, base.shape[-1])

    def evaluate(self) -> None:
        """Compute what is asked for, to be read from its port."""
        last_use = {i: k for k, node in enumerate(self.nodes) if self.held[k] is not None for i in node.inputs}
        for k, node in enumerate(self.nodes[: self.output + 1]):
            span = self.held[k]
            if span is None:
                continue
            self.stores[k] = self._window(k, node, span) if node.base is not None else self._value(node, span)
            for i in node.inputs:
                if last_use[i] == k and i != self.output:
                    self.stores[i] = None  # memory that is used again soon stays in the cache

    def _value(self, node: Node, span: Span) -> Any:
        assert node.operation is not None
        return node.operation.run(span, self)

    def _window(self, k: int, node: Node, held: Span) -> Tensor:
        """Values of a node in an interval: computed where the edit reaches, the base's elsewhere."""
        assert node.base is not None
        span = overlap(held, self.spans[k])
        if span == EMPTY:
            return self.spread(node.base[..., held[0] : held[1]])
        if node.operation is None:
            values = self.values[..., span[0] - self.spans[k][0] : span[1] - self.spans[k][0]]
        else:
            values = node.operation.run(span, self)
        if span == held:
            return values
        whole = values.new_empty(*values.shape[:-1], held[1] - held[0])
        by_row = whole.view(len(node.base), -1, *whole.shape[1:])  # (N, m, ..., w)
        base = node.base.unsqueeze(1)
        for low, high in ((held[0], span[0]), (span[1], held[1])):
            if high > low:
                by_row[..., low - held[0] : high - held[0]] = base[..., low:high]
        whole[..., span[0] - held[0] : span[1] - held[0]] = values
        return whole

    def region(self, k: int, span: Span, fill: float = 0.0) -> Tensor:
        """Values of a window in an interval that was asked for, with ``fill`` beyond its ends."""
        store, held, length = self.stores[k], self.held[k], self.whole(k)[1]
        assert held is not None
        low, high = max(span[0], 0), min(span[1], length)
        inside: Tensor = store if (low, high) == held else store[..., low - held[0] : high - held[0]]
        if (low, high) == span:
            return inside
        return F.pad(inside, (low - span[0], span[1] - high), value=fill)

    def value(self, k: int) -> Any:
        """All of a node."""
        return self.stores[k] if self.nodes[k].base is None else self.region(k, self.whole(k))

    def base(self, k: int) -> Tensor:
        """Return what the sequences gave, N rows."""
        base = self.nodes[k].base
        assert base is not None
        return base

    def spread(self, base: Tensor) -> Tensor:
        """Repeat N rows for the edits of each; not to be written to."""
        if len(base) == self.rows:
            return base
        if len(base) == 1:
            return base.expand(self.rows, *base.shape[1:])
        return base.repeat_interleave(self.rows // len(base), 0)
