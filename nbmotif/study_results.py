"""What a study holds: its settings and results, which of them belong together, and the ways to look at them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbmotif.arguments import check_output, check_path
from nbmotif.basis import Basis
from nbmotif.encoding import check_sequences
from nbmotif.errors import InvalidArgument, MissingStage
from nbmotif.study_settings import SETTINGS
from nbmotif.words import counted

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy as np
    import pandas as pd
    import torch

    from nbmotif.compute import Arrays
    from nbmotif.hits import Hits
    from nbmotif.modisco import PatternSet
    from nbmotif.motifs import Motifs, MotifSet
    from nbmotif.outputs import Target
    from nbmotif.widget.explorer import Explorer

# What one of these ways needs is imported when it is taken: h5py, numba, the widget.


class StudyResults:
    """The part of `Study` that runs no model: it can all be done with one that was opened to be looked at."""

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
        super().__setattr__(name, SETTINGS[name](value, self.X) if name in SETTINGS else value)

    @property
    def X(self) -> torch.Tensor:
        """The sequences, shape (N, 4, L); those of other sequences are another study."""
        return self._X

    @property
    def attributions(self) -> torch.Tensor | None:
        """Contributions of the observed bases, shape (N, 4, L); None before ``attribute``."""
        return None if self.hypothetical is None else self.hypothetical * self.X

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
        return Basis.of(self.model, self.target, self.random_state, self.args)

    def _check_basis(self, stage: str, now: Basis) -> None:
        """Refuse to put the results of a stage beside those of another model."""
        changed = self.bases[stage].changed(now) if stage in self.bases else ""
        if changed:
            hint = "Call it again, or `study.run()`; or make a new study."
            raise InvalidArgument(f"study.{changed}", "another", f"that of `study.{stage}()`", hint)

    def _need_hypothetical(self, wanted: str) -> torch.Tensor:
        if self.hypothetical is None:
            raise MissingStage(wanted, "`study.attribute()`")
        self._check_basis("attribute", self._basis())
        return self.hypothetical
