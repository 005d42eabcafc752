from __future__ import annotations

import codecs
import gzip
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from nbmotif import MotifSet, motif_files, read_meme, write_meme
from nbmotif.errors import InvalidArgument, InvalidFile, NbmotifWarning

if TYPE_CHECKING:
    from pathlib import Path

HEADER = (
    "MEME version 4\n\nALPHABET= ACGT\n\nstrands: + -\n\nBackground letter frequencies\nA 0.25 C 0.25 G 0.25 T 0.25\n\n"
)
GATA = (
    "MOTIF MA0036.3 GATA2\nletter-probability matrix: alength= 4 w= 2 nsites= 20 E= 0\n"
    "0.1 0.2 0.3 0.4\n1 0 0 0\nURL x\n\n"
)
JASPAR = ">MA0036.3\tGATA2\nA  [ 1  8 ]\nC  [ 2  0 ]\nG  [ 3  0 ]\nT  [ 4  0 ]\n"


@pytest.fixture
def file(tmp_path: Path):
    def write(content: str | bytes, name: str = "motifs.txt") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


def test_read_meme__reads_names_and_transposes(file) -> None:
    motifs = read_meme(file(HEADER + GATA))
    assert motifs.names == ["MA0036.3 GATA2"]
    assert motifs["MA0036.3 GATA2"].tolist() == [[0.1, 1], [0.2, 0], [0.3, 0], [0.4, 0]]


def test_read_meme__keeps_file_order_and_stops_after_n(file) -> None:
    path = file(HEADER + GATA.replace("MA0036.3", "b") + GATA.replace("MA0036.3", "a"))
    assert read_meme(path).names == ["b GATA2", "a GATA2"]
    assert read_meme(path, n_motifs=1).names == ["b GATA2"]
    assert read_meme(path, n_motifs=0).names == []
    with pytest.raises(InvalidArgument, match="`n_motifs` must be at least 0; got -1"):
        read_meme(path, n_motifs=-1)


def test_read_meme__joins_the_words_of_a_name_by_one_space(file) -> None:
    assert read_meme(file(HEADER + GATA.replace("MA0036.3 GATA2", "MA0036.3\t  GATA2 "))).names == ["MA0036.3 GATA2"]


def test_read_meme__leaves_out_the_statistics_of_a_meme_report(file) -> None:
    line = "MOTIF GATAA MEME-1\twidth =  15  sites =  98  llr = 1185  E-value = 6.9e-018"
    assert read_meme(file(HEADER + GATA.replace("MOTIF MA0036.3 GATA2", line))).names == ["GATAA MEME-1"]


def test_read_meme__reads_gzip_whatever_its_name(file) -> None:
    assert len(read_meme(file(gzip.compress((HEADER + GATA).encode()), "motifs.meme"))) == 1


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\n\n"])
def test_read_meme__does_not_mind_blank_lines_and_windows_ends(file, newline: str) -> None:
    assert len(read_meme(file((HEADER + GATA).replace("\n", newline)))) == 1


def test_read_meme__skips_log_odds(file) -> None:
    log_odds = "log-odds matrix: alength= 4 w= 2\n-1 -2 3 4\n1 1 1 1\n"
    text = GATA.replace("letter-", log_odds + "letter-")
    assert read_meme(file(HEADER + text))["MA0036.3 GATA2"].shape == (4, 2)


def test_read_meme__numbers_repeated_names_and_loses_none(file) -> None:
    path = file(HEADER + GATA + GATA + GATA.replace("GATA2", "GATA2#3") + GATA)
    with pytest.warns(
        NbmotifWarning, match=r"2 motif\(s\) have the name of an earlier one .*: MA0036.3 GATA2#2, MA0036.3 GATA2#4"
    ):
        motifs = read_meme(path)
    assert motifs.names == ["MA0036.3 GATA2", "MA0036.3 GATA2#2", "MA0036.3 GATA2#3", "MA0036.3 GATA2#4"]


def test_read_meme__normalises_counts_with_a_warning(file) -> None:
    path = file(HEADER + GATA.replace("0.1 0.2 0.3 0.4", "10 20 30 40").replace("1 0 0 0", "98 2 0 0"))
    with pytest.warns(NbmotifWarning, match=r"1 motif\(s\) hold counts, which are normalised: MA0036.3 GATA2"):
        motifs = read_meme(path)
    assert motifs["MA0036.3 GATA2"].tolist() == [[0.1, 0.98], [0.2, 0.02], [0.3, 0], [0.4, 0]]


def test_read_meme__keeps_rounded_probabilities_to_the_digit(file) -> None:
    rounded = read_meme(file(HEADER + GATA.replace("0.1 0.2 0.3 0.4", "0.333 0.333 0.333 0.0")))
    assert rounded["MA0036.3 GATA2"][0, 0] == 0.333


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "0.1 0.2 0.3 0.4",
            "0.1 0.2 0.3 0.1",
            r"line 12: motif 'MA0036.3 GATA2' has \[0\.1, 0\.2, 0\.3, 0\.1\] at position 0",
        ),
        (
            "1 0 0 0",
            "10 20 30 40",
            r"line 12: .*at position 0\. These are neither probabilities that sum to 1 nor counts",
        ),
        ("1 0 0 0", "1.5 -0.5 0 0", r"line 13: .*\[1\.5, -0\.5, 0\.0, 0\.0\] at position 1"),
        ("1 0 0 0", "nan 0 0 1", r"line 13: .*nan"),
        ("1 0 0 0", "1 0 0", r"line 13: row 1 of motif 'MA0036.3 GATA2' is '1 0 0', not 4 numbers"),
        ("1 0 0 0\nURL x\n", "", r"line 13: the file ends after 1 of 2 rows of motif 'MA0036.3 GATA2'"),
        ("w= 2", "w= 3", r"line 14: row 2 of motif 'MA0036.3 GATA2' is 'URL x', not 4 numbers"),
        ("alength= 4", "alength= 20", r"line 11: motif 'MA0036.3 GATA2' has 20 letters, not the 4 of DNA"),
        ("w= 2", "w= 1", r"line 11: the matrix of motif 'MA0036.3 GATA2' has 2 rows, where w= says 1"),
        ("MOTIF MA0036.3 GATA2\n", "", r"line 10: a letter-probability matrix without a MOTIF line"),
        ("letter-probability", "log-odds", r"line 10: motif 'MA0036.3 GATA2' has no letter-probability matrix"),
        ("MOTIF MA0036.3 GATA2", "MOTIF", r"line 10: a motif without a name"),
        (
            "ALPHABET= ACGT",
            "ALPHABET= ACDEFGHIKLMNPQRSTVWY",
            r"line 3: the alphabet is 'ACDEFGHIKLMNPQRSTVWY', not ACGT",
        ),
    ],
)
def test_read_meme__says_which_line_is_wrong(file, old: str, new: str, message: str) -> None:
    text = HEADER + GATA
    assert old in text
    with pytest.raises(InvalidFile, match=message):
        read_meme(file(text.replace(old, new)))


@pytest.mark.parametrize("alphabet", ["ALPHABET= acgt", 'ALPHABET "DNA" DNA-LIKE', "ALPHABET=ACGT"])
def test_read_meme__accepts_each_way_to_say_dna(file, alphabet: str) -> None:
    assert len(read_meme(file((HEADER + GATA).replace("ALPHABET= ACGT", alphabet)))) == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (JASPAR, r"not a MEME file but looks like JASPAR\. Read it with MotifSet\.read"),
        (">chr1\nACGTACGT\nACGT\n", r"looks like FASTA sequences\. A MEME file has lines that begin with MOTIF"),
        ("chr1\t100\t200\tpeak\n", r"looks like BED"),
        ("<html><body>", r"looks like a web page or XML"),
        ("AC M00001\nXX\nP0      A      C      G      T\n01  1 2 3 4 N\n", r"looks like TRANSFAC"),
        ("1 2 3\n4 5 6\n7 8 9\n1 1 1\n", r"looks like a numeric matrix\. Read it with MotifSet\.read"),
        ("hello world\n", r"looks like something unknown"),
        ("\n \n", r"the file is empty"),
        (
            b"\x89HDF\r\n\x1a\n",
            r"looks like an HDF5 file, such as TF-MoDISco writes\. Read it with nbmotif\.read_modisco",
        ),
    ],
)
def test_read_meme__names_what_the_file_looks_like(file, content: str | bytes, message: str) -> None:
    with pytest.raises(InvalidFile, match=message):
        read_meme(file(content))


def test_read_meme__says_that_a_file_is_missing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_meme(tmp_path / "absent.meme")


# other formats


@pytest.mark.parametrize(
    "content",
    [
        JASPAR,
        gzip.compress(JASPAR.encode()),
        JASPAR.replace("[", "").replace("]", ""),
        ">MA0036.3\tGATA2\n1 8\n2 0\n3 0\n4 0\n",
        ">MA0036.3\tGATA2\n1\t2\t3\t4\n8\t0\t0\t0\n",
        ">MA0036.3 GATA2\n0.1 0.2 0.3 0.4\n1.0 0.0 0.0 0.0\n",
    ],
    ids=["jaspar", "gzip", "no brackets", "pfm", "hocomoco counts", "hocomoco probabilities"],
)
def test_read__reads_other_formats(file, content: str | bytes) -> None:
    motifs = MotifSet.read(file(content))
    assert motifs.names == ["MA0036.3 GATA2"]
    assert motifs["MA0036.3 GATA2"].tolist() == [[0.1, 1], [0.2, 0], [0.3, 0], [0.4, 0]]


def test_read__reads_meme_too(file) -> None:
    assert MotifSet.read(file(HEADER + GATA)) == read_meme(file(HEADER + GATA))


def test_read__names_a_bare_matrix_after_its_file(file) -> None:
    assert MotifSet.read(file("1 8\n2 0\n3 0\n4 0\n", "MA0036.pfm")).names == ["MA0036"]


def test_read__tells_letters_from_positions_in_square_matrices(file) -> None:
    columns = "10 0 3 1\n0 10 3 2\n0 0 2 3\n0 0 2 4\n"  # each column sums to 10
    by_letter = MotifSet.read(file(">a\n" + columns))["a"]
    rows = "\n".join(" ".join(row) for row in zip(*(line.split() for line in columns.splitlines()), strict=True))
    by_position = MotifSet.read(file(">a\n" + rows))["a"]
    assert by_letter[:, 0].tolist() == by_position[:, 0].tolist() == [1, 0, 0, 0]
    assert np.allclose(by_letter[:, 3], [0.1, 0.2, 0.3, 0.4])
    assert np.allclose(by_position[:, 3], [0.1, 0.2, 0.3, 0.4])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (JASPAR.replace("4  0", "4"), r"line 1: the four rows of motif 'MA0036.3 GATA2' are not equally long"),
        (JASPAR.replace("T  [", "A  ["), r"line 1: motif 'MA0036.3 GATA2' does not have the four rows"),
        (
            JASPAR.replace("[ 3  0 ]", "[ 3  x ]"),
            r"line 4: motif 'MA0036.3 GATA2' has '3  x ', which is not made of numbers",
        ),
        (JASPAR.replace("8", "0"), r"line 1: motif 'MA0036.3 GATA2' has \[0\.0, 0\.0, 0\.0, 0\.0\] at position 1"),
        (">a\n>b\n1 2 3 4\n", r"line 1: motif 'a' has no rows"),
        (">a\n0.5 -1.2 0.3 0.9\n0.1 0.2 0.3 0.4\n", r"line 2: motif 'a' has .*neither probabilities"),
        (">a\n1 2 3\n1 2 3\n1 2 3\n", r"it cannot be told whether rows are letters or positions"),
        (
            ">a\nACGTACGT\n",
            r"this is no motif file but looks like FASTA sequences\. MEME, JASPAR and HOCOMOCO are read",
        ),
    ],
)
def test_read__says_what_is_wrong(file, content: str, message: str) -> None:
    with pytest.raises(InvalidFile, match=message):
        MotifSet.read(file(content))


def test_read__numbers_repeated_names(file) -> None:
    with pytest.warns(NbmotifWarning, match="numbered: MA0036.3 GATA2#2"):
        assert len(MotifSet.read(file(JASPAR + JASPAR))) == 2


# writing

pwms = hnp.arrays(np.float64, st.tuples(st.integers(1, 8), st.just(4)), elements=st.floats(0.001, 1)).map(
    lambda rows: (rows / rows.sum(axis=1, keepdims=True)).T
)
names = st.text("ABCxyz019.:_#/()|", min_size=1, max_size=12)


@given(st.dictionaries(names, pwms, min_size=1, max_size=4))
def test_write_meme__is_undone_by_read_meme(
    tmp_path_factory: pytest.TempPathFactory, motifs: dict[str, np.ndarray]
) -> None:
    path = tmp_path_factory.mktemp("meme") / "motifs.meme.gz"
    write_meme(path, motifs)
    assert read_meme(path) == MotifSet(motifs)


def test_write_meme__numbers_motifs_without_a_name(tmp_path: Path) -> None:
    write_meme(tmp_path / "m.meme", [np.full((4, 3), 0.25), np.full((4, 2), 0.25)])
    assert read_meme(tmp_path / "m.meme").names == ["0", "1"]


def test_write_meme__refuses_a_name_that_would_change(tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument, match=r"`motifs` must be names without tabs.*got 'a\\tb'"):
        write_meme(tmp_path / "m.meme", {"a\tb": np.full((4, 3), 0.25)})


def test_write_meme__writes_what_the_meme_suite_expects(tmp_path: Path) -> None:
    write_meme(tmp_path / "m.meme", {"GATA2": np.full((4, 1), 0.25)})
    assert (tmp_path / "m.meme").read_text() == (
        HEADER + "MOTIF GATA2\nletter-probability matrix: alength= 4 w= 1 nsites= 20 E= 0\n0.25 0.25 0.25 0.25\n"
    )


@pytest.mark.parametrize(("name", "n"), [("motifs.meme.txt", 2193), ("JASPAR2026_CORE_vertebrates_nr.meme", 1019)])
def test_read_meme__reads_real_databases(shared_data: Path, name: str, n: int) -> None:
    motifs = read_meme(shared_data / "motifs" / name)
    assert len(motifs) == n
    assert motifs == MotifSet.read(shared_data / "motifs" / name)


def test_read_meme__finds_motifs_whose_lines_are_indented(file) -> None:
    assert len(read_meme(file(HEADER + GATA + GATA.replace("MOTIF MA0036.3", "  MOTIF other")))) == 2


@pytest.mark.parametrize("left_out", [" w= 2", " alength= 4 w= 2"])
def test_read_meme__reads_rows_to_their_end_where_no_width_is_stated(file, left_out: str) -> None:
    assert left_out in GATA
    path = file(HEADER + GATA.replace(left_out, "") + GATA.replace("MA0036.3", "other"))
    assert [len(pwm[0]) for pwm in read_meme(path).values()] == [2, 2]


def test_read_meme__keeps_words_of_a_name_that_only_look_like_statistics(file, tmp_path) -> None:
    write_meme(tmp_path / "width.meme", {"half width = 3": np.full((4, 2), 0.25)})
    assert read_meme(tmp_path / "width.meme").names == ["half width = 3"]
    assert read_meme(file(HEADER + GATA.replace(" GATA2", " GATA2\twidth =   8  sites =  20"))).names == [
        "MA0036.3 GATA2"
    ]


def test_read_meme__refuses_a_file_without_motifs(file) -> None:
    with pytest.raises(InvalidFile, match="there is no motif in it"):
        read_meme(file(HEADER))


def test_read_meme__warns_of_counts_once_at_the_callers_line(file) -> None:
    counts = GATA.replace("0.1 0.2 0.3 0.4", "10 20 30 40").replace("1 0 0 0", "98 2 0 0")
    path = file(HEADER + counts + counts.replace("MA0036.3", "other"))
    with pytest.warns(NbmotifWarning, match="2 motif") as warned:
        read_meme(path)
    assert [warning.filename for warning in warned] == [__file__]


@pytest.mark.parametrize("n_motifs", [1.5, True, "1"])
def test_read_meme__refuses_numbers_of_motifs_that_are_not_whole(file, n_motifs) -> None:
    with pytest.raises(InvalidArgument, match="`n_motifs` must be a whole number"):
        read_meme(file(HEADER + GATA), n_motifs=n_motifs)


@pytest.mark.parametrize("mark", [codecs.BOM_UTF8, codecs.BOM_UTF16_LE])
def test_read__takes_text_with_a_byte_order_mark(tmp_path, mark: bytes) -> None:
    path = tmp_path / "motif.txt"
    text = ">MA1 x\nA [1 2]\nC [1 2]\nG [1 2]\nT [1 2]\n"
    path.write_bytes(mark + text.encode("utf-8" if mark == codecs.BOM_UTF8 else "utf-16-le"))
    assert MotifSet.read(path).names == ["MA1 x"]


@pytest.mark.parametrize("n_lost", [12, 40])
def test_read__says_that_a_gzipped_file_was_cut_off(tmp_path, n_lost: int) -> None:
    path = tmp_path / "motifs.meme.gz"
    path.write_bytes(gzip.compress((HEADER + GATA).encode())[:-n_lost])
    with pytest.raises(InvalidFile, match="it is compressed by gzip but cannot be unpacked"):
        MotifSet.read(path)


def test_read__takes_lower_case_letters_and_single_positions(tmp_path) -> None:
    path = tmp_path / "motif.txt"
    path.write_text(">x\na [1 2]\nc [1 2]\ng [1 2]\nt [1 2]\n")
    assert MotifSet.read(path)["x"].shape == (4, 2)
    path.write_text(">x\n1\n2\n3\n4\n")
    assert MotifSet.read(path)["x"][:, 0].tolist() == [0.1, 0.2, 0.3, 0.4]


def test_read__says_that_the_rows_of_an_rna_motif_are_not_those_of_dna(tmp_path) -> None:
    path = tmp_path / "motif.txt"
    path.write_text(">x\nA [1 2]\nC [1 2]\nG [1 2]\nU [1 2]\n")
    with pytest.raises(InvalidFile, match="does not have the four rows A"):
        MotifSet.read(path)


def test_write_meme__says_that_the_file_comes_first(tmp_path) -> None:
    with pytest.raises(InvalidArgument, match=r"`filename` must be a path; got dict\. It comes first"):
        write_meme({"a": np.eye(4)}, tmp_path / "a.meme")


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["", " w= 1", " w= 2", " w= 3"]),
            st.lists(
                st.sampled_from(["0.5 0 0 .5", "\t1e-1 .2 .3 0.4 ", "0 1 0", "1 0 0 0 0", "1 x 0 0", "", "URL a"]),
                max_size=5,
            ),
        ),
        min_size=1,
        max_size=3,
    )
)
def test_read_meme__reads_a_matrix_at_once_as_line_by_line(motifs: list[tuple[str, list[str]]]) -> None:
    lines = ["MEME version 4"]
    for i, (width, rows) in enumerate(motifs):
        lines += [f"MOTIF m{i}", f"letter-probability matrix: alength= 4{width}", *rows]

    def read() -> str:
        try:
            blocks = list(motif_files._parse_meme(lines, "a.meme"))
        except InvalidFile as error:
            return str(error)
        return str([(block.name, block.rows.tolist(), list(block.lines)) for block in blocks])

    at_once = read()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(motif_files, "_rows_as_stated", lambda *matrix: None)
        assert read() == at_once


@given(
    st.lists(
        st.sampled_from(
            [
                *(
                    "MOTIF a b",
                    "  MOTIF c",
                    "MOTIF",
                    "ALPHABET= ACGT",
                    "ALPHABET= ACGU",
                    "URL x",
                    "",
                    "MOTIFS é",
                    "1 0 0 0",
                ),
                "letter-probability matrix: w= 2\n1 0 0 0\n0 1 0 0",
                "letter-probability matrix: w= 2\n1 0 0 0",
                "letter-probability matrix:\n1 0 0 0",
            ]
        ),
        max_size=12,
    ),
    st.integers(0, 3),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_read_meme__reads_the_first_motifs_as_if_it_read_all(
    tmp_path_factory, lines: list[str], n: int, newline: str, encoding: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "first.meme"
    path.write_bytes("\n".join(["MEME version 4", *lines]).replace("\n", newline).encode(encoding))

    def first(found: list[str]) -> str:
        try:
            blocks = list(islice(motif_files._parse_meme(found, "a.meme"), n))
        except InvalidFile as error:
            return str(error)
        return str([(block.name, block.rows.tolist(), list(block.lines)) for block in blocks])

    cut, whole = motif_files._read_lines(path, n), motif_files._read_lines(path)
    assert first(cut) == first(whole)
    assert cut == whole[: len(cut)]


def test_read_meme__looks_at_no_line_behind_the_motifs_that_are_asked_for(file) -> None:
    path = file(HEADER + GATA + GATA.replace("MA0036.3", "b") + "MOTIF c\nletter-probability matrix: w= x\n")
    assert read_meme(path, n_motifs=1).names == ["MA0036.3 GATA2"]
    assert len(motif_files._read_lines(path, 1)) == len((HEADER + GATA).splitlines()) + 1
    assert read_meme(path, n_motifs=2).names == ["MA0036.3 GATA2", "b GATA2"]
    with pytest.raises(InvalidFile, match="motif 'c'"):
        read_meme(path, n_motifs=3)


def test_read_meme__gives_each_motif_numbers_of_its_own(file) -> None:
    motifs = read_meme(
        file(HEADER + GATA + GATA.replace("MA0036.3", "b").replace("w= 2", "w= 1").replace("1 0 0 0\n", ""))
    )
    for name in motifs:
        assert motifs[name].is_contiguous()
        assert motifs[name].dtype == torch.float64
        assert motifs[name].untyped_storage().nbytes() == 8 * motifs[name].numel()
    motifs["b GATA2"][0, 0] = 0.5
    assert motifs["MA0036.3 GATA2"][0, 0] == 0.1
