"""Text files as people have them: plain or compressed, with a byte order mark or without."""

from __future__ import annotations

import bz2
import codecs
import gzip
import lzma
import zlib
from typing import TYPE_CHECKING

from nbmotif.arguments import check_file
from nbmotif.errors import InvalidFile

if TYPE_CHECKING:
    import os

# what a file begins with -> by what it is compressed, and what unpacks it
_PACKED = {
    b"\x1f\x8b": ("gzip", gzip.decompress),
    b"BZh": ("bzip2", bz2.decompress),
    b"\xfd7zXZ\x00": ("xz", lzma.decompress),
}
_CUT_OFF = (EOFError, OSError, ValueError, zlib.error, lzma.LZMAError)
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read_content(filename: str | os.PathLike[str]) -> bytes:
    """Read a file whole, and unpack it if it is compressed; InvalidFile if it is not all there."""
    content = check_file(filename, "filename").read_bytes()
    for signature, (kind, unpack) in _PACKED.items():
        if content.startswith(signature):
            try:
                return unpack(content)
            except _CUT_OFF as error:
                hint = "It may have been cut off on the way here: fetch it again."
                raise InvalidFile(
                    filename, f"it is compressed by {kind} but cannot be unpacked ({error})", hint
                ) from None
    return content


def to_lines(content: bytes) -> list[str]:
    """Split text into lines, whatever they end with, without the mark that some editors put before the first."""
    encoding = "utf-16" if content.startswith(_UTF16) else "utf-8-sig"
    return content.decode(encoding, "replace").splitlines()
