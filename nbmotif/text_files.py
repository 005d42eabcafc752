"""Text files as people have them: plain or gzipped, with a byte order mark or without."""

from __future__ import annotations

import codecs
import gzip
import zlib
from typing import TYPE_CHECKING

from nbmotif.arguments import check_file
from nbmotif.errors import InvalidFile

if TYPE_CHECKING:
    import os

_GZIP = b"\x1f\x8b"
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read_content(filename: str | os.PathLike[str]) -> bytes:
    """Read a file whole, and unpack it if it is gzipped; InvalidFile if it is not all there."""
    content = check_file(filename, "filename").read_bytes()
    if not content.startswith(_GZIP):
        return content
    try:
        return gzip.decompress(content)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        hint = "It may have been cut off on the way here: fetch it again."
        raise InvalidFile(filename, f"it is gzipped but cannot be unpacked ({error})", hint) from None


def to_lines(content: bytes) -> list[str]:
    """Split text into lines, whatever they end with, without the mark that some editors put before the first."""
    encoding = "utf-16" if content.startswith(_UTF16) else "utf-8-sig"
    return content.decode(encoding, "replace").splitlines()
