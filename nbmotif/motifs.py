"""Motifs: a set of position weight matrices that keeps its order, its names and what was computed from it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, MutableMapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import torch

from nbmotif.arguments import check_file, check_list, check_number, check_whole
from nbmotif.encoding import as_tensor
from nbmotif.errors import InvalidArgument
from nbmotif.motif_files import looks_like_hdf5, read_any, read_meme_motifs, write_meme_motifs
from nbmotif.pwms import check_probabilities, written_out
from nbmotif.words import counted, no_motif, some

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

    from nbmotif.dendrogram import Families
    from nbmotif.modisco_files import Pattern
    from nbmotif.motif_files import Named

Path: TypeAlias = "str | os.PathLike[str]"
# what a user may hold motifs in; see `as_motif_set`
Motifs: TypeAlias = "MotifSet | Path | Mapping[str, npt.ArrayLike] | Sequence[npt.ArrayLike]"
_FAMILIES = "families"  # where a set keeps how its motifs join
_LONGEST = 200  # bp, several times the longest motif of any database


class MotifSet(MutableMapping[str, torch.Tensor]):
    """Motifs by name, in order: a dictionary of PWMs that remembers what was computed from them.

    Every function that needs motifs takes a MotifSet, the path of a file, or a dictionary; with a MotifSet, scanning
    and matching keep their tables in it, so that the second call is quick.

    Parameters
    ----------
    motifs
        A mapping of name to PWM, or pairs of both. A PWM has shape (4, w) in the order A C G T, or is written as
        letters, of which N is any; each column holds probabilities that sum to 1 (within 0.01; the numbers are kept
        as they are).

    Raises
    ------
    InvalidArgument
        If a name is given twice, or a PWM is not made of probabilities.

    Examples
    --------
    >>> import numpy as np
    >>> from nbmotif import MotifSet
    >>> motifs = MotifSet({"TATA": np.eye(4)[[3, 0, 3, 0]].T})
    >>> motifs["any"] = np.full((4, 3), 0.25)
    >>> motifs
    MotifSet of 2 motifs, 3-4 bp: TATA, any
    >>> motifs["TATA"].shape, motifs.index("any")
    (torch.Size([4, 4]), 1)
    """

    def __init__(self, motifs: Mapping[str, npt.ArrayLike] | Iterable[tuple[str, npt.ArrayLike]] = ()) -> None:
        self._pwms: dict[str, torch.Tensor] = {}
        self._cache: dict[Any, Any] = {}
        self._cached_state: int | None = None
        self._numbers: list[npt.NDArray[np.float64]] = []  # of every PWM in a row, made when first needed
        for name, pwm in _pairs(motifs):
            if name in self._pwms:
                raise InvalidArgument("motifs", f"{name!r} twice", "names that differ")
            self._pwms[_check_name(name)] = written_out(pwm, f"motifs[{name!r}]")
        self._check()

    @classmethod
    def read(cls, filename: Path) -> MotifSet:
        """Read a motif file of any kind: MEME, JASPAR, HOCOMOCO or plain counts, also gzipped, and TF-MoDISco's h5.

        Parameters
        ----------
        filename
            The file. What it holds is found out from its content, not from its name.

        Returns
        -------
        The motifs in file order. Counts are normalised. A repeated name is kept and numbered, with a warning.

        Raises
        ------
        InvalidFile
            With the line number of what is wrong, or with what the file looks like instead.
        """
        if looks_like_hdf5(filename):
            from nbmotif.modisco_files import read_patterns  # h5py and pandas: most files need neither

            return PatternSet(read_patterns(filename))
        return cls.of_read(read_any(filename))

    @classmethod
    def of_read(cls, named: Named) -> MotifSet:
        """Take what was read of a file, which is known to be probabilities under names that differ, without a copy."""
        motifs = cls()
        motifs._pwms = {_check_name(name): torch.from_numpy(pwm) for name, pwm in named}
        return motifs

    def __getitem__(self, name: str) -> torch.Tensor:
        try:
            return self._pwms[name]
        except (KeyError, TypeError):  # not one name
            raise KeyError(self._missing(name)) from None

    def __setitem__(self, name: object, pwm: npt.ArrayLike | torch.Tensor) -> None:
        table = written_out(pwm, f"motifs[{name!r}]")
        check_probabilities({f"motifs[{name!r}]": table})
        self._pwms[_check_name(name)] = table
        self._forget()

    def __delitem__(self, name: str) -> None:
        self[name]  # says which names there are
        del self._pwms[name]
        self._forget()

    def __iter__(self) -> Iterator[str]:
        return iter(self._pwms)

    def __len__(self) -> int:
        return len(self._pwms)

    def __contains__(self, name: object) -> bool:
        return name in self._pwms

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, MotifSet):
            return NotImplemented
        return self.names == other.names and all(map(torch.equal, self.values(), other.values()))

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        if not self._pwms:
            return "MotifSet of no motifs"
        widths = self.widths
        bp = f"{widths.min()}" if widths.min() == widths.max() else f"{widths.min()}-{widths.max()}"
        return f"{type(self).__name__} of {counted(len(self), 'motif')}, {bp} bp: {some(self.names, 3)}"

    def __getstate__(self) -> dict[str, Any]:
        # a copy's own dictionary; no tables, which can be many times the size of the motifs
        return {**self.__dict__, "_pwms": dict(self._pwms), "_cache": {}, "_cached_state": None, "_numbers": []}

    @property
    def names(self) -> list[str]:
        """Names in order."""
        return list(self._pwms)

    @property
    def pwms(self) -> list[npt.NDArray[np.float64]]:
        """PWMs in order, each float64 of shape (4, w), read-only views of what is stored.

        InvalidArgument if an edit in place left something else than probabilities.
        """
        self._check()
        views = [pwm.detach().numpy() for pwm in self._pwms.values()]
        for view in views:
            view.flags.writeable = False
        return views

    @property
    def widths(self) -> npt.NDArray[np.int64]:
        """Width of each motif in bp, shape (M,)."""
        return np.array([pwm.shape[1] for pwm in self._pwms.values()], dtype=np.int64)

    @property
    def cache(self) -> dict[Any, Any]:
        """Where scanning and matching keep their tables, each under a key of its own; emptied by any change.

        A change includes one made in place, such as ``motifs["GATA2"][:, 0] = 0.25``, or by numpy.
        """
        if not self._numbers and self._pwms:
            self._numbers = [pwm.detach().numpy().ravel(order="K") for pwm in self._pwms.values()]
        # the numbers themselves: torch counts no edits made through ``.numpy()`` or ``.data``
        state = hash(np.concatenate([np.empty(0), *self._numbers]).tobytes())
        if state != self._cached_state:
            self._cache.clear()
            self._cached_state = state
        return self._cache

    def index(self, name: str) -> int:
        """Position of a motif, as ``motif_idx`` counts in every table; KeyError if it is not here."""
        try:
            return self.names.index(name)
        except ValueError:
            raise KeyError(self._missing(name)) from None

    def subset(self, names: Iterable[str]) -> MotifSet:
        """Take some of the motifs, in the order given; KeyError if one is not here."""
        return MotifSet((name, self[name]) for name in check_list(names, "names", "names"))

    def families(self, similarity: float = 0.7) -> Families:
        """Group look-alike motifs: :func:`nbmotif.families.families` of this set."""
        from nbmotif.dendrogram import Dendrogram  # scipy's clustering is slow to load

        as_motif_set(self)  # refuses a set of none
        similarity = check_number(similarity, "similarity", "in (0, 1]", lambda s: 0 < s <= 1)
        if _FAMILIES not in self.cache:
            self.cache[_FAMILIES] = Dendrogram.of(self.pwms, self.names)
        dendrogram: Dendrogram = self.cache[_FAMILIES]
        return dendrogram.cut(similarity)

    def _check(self) -> None:
        check_probabilities({f"motifs[{name!r}]": pwm for name, pwm in self._pwms.items()})

    def _forget(self) -> None:
        self._cache.clear()
        self._numbers.clear()

    def _missing(self, name: object) -> str:
        if not isinstance(name, str):
            return f"motifs are found by one name, not by {name!r}; `names` lists them, `subset(names)` takes several"
        return no_motif(name, self._pwms)


class PatternSet(MotifSet):
    """The patterns of TF-MoDISco as motifs: each is its PPM wherever motifs are taken, and more in ``patterns``.

    Parameters
    ----------
    patterns
        In the order that the set shall have.

    Attributes
    ----------
    patterns
        Name to :class:`Pattern`, of those that came from TF-MoDISco.
    """

    def __init__(self, patterns: Iterable[Pattern] = ()) -> None:
        self.patterns: dict[str, Pattern] = {}
        found = list(patterns)
        super().__init__((pattern.name, pattern.ppm) for pattern in found)
        self.patterns.update({pattern.name: pattern for pattern in found})

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "patterns": dict(self.patterns)}

    def __setitem__(self, name: object, pwm: npt.ArrayLike | torch.Tensor) -> None:
        super().__setitem__(name, pwm)
        self.patterns.pop(str(name), None)  # what TF-MoDISco knew of a replaced pattern no longer holds

    def __delitem__(self, name: str) -> None:
        super().__delitem__(name)
        self.patterns.pop(name, None)

    @property
    def cwms(self) -> dict[str, torch.Tensor]:
        """Contribution weight matrices by name, each (4, w), to be drawn by :func:`nbmotif.plot_logo`."""
        return {name: pattern.cwm for name, pattern in self.patterns.items()}

    @property
    def n_seqlets(self) -> pd.Series[int]:
        """Number of seqlets by name."""
        import pandas as pd  # as slow to load as all that motifs alone need

        return pd.Series({name: len(pattern.seqlets) for name, pattern in self.patterns.items()}, dtype="int64")

    @property
    def seqlets(self) -> pd.DataFrame:
        """All seqlets: example_idx, start, end, strand, motif_name and motif_idx, in the order of the patterns."""
        import pandas as pd  # as above

        empty = pd.DataFrame({"example_idx": [], "start": [], "end": []}, dtype="int64").assign(strand="")
        frames = [pattern.seqlets.assign(motif_name=name) for name, pattern in self.patterns.items()]
        table = pd.concat(frames, ignore_index=True) if frames else empty.assign(motif_name="")
        return table.assign(motif_idx=table["motif_name"].map({name: i for i, name in enumerate(self)}).astype("int64"))

    def subset(self, names: Iterable[str]) -> MotifSet:
        """Take some of the patterns, in the order given; KeyError if one is not here."""
        chosen = list(names)
        if all(name in self.patterns for name in chosen):
            return PatternSet(self.patterns[name] for name in chosen)
        return super().subset(chosen)


def _is_mapping(motifs: Any) -> bool:
    """Whether there is a name for each; also in a Series of pandas."""
    return isinstance(motifs, Mapping) or (hasattr(motifs, "items") and getattr(motifs, "ndim", 0) == 1)


def _pairs(motifs: Any) -> Iterable[tuple[str, npt.ArrayLike]]:
    """Go through a mapping, or pairs; say what to do with anything else."""
    if _is_mapping(motifs):
        yield from motifs.items()
        return
    expected, hint = "a mapping of name to PWM, or pairs of both", ""
    if isinstance(motifs, (str, os.PathLike)):
        hint = "Use MotifSet.read to read a file."
    if hint or not isinstance(motifs, Iterable):
        raise InvalidArgument("motifs", repr(motifs), expected, hint)
    for i, pair in enumerate(motifs):
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            hint = 'Name PWMs: {"its name": pwm}.'
            raise InvalidArgument(f"motifs[{i}]", type(pair).__name__, "a pair of name and PWM", hint)
        yield pair[0], pair[1]


def _check_name(name: object) -> str:
    if not isinstance(name, str) or not name.strip():
        raise InvalidArgument("name", repr(name), "a string that is not blank")
    return name


def as_motif_set(motifs: Motifs, name: str = "motifs") -> MotifSet:
    """Take motifs in whatever form a user holds them.

    Parameters
    ----------
    motifs
        A MotifSet (returned as it is), the path of a file that :meth:`MotifSet.read` reads, a mapping of name to PWM,
        or a sequence of PWMs, which are named "0", "1", … .
    name
        What errors call the argument.

    Returns
    -------
    A MotifSet with at least one motif.

    Raises
    ------
    InvalidArgument
        If there is none, or this is something else.
    """
    found = _motif_set_of(motifs, name)
    if not found:
        raise InvalidArgument(name, "none", "at least one motif")
    return found


def _are_sequences(motifs: Any) -> bool:
    """Know sequences: one stack, one-hot, longer than any motif. To scan for them would not end."""
    shape = getattr(motifs, "shape", None)
    if not isinstance(shape, tuple) or len(shape) != 3 or not shape[0] or shape[2] <= _LONGEST:
        return False
    first = as_tensor(motifs[0], "motifs")
    return bool(((first == 0) | (first == 1)).all())


def _motif_set_of(motifs: Any, name: str) -> MotifSet:
    if isinstance(motifs, MotifSet):
        return motifs
    if isinstance(motifs, (str, os.PathLike)):
        return MotifSet.read(check_file(motifs, name))
    if _is_mapping(motifs):
        return MotifSet(motifs)
    if _are_sequences(motifs):
        hint = "Did you mean to pass a motif database? Motifs as long as these are given by name: {name: pwm}."
        raise InvalidArgument(name, f"sequences, of shape {tuple(motifs.shape)}", "motifs", hint)
    if getattr(motifs, "ndim", 3) == 2:
        raise InvalidArgument(name, "one matrix", "several motifs by name", 'Wrap it: {"its name": pwm}.')
    if isinstance(motifs, (list, tuple)) and motifs and all(isinstance(one, str) for one in motifs):
        hint = f"Choose them from a database: motifs.subset({motifs[:1]}…)."
        raise InvalidArgument(name, f"names, such as {motifs[0]!r}", "several PWMs by name", hint)
    if isinstance(motifs, Iterable) and getattr(motifs, "ndim", None) != 0:
        return MotifSet((str(i), pwm) for i, pwm in enumerate(motifs))
    expected = "a MotifSet, the path of a motif file, or a mapping of name to PWM"
    raise InvalidArgument(name, type(motifs).__name__, expected)


def read_meme(filename: Path, n_motifs: int | None = None) -> MotifSet:
    """Read the motifs of a MEME file.

    Parameters
    ----------
    filename
        A file in MEME's text format, also gzipped; :meth:`MotifSet.read` reads other formats too.
    n_motifs
        Stop after this many. Default: all.

    Returns
    -------
    The motifs in file order, each under the words of its MOTIF line joined by one space ("MA0036.3 GATA2"). Letter
    probabilities are kept as they are; counts are normalised, with a warning. A name that occurs again is kept
    with a number ("GATA2#2"), with a warning.

    Raises
    ------
    InvalidFile
        With the line number of what is wrong, or with what the file looks like instead.

    Examples
    --------
    >>> from nbmotif import read_meme
    >>> motifs = read_meme("JASPAR2026_CORE_vertebrates_nr.meme")  # doctest: +SKIP
    >>> motifs["MA0036.4 GATA2"].shape  # doctest: +SKIP
    torch.Size([4, 9])
    """
    n_motifs = None if n_motifs is None else check_whole(n_motifs, "n_motifs", 0)
    return MotifSet.of_read(read_meme_motifs(filename, n_motifs))


def write_meme(filename: Path, motifs: Motifs) -> None:
    """Write motifs as a MEME file, which :func:`read_meme` and the MEME suite read.

    Parameters
    ----------
    filename
        The file to write; a name that ends in ``.gz`` is compressed.
    motifs
        As :func:`as_motif_set` takes them. Every digit is written, so that reading gives the same numbers.

    Examples
    --------
    >>> import numpy as np, tempfile
    >>> from nbmotif import read_meme, write_meme
    >>> with tempfile.NamedTemporaryFile(suffix=".meme") as file:
    ...     write_meme(file.name, {"any": np.full((4, 3), 0.25)})
    ...     read_meme(file.name)
    MotifSet of 1 motif, 3 bp: any
    """
    given: object = filename
    if not isinstance(given, (str, os.PathLike)):
        raise InvalidArgument("filename", type(given).__name__, "a path", "It comes first, then the motifs.")
    motif_set = as_motif_set(motifs)
    write_meme_motifs(filename, zip(motif_set.names, motif_set.pwms, strict=True))
