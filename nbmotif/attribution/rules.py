"""The table: which DeepLIFT rule each operation follows."""

from __future__ import annotations

import types
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch.utils._pytree import tree_leaves

from nbmotif.attribution import decompositions as parts
from nbmotif.attribution.calls import names_in
from nbmotif.attribution.normalizers import norm, softmax_family
from nbmotif.attribution.operation import gradient_of
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


CONSTANT = Rule("constant")
LINEAR = Rule("linear")
RESCALE = Rule("rescale", rescale)
MIDPOINT = Rule("midpoint", midpoint)
QUOTIENT = Rule("quotient", quotient)
PATH = Rule("path integral", path_integral, doubt="is approximated by a path integral", is_approximate=True)
ORDERING = Rule(
    "none", doubt="has no DeepLIFT rule: its result depends on an order that sequence and reference do not share"
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
# of two dependent operands; of one they are elementwise or a maximum along an axis
_PAIRED: dict[str, Callable[..., Any]] = {
    "clamp": parts.clamp,
    "clamp_max": parts.lesser,
    "clamp_min": parts.greater,
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

_BY_NAME: dict[str, Rule] = {
    **dict.fromkeys(ELEMENTWISE, RESCALE),
    **dict.fromkeys(_LINEAR, LINEAR),
    **dict.fromkeys(_BILINEAR, MIDPOINT),
    **dict.fromkeys(_ORDERING, ORDERING),
    **{name: Rule("expanded", expand=function) for name, function in _EXPANSIONS.items()},
    **dict.fromkeys(POOLS, Rule("maximum", max_pool)),
    **dict.fromkeys([f"{name}_with_indices" for name in POOLS], Rule("maximum", max_pool)),
    **dict.fromkeys(["amax", "amin", "max", "min"], Rule("maximum", maximum_over)),
    **dict.fromkeys(["div", "rdiv"], QUOTIENT),
    **dict.fromkeys(["softmax", "log_softmax", "logsumexp"], Rule("softmax", softmax_family)),
    **dict.fromkeys(["layer_norm", "group_norm", "rms_norm", "instance_norm"], Rule("norm", norm)),
    "choose_between": Rule("mask", switch),
    "relu": Rule("rescale", rescale_relu),
}


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
    n = len(dependent)
    if n >= 2 and name in _PAIRED:
        return Rule("expanded", expand=_PAIRED[name])
    if name in {"maximum", "minimum", "fmax", "fmin"} or (name in {"max", "min"} and n_tensors == 2):
        # the other operand is a constant
        return Rule("expanded", expand=_PAIRED[name])
    if name in {"batch_norm", "instance_norm"}:
        return _statistics(name, args, kwargs, dependent)
    rule = _BY_NAME.get(name)
    if any_complex(args, kwargs):
        # the closed forms are those of real numbers; the derivatives of products are torch's own
        if name == "abs":
            return Rule("expanded", expand=parts.modulus)
        return rule if rule is LINEAR else None if rule is not MIDPOINT else LINEAR if n == 1 else MIDPOINT
    # a product with a constant is linear, and so is a quotient by a constant
    if rule is MIDPOINT:
        return LINEAR if n == 1 else MIDPOINT if n == 2 else None
    if rule is QUOTIENT:
        return LINEAR if name == "div" and dependent == (0,) else None if kwargs.get("rounding_mode") else QUOTIENT
    if rule is LINEAR or rule is ORDERING or (rule is not None and (rule.expand or name == "choose_between")):
        return rule
    # all other rules are about the first operand, their parameters being constants
    if rule is not None and n == 1 and (dependent[0] == 0 or name in {"pow", "rpow", "float_power", "xlogy"}):
        return rule
    return Rule("expanded", expand=inside(function)) if _is_written_in_python(function) else None


def any_complex(args: Any, kwargs: Any) -> bool:
    """Tell whether one of the operands is complex."""
    return any(isinstance(leaf, torch.Tensor) and leaf.is_complex() for leaf in tree_leaves((args, kwargs)))


def _statistics(name: str, args: tuple[Any, ...], kwargs: dict[str, Any], dependent: tuple[int, ...]) -> Rule | None:
    position, key = (5, "training") if name == "batch_norm" else (5, "use_input_stats")
    uses_input = bool(kwargs.get(key, args[position] if len(args) > position else name == "instance_norm"))
    if dependent != (0,):
        return None
    if not uses_input:
        return LINEAR
    if name == "instance_norm":
        return _BY_NAME[name]
    return Rule("none", doubt="uses the statistics of the batch, so that sequences and references change each other")


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


def is_affine(evaluate: Callable[..., Any], operands: tuple[torch.Tensor, ...]) -> bool:
    """Try an unknown operation out: f(a + e) + f(a - e) = 2 f(a) for random e, in all its operands together.

    Parameters
    ----------
    evaluate
        The operation as a function of its dependent operands.
    operands
        Where to try it.

    Returns
    -------
    Whether it holds, to the rounding of the dtype.
    """
    generator = torch.Generator(device=operands[0].device)
    generator.manual_seed(0)
    with torch.no_grad():
        steps = [
            torch.randn(t.shape, generator=generator, dtype=t.dtype, device=t.device)
            * t.std(correction=0).clamp_min(0.1)
            for t in operands
        ]
        try:
            up, down, middle = (
                _leaves(evaluate(*(t + sign * step for t, step in zip(operands, steps, strict=True))))
                for sign in (1, -1, 0)
            )
        except (RuntimeError, TypeError, ValueError, IndexError):
            return False
    tolerance = 1e-4 if operands[0].dtype == torch.float32 else 1e-8
    return all(
        bool(((a + b - 2 * c).abs().max() <= tolerance * (1e-6 + a.abs().max())).item())
        for a, b, c in zip(up, down, middle, strict=True)
    )


def is_differentiable(evaluate: Callable[..., Any], operands: tuple[torch.Tensor, ...]) -> bool:
    """Try whether torch has a derivative of an operation.

    Parameters
    ----------
    evaluate
        The operation as a function of its dependent operands.
    operands
        Where to try it.

    Returns
    -------
    Whether its backward pass runs.
    """
    # a probe, which this is a part of, drops what is saved for backward
    kept = torch.autograd.graph.saved_tensors_hooks(_itself, _itself)
    try:
        with kept:
            gradient_of(evaluate, operands, tuple(torch.ones_like(leaf) for leaf in _leaves(evaluate(*operands))))
    except (RuntimeError, ValueError):
        return False
    return True


def _itself(t: torch.Tensor) -> torch.Tensor:
    return t


def _leaves(result: Any) -> list[torch.Tensor]:
    leaves = [leaf for leaf in tree_leaves(result) if isinstance(leaf, torch.Tensor) and leaf.numel()]
    return [leaf for leaf in leaves if leaf.is_floating_point() or leaf.is_complex()]
