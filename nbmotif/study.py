"""Study: one model, one set of sequences, one motif database; runs the stages and remembers how."""

from __future__ import annotations

import difflib
import functools
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from nbmotif.arguments import check_choice, check_path, check_whole
from nbmotif.basis import Basis
from nbmotif.encoding import check_sequences
from nbmotif.errors import InvalidArgument, MissingStage
from nbmotif.sequences import dinucleotide_shuffle
from nbmotif.study_results import StudyResults

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import torch

    from nbmotif.compute import Arrays

    Method = TypeVar("Method", bound=Callable[..., Any])

# What a stage runs is imported when it is called: a study is made without numba, h5py and the engine.

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


class Study(StudyResults):
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

    def __setattr__(self, name: str, value: Any) -> None:
        is_made = "_explorer" in vars(self)  # the last that the constructor sets
        if is_made and name not in vars(self):
            if hasattr(Study, name):
                raise AttributeError(f"study.{name} cannot be set: make a new study for another")
            if type(self) is Study:  # what is derived may have more
                close = difflib.get_close_matches(name, vars(self), 1)
                hint = f"; did you mean {close[0]!r}?" if close else ""
                raise AttributeError(f"Study has no setting {name!r}{hint}")
        super().__setattr__(name, value)

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

        with read_study(check_path(path, "path")) as saved:
            study = Study(None, **saved.arguments)
            for name, value in saved.results.items():
                setattr(study, name, value)
            explained = None if callable(study.target) else study.target
            study.bases = {
                stage: Basis(None, weights, explained, study.random_state, study.args)
                for stage, weights in saved.weights.items()
            }
        study.model = model  # what is no model is no fault of the file
        return study

    def _model_call(self) -> dict[str, Any]:
        call: dict[str, Any] = {"device": self.device, "verbose": self.verbose}
        return call if self.batch_size is None else {**call, "batch_size": self.batch_size}

    def _shuffled_sequences(self, n: int) -> tuple[torch.Tensor, tuple[torch.Tensor, ...]]:
        """Shuffles of n of the study's sequences, and the further inputs of these."""
        rows = np.random.default_rng(self.random_state).choice(len(self.X), size=n, replace=n > len(self.X))
        shuffled = dinucleotide_shuffle(self.X[rows], n=1, random_state=self.random_state)[:, 0]
        return shuffled, tuple(arg[rows] for arg in self.args)

    def _need_model(self, stage: str) -> torch.nn.Module:
        if self.model is None:
            raise MissingStage(f"study.{stage}()", "a model: pass one, as in `Study.open(path, model=model)`,")
        return self.model

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
