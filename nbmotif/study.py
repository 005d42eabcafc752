"""Study: one model, one set of sequences, one motif database; runs the stages and remembers how."""

from __future__ import annotations

import difflib
import functools
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from nbmotif.arguments import check_choice, check_output, check_path, check_whole
from nbmotif.encoding import check_sequences
from nbmotif.errors import InvalidArgument, MissingStage
from nbmotif.study_settings import SETTINGS
from nbmotif.words import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import pandas as pd
    import torch

    from nbmotif.basis import Basis
    from nbmotif.compute import Arrays
    from nbmotif.hits import Hits
    from nbmotif.modisco import PatternSet
    from nbmotif.motifs import Motifs, MotifSet
    from nbmotif.outputs import Target
    from nbmotif.widget.explorer import Explorer

    Method = TypeVar("Method", bound=Callable[..., Any])

# stage -> the stages whose results it makes stale
_STALE = {"attribute": ("call_seqlets", "annotate"), "call_seqlets": ("annotate",)}
_ATTRIBUTION = ("deep_lift_shap", "saliency", "saturation_mutagenesis")
# arguments that the study itself gives, or after which there is no number for each base
_OF_THE_STUDY = ("args", "target", "hypothetical")
_OTHER_RESULTS = ("return_references", "return_report", "raw_outputs", "start", "end")
# above this many motifs, only one of each family is inserted into backgrounds unless asked otherwise
_MARGINALIZE_ALL_UP_TO = 500


def _shown_while_it_runs(stage: Method) -> Method:
    """Decorate a stage: the study's Explorer shows how far it is, and can stop it, where one is open."""

    @functools.wraps(stage)
    def run(self: Study, *args: Any, **kwargs: Any) -> Any:
        explorer = self._open_explorer
        if explorer is None:
            return stage(self, *args, **kwargs)
        with explorer.showing(stage.__name__):
            return stage(self, *args, **kwargs)

    return run  # type: ignore[return-value]


class Study:
    """Ask one model what it has learned, with every method, and look at the answers in one widget.

    Each stage is a method that stores its result and returns the study, so that calls chain; ``run`` calls them all.
    A stage called again replaces its result and those computed from it. ``model``, ``target`` and ``args`` may be set
    anew: results of different ones are never shown side by side, and ``run`` replaces what is out of date.

    A stage refuses an argument that it cannot use (:class:`~nbmotif.errors.InvalidArgument`), names the stage that is
    to come first (:class:`~nbmotif.errors.MissingStage`), and ends as :class:`~nbmotif.errors.Cancelled` where its
    Explorer's button stops it. Each time the study stays as it was.

    Parameters
    ----------
    model
        A PyTorch model from (N, 4, L) to (N, n_outputs). None for a study that was opened to be looked at.
    X
        Sequences, shape (N, 4, L), one-hot in the order A C G T; a column of zeros is N.
    motifs
        The motif database: a ``MotifSet``, a mapping of name to PWM (4, w), a sequence of PWMs, or the path of a motif
        file of any kind.
    loci
        Where the sequences lie: a DataFrame with ``chrom``, ``start``, ``end``, one row per sequence, ``start`` and
        ``end`` being those of the sequence itself or of a peak at its centre. Used for names and coordinates only.
    name
        What the widget and the exported page are titled.
    args
        Further inputs of the model, each with N rows. A shuffled sequence keeps those of its sequence.
    target
        Which output of the model is explained, as in :func:`nbmotif.deep_lift_shap`.
    device
        Where the model runs. Default: CUDA if there is one, else the CPU.
    batch_size
        Rows per forward pass. Default: chosen by each stage.
    random_state
        Seed of everything random: the same seed gives the same numbers.
    verbose
        Show a progress bar per stage.

    Attributes
    ----------
    attributions
        Shape (N, 4, L), zero but at the observed bases. ``hypothetical`` holds the contributions of every base.
    seqlets
        A DataFrame of both signs: the vignette's columns, then ``motif_idx`` (the best match), ``tomtom_p``,
        ``tomtom_strand`` ("+", "-", or "." where none was matched).
    hits
        The FIMO hits with attributions.
    marginal
        A DataFrame: the effect of inserting each motif into backgrounds.
    settings
        What each stage was called with.

    Examples
    --------
    >>> import nbmotif
    >>> demo = nbmotif.demo.load()
    >>> study = nbmotif.Study(demo.model, demo.X[:20], demo.motifs, name="demo", verbose=False)
    >>> study.attribute(n_shuffles=2).call_seqlets().seqlets.columns[:5].to_list()
    ['example_idx', 'start', 'end', 'attribution', 'p-value']
    """

    model: torch.nn.Module | None
    motifs: MotifSet
    loci: pd.DataFrame | None
    args: tuple[torch.Tensor, ...]
    target: Target
    batch_size: int | None
    random_state: int | None
    device: str | torch.device | None

    def __init__(
        self,
        model: torch.nn.Module | None,
        X: torch.Tensor | np.ndarray,
        motifs: Motifs,
        loci: pd.DataFrame | None = None,
        *,
        name: str = "",
        args: Sequence[Arrays] | None = None,
        target: Target = 0,
        device: str | torch.device | None = None,
        batch_size: int | None = None,
        random_state: int | None = 0,
        verbose: bool = True,
    ) -> None:
        self._X = check_sequences(X, "X").detach().cpu()
        checked: dict[str, Any] = {"batch_size": batch_size, "motifs": motifs, "model": model, "loci": loci}
        checked |= {"args": args, "target": target, "random_state": random_state, "device": device}
        for setting, value in checked.items():
            setattr(self, setting, value)
        self.name, self.verbose = name, verbose
        self.hypothetical: torch.Tensor | None = None
        self.seqlets: pd.DataFrame | None = None
        self.hits: Hits | None = None
        self.marginal: pd.DataFrame | None = None
        self.settings: dict[str, dict[str, Any]] = {}
        self.numbering: dict[str, list[str]] = {}  # stage -> the motifs that its numbers stand for
        self.bases: dict[str, Basis] = {}  # stage that ran the model -> which model, and how
        self._explorer: Explorer | None = None

    def __setattr__(self, name: str, value: Any) -> None:
        is_made = "_explorer" in vars(self)  # the last that the constructor sets
        if is_made and name not in vars(self):
            if hasattr(Study, name):
                raise AttributeError(f"study.{name} cannot be set: make a new study for another")
            if type(self) is Study:  # what is derived may have more
                close = difflib.get_close_matches(name, vars(self), 1)
                hint = f"; did you mean {close[0]!r}?" if close else ""
                raise AttributeError(f"Study has no setting {name!r}{hint}")
        super().__setattr__(name, SETTINGS[name](value, self.X) if name in SETTINGS else value)

    @property
    def X(self) -> torch.Tensor:
        """The sequences, shape (N, 4, L); those of other sequences are another study."""
        return self._X

    @property
    def attributions(self) -> torch.Tensor | None:
        """Contributions of the observed bases, shape (N, 4, L); None before ``attribute``."""
        return None if self.hypothetical is None else self.hypothetical * self.X

    def run(self) -> Study:
        """Run every stage: attribute, call seqlets, annotate, scan and, where there is a model, marginalize.

        Attributions that are there already stay, unless the model, its weights, ``target``, ``args`` or
        ``random_state``, where the method draws, have changed since; then the same method is called again. Every
        stage is called with its defaults.

        Returns
        -------
        The study.
        """
        now, basis = self._basis(), self.bases.get("attribute")
        before = self.settings.get("attribute", {})
        is_another_draw = "random_state" in before and basis is not None and basis.random_state != now.random_state
        if self.hypothetical is None or is_another_draw or (basis is not None and basis.changed(now)):
            self.attribute(method=before.get("method", "deep_lift_shap"))
        self.call_seqlets().annotate().scan()
        return self if self.model is None else self.marginalize()

    @_shown_while_it_runs
    def attribute(self, n_shuffles: int = 20, method: str = "deep_lift_shap", **kwargs: Any) -> Study:
        """Attribute the prediction for every sequence to its bases.

        Parameters
        ----------
        n_shuffles
            References per sequence, for DeepLIFT/SHAP.
        method
            ``"deep_lift_shap"``; ``"saliency"``, an instant preview; or ``"saturation_mutagenesis"``, which works for
            any function of a batch.
        kwargs
            Further arguments of the function of that name, but for those that the study gives (``args``, ``target``,
            ``hypothetical``) and those that ask for something else than a number for each base.

        Returns
        -------
        The study, with ``attributions`` and ``hypothetical``.
        """
        import nbmotif.attribution

        check_choice(method, "method", _ATTRIBUTION)
        _refuse(kwargs, _OF_THE_STUDY, "Give it to the study: Study(…).")
        _refuse(kwargs, _OTHER_RESULTS, f"Call nbmotif.{method} itself for other results.")
        own = {"n_shuffles": n_shuffles, "random_state": self.random_state} if method == "deep_lift_shap" else {}
        kwargs = {**self._model_call(), **own, **kwargs}
        function, model, basis = getattr(nbmotif.attribution, method), self._need_model("attribute"), self._basis()
        hypothetical = function(model, self.X, args=self.args, target=self.target, hypothetical=True, **kwargs)
        # all at once, so that a stage that is interrupted leaves everything as it was
        hits = self.hits if self.hits is None else self.hits.with_signal(hypothetical * self.X)
        self.hypothetical, self.seqlets, self.hits = hypothetical, None, hits
        self.bases["attribute"] = basis
        if "marginalize" in self.bases and self.bases["marginalize"].changed(basis):
            self.marginal = None
            del self.bases["marginalize"], self.settings["marginalize"]
        self._remember("attribute", {"method": method, **kwargs})
        return self

    @_shown_while_it_runs
    def call_seqlets(self, threshold: float = 0.01, additional_flanks: int = 1, **kwargs: Any) -> Study:
        """Call seqlets of both signs on the attributions.

        Parameters
        ----------
        threshold
            A seqlet's p-value is below this. The widget's slider moves below it.
        additional_flanks
            Bases added on each side of a seqlet, which helps TOMTOM.
        kwargs
            Further arguments of :func:`nbmotif.recursive_seqlets`.

        Returns
        -------
        The study, with ``seqlets``.
        """
        from nbmotif.seqlets import recursive_seqlets

        attributions = self._need_hypothetical("study.call_seqlets()") * self.X
        kwargs = {"threshold": threshold, "additional_flanks": additional_flanks, "sign": "both", **kwargs}
        self.seqlets = recursive_seqlets(attributions.sum(dim=1), **kwargs)
        self._remember("call_seqlets", kwargs)
        return self

    @_shown_while_it_runs
    def annotate(self, **kwargs: Any) -> Study:
        """Match each seqlet to the motif database with TOMTOM.

        Parameters
        ----------
        kwargs
            Arguments of :func:`nbmotif.annotate_seqlets`.

        Returns
        -------
        The study; ``seqlets`` gains ``motif_idx``, ``tomtom_p`` and ``tomtom_strand`` (of the best match).
        """
        from nbmotif.matching import annotate_seqlets

        if self.seqlets is None:
            raise MissingStage("study.annotate()", "`study.call_seqlets()`")
        found = annotate_seqlets(self.X, self.seqlets, self.motifs, **kwargs)
        motif_idx, p_values, strand = (np.asarray(t)[:, 0] for t in (*found, found.strands))
        strand = np.select([motif_idx < 0, strand < 0], [".", "-"], "+")
        self.seqlets = self.seqlets.assign(motif_idx=motif_idx, tomtom_p=p_values, tomtom_strand=strand)
        self.numbering["annotate"] = self.motifs.names
        self._remember("annotate", kwargs)
        return self

    @_shown_while_it_runs
    def scan(self, threshold: float = 1e-4, **kwargs: Any) -> Study:
        """Scan the sequences for every motif with FIMO and sum the attributions under each hit.

        Parameters
        ----------
        threshold
            A hit's p-value is below this. The widget's slider moves below it.
        kwargs
            Further arguments of :func:`nbmotif.fimo`.

        Returns
        -------
        The study, with ``hits``.
        """
        from nbmotif.scanning import fimo

        kwargs = {"threshold": threshold, "verbose": self.verbose, **kwargs}
        hits = fimo(self.motifs, self.X, **kwargs)
        self.hits = hits if self.attributions is None else hits.with_signal(self.attributions)
        self.numbering["scan"] = self.motifs.names
        self._remember("scan", kwargs)
        return self

    @_shown_while_it_runs
    def marginalize(
        self,
        n_backgrounds: int = 50,
        motifs: Sequence[str] | str | None = None,
        backgrounds: torch.Tensor | None = None,
        **kwargs: Any,
    ) -> Study:
        """Insert motifs into backgrounds and measure the change of the model's prediction.

        Parameters
        ----------
        n_backgrounds
            How many dinucleotide shuffles of the study's own sequences serve as backgrounds: same length, same GC and
            dinucleotide content, no motif.
        motifs
            Names of the motifs to insert. Default: all, or the medoid of each family in databases of over 500.
        backgrounds
            Sequences to use instead, shape (n, 4, L).
        kwargs
            Further arguments of :func:`nbmotif.marginalize_motifs`; ``args`` for ``backgrounds``, where the study has
            further inputs.

        Returns
        -------
        The study, with ``marginal``.
        """
        from nbmotif.marginal import marginalize_motifs

        model, basis = self._need_model("marginalize"), self._basis()
        self._check_basis("attribute", basis)
        _refuse(kwargs, ("target",), "Give it to the study: Study(…).")
        if motifs is None and len(self.motifs) > _MARGINALIZE_ALL_UP_TO:
            motifs = [self.motifs.names[medoid] for medoid in self.motifs.families().medoids]
        chosen = self.motifs if motifs is None else self.motifs.subset([motifs] if isinstance(motifs, str) else motifs)
        args: Sequence[Arrays] | None = kwargs.pop("args", None)
        if backgrounds is None:
            background, shuffled_args = self._shuffled_sequences(check_whole(n_backgrounds, "n_backgrounds", least=1))
            args = shuffled_args if args is None else args
        else:
            background = check_sequences(backgrounds, "backgrounds")
        if self.args and args is None:
            expected = f"the {len(self.args)} further inputs of the model, with a row for each background"
            raise InvalidArgument("args", None, expected, "Pass marginalize(backgrounds=…, args=…).")
        kwargs = {**self._model_call(), "random_state": self.random_state, **kwargs}
        given: dict[str, Any] = {"args": args} if args else {}
        self.marginal = marginalize_motifs(model, background, chosen, target=self.target, **given, **kwargs)
        self.bases["marginalize"] = basis
        self._remember("marginalize", {"n_backgrounds": len(background), "n_motifs": len(chosen), **kwargs})
        return self

    def evidence(self, **thresholds: Any) -> pd.DataFrame:
        """Tabulate what every stage that ran says of each motif family.

        Parameters
        ----------
        thresholds
            What counts: ``attribution``, ``seqlet_p``, ``tomtom_p``, ``fimo_p``, ``sign``, as in
            :class:`nbmotif.thresholds.Thresholds`. Default: the vignette's, and both signs.

        Returns
        -------
        The table of :func:`nbmotif.evidence.evidence`.

        Raises
        ------
        InvalidArgument
            If a threshold is not known, not possible, or above that of the stage, whose results end there.
        """
        from nbmotif.evidence import evidence, read_thresholds

        self._check_any("study.evidence()")
        self._check_current()
        annotated = self.seqlets if self.seqlets is not None and "motif_idx" in self.seqlets else None
        hits = self.hits if self.hypothetical is not None else None
        families, cuts = self.motifs.families(), read_thresholds(thresholds, self.settings)
        return evidence(families, cuts, marginal=self.marginal, seqlets=annotated, hits=hits)

    @property
    def explorer(self) -> Explorer:
        """The widget over everything that has been computed; where it is open, it follows each stage that is run."""
        explorer = self._open_explorer
        if explorer is None:
            self._check_current()
            from nbmotif.widget.explorer import Explorer

            explorer = self._explorer = Explorer.from_study(self)
        return explorer

    @property
    def _open_explorer(self) -> Explorer | None:
        """The widget, if there is one that was not closed."""
        return None if self._explorer is None or self._explorer.comm is None else self._explorer

    def to_html(self, path: str | Path, **kwargs: Any) -> Path:
        """Write what is shown as one HTML file whose sliders work with no kernel and no network.

        Parameters
        ----------
        path
            The file to write.
        kwargs
            Further arguments of :meth:`nbmotif.Explorer.to_html`.

        Returns
        -------
        The path.
        """
        self._check_any("study.to_html()")
        self.explorer.to_html(path, **kwargs)
        return check_path(path, "path")

    def save(self, path: str | Path) -> Path:
        """Write sequences, further inputs, motifs, settings and results to one HDF5 file; the model is not in it.

        Parameters
        ----------
        path
            The file to write, by custom ``<name>.nbmotif``.

        Returns
        -------
        The path.

        Raises
        ------
        FileNotFoundError
            If there is no such folder.
        InvalidArgument
            If motifs, the model or its target are no longer those of the results.
        """
        from nbmotif.study_file import write_study

        self._check_current()
        return write_study(self, check_output(path, "path"))

    @classmethod
    def open(cls, path: str | Path, model: torch.nn.Module | None = None) -> Study:
        """Read a study that ``save`` wrote.

        Parameters
        ----------
        path
            The file.
        model
            The model, if stages that need it are to be run again.

        Returns
        -------
        The study as it was saved. A ``target`` that was a function is not in the file: set it again before a stage
        that runs the model.

        Raises
        ------
        InvalidFile
            If this is no study, or the file is damaged.
        """
        from nbmotif.study_file import read_study

        return read_study(check_path(path, "path"), model)

    def to_modisco(self, directory: str | Path) -> tuple[Path, Path]:
        """Write TF-MoDISco's inputs: one-hot sequences and hypothetical contributions, as npz files.

        Parameters
        ----------
        directory
            Where to write ``sequences.npz`` and ``attributions.npz``; made if absent.

        Returns
        -------
        The two paths.
        """
        from nbmotif.modisco import write_modisco_inputs

        return write_modisco_inputs(directory, self.X, self._need_hypothetical("study.to_modisco()"))

    def run_modisco(self, path: str | Path | None = None, **kwargs: Any) -> PatternSet:
        """Discover motifs de novo with TF-MoDISco (modisco-lite, the extra ``nbmotif[modisco]``).

        Parameters
        ----------
        path
            Where to keep TF-MoDISco's h5 file. Default: a temporary file that is removed.
        kwargs
            Further arguments of :func:`nbmotif.modisco.run_modisco`.

        Returns
        -------
        The patterns, as a motif set that annotates and shows like any other.

        Raises
        ------
        ImportError
            If modisco-lite is not installed.
        MissingStage
            If nothing has been attributed yet.
        InvalidArgument
            As :func:`nbmotif.modisco.run_modisco`, before the run.

        Examples
        --------
        >>> import nbmotif
        >>> study = nbmotif.demo.load().study(verbose=False).attribute()  # doctest: +SKIP
        >>> patterns = study.run_modisco("modisco.h5")  # doctest: +SKIP
        """
        from nbmotif.modisco import run_modisco

        hypothetical = self._need_hypothetical("study.run_modisco()")
        return run_modisco(self.X, hypothetical, path=path, **{"verbose": self.verbose, **kwargs})

    def __repr__(self) -> str:
        n, _, length = self.X.shape
        done = ", ".join(self.settings) or "nothing yet: call `.run()`"
        title = f"Study {self.name!r}" if self.name else "Study"
        return f"{title}: {counted(n, 'sequence')} of {length:,} bp, {counted(len(self.motifs), 'motif')}; ran {done}"

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        if not {"attribute", "scan", "call_seqlets"} & set(self.settings):
            return {"text/plain": repr(self)}
        return self.explorer._repr_mimebundle_(**kwargs)

    def _model_call(self) -> dict[str, Any]:
        call: dict[str, Any] = {"device": self.device, "verbose": self.verbose}
        return call if self.batch_size is None else {**call, "batch_size": self.batch_size}

    def _shuffled_sequences(self, n: int) -> tuple[torch.Tensor, tuple[torch.Tensor, ...]]:
        """Shuffles of n of the study's sequences, and the further inputs of these."""
        from nbmotif.sequences import dinucleotide_shuffle

        rows = np.random.default_rng(self.random_state).choice(len(self.X), size=n, replace=n > len(self.X))
        shuffled = dinucleotide_shuffle(self.X[rows], n=1, random_state=self.random_state)[:, 0]
        return shuffled, tuple(arg[rows] for arg in self.args)

    def _check_any(self, wanted: str) -> None:
        """Refuse to tell of nothing."""
        if all(result is None for result in (self.hypothetical, self.seqlets, self.hits, self.marginal)):
            raise MissingStage(wanted, "the results of a stage, such as `study.attribute()`,")

    def _check_current(self) -> None:
        """Refuse a model, or motifs, that are not those of the results."""
        now = self._basis()
        for stage in self.bases:
            self._check_basis(stage, now)
        for stage, names in self.numbering.items():
            if stage in self.settings and names != self.motifs.names:
                got = f"{len(self.motifs)} motifs, of which some were added, removed or renamed since"
                hint = "Call it again, or make a new study."
                raise InvalidArgument("study.motifs", got, f"the motifs of `study.{stage}()`", hint)

    def _basis(self) -> Basis:
        from nbmotif.basis import Basis

        return Basis.of(self.model, self.target, self.random_state, self.args)

    def _check_basis(self, stage: str, now: Basis) -> None:
        """Refuse to put the results of a stage beside those of another model."""
        changed = self.bases[stage].changed(now) if stage in self.bases else ""
        if changed:
            hint = "Call it again, or `study.run()`; or make a new study."
            raise InvalidArgument(f"study.{changed}", "another", f"that of `study.{stage}()`", hint)

    def _need_model(self, stage: str) -> torch.nn.Module:
        if self.model is None:
            raise MissingStage(f"study.{stage}()", "a model: pass one, as in `Study.open(path, model=model)`,")
        return self.model

    def _need_hypothetical(self, wanted: str) -> torch.Tensor:
        if self.hypothetical is None:
            raise MissingStage(wanted, "`study.attribute()`")
        self._check_basis("attribute", self._basis())
        return self.hypothetical

    def _remember(self, stage: str, settings: dict[str, Any]) -> None:
        self.settings[stage] = {key: value for key, value in settings.items() if value is not None}
        for stale in _STALE.get(stage, ()):
            self.settings.pop(stale, None)
        explorer = self._open_explorer
        if explorer is not None:
            explorer.update_from(self)


def _refuse(kwargs: dict[str, Any], names: Sequence[str], hint: str) -> None:
    for name in names:
        if name in kwargs:
            raise InvalidArgument(name, type(kwargs[name]).__name__, "left out here", hint)
