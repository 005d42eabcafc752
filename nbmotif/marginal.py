"""Marginalization: what inserting a motif into background sequences does to a model's prediction or attributions."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from nbmotif.arguments import check_seed
from nbmotif.arrangements import arrangements, other_orders
from nbmotif.arrangements import instances as written_out
from nbmotif.encoding import check_sequences
from nbmotif.errors import InvalidArgument
from nbmotif.insertions import Insertion, predicted_changes
from nbmotif.models import predict
from nbmotif.motifs import as_motif_set
from nbmotif.outputs import as_differences, check_rows, check_target, select_target
from nbmotif.ported import ALPHABET, takes
from nbmotif.progress import Progress
from nbmotif.sequences import substitute
from nbmotif.unpacking import Unpacks
from nbmotif.words import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd

    from nbmotif.arrangements import Arrangement
    from nbmotif.compute import Arrays, Model
    from nbmotif.motifs import Motifs
    from nbmotif.outputs import Target


@dataclass(frozen=True, eq=False, repr=False)
class PerturbationResult(Unpacks):
    """What a model says before and after a motif was inserted; unpacks as ``y_before, y_after``.

    Attributes
    ----------
    y_before, y_after
        What the function returned: predictions with N rows, a list of them, or attributions of shape (N, 4, L).
    start, end
        The span of the motif, 0-based and half-open.
    X_before, X_after
        The sequences, shape (N, 4, L).
    are_predictions
        Whether the function is known to predict. Of another, what has the shape of X is taken for attributions.
    """

    y_before: Any
    y_after: Any
    start: int
    end: int
    X_before: torch.Tensor
    X_after: torch.Tensor
    are_predictions: bool = False

    def _unpacked(self) -> tuple[Any, Any]:
        return self.y_before, self.y_after

    def __repr__(self) -> str:
        n = counted(len(self.X_before), "sequence")
        return f"PerturbationResult of {n}, motif at {self.start} to {self.end}: y_before, y_after; effect"

    @property
    def effect(self) -> Any:
        """The change that the motif makes in each background.

        Of predictions, their difference, same shape. Of attributions, the difference of their sums over the motif's
        span, shape (N,), each side on its own sequence: what the bases of the motif contribute, less what the bases
        that were there before contributed.
        """
        if isinstance(self.y_before, (list, tuple)):
            pairs = zip(self.y_before, self.y_after, strict=True)
            return [self._difference(before, after) for before, after in pairs]
        return self._difference(self.y_before, self.y_after)

    def _difference(self, before: torch.Tensor, after: torch.Tensor) -> torch.Tensor:
        if self.are_predictions or before.shape != self.X_before.shape:
            return as_differences(after) - as_differences(before)
        span = slice(self.start, self.end)
        return _in_span(after, self.X_after, span) - _in_span(before, self.X_before, span)


@takes(alphabet=ALPHABET)
def marginalize(
    model: Model,
    X: Arrays,
    motif: Arrays | str,
    start: int | None = None,
    func: Callable[..., Any] = predict,
    additional_func_kwargs: Mapping[str, Any] | None = None,
    **kwargs: Any,
) -> PerturbationResult:
    """Apply a function to sequences before and after a motif is written into them.

    The backgrounds hold no motif, so the difference is what the motif does on its own. With ``func=deep_lift_shap`` the
    references of the backgrounds serve both sides; otherwise the difference would be that of two random draws.

    Parameters
    ----------
    model
        The model that ``func`` is applied to.
    X
        Background sequences, shape (N, 4, L), one-hot; N as a column of zeros is allowed.
    motif
        Letters, or shape (4, w), (1, 4, w) or (N, 4, w), as in :func:`nbmotif.substitute`.
    start
        First position of the motif. Default: ``L // 2 - w // 2``.
    func
        Called as ``func(model, X, ...)`` before and after: :func:`nbmotif.predict`, :func:`nbmotif.deep_lift_shap`, or
        any other.
    additional_func_kwargs
        Arguments for ``func`` whose names this function has too.
    kwargs
        Further arguments for ``func``.

    Returns
    -------
    Both results. It unpacks as ``y_before, y_after``, and ``.effect`` is the motif's effect in each background.

    Raises
    ------
    InvalidArgument
        If X is not one-hot, or the motif does not fit.

    Examples
    --------
    >>> import torch
    >>> from nbmotif import marginalize, random_one_hot
    >>> def count_gata(X):
    ...     return torch.nn.functional.conv1d(X, torch.eye(4)[[2, 0, 3, 0]].T[None]).amax(-1)
    >>> result = marginalize(count_gata, random_one_hot((20, 4, 30), random_state=0), "GATA")
    >>> y_before, y_after = result
    >>> y_after.shape, result.start, result.end, bool((result.effect >= 0).all())
    (torch.Size([20, 1]), 13, 17, True)
    """
    X = check_sequences(X)
    options = {**kwargs, **_options(additional_func_kwargs)}
    X_after = substitute(X, motif, start)
    width = len(motif) if isinstance(motif, str) else int(motif.shape[-1])
    first = X.shape[-1] // 2 - width // 2 if start is None else start
    func, options = _unwrapped(func, options)
    options = _with_references(func, X, options)
    before, after = (_attributions(func(model, side, **options)) for side in (X, X_after))
    return PerturbationResult(before, after, first, first + width, X, X_after, func is predict)


def _options(given: object) -> Mapping[str, Any]:
    if given is None or isinstance(given, Mapping):
        return given or {}
    raise InvalidArgument("additional_func_kwargs", repr(given), "a mapping of argument to value, or None")


def marginalize_motifs(
    model: Model,
    X: Arrays,
    motifs: Motifs,
    func: Callable[..., Any] = predict,
    target: Target | list[Target] = 0,
    start: int | Sequence[int] | None = None,
    strand: str = "+",
    n_copies: int = 1,
    spacing: int = 10,
    instances: str = "consensus",
    random_state: int | None = None,
    verbose: bool = False,
    **kwargs: Any,
) -> pd.DataFrame:
    """Measure the effect of every motif of a database, and whether it takes the motif or only its letters.

    The backgrounds are run once for the whole database. Each background also receives the motif with its letters in
    another order, a different one each time: a motif that acts only by its GC content does no better than those.

    Parameters
    ----------
    model
        A PyTorch module, or a function of a batch.
    X
        Background sequences, shape (N, 4, L), one-hot.
    motifs
        What is inserted: a MotifSet, the path of a file, a mapping of name to PWM or letters, or a sequence of PWMs.
    func
        :func:`nbmotif.predict`; or :func:`nbmotif.deep_lift_shap`, whose attributions are summed over the motif's
        positions; or another function of ``(model, X, ...)`` that returns predictions or attributions. One with an
        argument ``target`` is given it, and returns one number per sequence or attributions.
    target
        The output that counts, as in :func:`nbmotif.deep_lift_shap`; or a list of several, each of which has rows of
        its own: predictions of all of them are those of one run. That of a partial goes first.
    start
        First position of each motif, or several to be tried in turn. Default: its middle in the middle.
    strand
        ``"+"``, ``"-"`` or ``"both"`` in turn.
    n_copies
        How many copies are inserted in a row. ``start`` is that of the first.
    spacing
        Positions between two copies, which keep the background.
    instances
        ``"consensus"``, the likeliest letters; or ``"sampled"``, drawn from the PWM for each background and copy.
    random_state
        Seed of sampled instances, of the orders of the letters and, with ``deep_lift_shap``, of the references.
    verbose
        Show a progress bar.
    kwargs
        Further arguments for ``func``, such as ``batch_size``, ``device`` and ``args``.

    Returns
    -------
    One row per motif, start and strand, in this order of nesting: ``motif_name``; ``start``, the motif's first
    position, and ``strand``; ``effect``, the mean change over the backgrounds, in units of the output; its
    ``standard_error``; ``shuffled_effect``, the mean change by the same letters in other orders; ``z``, the difference
    of both effects over the standard error of that difference (±inf where it is the same in all backgrounds, 0 where it
    is 0 in all; NaN where the letters have no other order, and of a single background); ``gc_change``, of the motif's
    positions, as a fraction of its bases. Of several targets, the rows of one after another, and ``target``.

    Raises
    ------
    InvalidArgument
        If X is not one-hot, a motif does not fit into it, an option is not known, or ``func`` returns attributions and
        cannot be told the target.

    Examples
    --------
    >>> import numpy as np
    >>> import torch
    >>> from nbmotif import marginalize_motifs, random_one_hot
    >>> def count_gata(X):
    ...     return torch.nn.functional.conv1d(X, torch.eye(4)[[2, 0, 3, 0]].T[None]).amax(-1)
    >>> motifs = {"GATA": np.eye(4)[[2, 0, 3, 0]].T, "CCCC": np.eye(4)[[1, 1, 1, 1]].T}
    >>> X = random_one_hot((20, 4, 30), random_state=0)
    >>> table = marginalize_motifs(count_gata, X, motifs, random_state=0)
    >>> (table.set_index("motif_name")["effect"] > 0.5).to_dict()
    {'GATA': True, 'CCCC': False}
    >>> marginalize_motifs(count_gata, X, motifs, start=[3, 20], strand="both", random_state=0).shape
    (8, 8)
    """
    import pandas as pd

    X = check_sequences(X)
    database = as_motif_set(motifs)
    places = arrangements(start, strand, n_copies, spacing)
    rng = np.random.default_rng(check_seed(random_state, least=0))
    func, kwargs = _unwrapped(func, kwargs)
    targets = _targets(target)
    rows: list[dict[str, Any]] = []
    every: list[Insertion] = []  # motif and shuffled letters in turn
    for name, pwm in database.items():
        for place in places:
            first = _fitting(place, name, pwm.shape[-1], X.shape[-1])
            copies = [written_out(pwm, len(X), instances, rng) for _ in range(n_copies)]
            shuffled = [other_orders(copy, rng) for copy in copies]
            every += [Insertion.of(X, place.write(letters).to(X.device), first) for letters in (copies, shuffled)]
            rows.append({"motif_name": name, "start": first, "strand": place.strand})
    n_runs = 1 if func is predict else len(targets)
    with Progress(total=n_runs * len(every) * len(X), disable=not verbose, desc="marginalize") as progress:
        if func is predict:
            changes = predicted_changes(model, X, every, targets, kwargs, progress.update)
        else:
            options = _with_references(func, X, kwargs, random_state)
            each = [_changes_of(func, model, X, every, one, options, progress.update) for one in targets]
            changes = torch.stack(each, -1)
    gc_changes = [insertion.gc_change(X) for insertion in every[::2]]
    tables = [_effects(rows, every, changes[:, :, t]).assign(gc_change=gc_changes) for t in range(len(targets))]
    if not isinstance(target, list):
        return tables[0]
    of_row: list[Any] = [one for one, table in zip(targets, tables, strict=True) for _ in range(len(table))]
    return pd.concat(tables, ignore_index=True).assign(target=of_row)


def _targets(target: Target | list[Target]) -> list[Target]:
    targets = [check_target(one) for one in target] if isinstance(target, list) else [target]
    if not targets:
        raise InvalidArgument("target", "an empty list", "an output, or a list of them")
    return targets


def _effects(rows: Sequence[Mapping[str, Any]], every: Sequence[Insertion], changes: torch.Tensor) -> pd.DataFrame:
    """Tabulate the changes of one output, (n_insertions, N), of which every second is of shuffled letters."""
    import pandas as pd

    effects, shuffled_effects = changes[::2], changes[1::2]
    return pd.DataFrame(rows).assign(
        effect=effects.mean(1).tolist(),
        standard_error=[_standard_error(effect) for effect in effects],
        shuffled_effect=shuffled_effects.mean(1).tolist(),
        z=[_z(*compared) for compared in zip(every[::2], every[1::2], effects - shuffled_effects, strict=True)],
    )


def _changes_of(
    func: Callable[..., Any],
    model: Model,
    X: torch.Tensor,
    insertions: Sequence[Insertion],
    target: Target,
    options: dict[str, Any],
    progress: Callable[[int], object],
) -> torch.Tensor:
    """Change of what a function says of each background, shape (n_insertions, N); of attributions, in the span."""
    is_told = "target" in inspect.signature(func).parameters
    if is_told:
        options = {"target": target, **options}

    def run(X: torch.Tensor) -> torch.Tensor:
        y = _attributions(func(model, X, **options))
        if not isinstance(y, torch.Tensor) or y.shape != X.shape:
            return check_rows(select_target(y, () if is_told else target), len(X)).cpu().double()
        if not is_told and target != 0:
            hint = "Give func an argument called target."
            raise InvalidArgument("target", target, "0 where func returns attributions and does not take it", hint)
        return y

    before, rows = run(X), []
    for insertion in insertions:
        edited = insertion.into(X)
        after = run(edited)
        if after.shape == X.shape:
            rows.append(insertion.total(after, edited) - insertion.total(before, X))
        else:
            rows.append(after - before)
        progress(len(X))
    return torch.stack(rows)


def _in_span(attributions: torch.Tensor, X: torch.Tensor, span: slice) -> torch.Tensor:
    """Sum attributions, (N, 4, L), over a span: only its own bases', also of hypothetical ones."""
    return (attributions[:, :, span].cpu().double() * X[:, :, span].cpu()).sum((1, 2))


def _unwrapped(func: Callable[..., Any], options: Mapping[str, Any]) -> tuple[Callable[..., Any], dict[str, Any]]:
    """Take a function out of partials, so that it is known, and the arguments that they hold, which others replace."""
    if not callable(func):
        raise InvalidArgument("func", repr(func), "a function, such as nbmotif.deep_lift_shap itself")
    inner: Any = func
    while isinstance(inner, functools.partial) and not inner.args:
        inner, options = inner.func, {**inner.keywords, **options}
    return inner, dict(options)


def _with_references(
    func: Callable[..., Any], X: torch.Tensor, options: Mapping[str, Any], random_state: int | None = None
) -> dict[str, Any]:
    """Draw the references of the backgrounds, where func attributes, so that both sides are compared with the same."""
    from nbmotif.attribution import deep_lift_shap
    from nbmotif.attribution.references import References

    if func is not deep_lift_shap:
        return dict(options)

    drawn_by = ("references", "n_shuffles", "random_state")
    defaults = inspect.signature(deep_lift_shap).parameters
    settings = {**{name: defaults[name].default for name in drawn_by}, "random_state": random_state, **options}
    given, n_shuffles, seed = (settings.pop(name) for name in drawn_by)
    references = References(given, X, n_shuffles, seed)
    return {**settings, "references": references.draw(slice(0, len(X)))}


def _attributions(result: Any) -> Any:
    """Take attributions out of a result that holds the references too."""
    return getattr(result, "attributions", result)


def _fitting(place: Arrangement, name: str, width: int, length: int) -> int:
    first = place.first(width, length)
    if first < 0 or first + place.width(width) > length:
        copies = f"{place.n_copies} copies of " if place.n_copies > 1 else ""
        got = f"{copies}{name!r} of {width} bp at position {first}"
        name = "motifs" if place.start is None else "start"
        raise InvalidArgument(name, got, f"inside sequences of {length} bp", "Use longer sequences or drop it.")
    return first


def _standard_error(values: torch.Tensor) -> float:
    if len(values) < 2:
        return float("nan")
    if (values == values[0]).all():
        return 0.0  # exactly, which rounding of the mean would miss
    return float(values.std() / len(values) ** 0.5)


def _z(motif: Insertion, shuffled: Insertion, difference: torch.Tensor) -> float:
    """Tell by how many standard errors a motif does more than its letters in other orders."""
    if len(difference) < 2 or torch.equal(motif.letters, shuffled.letters):
        return float("nan")
    if not difference.any():
        return 0.0
    return float(difference.mean() / _standard_error(difference))  # of a tensor, which divides by 0
