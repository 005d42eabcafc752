"""Scanning sequences with motifs: a byte-wide filter that never drops a hit, then exact integer rescoring.

Sequences lie one after another in one array of letters with an N between them, so that a window across two sequences,
like any window that holds an N, is refused by the one test that is needed anyway. The filter reads one byte for each
run of k letters and looks up how much of the loss budget they use, as a byte rounded down; what it passes is rescored.
The vector forms of the filter are in :mod:`nbmotif.kernels.simd`. All pass a superset of the hits, so hits are equal.
"""

from __future__ import annotations

import numpy as np

from nbmotif.kernels._jit import kernel

# windows per block of the filter: the bits of one mask
BLOCK = 64
# a quantised loss of 255 is over the budget, and stays there because sums saturate
OVER = 255
# letters per code, and bytes per table, of the plain filter
PLAIN_K, PLAIN_STRIDE = 4, 256


def kmer_codes(letters: np.ndarray, unknown: np.ndarray, k: int, padding: int) -> np.ndarray:
    """Write down the k letters from each position on, two bits each, the first in the lowest bits.

    An N is given a letter that depends on its position, so that a long run of N passes the filter as seldom as any
    other sequence; rescoring refuses it.

    Parameters
    ----------
    letters
        int8 (L): 0 to 3, or -1 for N.
    unknown
        Where the N are.
    k
        Letters per code, at most 4.
    padding
        Codes to add behind the last position, so that the filter may read beyond it.

    Returns
    -------
    uint8 (L + padding).
    """
    n = len(letters) + padding
    bits = np.zeros(n + k - 1, dtype=np.uint8)
    bits[: len(letters)] = letters.view(np.uint8)
    bits[unknown] = _scramble(unknown) & 3
    codes = bits[:n].copy()
    shifted = np.empty(n, dtype=np.uint8)
    for j in range(1, k):
        # numpy multiplies bytes with vector instructions, and shifts them one by one
        codes |= np.multiply(bits[j : j + n], np.uint8(4**j), out=shifted)
    return codes


def _scramble(numbers: np.ndarray) -> np.ndarray:
    """Hash numbers so that their low bits look random: the last steps of MurmurHash3."""
    mixed = numbers.astype(np.uint32)
    for factor, shift in ((0x85EBCA6B, 13), (0xC2B2AE35, 16)):
        mixed = (mixed ^ mixed >> np.uint32(16)) * np.uint32(factor)
        mixed ^= mixed >> np.uint32(shift)
    return mixed


def count_windows(length: int, unknown: np.ndarray, widths: np.ndarray, n_starts: int) -> np.ndarray:
    """Count the windows of each width that hold no N: int64 (M).

    Parameters
    ----------
    length, unknown
        Number of letters, and where the N are.
    widths
        int64 (M).
    n_starts
        Windows may start before this position.
    """
    run_starts, run_ends = np.append(0, unknown + 1), np.append(unknown, length)
    different, which = np.unique(widths, return_inverse=True)
    last_starts = [np.minimum(run_ends - width + 1, n_starts) for width in different]
    counts = np.array([np.maximum(last - run_starts, 0).sum() for last in last_starts], dtype=np.int64)
    return counts[which]


def filter_tables(
    losses: np.ndarray, column_offsets: np.ndarray, budgets: np.ndarray, n_strands: np.ndarray, k: int, stride: int
) -> tuple[np.ndarray, np.ndarray]:
    """Quantised losses of every run of k letters, for both strands of each motif.

    With q = loss * 254 // budget, the sum of q over a window is at most 254 * (its loss) / budget: at most 254 for a
    hit, so a sum of 255 proves that the window is none.

    Parameters
    ----------
    losses
        int32 (2, W, 4).
    column_offsets, budgets
        int64 (M + 1) and int64 (M); motifs with a negative budget get no tables.
    n_strands
        int64 (M): 2, or 1 to find hits on the + strand alone.
    k
        Letters per code.
    stride
        Bytes per table: a multiple of 4**k; the table is repeated to fill it.

    Returns
    -------
    ``tables`` uint8, and ``table_offsets`` int64 (M + 1). Motif m has ``n = ceil(w / k)`` tables of its + strand, then
    n of its - strand, each ``stride`` long, in ``tables[table_offsets[m]:table_offsets[m + 1]]``.
    """
    n_tables = np.where(budgets < 0, 0, -(-np.diff(column_offsets) // k))
    table_offsets = np.concatenate([[0], np.cumsum(2 * n_tables * stride)])
    motif = np.repeat(np.arange(len(budgets)), n_tables)  # of each table, (T,)
    table = np.arange(len(motif)) - np.repeat(np.cumsum(n_tables) - n_tables, n_tables)  # its number in the motif
    sums = np.zeros((2, len(motif), 1), dtype=np.int32)
    for j in range(k):
        column = column_offsets[motif] + k * table + j
        is_inside = column < column_offsets[motif + 1]
        of_column = losses[:, np.where(is_inside, column, 0)] * is_inside[:, None]  # (2, T, 4)
        sums = (of_column[:, :, :, None] + sums[:, :, None, :]).reshape(2, len(motif), 4 ** (j + 1))
    budget = budgets[motif].astype(np.int32)[:, None]
    quantised = np.minimum(sums, budget) * np.int32(254) // np.maximum(budget, 1)
    is_scanned = np.arange(2)[:, None] < n_strands[motif]  # (2, T)
    quantised = np.where((sums <= budget) & is_scanned[:, :, None], quantised, OVER).astype(np.uint8)
    tables = np.empty((int(table_offsets[-1]) // stride, stride), dtype=np.uint8)
    row = table_offsets[motif] // stride + table + np.arange(2)[:, None] * n_tables[motif]
    tables[row] = np.tile(quantised, stride // 4**k)
    return tables.ravel(), table_offsets


def filter_plain(
    codes: np.ndarray,
    n_blocks: int,
    tables: np.ndarray,
    table_offsets: np.ndarray,
    first: int,
    last: int,
    keys: np.ndarray,
    masks: np.ndarray,
    ends: np.ndarray,
) -> None:
    """Mark the windows that may be hits, without vector instructions.

    Parameters
    ----------
    codes
        uint8, from :func:`kmer_codes`, with at least 64 * n_blocks and the width of the widest motif.
    n_blocks
        Blocks of 64 windows to look at.
    tables, table_offsets
        From :func:`filter_tables`.
    first, last
        The motifs ``first`` to ``last - 1``.
    keys, masks
        int64 and uint64, overwritten: ``2 * position + strand`` of a block, and the bits of its surviving windows.
        One motif fills at most ``2 * n_blocks`` entries, by strand within position; one more may be overwritten.
    ends
        int64 (last - first), overwritten: the number of entries up to and with each motif.
    """
    both = np.empty(int(np.diff(table_offsets[first : last + 1]).max()) // 2, dtype=np.uint32)
    sums = np.empty(BLOCK, dtype=np.uint32)
    filter_blocks(codes, n_blocks, tables, table_offsets, first, last, both, sums, keys, masks, ends)


@kernel()
def filter_blocks(
    codes: np.ndarray,
    n_blocks: int,
    tables: np.ndarray,
    table_offsets: np.ndarray,
    first: int,
    last: int,
    both: np.ndarray,
    sums: np.ndarray,
    keys: np.ndarray,
    masks: np.ndarray,
    ends: np.ndarray,
) -> None:
    """Do the work of :func:`filter_plain`.

    ``both``, as long as a strand's tables of the largest motif, and ``sums``, as long as a block, are uint32 scratch.
    """
    n_entries = 0
    for m in range(first, last):
        size = (table_offsets[m + 1] - table_offsets[m]) // 2
        forward = tables[table_offsets[m] : table_offsets[m] + size]
        backward = tables[table_offsets[m] + size : table_offsets[m + 1]]
        for i in range(size):  # one look-up for both strands
            both[i] = forward[i] + (np.uint32(backward[i]) << 16)
        for position in range(0, n_blocks * BLOCK if size > 0 else 0, BLOCK):
            for i in range(BLOCK):
                sums[i] = 0
            for t in range(size // PLAIN_STRIDE):
                table = both[t * PLAIN_STRIDE : (t + 1) * PLAIN_STRIDE]
                of_windows = codes[position + PLAIN_K * t : position + PLAIN_K * t + BLOCK]
                for i in range(BLOCK):
                    sums[i] += table[of_windows[i]]
            lowest_forward = lowest_backward = np.uint32(OVER)
            for i in range(BLOCK):
                lowest_forward = min(lowest_forward, sums[i] & np.uint32(0xFFFF))
                lowest_backward = min(lowest_backward, sums[i] >> np.uint32(16))
            for strand in range(2):
                if (lowest_backward if strand else lowest_forward) < OVER:
                    mask = np.uint64(0)
                    for i in range(BLOCK):
                        total = sums[i] >> np.uint32(16) if strand else sums[i] & np.uint32(0xFFFF)
                        mask |= np.uint64(total < OVER) << np.uint64(i)
                    keys[n_entries], masks[n_entries] = 2 * position + strand, mask
                    n_entries += 1
        ends[m - first] = n_entries


def n_survivors(masks: np.ndarray) -> int:
    """Count the windows that blocks' masks (uint64) let through."""
    if hasattr(np, "bitwise_count"):
        return int(np.bitwise_count(masks).sum(dtype=np.int64))
    return int(np.unpackbits(masks.view(np.uint8)).sum(dtype=np.int64))  # before numpy 2


@kernel()
def rescore(
    letters: np.ndarray,
    n_starts: int,
    boundaries: np.ndarray,
    losses: np.ndarray,
    column_offsets: np.ndarray,
    budgets: np.ndarray,
    first: int,
    keys: np.ndarray,
    masks: np.ndarray,
    ends: np.ndarray,
    counts: np.ndarray,
    hits: np.ndarray,
) -> int:
    """Keep the windows that are hits, with their exact losses.

    Parameters
    ----------
    letters
        int8 (L): sequences with an N after each.
    n_starts
        Windows may start before this position.
    boundaries
        int64: where each sequence starts in ``letters``, and a last one beyond the end.
    losses, column_offsets, budgets
        As in :class:`nbmotif.kernels.fimo_tables.FimoTables`.
    first
        The motif that the entries begin with.
    keys, masks, ends
        From the filter.
    counts
        int64 (motifs, 2), overwritten: hits on the + and on the - strand.
    hits
        int32 (3, survivors), overwritten with ``sequence_idx``, ``start`` and ``loss`` of each hit: motif by motif, +
        before - strand, then by position.

    Returns
    -------
    The number of hits.
    """
    n_hits = 0
    begin = 0
    for row in range(len(ends)):
        m = first + row
        width = column_offsets[m + 1] - column_offsets[m]
        stop = min(n_starts, len(letters) - width + 1)
        for strand in range(2):
            n_before = n_hits
            sequence = 0
            matrix = losses[strand, column_offsets[m] : column_offsets[m + 1]]
            for entry in range(begin, ends[row]):
                if keys[entry] & 1 != strand:
                    continue
                mask = masks[entry]
                position = keys[entry] >> 1
                while mask != 0:
                    lowest = mask & (~mask + np.uint64(1))
                    start = position + _n_bits(lowest - np.uint64(1))
                    mask ^= lowest
                    loss = window_loss(letters, start, matrix, budgets[m]) if start < stop else budgets[m] + 1
                    if loss <= budgets[m]:
                        while boundaries[sequence + 1] <= start:
                            sequence += 1
                        hits[0, n_hits], hits[1, n_hits] = sequence, start - boundaries[sequence]
                        hits[2, n_hits] = loss
                        n_hits += 1
            counts[row, strand] = n_hits - n_before
        begin = ends[row]
    return n_hits


@kernel()
def window_loss(letters: np.ndarray, position: int, matrix: np.ndarray, budget: int) -> np.int64:
    """How many steps a window loses; more than the budget, but no exact number, where it is no hit or holds an N."""
    loss = np.int64(0)
    for j in range(matrix.shape[0]):
        letter = letters[position + j]
        if letter < 0:
            return np.int64(budget + 1)
        loss += matrix[j, letter]
        if loss > budget:
            break
    return loss


@kernel()
def _n_bits(mask: np.uint64) -> int:
    """Count the ones in a uint64."""
    n = 0
    while mask != 0:
        mask &= mask - np.uint64(1)
        n += 1
    return n


def warm_up() -> None:
    """Compile the kernels that every scan uses; :mod:`nbmotif.kernels.simd` compiles one of the filters."""
    letters = np.array([2, 0, 3, 0, -1], dtype=np.int8)
    column_offsets, budgets = np.array([0, 4]), np.array([1])
    losses = np.ones((2, 4, 4), dtype=np.int32)
    losses[:, range(4), letters[:4]] = 0
    keys, masks, ends = np.array([0, 0]), np.array([1, 0], dtype=np.uint64), np.array([1])
    counts = np.empty((1, 2), dtype=np.int64)
    hits = np.empty((3, n_survivors(masks)), dtype=np.int32)
    rescore(letters, 5, np.array([0, 5]), losses, column_offsets, budgets, 0, keys, masks, ends, counts, hits)
