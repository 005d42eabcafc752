"""The table: which DeepLIFT rule each operation follows."""

from __future__ import annotations

import types
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import torch
from torch.utils._pytree import tree_leaves

from nbmotif.attribution import decompositions as parts
from nbmotif.attribution.calls import names_in
from nbmotif.attribution.normalizers import norm, softmax_family
from nbmotif.attribution.products import midpoint, path_integral, quotient, switch
from nbmotif.attribution.rescale import rescale, rescale_relu
from nbmotif.attribution.selection import POOLS, max_pool, maximum_over

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbmotif.attribution.operation import Step


@dataclass(frozen=True, slots=True)
class Rule:
    """What is done about one operation.

    A rule either takes a ``step`` of its own, or names the function to ``expand`` the operation into, whose parts have
    rules; with neither the operation runs as it is. ``doubt`` says why the result may be wrong, empty if it cannot be.
    """

    label: str
    step: Callable[..., Step] | None = None
    expand: Callable[..., Any] | None = None
    doubt: str = ""
    is_approximate: bool = False


def _expanded(function: Callable[..., Any]) -> Rule:
    return Rule("expanded", expand=function)


CONSTANT = Rule("constant")
LINEAR = Rule("linear")
RESCALE = Rule("rescale", rescale)
MIDPOINT = Rule("midpoint", midpoint)
QUOTIENT = Rule("quotient", quotient)
MASK = Rule("mask", switch)
PATH = Rule("path integral", path_integral, doubt="is approximated by a path integral", is_approximate=True)
ORDERING = Rule(
    "none", doubt="has no DeepLIFT rule: its result depends on an order that sequence and reference do not share"
)
BATCH_STATISTICS = Rule(
    "none", doubt="uses the statistics of the batch, so that sequences and references change each other"
)
SEVERED = Rule("none", doubt="receives a value that is computed from the sequences without a derivative")

ELEMENTWISE = names_in(
    """_threshold abs acos acosh asin asinh atan atanh ceil celu clamp clamp_max clamp_min cos cosh deg2rad digamma
    elu erf erfc erfinv exp exp2 expm1 float_power floor frac gelu hardshrink hardsigmoid hardswish hardtanh i0
    indicator leaky_relu lgamma log log10 log1p log2 log_ndtr log_sigmoid logit logsigmoid mish nan_to_num ndtr
    pow prelu rad2deg reciprocal relu6 round rpow rrelu rsqrt selu sgn sigmoid sign silu sin sinc sinh softplus
    softshrink special_entr special_log_ndtr special_ndtr sqrt square tan tanh threshold trunc xlogy"""
)
_LINEAR = names_in(
    """H T __getitem__ __iter__ __reversed__ __setitem__ _unsafe_view adaptive_avg_pool1d adaptive_avg_pool2d
    adaptive_avg_pool3d add alpha_dropout as_strided avg_pool1d avg_pool2d avg_pool3d bfloat16 broadcast_tensors
    broadcast_to cat chunk clone column_stack conj contiguous conv_transpose1d conv_transpose2d conv_transpose3d
    copy cpu cuda cumsum diag diag_embed diagonal diff double dropout dropout1d dropout2d dropout3d dstack
    expand expand_as feature_alpha_dropout feature_dropout fill flatten flip fliplr flipud float fold gather
    half hsplit hstack index_add index_copy index_fill index_select interpolate mH mT masked_fill masked_scatter
    masked_select mean movedim nanmean nansum narrow narrow_copy neg pad permute pixel_shuffle pixel_unshuffle
    positive put ravel real repeat repeat_interleave reshape reshape_as resolve_conj resolve_neg roll rot90 rsub
    scatter scatter_add select select_scatter slice_scatter split split_with_sizes squeeze stack sub subtract
    sum swapaxes take take_along_dim tensor_split tile to trace transpose tril triu type type_as unbind
    unflatten unfold unsafe_chunk unsafe_split unsqueeze upsample upsample_bilinear upsample_nearest view
    view_as vsplit vstack where zero"""
)
_BILINEAR = names_in(
    """addbmm addmm addmv addr baddbmm bilinear bmm chain_matmul conv1d conv2d conv3d cross dot einsum ger inner
    kron linalg_matmul linalg_vecdot linear matmul mm mul multi_dot mv outer rmatmul tensordot vdot vecdot"""
)
_ORDERING = names_in(
    """argsort cummax cummin kthvalue median mode msort nanmedian nanquantile quantile sort topk unique"""
)
_EXPANSIONS: dict[str, Callable[..., Any]] = {
    "aminmax": parts.both_extremes,
    "floor_divide": parts.floor_quotient,
    "fmod": parts.truncated_remainder,
    "glu": parts.glu,
    "gru": parts.gru,
    "gru_cell": parts.gru_cell,
    "lstm": parts.lstm,
    "lstm_cell": parts.lstm_cell,
    "norm": parts.vector_norm,
    "remainder": parts.floored_remainder,
    "rnn_relu": parts.rnn_relu,
    "rnn_tanh": parts.rnn_tanh,
    "scaled_dot_product_attention": parts.attention,
    "std": parts.standard_deviation,
    "var": parts.variance,
    "vector_norm": parts.vector_norm,
}
# of two dependent operands; of one they are elementwise, or a maximum along an axis
_PAIRED: dict[str, Callable[..., Any]] = {
    "clamp": parts.clamp,
    "clamp_max": parts.clamp_max,
    "clamp_min": parts.clamp,
    "fmax": parts.greater,
    "fmin": parts.lesser,
    "hypot": parts.hypotenuse,
    "logaddexp": parts.log_add_exp,
    "max": parts.greater,
    "maximum": parts.greater,
    "min": parts.lesser,
    "minimum": parts.lesser,
    "pow": parts.power,
}

# the larger or smaller of two operands, of which one may be a constant
_EXTREMES = {"maximum", "minimum", "fmax", "fmin"}
# rescaled along whichever of their operands depends
_ALONG_ANY_OPERAND = {"pow", "rpow", "float_power", "xlogy"}

_BY_NAME: dict[str, Rule] = {
    **dict.fromkeys(ELEMENTWISE, RESCALE),
    **dict.fromkeys(_LINEAR, LINEAR),
    **dict.fromkeys(_BILINEAR, MIDPOINT),
    **dict.fromkeys(_ORDERING, ORDERING),
    **{name: _expanded(function) for name, function in _EXPANSIONS.items()},
    **dict.fromkeys(POOLS, Rule("maximum", max_pool)),
    **dict.fromkeys([f"{name}_with_indices" for name in POOLS], Rule("maximum", max_pool)),
    **dict.fromkeys(["amax", "amin", "max", "min"], Rule("maximum", maximum_over)),
    **dict.fromkeys(["div", "rdiv"], QUOTIENT),
    **dict.fromkeys(["softmax", "log_softmax", "logsumexp"], Rule("softmax", softmax_family)),
    **dict.fromkeys(["layer_norm", "group_norm", "rms_norm", "instance_norm"], Rule("norm", norm)),
    "choose_between": MASK,
    "relu": Rule("rescale", rescale_relu),
}


@dataclass(frozen=True)
class _Asked:
    """A call whose rule is asked for; see `choose`."""

    name: str
    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    n_tensors: int
    dependent: tuple[int, ...]

    @property
    def rule(self) -> Rule | None:
        """What the name alone tells."""
        return _BY_NAME.get(self.name)

    @property
    def n_dependent(self) -> int:
        """How many operands depend on the sequences."""
        return len(self.dependent)

    @property
    def is_paired(self) -> bool:
        is_extreme = self.name in _EXTREMES or (self.name in {"max", "min"} and self.n_tensors == 2)
        return is_extreme or (self.n_dependent >= 2 and self.name in _PAIRED)

    @property
    def is_along_one(self) -> bool:
        """Whether the parameters are constants."""
        return self.n_dependent == 1 and (self.dependent == (0,) or self.name in _ALONG_ANY_OPERAND)

    @cached_property
    def is_complex(self) -> bool:
        leaves = tree_leaves((self.args, self.kwargs))
        return any(isinstance(leaf, torch.Tensor) and leaf.is_complex() for leaf in leaves)


def _statistics(call: _Asked) -> Rule | None:
    """Normalise by statistics: of the input's own, or by constants, or by those of all the batch."""
    key = "training" if call.name == "batch_norm" else "use_input_stats"
    given = call.args[5] if len(call.args) > 5 else call.name == "instance_norm"
    uses_input = bool(call.kwargs.get(key, given))
    if call.dependent != (0,):
        return None
    if not uses_input:
        return LINEAR
    return call.rule if call.name == "instance_norm" else BATCH_STATISTICS


# what is looked at and what it means, asked from top to bottom: the first that holds answers
_CHOICES: tuple[tuple[Callable[[_Asked], Any], Callable[[_Asked], Rule | None]], ...] = (
    (lambda call: call.is_paired, lambda call: _expanded(_PAIRED[call.name])),
    (lambda call: call.name in {"batch_norm", "instance_norm"}, _statistics),
    # the closed forms are those of real numbers; the derivatives of products are torch's own
    (lambda call: call.is_complex and call.name == "abs", lambda _: _expanded(parts.modulus)),
    (lambda call: call.is_complex and call.rule is MIDPOINT and call.n_dependent > 1, lambda _: MIDPOINT),
    (lambda call: call.is_complex and call.rule in {LINEAR, MIDPOINT}, lambda _: LINEAR),
    (lambda call: call.is_complex, lambda _: None),
    # a product with a constant is linear, and so is a quotient by a constant
    (lambda call: call.rule is MIDPOINT, lambda call: {1: LINEAR, 2: MIDPOINT}.get(call.n_dependent)),
    (lambda call: call.name == "div" and call.dependent == (0,), lambda _: LINEAR),
    (lambda call: call.rule is QUOTIENT, lambda call: None if call.kwargs.get("rounding_mode") else QUOTIENT),
    # these hold whichever operands depend; all others are about one, their parameters being constants
    (lambda call: call.rule in {LINEAR, ORDERING, MASK}, lambda call: call.rule),
    (lambda call: call.rule and (call.rule.expand or call.is_along_one), lambda call: call.rule),
    (lambda call: _is_written_in_python(call.function), lambda call: _expanded(inside(call.function))),
)


def choose(
    name: str,
    function: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    n_tensors: int,
    dependent: tuple[int, ...],
) -> Rule | None:
    """Find the rule of a call.

    Parameters
    ----------
    name
        Canonical name of the operation.
    function, args, kwargs
        The call.
    n_tensors
        How many operands are tensors.
    dependent
        Positions of the operands that depend on the sequences.

    Returns
    -------
    The rule; None if the table does not know the operation, so that it has to be tried out.
    """
    call = _Asked(name, function, args, kwargs, n_tensors, dependent)
    return next((answer(call) for holds, answer in _CHOICES if holds(call)), None)


def _is_written_in_python(function: Callable[..., Any]) -> bool:
    module = getattr(function, "__module__", "") or ""
    return isinstance(function, types.FunctionType) and module.split(".")[0] == "torch"


def inside(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make a function of torch's Python code show the calls it is made of.

    Such a function asks first whether somebody overrides it. In this copy the answer is always no, so its body runs.
    """
    assert isinstance(function, types.FunctionType)
    quiet = {name: _never for name in function.__globals__ if name.startswith("has_torch_function")}
    copy = types.FunctionType(
        function.__code__,
        {**function.__globals__, **quiet},
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )
    copy.__kwdefaults__ = function.__kwdefaults__
    return copy


def _never(*_: Any) -> bool:
    return False
