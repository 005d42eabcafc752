"""Files of motifs: MEME, JASPAR and HOCOMOCO text, read with line numbers for whatever is wrong in them."""

from __future__ import annotations

import gzip
import re
from collections import Counter
from contextlib import suppress
from itertools import chain, count, islice
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from nbmotif.arguments import check_file, check_output
from nbmotif.errors import InvalidArgument, InvalidFile, warn
from nbmotif.text_files import read_content, to_lines
from nbmotif.words import some

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Iterator, Sequence

    import numpy.typing as npt

    Matrix: TypeAlias = npt.NDArray[np.float64]
    Named: TypeAlias = list[tuple[str, Matrix]]

_HDF5 = b"\x89HDF"
_MATRIX = re.compile(r"letter-probability\s+matrix")
_MOTIF = re.compile(rb"^[ \t]*MOTIF.*$", re.MULTILINE)
_STATED = re.compile(r"\b(alength|w)\s*=\s*(\d+)")
_STATISTICS = re.compile(r"\swidth\s*=\s*\d+\s+sites\s*=")  # with which a report of MEME itself goes on
_SUM_TOLERANCE = 0.01  # files round probabilities to as few as three digits
_LEAST_COUNTS = 2.0  # columns that sum to at least this are counts, not badly rounded probabilities


class _Block(NamedTuple):
    """One motif as it stands in a file."""

    name: str
    rows: Matrix  # (w, 4)
    lines: Sequence[int]  # the line number of each row


def read_any(filename: str | os.PathLike[str]) -> Named:
    """Read a motif file of any kind this module knows; see :meth:`nbmotif.motifs.MotifSet.read`."""
    lines = _read_lines(filename)
    kind = _kind(lines, filename)
    if kind not in _PARSERS:
        raise InvalidFile(
            filename, f"this is no motif file but looks like {kind}", "MEME, JASPAR and HOCOMOCO are read."
        )
    return _finish(_PARSERS[kind](lines, filename), filename, may_be_counts=kind != "MEME")


def read_meme_motifs(filename: str | os.PathLike[str], n_motifs: int | None = None) -> Named:
    """Read the first n motifs of a MEME file; see :func:`nbmotif.motifs.read_meme`."""
    lines = _read_lines(filename, n_motifs)
    kind = _kind(lines, filename)
    if kind != "MEME":
        hint = "Read it with MotifSet.read." if kind in _PARSERS else "A MEME file has lines that begin with MOTIF."
        raise InvalidFile(filename, f"this is not a MEME file but looks like {kind}", hint)
    return _finish(islice(_parse_meme(lines, filename), n_motifs), filename, may_be_counts=False)


def write_meme_motifs(filename: str | os.PathLike[str], motifs: Iterable[tuple[str, Matrix]]) -> None:
    """Write motifs in MEME's minimal format; see :func:`nbmotif.motifs.write_meme`."""
    header = "MEME version 4\n\nALPHABET= ACGT\n\nstrands: + -\n\n"
    parts = [header + "Background letter frequencies\nA 0.25 C 0.25 G 0.25 T 0.25\n"]
    for name, pwm in motifs:
        if name != " ".join(name.split()):
            raise InvalidArgument("motifs", repr(name), "names without tabs, line breaks or double spaces")
        parts.append(f"\nMOTIF {name}\nletter-probability matrix: alength= 4 w= {pwm.shape[1]} nsites= 20 E= 0\n")
        parts.extend(" ".join(map(repr, column)) + "\n" for column in pwm.T.tolist())
    content = "".join(parts).encode()
    check_output(filename, "filename").write_bytes(gzip.compress(content) if str(filename).endswith(".gz") else content)


def looks_like_hdf5(filename: str | os.PathLike[str]) -> bool:
    """Whether a file begins as HDF5 files do."""
    with check_file(filename, "filename").open("rb") as file:
        return file.read(len(_HDF5)) == _HDF5


def _read_lines(filename: str | os.PathLike[str], n_motifs: int | None = None) -> list[str]:
    """Split a file into lines; those of a MEME file up to the one that begins the motif after so many."""
    content = read_content(filename)
    if content.startswith(_HDF5):
        hint = "Read it with nbmotif.read_modisco."
        raise InvalidFile(filename, "this is no text but looks like an HDF5 file, such as TF-MoDISco writes", hint)
    following = None if n_motifs is None else next(islice(_MOTIF.finditer(content), n_motifs, None), None)
    return to_lines(content if following is None else content[: following.end()])


def _kind(lines: list[str], filename: str | os.PathLike[str]) -> str:
    """Say what the lines look like: a key of the parsers, or a name for an error message."""
    if any(line.lstrip().startswith(("MEME version", "MOTIF")) for line in lines):
        return "MEME"
    filled = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    if not filled:
        raise InvalidFile(filename, "the file is empty")
    return next((kind for kind, fits in _LOOKS.items() if fits(filled)), "something unknown")


def _blocks_of(filled: list[str]) -> list[list[str]]:
    """Rows between headers that begin with ">"."""
    blocks: list[list[str]] = []
    for line in filled:
        if line.startswith(">"):
            blocks.append([])
        elif blocks:
            blocks[-1].append(line)
    return blocks


def _is_jaspar(filled: list[str]) -> bool:
    rows = [row for block in _blocks_of(filled) for row in block]
    return (
        filled[0].startswith(">")
        and bool(rows)
        and all(re.match(r"[ACGTU]\s*[\s\[|:]", row.upper()) for row in rows[:4])
    )


def _is_numeric(filled: list[str]) -> bool:
    rows = [line for line in filled if not line.startswith(">")]
    return bool(rows) and all(map(_is_number, rows[0].split()))


# what each kind of file looks like, asked from top to bottom
_LOOKS: dict[str, Callable[[list[str]], bool]] = {
    "JASPAR": _is_jaspar,
    "a numeric matrix": _is_numeric,
    "FASTA sequences": lambda filled: filled[0].startswith(">"),
    "a web page or XML": lambda filled: filled[0].startswith("<"),
    "TRANSFAC": lambda filled: any(re.match(r"(P0|PO)\s+A\s+C\s+G\s+T", line) for line in filled),
    "BED": lambda filled: re.match(r"\S+\t\d+\t\d+", filled[0]) is not None,
}


def _parse_meme(lines: list[str], filename: str | os.PathLike[str]) -> Iterator[_Block]:
    name, name_line, number = "", 0, 0
    while number < len(lines):
        line, number = lines[number].strip(), number + 1
        if line.startswith("ALPHABET"):
            _check_alphabet(line, number, filename)
        elif line.startswith("MOTIF"):
            if name:
                raise _no_matrix(name, name_line, filename)
            name, name_line = " ".join(_STATISTICS.split(line[5:], 1)[0].split()), number
            if not name:
                raise InvalidFile(filename, f"line {number}: a motif without a name")
        elif _MATRIX.match(line):
            if not name:
                raise InvalidFile(
                    filename, f"line {number}: a letter-probability matrix without a MOTIF line of its own"
                )
            block = _read_matrix(name, line, number, lines, filename)
            yield block
            name, number = "", block.lines[-1]
    if name:
        raise _no_matrix(name, name_line, filename)
    if not name_line:
        raise InvalidFile(filename, "there is no motif in it", "Each begins with a line MOTIF and its name.")


def _no_matrix(name: str, number: int, filename: str | os.PathLike[str]) -> InvalidFile:
    hint = "Log-odds matrices alone are not enough; export letter probabilities."
    return InvalidFile(filename, f"line {number}: motif {name!r} has no letter-probability matrix", hint)


def _check_alphabet(line: str, number: int, filename: str | os.PathLike[str]) -> None:
    """Accept ``ALPHABET= ACGT`` and MEME 5's ``ALPHABET "DNA" …``."""
    given = line.removeprefix("ALPHABET").strip(" =\t")
    if given.upper() != "ACGT" and "DNA" not in given:
        raise InvalidFile(filename, f"line {number}: the alphabet is {given!r}, not ACGT", "Only DNA motifs are read.")


def _read_matrix(name: str, header: str, number: int, lines: list[str], filename: str | os.PathLike[str]) -> _Block:
    """Read the rows under a header, to the first line that is neither numbers nor blank."""
    stated = {key: int(value) for key, value in _STATED.findall(header)}
    if stated.get("alength", 4) != 4:
        problem = f"line {number}: motif {name!r} has {stated['alength']} letters, not the 4 of DNA"
        raise InvalidFile(filename, problem, "Only DNA motifs are read.")
    width = stated.get("w")  # MEME lets it be left out
    if width and (usual := _rows_as_stated(lines, number, width)) is not None:
        return _Block(name, usual, range(number + 1, number + 1 + width))
    rows: list[list[str]] = []
    numbers: list[int] = []
    for at in range(number, len(lines)):
        words = lines[at].split()
        if not words:
            continue
        if (width is None or len(rows) >= width) and not _is_number(words[0]):
            break
        rows.append(words)
        numbers.append(at + 1)
    n_rows = len(rows)
    block = _Block(name, _rows_of_four(name, rows, numbers, lines, filename), numbers)
    if width is not None and n_rows < width:
        problem = f"line {len(lines)}: the file ends after {n_rows} of {width} rows of motif {name!r}"
        raise InvalidFile(filename, problem)
    if not n_rows or n_rows > (width or n_rows):
        stated_width = "" if width is None else f", where w= says {width}"
        raise InvalidFile(filename, f"line {number}: the matrix of motif {name!r} has {n_rows} rows{stated_width}")
    return block


def _rows_as_stated(lines: list[str], number: int, width: int) -> Matrix | None:
    """Read a matrix as nearly all are, at once: as many rows as stated, with no line between; None if it is not so."""
    rows = list(map(str.split, lines[number : number + width]))
    behind = next((words for at in range(number + width, len(lines)) if (words := lines[at].split())), [""])
    if len(rows) < width or set(map(len, rows)) != {4} or _is_number(behind[0]):
        return None
    with suppress(ValueError):
        return np.fromiter(map(float, chain.from_iterable(rows)), np.float64, 4 * width).reshape(-1, 4)
    return None


def _rows_of_four(
    name: str, rows: list[list[str]], numbers: list[int], lines: list[str], filename: str | os.PathLike[str]
) -> Matrix:
    """Read the words of each row as numbers, or say which row is not made of four."""
    if set(map(len, rows)) <= {4}:
        with suppress(ValueError):
            return np.array(list(map(float, chain.from_iterable(rows)))).reshape(-1, 4)
    first = next(i for i, words in enumerate(rows) if len(words) != 4 or not all(map(_is_number, words)))
    line = lines[numbers[first] - 1].strip()
    problem = f"line {numbers[first]}: row {first} of motif {name!r} is {line!r}, not 4 numbers"
    raise InvalidFile(filename, problem)


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _finish(blocks: Iterable[_Block], filename: str | os.PathLike[str], may_be_counts: bool) -> Named:
    """Turn blocks into probabilities under names that differ; warn of counts where they are not usual."""
    given = list(blocks)
    table: Matrix = np.concatenate([block.rows for block in given]) if given else np.empty((0, 4))
    is_row = (table >= 0).all(axis=1) & (np.abs(table.sum(axis=1) - 1) <= _SUM_TOLERANCE)
    motif_of = np.repeat(np.arange(len(given)), [len(block.rows) for block in given])
    others = set(motif_of[~is_row].tolist())
    counted = [given[i].name for i in sorted(others)]
    rows_of = (_normalised(block, filename) if i in others else block.rows for i, block in enumerate(given))
    motifs = [(block.name, np.ascontiguousarray(rows.T)) for block, rows in zip(given, rows_of, strict=True)]
    if counted and not may_be_counts:
        message = f"{filename}: {len(counted)} motif(s) hold counts, which are normalised: {some(counted)}"
        warn(message)
    return _distinct(motifs, filename)


def _normalised(block: _Block, filename: str | os.PathLike[str]) -> Matrix:
    """Divide counts by their sums; refuse what is neither counts nor probabilities."""
    counts = block.rows
    sums = counts.sum(axis=1)
    wrong = ~(counts >= 0).all(axis=1) | ~(sums < np.inf)  # also where NaN
    is_count = median(sums.tolist()) >= _LEAST_COUNTS
    wrong |= sums < _LEAST_COUNTS if is_count else ~(np.abs(sums - 1) <= _SUM_TOLERANCE)
    if wrong.any():
        first = int(np.argmax(wrong))
        problem = f"line {block.lines[first]}: motif {block.name!r} has {counts[first].tolist()} at position {first}"
        raise InvalidFile(filename, problem, "These are neither probabilities that sum to 1 nor counts.")
    shares: Matrix = counts / sums[:, None]
    return shares


def _parse_jaspar(lines: list[str], filename: str | os.PathLike[str]) -> Iterator[_Block]:
    """Read ``>name`` and four rows such as ``A [ 1 2 3 ]``; the brackets may be missing."""
    for name, number, body in _headed(lines, filename):
        letters = [re.match(r"([ACGTacgt])[\s\[|:]+(.*?)\]?$", line) for _, line in body]
        if [match and match[1].upper() for match in letters] != list("ACGT"):
            problem = f"line {number}: motif {name!r} does not have the four rows A [ ], C [ ], G [ ], T [ ]"
            raise InvalidFile(filename, problem)
        rows = [_numbers(match[2], at, name, filename) for match, (at, _) in zip(letters, body, strict=True) if match]
        yield _from_letter_rows(name, rows, number, filename)


def _parse_numeric(lines: list[str], filename: str | os.PathLike[str]) -> Iterator[_Block]:
    """Read bare numbers: 4 rows of w (JASPAR's PFM), or w rows of 4 (HOCOMOCO), decided for the whole file."""
    motifs = list(_headed(lines, filename))
    tables = [[_numbers(line, at, name, filename) for at, line in body] for name, _, body in motifs]
    by_letter = all(len(table) == 4 for table in tables)
    by_position = all(len(row) == 4 for table in tables for row in table)
    if by_letter and by_position:
        by_letter = _sums_agree(np.array(tables).sum(axis=1))
        by_position = _sums_agree(np.array(tables).sum(axis=2))
    if by_letter == by_position:
        hint = "Either every motif has 4 rows A C G T, or every row has 4 columns A C G T."
        raise InvalidFile(filename, "it cannot be told whether rows are letters or positions", hint)
    for (name, number, body), table in zip(motifs, tables, strict=True):
        if by_letter:
            yield _from_letter_rows(name, table, number, filename)
        else:
            yield _Block(name, np.array(table), [at for at, _ in body])


def _sums_agree(sums: npt.NDArray[np.float64]) -> bool:
    """Whether the sums, one row per motif, are equal within each motif: so are those of positions, not of letters."""
    return bool(np.allclose(sums, sums[:, :1], rtol=_SUM_TOLERANCE))


def _headed(lines: list[str], filename: str | os.PathLike[str]) -> Iterator[tuple[str, int, list[tuple[int, str]]]]:
    """Split a file at its ``>`` lines into (name, line number, numbered rows); without one the file's name serves."""
    name, start, body = Path(filename).name.split(".")[0], 0, list[tuple[int, str]]()
    for number, line in enumerate([*lines, ">"], 1):
        text = line.strip()
        if text.startswith(">"):
            if body:
                yield name, start, body
            elif start:
                raise InvalidFile(filename, f"line {start}: motif {name!r} has no rows")
            name, start, body = " ".join(text[1:].split()) or f"motif at line {number}", number, []
        elif text and not text.startswith("#"):
            body.append((number, text))


def _numbers(text: str, number: int, name: str, filename: str | os.PathLike[str]) -> list[float]:
    try:
        return [float(word) for word in text.split()]
    except ValueError:
        problem = f"line {number}: motif {name!r} has {text!r}, which is not made of numbers"
        raise InvalidFile(filename, problem) from None


def _from_letter_rows(name: str, rows: list[list[float]], number: int, filename: str | os.PathLike[str]) -> _Block:
    widths = {len(row) for row in rows}
    if len(widths) > 1 or widths == {0}:
        raise InvalidFile(filename, f"line {number}: the four rows of motif {name!r} are not equally long")
    columns = np.array(rows).T
    return _Block(name, columns, [number] * len(columns))


def _distinct(motifs: Named, filename: str | os.PathLike[str]) -> Named:
    """Give every repeated name a number, so that no motif is lost and indices count as in the file."""
    taken = {name for name, _ in motifs}
    if len(taken) == len(motifs):
        return motifs
    seen: Counter[str] = Counter()
    renamed: list[str] = []
    distinct: Named = []
    for name, pwm in motifs:
        seen[name] += 1
        unique = name
        if seen[name] > 1:
            unique = next(new for k in count(seen[name]) if (new := f"{name}#{k}") not in taken)
            taken.add(unique)
            renamed.append(unique)
        distinct.append((unique, pwm))
    if renamed:
        message = (
            f"{filename}: {len(renamed)} motif(s) have the name of an earlier one and are numbered: {some(renamed)}"
        )
        warn(message)
    return distinct


_PARSERS: dict[str, Callable[[list[str], str | os.PathLike[str]], Iterator[_Block]]] = {
    "MEME": _parse_meme,
    "JASPAR": _parse_jaspar,
    "a numeric matrix": _parse_numeric,
}
