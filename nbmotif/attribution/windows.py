"""Windows: recompute only what an edit of the sequence can reach.

A model runs once on its sequences, and every result is kept. Then its Python code runs on *carriers*, tensors of the
right shape that hold no values, and each torch call becomes a node of a graph, which is evaluated for one edit after
the other. A call that has no windowed form is computed in full from there on, so the answer is that of the full forward
pass for every model.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, cast

import torch
from torch.utils._pytree import tree_flatten, tree_leaves, tree_map_only

from nbmotif.attribution.calls import names_in
from nbmotif.attribution.probe import FRESH
from nbmotif.attribution.tape import Replay
from nbmotif.attribution.window_forms import FORMS, WRITES, Port, dense, is_window
from nbmotif.attribution.window_graph import Frame, Node

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nbmotif.attribution.calls import Call
    from nbmotif.attribution.window_forms import Form

_PORT = "_nbmotif_port"
# step by step these would take many times as long as torch's own kernels, and nothing is local behind them
_LOOPS = names_in("gru lstm rnn_relu rnn_tanh")


class CannotFollow(Exception):
    """A model writes in place in a way that carriers do not show; it has to be run in full."""


class Windowed(Replay):
    """A follower that runs recurrent networks as they are."""

    def expand(self, call: Call, args: tuple[Any, ...], kwargs: dict[str, Any], function: Callable[..., Any]) -> Any:
        """Run a compound operation's parts; or all of it at once, passing over the parts that the plan lists."""
        if not self.runs_whole(call, args, kwargs):
            return super().expand(call, args, kwargs, function)
        while self.position < len(self.calls) and len(self.calls[self.position].within) > len(call.within):
            self.position += 1
        return self.at_once(call, function, args, kwargs)

    def at_once(self, call: Call, function: Callable[..., Any], args: Any, kwargs: Any) -> Any:  # noqa: ARG002
        """Run a compound operation."""
        return function(*args, **kwargs)

    def runs_whole(self, call: Call, args: Any, kwargs: Any) -> bool:  # noqa: ARG002
        """Whether a compound operation is run at once."""
        return call.name in _LOOPS


class Keep(Windowed):
    """Runs the sequences and keeps the result of every call that depends on them.

    Attributes
    ----------
    kept
        Position of the call -> its result, if that is a tensor.
    """

    def __init__(self, calls: Sequence[Call]) -> None:
        super().__init__(calls)
        self.kept: dict[int, torch.Tensor] = {}
        self.parts: list[torch.Tensor] = []  # of results that are several tensors

    def run(self, k: int, call: Call, function: Callable[..., Any], args: tuple[Any, ...], kwargs: Any) -> Any:
        """Run the k-th call and keep its result."""
        if call.is_in_place:
            self._save_from(args[0])
        result = function(*args, **kwargs)
        if call.dependent and isinstance(result, torch.Tensor):
            self.kept[k] = result
        elif call.dependent:
            self.parts += [leaf for leaf in tree_leaves(result) if isinstance(leaf, torch.Tensor)]
        return result

    def _save_from(self, target: torch.Tensor) -> None:
        """Copy what is about to be overwritten."""
        place = target.untyped_storage().data_ptr()
        sharing = [j for j, kept in self.kept.items() if kept.untyped_storage().data_ptr() == place]
        views = {id(self.kept[j]) for j in sharing}
        if len(views) > 1 or any(part.untyped_storage().data_ptr() == place for part in self.parts):
            raise CannotFollow  # a view of it would change too
        for j in sharing:
            self.kept[j] = self.kept[j].clone()


class Record(Windowed):
    """Runs the model on carriers, and writes down what it asks torch for, as a graph.

    Attributes
    ----------
    nodes
        Of the graph.
    read
        Calls whose kept result is part of it.
    """

    def __init__(self, calls: Sequence[Call], kept: dict[int, torch.Tensor], X: torch.Tensor, rows: int) -> None:
        super().__init__(calls)
        self.kept, self.rows = kept, rows
        self.nodes = [Node(None, (), X)]
        self.read: set[int] = set()

    def runs_whole(self, call: Call, args: Any, kwargs: Any) -> bool:
        """Run a compound operation at once also where nothing local is left."""
        return super().runs_whole(call, args, kwargs) or not any(
            is_window(_open(leaf)) for leaf in tree_leaves((args, kwargs))
        )

    def at_once(self, call: Call, function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """Write a compound operation down as one."""
        if not any(is_carrier(leaf) for leaf in tree_leaves((args, kwargs))):
            return function(*args, **kwargs)
        return self._dense(call, function, args, kwargs)

    def run(self, k: int, call: Call, function: Callable[..., Any], args: tuple[Any, ...], kwargs: Any) -> Any:
        """Write the k-th call down."""
        if call.name.startswith(FRESH) or not any(is_carrier(leaf) for leaf in tree_leaves((args, kwargs))):
            return function(*args, **kwargs)
        base, factory = self.kept.get(k), FORMS.get(call.name)
        form = None
        if factory is not None and base is not None:
            operands, options = tree_map_only(torch.Tensor, _open, (args, kwargs))
            if call.is_in_place:
                options = {**options, WRITES: True}
            form = factory(base, function, *operands, **options)
        if form is None or base is None:
            return self._dense(call, function, args, kwargs)
        self.read.add(k)
        # a flattened window keeps its channels and positions apart
        kept = form.ports[0].base if form.is_flat else base if form.is_window else None
        return self._result(call, args, carrier(self._add(form, kept), (self.rows, *base.shape[1:]), base))

    def _dense(self, call: Call, function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """Write down a call that is made in full; made of any numbers, it tells the shape of its result."""
        if call.is_in_place and not is_carrier(args[0]):
            raise CannotFollow
        flat, tree = tree_flatten(tree_map_only(torch.Tensor, _open, (args, kwargs)))
        given, options = tree_map_only(torch.Tensor, _example, (args, kwargs))
        result = function(*given, **options)
        result = given[0] if call.is_in_place else result
        port = self._add(dense(flat, tree, function, call.is_in_place), None)
        if isinstance(result, torch.Tensor):
            return self._result(call, args, carrier(port, result.shape, result))
        if not isinstance(result, (tuple, list)) or any(isinstance(leaf, (tuple, list, dict)) for leaf in result):
            raise CannotFollow
        leaves = [
            carrier(replace(port, leaf=i), leaf.shape, leaf) if isinstance(leaf, torch.Tensor) else leaf
            for i, leaf in enumerate(result)
        ]
        return type(result)(leaves)

    def _add(self, form: Form, base: torch.Tensor | None) -> Port:
        self.nodes.append(Node(form.operation, tuple(port.node for port in form.ports), base))
        return Port(len(self.nodes) - 1, base, is_flat=form.is_flat)

    @staticmethod
    def _result(call: Call, args: tuple[Any, ...], result: torch.Tensor) -> torch.Tensor:
        if not call.is_in_place:
            return result
        if not is_carrier(args[0]):
            raise CannotFollow
        setattr(args[0], _PORT, _open(result))
        return cast("torch.Tensor", args[0])


def carrier(port: Port, shape: Sequence[int], like: torch.Tensor) -> torch.Tensor:
    """Make a tensor of some shape that stands for a node and holds no values."""
    stand_in = torch.zeros((), dtype=like.dtype, device=like.device).expand(shape)
    setattr(stand_in, _PORT, port)
    return stand_in


def is_carrier(value: Any) -> bool:
    """Tell whether a tensor stands for a node."""
    return hasattr(value, _PORT)


def _example(tensor: torch.Tensor) -> torch.Tensor:
    """Make numbers, of the shape of a carrier, with which most operations work: not zero, not in order."""
    if not is_carrier(tensor):
        return tensor
    generator = torch.Generator(tensor.device).manual_seed(0)
    if tensor.is_floating_point() or tensor.is_complex():
        return torch.rand(tensor.shape, generator=generator, dtype=tensor.dtype, device=tensor.device)
    return torch.zeros(tensor.shape, dtype=tensor.dtype, device=tensor.device)


def _open(tensor: Any) -> Any:
    return getattr(tensor, _PORT, tensor)


@dataclass(slots=True)
class Baseline:
    """A model's run on some sequences, ready for edits.

    Parameters
    ----------
    output
        Sequences and extra inputs -> one number per sequence.
    calls
        Of the plan of the model.
    X
        Shape (N, 4, L), in the model's dtype and on its device.
    extra
        Extra inputs of the model, N rows each.
    y
        The prediction of each sequence, shape (N, ...).
    kept
        Position of a call -> its result.
    graphs
        Number of rows of an edit -> the model's graph for it, and the output's place in that.
    """

    output: Callable[..., torch.Tensor]
    calls: Sequence[Call]
    X: torch.Tensor
    extra: tuple[torch.Tensor, ...]
    y: torch.Tensor
    kept: dict[int, torch.Tensor]
    graphs: dict[int, tuple[list[Node], Port]] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        output: Callable[..., torch.Tensor],
        calls: Sequence[Call],
        X: torch.Tensor,
        extra: tuple[torch.Tensor, ...] = (),
    ) -> Baseline:
        """Run the sequences and keep what edits will need."""
        keep, own = Keep(calls), tuple(given.clone() for given in (X, *extra))  # a model may write into its inputs
        with torch.no_grad(), keep:
            y = output(*own)
        return cls(output, calls, X, extra, y, keep.kept)

    def edit(self, start: int, values: torch.Tensor) -> torch.Tensor:
        """Predict with other bases in one place.

        Parameters
        ----------
        start
            First position that changes.
        values
            What stands there instead, shape (N * m, 4, w): m edits of each sequence, one after the other.

        Returns
        -------
        Shape (N * m, ...).

        Raises
        ------
        CannotFollow
            If the model writes into a tensor that others share.
        """
        with torch.no_grad():
            if len(values) not in self.graphs:
                self.graphs[len(values)] = self._record(len(values))
            nodes, port = self.graphs[len(values)]
            frame = Frame(nodes, port.node, start, values)
            frame.evaluate()
            return cast("torch.Tensor", port.read(frame))

    def _record(self, rows: int) -> tuple[list[Node], Port]:
        """Run the model's code for a number of rows, on which the shapes in it depend."""
        m = rows // len(self.X)
        edited = carrier(Port(0, self.X), (rows, *self.X.shape[1:]), self.X)
        extra = tuple(arg.repeat_interleave(m, 0) for arg in self.extra)
        follower = Record(self.calls, self.kept, self.X, rows)
        with follower:
            y = self.output(edited, *extra)
        if not is_carrier(y):
            raise CannotFollow
        self.kept = {k: kept for k, kept in self.kept.items() if k in follower.read}
        return follower.nodes, cast("Port", _open(y))
