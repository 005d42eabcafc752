"""The tape: follows a model's torch calls, keeps what the sequences gave, and replays the references under the rules.

Three followers watch the same forward pass, call by call. :class:`Probe` finds out what the calls are, :class:`Observe`
records the sequences without gradients, :class:`Refer` runs the references with each call's backward pass replaced by
its DeepLIFT rule. A model that does not make the same calls each time is refused.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_flatten, tree_leaves, tree_map_only

from nbmotif.attribution import masks
from nbmotif.attribution.calls import identify, names_in, positional
from nbmotif.attribution.operation import Operation, Rescaled
from nbmotif.attribution.precision import PRODUCTS, lowered
from nbmotif.errors import UnsupportedModel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from nbmotif.attribution.calls import Call
    from nbmotif.attribution.operation import Step

# calls that ask about a tensor or change how torch works, and never return one that depends on the sequences
_SILENT = names_in(
    """__len__ _has_compatible_shallow_copy_type _set_grad_enabled data_ptr dim element_size get_default_dtype
    get_device is_complex is_contiguous is_floating_point is_same_size manual_seed ndimension nelement numel
    register_hook register_post_accumulate_grad_hook result_type retain_grad set_grad_enabled size storage_offset stride
    untyped_storage"""
)
# these ask about values, and the answer is the same for all sequences of a model that works
_QUESTIONS = names_in("__bool__ __format__ __repr__ allclose equal is_nonzero isfinite isinf isnan")
# these cut the gradient, not the dependence: the value is the operand's
_TRANSPARENT = names_in("alias data detach detach_copy lift_fresh requires_grad_")


class Follower(TorchFunctionMode):
    """Sees every torch call of a forward pass in order, as module, function, method or operator."""

    with_gradients = False

    def __init__(self) -> None:
        super().__init__()
        self.within: list[str] = []  # the compound operations whose parts are being run

    def __torch_function__(
        self, function: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        args, kwargs = positional(args, kwargs or {})
        operator = identify(function, args, kwargs)
        if operator.is_fact or operator.name in _SILENT:
            return function(*args, **kwargs)
        if operator.name in _QUESTIONS:
            self.ask(args)
            return function(*args, **kwargs)
        if operator.name in _TRANSPARENT:
            return args[0]
        with _as_plain_code(self.with_gradients):
            rewritten = masks.rewrite(operator.name, function, args, kwargs)
            if rewritten is not None:
                return self._run_rewritten(rewritten, args[0] if operator.is_in_place else None)
            return self.handle(operator.name, operator.is_in_place, function, args, kwargs)

    def _run_rewritten(self, rewritten: Callable[[], Any], target: torch.Tensor | None) -> Any:
        with self:
            result = rewritten()
            return result if target is None else masks.overwrite(target, result)

    def expand(self, call: Call, args: tuple[Any, ...], kwargs: dict[str, Any], function: Callable[..., Any]) -> Any:
        """Run a compound operation's parts, each of which comes back here."""
        del function
        assert call.rule.expand is not None
        self.within.append(call.name)
        try:
            with self:
                return call.rule.expand(*args, **kwargs)
        finally:
            self.within.pop()

    def ask(self, args: tuple[Any, ...]) -> None:
        """Be told that the model asks a yes-or-no question about values."""

    def handle(
        self, name: str, is_in_place: bool, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        """Deal with one call."""
        raise NotImplementedError


@contextlib.contextmanager
def _as_plain_code(with_gradients: bool) -> Iterator[None]:
    """Undo what the model's own ``no_grad`` and ``inference_mode`` do: they are no part of what it computes."""
    plain = torch.inference_mode(False) if torch.is_inference_mode_enabled() else contextlib.nullcontext()
    with plain, torch.set_grad_enabled(with_gradients):
        yield


class Replay(Follower):
    """A follower of calls that a probe has listed."""

    def __init__(self, calls: Sequence[Call], low: torch.dtype | None = None) -> None:
        super().__init__()
        self.calls, self.low = calls, low  # the dtype of products, if it is not the model's
        self.position = 0

    def handle(
        self, name: str, is_in_place: bool, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        """Check that it is the call that was expected, and deal with it as its rule says."""
        del is_in_place
        k = self.position
        call = self.calls[k] if k < len(self.calls) else None
        if call is None or call.name != name:
            expected = "it should have ended" if call is None else f"{call} should have come"
            msg = (
                f"the model took another path for these sequences than before: it called {name} where {expected}. "
                "Attribution needs the same operations for every sequence and batch size."
            )
            raise UnsupportedModel(msg)
        self.position += 1
        if call.rule.expand is not None:
            return self.expand(call, args, kwargs, function)
        if self.low is not None and name in PRODUCTS and call.dependent and not call.is_in_place:
            function = lowered(function, self.low)
        if not call.is_needed:
            return _stand_in(function, args, kwargs)
        return self.run(k, call, function, args, kwargs)

    def run(self, k: int, call: Call, function: Callable[..., Any], args: tuple[Any, ...], kwargs: Any) -> Any:
        """Run the k-th call."""
        raise NotImplementedError


def _stand_in(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Make a tensor of the right shape, at no cost, for a result that the attributed output does not use."""
    device = next(t.device for t in tree_leaves((args, kwargs)) if isinstance(t, torch.Tensor))
    abstract = tree_map_only(torch.Tensor, lambda t: torch.empty(t.shape, dtype=t.dtype, device="meta"), (args, kwargs))
    result = function(*abstract[0], **abstract[1])
    return torch.zeros((), dtype=result.dtype, device=device).expand(result.shape)


class Observe(Replay):
    """Runs the sequences, without gradients, and tapes the operands and results of the calls that have a rule.

    Attributes
    ----------
    tape
        Position of the call -> its dependent operands, its result.
    """

    def __init__(self, calls: Sequence[Call], low: torch.dtype | None = None) -> None:
        super().__init__(calls, low)
        self.tape: dict[int, tuple[tuple[torch.Tensor, ...], Any]] = {}

    def run(self, k: int, call: Call, function: Callable[..., Any], args: tuple[Any, ...], kwargs: Any) -> Any:
        """Run the k-th call and tape it."""
        if call.rule.step is None:
            return function(*args, **kwargs)
        flat = tree_flatten((args, kwargs))[0]
        copies = call.is_in_place or call.must_copy
        operands = tuple(flat[i].clone() if copies else flat[i] for i in call.dependent)
        result = function(*args, **kwargs)
        kept = args[0] if result is None else result
        self.tape[k] = operands, tree_map_only(torch.Tensor, torch.clone, kept) if copies else kept
        return result


class Refer(Replay):
    """Runs the references with gradients, each call that has a rule as an autograd Function whose backward is the rule.

    Parameters
    ----------
    calls
        Of the plan.
    tape
        Of :class:`Observe` on the sequences.
    n_sequences, n_references
        B sequences, whose B * n references are run, n after n.
    """

    with_gradients = True

    def __init__(
        self,
        calls: Sequence[Call],
        tape: dict[int, tuple[tuple[torch.Tensor, ...], Any]],
        n_sequences: int,
        n_references: int,
        low: torch.dtype | None = None,
    ) -> None:
        super().__init__(calls, low)
        self.tape, self.size = tape, (n_sequences, n_references)

    def run(self, k: int, call: Call, function: Callable[..., Any], args: tuple[Any, ...], kwargs: Any) -> Any:
        """Run the k-th call under its rule."""
        if call.rule.step is None:
            return function(*args, **kwargs)
        flat = tree_flatten((args, kwargs))[0]
        operands = [flat[i].clone() if call.is_in_place else flat[i] for i in call.dependent]
        if call.is_in_place:
            copied = dict(zip(call.dependent, operands, strict=True))
            given = (copied.get(0, args[0]), *args[1:])
        else:
            given = args
        observed, observed_out = self.tape[k]
        op = Operation(
            call,
            function,
            given,
            kwargs,
            tuple(layout.bind(*self.size) for layout in call.layouts),
            None if call.out_layout is None else call.out_layout.bind(*self.size),
            observed,
            observed_out,
        )
        result = Rescaled.apply(lambda *referred: self.step(k, op, *referred), *operands)  # type: ignore[no-untyped-call]
        if isinstance(result, tuple) and type(observed_out) is not tuple:
            result = type(observed_out)(result)  # torch's named results, such as those of max(dim)
        if call.is_in_place:
            args[0].copy_(result)
            return None if call.name == "__setitem__" else args[0]
        return result

    def step(self, k: int, op: Operation, *referred: torch.Tensor) -> Step:
        """Apply the rule of the k-th call; what a subclass measures, it measures here."""
        del k
        assert op.call.rule.step is not None
        return op.call.rule.step(op, *referred)
