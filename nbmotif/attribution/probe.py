"""The probe: runs a model on two sequences, then on four, and finds out what its torch calls are.

Autograd tells which operands depend on the sequences; the difference between the two runs tells where the batch lies in
each; the graph behind the output tells which calls it needs. Nothing is kept for a backward pass.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch.utils._pytree import tree_flatten, tree_leaves

from nbmotif.attribution import rules, unknown_operations
from nbmotif.attribution.calls import Call, follow, is_followed, names_in, whereabouts
from nbmotif.attribution.layout import Layout, find_layout
from nbmotif.attribution.operation import Operation
from nbmotif.attribution.products import ordinary_gradient
from nbmotif.attribution.tape import Follower
from nbmotif.errors import UnsupportedModel
from nbmotif.outputs import as_differences

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from nbmotif.attribution.rules import Rule

# their results have the shape of an operand, not its values
FRESH = ("new_", "empty_like", "full_like", "ones_like", "rand_like", "randn_like", "zeros_like")
# of their second operand, too
_LIKE = names_in("expand_as reshape_as to type_as view_as")
# the answer is the same for all sequences of a model that works
_SAME = ("isfinite", "isinf", "isnan")
_READS = names_in("__complex__ __float__ __index__ __int__ item tolist")
_ARRAYS = names_in("__array__ __dlpack__ numpy")


class Doubt(NamedTuple):
    """A call that may make attributions wrong, and why."""

    call: Call
    reason: str

    def __str__(self) -> str:
        return f"{self.call} {self.reason}"


@dataclass(slots=True)
class Plan:
    """What a probe found: the calls, in order, what was predicted meanwhile, and what may be wrong about them."""

    calls: list[Call]
    prediction: torch.Tensor
    doubts: list[Doubt] = field(default_factory=list)
    asks_for_values: bool = False
    bytes_per_row: int = 0
    largest_per_row: int = 0

    @property
    def depends_on_values(self) -> bool:
        """Whether the model looks at values, so that its calls cannot be run on stand-ins."""
        return self.asks_for_values or bool(self.doubts)

    @property
    def approximations(self) -> list[str]:
        """The calls whose rule is not exact."""
        return sorted({str(call) for call in self.calls if call.rule.is_approximate})


class Probe(Follower):
    """Lists the calls of a forward pass and keeps a sample of the operands of those that have a rule."""

    with_gradients = True

    def __init__(self, names: Mapping[torch.nn.Module, str], thorough: bool = False) -> None:
        super().__init__()
        self.names, self.thorough = names, thorough
        self.calls: list[Call] = []
        self.samples: list[tuple[tuple[torch.Tensor, ...], torch.Tensor | None]] = []
        self.nodes: list[Any] = []  # behind each call's result, where it is one tensor
        self.doubts: list[Doubt] = []
        self.is_read = False  # whether the model asks about values, as in `if (x > 0).any()`
        self._readers: dict[int, list[Call]] = {}  # storage -> the taped calls that read it

    def ask(self, args: tuple[Any, ...]) -> None:
        """Note a question whose answer may depend on the sequences."""
        self.is_read |= any(is_followed(value) for value in args)

    def handle(
        self, name: str, is_in_place: bool, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        """Run one call and list it."""
        flat = tree_flatten((args, kwargs))[0]
        tensors = [i for i, value in enumerate(flat) if isinstance(value, torch.Tensor)]
        dependent = tuple(i for i in tensors if flat[i].requires_grad and self._is_followed(flat[i], name))
        is_fresh = name.startswith((*FRESH, *_SAME)) or (name in _LIKE and 0 not in dependent)
        severed = [i for i in tensors if i not in dependent and is_followed(flat[i]) and not is_fresh]
        place = whereabouts(self.names)
        call = Call(name, is_in_place, place.path, place.line, tuple(self.within), rules.CONSTANT, dependent)
        if name in _ARRAYS and dependent:
            self._refuse(call, "turns a tensor into a numpy array, where PyTorch cannot follow. Do the same with torch")
        if is_fresh or not dependent:
            call.dependent = ()
            return self._run_constant(call, function, args, kwargs, bool(severed))
        if torch.is_autocast_enabled(flat[dependent[0]].device.type):
            self._refuse(call, "runs under autocast, whose rounding errors are larger than attributions. Switch it off")
        rule = rules.choose(name, function, args, kwargs, len(tensors), dependent)
        if severed and not (rule is not None and rule.expand):
            self.doubts.append(Doubt(call, rules.SEVERED.doubt))
        if rule is not None and rule.expand is not None:
            call.rule = rule
            self._list(call, (), None, None)
            return follow(self.expand(call, args, kwargs, function))
        return self._run_dependent(call, rule, function, args, kwargs)

    def _run_constant(self, call: Call, function: Callable[..., Any], args: Any, kwargs: Any, is_severed: bool) -> Any:
        if is_severed and call.name in _READS:
            self.doubts.append(Doubt(call, "reads a value that depends on the sequences into Python"))
        result = function(*args, **kwargs)
        self._list(call, (), None, None)
        # a value computed from the sequences all the same, through a comparison or an index
        return follow(result) if is_severed else result

    def _run_dependent(
        self, call: Call, rule: Rule | None, function: Callable[..., Any], args: Any, kwargs: Any
    ) -> Any:
        flat = tree_flatten((args, kwargs))[0]
        if call.name in _READS:
            self.doubts.append(Doubt(call, "reads a value that depends on the sequences into Python"))
            self._list(call, (), None, None)
            with torch.no_grad():
                return function(flat[0].detach())
        if call.is_in_place:
            self._overwritten(args[0])
        needs_sample = rule is None or rule.step is not None or self.thorough
        operands = tuple(flat[i].detach().clone() for i in call.dependent) if needs_sample else ()
        if rule is None:
            op = Operation(call, function, args, kwargs)
            rule = rules.LINEAR if unknown_operations.is_affine(op.evaluate, operands) else rules.PATH
            if rule is rules.PATH and not unknown_operations.is_differentiable(op.evaluate, operands):
                self._refuse(call, "has neither a DeepLIFT rule nor a derivative")
        if "no DeepLIFT rule" in rule.doubt:
            self.doubts.append(Doubt(call, rule.doubt))
        elif rule.doubt and not rule.is_approximate:
            self._refuse(call, rule.doubt)
        result = function(*args, **kwargs)
        kept = args[0] if result is None else result
        first = next((t for t in tree_leaves(kept) if isinstance(t, torch.Tensor)), None)
        is_view = first is not None and _storage(first) in {_storage(flat[i]) for i in call.dependent}
        if rule.step is None and self.thorough and not is_view:
            rule = replace(rule, step=ordinary_gradient)
        call.rule = rule
        if rule.step is not None:
            for i in call.dependent:
                self._readers.setdefault(_storage(flat[i]), []).append(call)
            if first is not None:
                self._readers.setdefault(_storage(first), []).append(call)
        sample = None if first is None or rule.step is None else first.detach().clone()
        self._list(call, operands if rule.step is not None else (), sample, kept)
        if call.is_in_place:
            follow(args[0])
        return follow(result)

    def _list(self, call: Call, operands: tuple[torch.Tensor, ...], out: torch.Tensor | None, result: Any) -> None:
        self.calls.append(call)
        self.samples.append((operands, out))
        self.nodes.append(result.grad_fn if isinstance(result, torch.Tensor) else None)

    def _overwritten(self, target: torch.Tensor) -> None:
        """Note which taped calls read memory that is about to change."""
        for reader in self._readers.get(_storage(target), ()):
            reader.must_copy = True

    def _is_followed(self, tensor: torch.Tensor, name: str) -> bool:
        """Whether a tensor with a gradient came from the calls seen so far; refuses one that came another way."""
        if is_followed(tensor):
            return True
        if tensor.grad_fn is None:
            return False  # a leaf of the model's own
        place = whereabouts(self.names)
        msg = (
            f"{name} in {place.path} ({place.line}) receives the result of an operation that PyTorch does not show "
            f"({tensor.grad_fn.name()}), such as TorchScript or vmap: pass what it was made of"
        )
        raise UnsupportedModel(msg)

    def _refuse(self, call: Call, reason: str) -> None:
        msg = f"{call} {reason}."
        raise UnsupportedModel(msg)


def _storage(tensor: torch.Tensor) -> int:
    return tensor.untyped_storage().data_ptr()


def make_plan(
    model: Callable[..., torch.Tensor],
    names: Mapping[torch.nn.Module, str],
    X: torch.Tensor,
    args: tuple[torch.Tensor, ...] = (),
    thorough: bool = False,
) -> Plan:
    """Probe a model.

    Parameters
    ----------
    model
        Sequences and extra inputs -> one number per sequence, shape (N,). Its parameters must not require gradients.
    names
        The modules behind it, each with its path.
    X
        At least one sequence, shape (N, 4, L), in the model's dtype and on its device. The first two are used.
    args
        Extra inputs of the model, N rows each.
    thorough
        Give linear operations a rule as well, so that their share of the error can be measured.

    Returns
    -------
    The plan.

    Raises
    ------
    UnsupportedModel
        If the model cannot be followed, with the module and the line.
    """
    pair, pair_args = _two_rows(X), tuple(_two_rows(arg) for arg in args)
    # the batch-of-four has an unlike neighbour behind each of the two, so that mixing of sequences shows
    shuffled = pair[..., torch.randperm(X.shape[-1], generator=torch.Generator().manual_seed(0)).to(X.device)]
    four = torch.stack([pair, shuffled], 1).flatten(0, 1)
    first, out_two = _probe(model, names, pair, pair_args, thorough)
    if not out_two.isfinite().all():
        msg = f"the model predicts {out_two[~out_two.isfinite()][0].item()} for one of the first sequences"
        raise UnsupportedModel(msg)
    second, out_four = _probe(model, names, four, tuple(a.repeat_interleave(2, 0) for a in pair_args), thorough)
    if [call.name for call in first.calls] != [call.name for call in second.calls]:
        a, b = _first_difference(first.calls, second.calls)
        msg = (
            f"the calls of the model depend on the number of sequences in the batch, or on their values: {a}, then {b}"
        )
        raise UnsupportedModel(msg)
    plan = Plan(first.calls, out_two, first.doubts, first.is_read)
    for k, call in enumerate(first.calls):
        call.must_copy |= second.calls[k].must_copy
        if call.rule.step is not None:
            _lay_out(call, first.samples[k], second.samples[k])
            sizes = [t.numel() * t.element_size() // 2 for t in first.samples[k][0]]
            plan.bytes_per_row += 2 * sum(sizes)
            plan.largest_per_row = max(plan.largest_per_row, *sizes)
    if not torch.allclose(out_four[::2], out_two, rtol=1e-3, atol=1e-4 * float(out_two.abs().max())):
        msg = (
            "the model's prediction for a sequence depends on the other sequences of the batch, or is random "
            "(batch statistics in a norm, dropout called with training=True): attributions would be meaningless"
        )
        raise UnsupportedModel(msg)
    return plan


def _two_rows(t: torch.Tensor) -> torch.Tensor:
    return t[:2] if len(t) > 1 else torch.cat([t, t.roll(1, -1)])


def _probe(
    model: Callable[..., torch.Tensor],
    names: Mapping[torch.nn.Module, str],
    X: torch.Tensor,
    args: tuple[torch.Tensor, ...],
    thorough: bool,
) -> tuple[Probe, torch.Tensor]:
    probe = Probe(names, thorough)
    nothing_saved = torch.autograd.graph.saved_tensors_hooks(_drop, _drop)
    with torch.enable_grad(), nothing_saved:
        root, own = follow(X.clone().requires_grad_() * 1), tuple(arg.clone() for arg in args)
        with probe:
            out = model(root, *own)
    if not out.requires_grad:
        msg = (
            "the output that is attributed does not depend on the sequences, or only through what has no slope, as "
            "argmax or a comparison. `saturation_mutagenesis` needs none"
        )
        raise UnsupportedModel(msg)
    if not is_followed(out):
        msg = f"the output comes from what PyTorch does not show ({out.grad_fn}), such as TorchScript or vmap"
        raise UnsupportedModel(msg)
    as_differences(out.detach())
    reachable = _reachable(out.grad_fn)
    # a view that is overwritten changes the graph of its base, so then every call counts as needed
    if not any(call.is_in_place for call in probe.calls) and not probe.doubts and not probe.is_read:
        for call, node in zip(probe.calls, probe.nodes, strict=True):
            call.is_needed = node is None or node in reachable
    probe.nodes.clear()
    return probe, out.detach()


def _drop(_: Any) -> Any:
    """Save nothing: the graph of a probe is only read."""


def _reachable(start: Any) -> set[Any]:
    """All nodes of the graph behind an output; refuses a custom autograd Function, whose backward no rule replaces."""
    seen, todo = set(), [start]
    while todo:
        node = todo.pop()
        if node is None or node in seen:
            continue
        if isinstance(node, torch.autograd.function.BackwardCFunction):
            name = type(node).__name__.removesuffix("Backward")
            remedy = (
                "Switch gradient checkpointing off" if "Checkpoint" in name else "Write it with plain torch operations"
            )
            msg = (
                f"the model uses the autograd Function {name}, whose own backward pass cannot be replaced by a "
                f"DeepLIFT rule. {remedy}."
            )
            raise UnsupportedModel(msg)
        seen.add(node)
        todo += [parent for parent, _ in node.next_functions]
    return seen


def _lay_out(
    call: Call,
    two: tuple[tuple[torch.Tensor, ...], torch.Tensor | None],
    four: tuple[tuple[torch.Tensor, ...], torch.Tensor | None],
) -> None:
    found = [find_layout(a, b, 2, 2) for a, b in zip(two[0], four[0], strict=True)]
    if two[1] is not None and four[1] is not None:
        out = find_layout(two[1], four[1], 2, 2)
        found.append(Layout(None) if out is None and two[1].shape == four[1].shape else out)
    if any(layout is None for layout in found):
        shapes = " and ".join(f"{tuple(a.shape)} -> {tuple(b.shape)}" for a, b in zip(two[0], four[0], strict=True))
        msg = (
            f"{call}: cannot tell which rows belong to which sequence (operands {shapes} for 2 and for 4 sequences). "
            "Operations that mix the sequences of a batch, or draw random numbers, cannot be attributed."
        )
        raise UnsupportedModel(msg)
    n = len(call.dependent)
    call.layouts = tuple(layout for layout in found[:n] if layout is not None)
    call.out_layout = found[n] if len(found) > n else None


def _first_difference(a: list[Call], b: list[Call]) -> tuple[str, str]:
    for x, y in zip(a, b, strict=False):
        if x.name != y.name:
            return str(x), str(y)
    longer = a if len(a) > len(b) else b
    return str(longer[min(len(a), len(b))]), "the end"
