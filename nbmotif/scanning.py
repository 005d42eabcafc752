"""FIMO: every place where a motif matches a sequence better than chance allows, with exact p-values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias, overload

import numpy as np

from nbmotif.arguments import check_choice, check_flags, check_number, check_p_value
from nbmotif.arrays import as_array
from nbmotif.errors import InvalidArgument, warn
from nbmotif.exact_scan import exact_scan
from nbmotif.kernels.fimo_tables import FimoTables, fimo_tables
from nbmotif.letters import Letters, as_letters
from nbmotif.memelite_scan import scan_as_memelite
from nbmotif.motifs import as_motif_set
from nbmotif.ported import ALPHABET, Unused, takes
from nbmotif.words import some

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt
    import pandas as pd
    import torch

    from nbmotif.hits import Hits
    from nbmotif.motifs import Motifs, MotifSet

    Sequences: TypeAlias = torch.Tensor | npt.NDArray[Any] | str | os.PathLike[str] | Sequence[str] | Mapping[str, str]
    Background: TypeAlias = npt.ArrayLike | Literal["sequences"] | None

# 1e-4 per letter on a uniform background
_PSEUDOCOUNT = 4e-4
_NAMED_IN_WARNING = 10


@overload
def fimo(
    motifs: Motifs,
    sequences: Sequences,
    *,
    threshold: float = ...,
    reverse_complement: bool = ...,
    background: Background = ...,
    pseudocount: float | None = ...,
    compat: Literal["memelite"] | None = ...,
    dim: Literal[0] = ...,
    verbose: bool = ...,
) -> Hits: ...
@overload
def fimo(
    motifs: Motifs,
    sequences: Sequences,
    *,
    threshold: float = ...,
    reverse_complement: bool = ...,
    background: Background = ...,
    pseudocount: float | None = ...,
    compat: Literal["memelite"] | None = ...,
    dim: Literal[1],
    verbose: bool = ...,
) -> list[pd.DataFrame]: ...
@takes(
    alphabet=ALPHABET,
    bin_size=Unused(0.1, 'compat="memelite" bins scores as memelite does.'),
    eps=Unused(0.0001, "It is called pseudocount here."),
    return_counts=Unused(False, "hits.n_hits_per_motif has the counts."),
)
def fimo(
    motifs: Motifs,
    sequences: Sequences,
    *,
    threshold: float = 1e-4,
    reverse_complement: bool = True,
    background: Background = None,
    pseudocount: float | None = None,
    compat: Literal["memelite"] | None = None,
    dim: Literal[0, 1] = 0,
    verbose: bool = False,
) -> Hits | list[pd.DataFrame]:
    """Find the matches of motifs in sequences.

    Use it to ask where known motifs occur, whether or not a model cares; :meth:`Hits.with_signal` then says where it
    does. Every window of a motif's width is scored on both strands with log2(probability / background), and is a hit if
    a random window would score as high with a chance below the threshold.

    Parameters
    ----------
    motifs
        A MotifSet, the path of a motif file, a mapping of name to PWM (4, w), or a sequence of PWMs.
    sequences
        One-hot of shape (N, 4, L); the path of a FASTA file; strings; or a mapping of name to string. A window that
        holds an N, or any letter but A C G T (or U, which is read as T), is not scored.
    threshold
        A hit has a p-value below this, above 0 and up to 1. P-values are per window, not corrected for their number.
    reverse_complement
        Scan both strands. A palindromic motif, one that scores the same on both, is reported once per site, with strand
        ".".
    background
        What a random sequence is made of: None for a quarter of each letter; probabilities of A, C, G, T; or
        "sequences" for the composition of these sequences. When both strands are scanned it is averaged with its
        complement, as the MEME suite does.
    pseudocount
        Weight of the background mixed into each column of each motif, ``(f + pseudocount * b) / (1 + pseudocount)``, so
        that a letter that was never seen is unlikely, not impossible. Default: 4e-4, memelite's. The MEME suite's
        default is 0.1 divided by the number of sites that the motif was made from.
    compat
        "memelite" gives the hits, scores and p-values of memelite 0.5, with its rounding to 0.1 bit, and its windows
        with N, where N scores 0; for comparison only.
    dim
        0 for one DataFrame per motif, as Hits; 1 for a list of one DataFrame per sequence.
    verbose
        Show a progress bar.

    Returns
    -------
    :class:`Hits`: a sequence of one DataFrame per motif with the columns ``motif_name motif_idx sequence_name start end
    strand score p-value``, sorted by strand, sequence and start. Coordinates are 0-based, half-open, on the + strand.
    ``sequence_name`` is a number for one-hot sequences and a list of strings. Scores are in bits.

    Raises
    ------
    InvalidArgument
        If an argument cannot be used; the message says why.

    Warns
    -----
    NbmotifWarning
        Once, naming the motifs that are too short or too weak for any window to pass the threshold; and once, naming
        those for which there was no window to score.

    Notes
    -----
    Scores are sums of integers in steps of 1/512 bit, and p-values are those of the same integers, so both agree with
    each other, and with an enumeration of all windows up to that rounding. Sequences are read in pieces, so a FASTA
    file of chromosomes needs little memory. As many threads work as ``numba.get_num_threads()`` says.

    References
    ----------
    Grant, Bailey, Noble: FIMO: scanning for occurrences of a given motif. Bioinformatics 2011.

    Examples
    --------
    >>> import numpy as np
    >>> from nbmotif import fimo
    >>> hits = fimo({"GATA": np.eye(4)[[2, 0, 3, 0]].T}, {"chr1": "CCGATACC", "chr2": "GGTATCNN"}, threshold=0.01)
    >>> hits.to_frame()[["motif_name", "sequence_name", "start", "end", "strand", "p-value"]]
      motif_name sequence_name  start  end strand   p-value
    0       GATA          chr1      2    6      +  0.003906
    1       GATA          chr2      2    6      -  0.003906
    """
    motif_set = as_motif_set(motifs)
    letters = as_letters(sequences)
    check_flags(reverse_complement=reverse_complement)
    threshold, reverse_complement = check_p_value(threshold, "threshold"), bool(reverse_complement)
    _check_settings(compat, dim, background, pseudocount)
    weight = _PSEUDOCOUNT if pseudocount is None else _check_pseudocount(pseudocount)
    if compat is not None:
        hits = scan_as_memelite(motif_set, letters, threshold, reverse_complement, verbose)
        return hits if dim == 0 else hits.by_sequence()
    frequencies = _background(background, letters, both_strands=reverse_complement)
    tables = _tables(motif_set, frequencies, weight, threshold)
    _warn_of_unreachable(motif_set.names, tables, threshold)
    hits = exact_scan(motif_set, tables, letters, reverse_complement, verbose)
    _warn_of_unscored(hits)
    return hits if dim == 0 else hits.by_sequence()


def _check_settings(compat: object, dim: object, background: Background, pseudocount: object) -> None:
    check_choice(compat, "compat", (None, "memelite"))
    check_choice(dim, "dim", (0, 1), "0 gives one table per motif, 1 one per sequence.")
    if compat is not None:
        for name, value in (("background", background), ("pseudocount", pseudocount)):
            if value is not None:
                raise InvalidArgument(name, value, f'left out with compat="{compat}", whose own is fixed')


def _check_pseudocount(pseudocount: object) -> float:
    return check_number(pseudocount, "pseudocount", "0 or more", lambda weight: 0 <= weight < np.inf)


def _background(background: Background, letters: Letters, both_strands: bool) -> npt.NDArray[np.float64]:
    """Probability of A, C, G, T in a random window."""
    if background is None:
        return np.full(4, 0.25)
    if isinstance(background, str):
        if background != "sequences":
            raise InvalidArgument("background", repr(background), 'None, "sequences" or four probabilities')
        counts = np.ones(4)  # one of each, so that no letter is impossible
        for slab in letters.slabs(0):
            counts += np.bincount(slab.letters[slab.letters >= 0], minlength=4)
        frequencies = counts / counts.sum()
    else:
        expected = 'None, "sequences" or four probabilities of A, C, G, T'
        frequencies = as_array(background, "background", expected).astype(np.float64)
        if frequencies.shape != (4,) or not (frequencies > 0).all() or abs(frequencies.sum() - 1) > 0.01:
            got = frequencies.tolist() if frequencies.size <= 8 else f"shape {frequencies.shape}"
            raise InvalidArgument("background", got, "four probabilities of A, C, G, T above 0 that sum to 1")
        frequencies = frequencies / frequencies.sum()
    averaged: npt.NDArray[np.float64] = (frequencies + frequencies[::-1]) / 2
    return averaged if both_strands else frequencies


def _tables(motifs: MotifSet, background: npt.NDArray[np.float64], pseudocount: float, threshold: float) -> FimoTables:
    """Make the tables of a motif set, kept in it for the next call with the same settings."""
    settings = (tuple(background), pseudocount, threshold)
    kept = motifs.cache.get("fimo")
    if kept is None or kept[0] != settings:
        kept = settings, fimo_tables(motifs.pwms, background, pseudocount, threshold)
        motifs.cache["fimo"] = kept
    tables: FimoTables = kept[1]
    return tables


def _warn_of_unreachable(names: list[str], tables: FimoTables, threshold: float) -> None:
    unreachable = [names[m] for m in np.flatnonzero(tables.budgets < 0)]
    advice = "raise `threshold` to scan for them" if threshold < 1 else "all windows score the same"
    if unreachable:
        message = (
            f"{len(unreachable)} of {len(names)} motifs have no hits, because not even their best match reaches "
            f"p < {threshold:g}: {some(unreachable, _NAMED_IN_WARNING)}. They are too short or too weak; {advice}."
        )
        warn(message)


def _warn_of_unscored(hits: Hits) -> None:
    if hits.n_windows is None or hits.n_windows.all():
        return
    unscored = [hits.motif_names[m] for m in np.flatnonzero(hits.n_windows == 0)]
    message = (
        f"{len(unscored)} of {len(hits)} motifs have no hits, because no sequence has as many letters A, C, G, T in a "
        f"row as they are wide: {some(unscored, _NAMED_IN_WARNING)}."
    )
    warn(message)
