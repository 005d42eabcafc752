"""FASTA files, plain or compressed by bgzip, in which any place can be looked up."""

from __future__ import annotations

import os
import tempfile
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyfaidx

from nbmotif.arguments import check_file
from nbmotif.errors import InvalidFile

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

_COMPRESSED = {".gz", ".bgz"}


def open_fasta(filename: str | os.PathLike[str], name: str = "sequences") -> pyfaidx.Fasta:
    """Open a FASTA file; it is indexed beside itself, or, where that is not allowed, anew each time.

    Parameters
    ----------
    filename
        The file.
    name
        What errors call the argument.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    InvalidFile
        If nothing can be looked up in it.
    ImportError
        If it is compressed by bgzip and biopython is missing.
    """
    path = check_file(filename, name)
    indexes = [Path(f"{path}.fai"), *([Path(f"{path}.gzi")] if path.suffix in _COMPRESSED else [])]
    is_beside = all(index.exists() for index in indexes) or os.access(path.parent, os.W_OK)
    # pyfaidx reads an index once, when it opens a file
    with nullcontext(path.parent) if is_beside else tempfile.TemporaryDirectory(prefix="nbmotif-") as folder:
        indexes = [Path(folder) / index.name for index in indexes]
        gzi = {"gzi_indexname": str(indexes[1])} if len(indexes) > 1 else {}
        try:
            return pyfaidx.Fasta(str(path), as_raw=True, indexname=str(indexes[0]), **gzi)
        except pyfaidx.UnsupportedCompressionFormat:
            hint = "Unpack it, or compress it with bgzip instead: gunzip genome.fa.gz; bgzip genome.fa."
            raise InvalidFile(path, "it is compressed by gzip, in which nothing can be looked up", hint) from None
        except ImportError as error:
            advice = "pip install biopython, through which pyfaidx reads it, or unpack it: gunzip genome.fa.gz"
            raise ImportError(f"`{name}`: {path} is compressed by bgzip; {advice}") from error
        except (pyfaidx.FastaIndexingError, ValueError) as error:
            raise InvalidFile(path, f"it cannot be indexed as FASTA: {error}") from None


def read_windows(
    fasta: pyfaidx.Fasta, chroms: Sequence[str], start: npt.NDArray[np.int64], end: npt.NDArray[np.int64]
) -> list[str]:
    """Read the letters of many windows.

    From a plain file they are read at the places that pyfaidx's index tells: its own reading of them one by one takes
    several times as long.

    Parameters
    ----------
    fasta
        From :func:`open_fasta`.
    chroms, start, end
        Of each window, 0-based, half-open, within its chromosome.

    Returns
    -------
    Per window as many letters as it is long, if the index is that of the file.

    Raises
    ------
    InvalidFile
        If a chromosome does not begin where the index says.
    """
    path = Path(fasta.filename)
    if path.suffix.lower() in _COMPRESSED:
        places = zip(chroms, start.tolist(), end.tolist(), strict=True)
        return [fasta[chrom][first:last] for chrom, first, last in places]
    # where each chromosome begins, and how long its lines are, without and with what ends them
    at, bare, full = np.array([fasta.faidx.index[chrom][1:4] for chrom in chroms], dtype=np.int64).T
    first = at + start // bare * full + start % bare
    last = at + (end - 1) // bare * full + (end - 1) % bare + 1
    parts = []
    with path.open("rb", buffering=0) as file:  # windows lie far apart: a buffer would be filled for nothing
        for chrom, offset in dict(zip(chroms, at.tolist(), strict=True)).items():
            file.seek(offset - 1)
            if file.read(1) != b"\n":
                problem = f"its index says that {chrom} begins where no line does"
                raise InvalidFile(path, problem, f"Remove {path.name}.fai: it will be made anew.")
        for offset, size in zip(first.tolist(), (last - first).tolist(), strict=True):
            file.seek(offset)
            parts.append(file.read(size))
    return [part.replace(b"\n", b"").replace(b"\r", b"").decode("ascii", "replace") for part in parts]
