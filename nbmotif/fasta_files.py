"""FASTA files, plain or compressed by bgzip, in which any place can be looked up."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pyfaidx

from nbmotif.arguments import check_file
from nbmotif.errors import InvalidFile


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
    indexes = [Path(f"{path}.fai"), *([Path(f"{path}.gzi")] if path.suffix in {".gz", ".bgz"} else [])]
    with tempfile.TemporaryDirectory(prefix="nbmotif-") as folder:  # pyfaidx reads an index once, when it opens a file
        if not all(index.exists() for index in indexes) and not os.access(path.parent, os.W_OK):
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
