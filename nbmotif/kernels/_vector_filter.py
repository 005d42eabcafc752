"""LLVM code for the filter of a scan, given how a CPU looks bytes up in a register."""

from __future__ import annotations

from typing import NamedTuple

from llvmlite import ir

from nbmotif.kernels.fimo import BLOCK, OVER

BYTE, WORD = ir.IntType(8), ir.IntType(64)


class Lookup(NamedTuple):
    """How one kind of CPU looks bytes up.

    Attributes
    ----------
    k
        Letters per code; a table has 4**k bytes.
    lanes
        Bytes per vector.
    vectors
        Vectors of windows kept in registers at once, on each strand.
    stride
        Bytes per table in memory.
    instruction
        LLVM's intrinsic.
    parts
        Vectors per table.
    """

    k: int
    lanes: int
    vectors: int
    stride: int
    instruction: str
    parts: int = 1

    @property
    def blocks_per_step(self) -> int:
        """Blocks of windows that are looked at together."""
        return self.vectors * self.lanes // BLOCK


def emit_filter(builder: ir.IRBuilder, how: Lookup, arguments: list[ir.Value]) -> ir.Value:
    """Write the filter of one motif at the builder's place.

    Parameters
    ----------
    builder
        Where to write.
    how
        The CPU's way.
    arguments
        ``codes`` i8*, ``n_blocks`` i64, a multiple of ``blocks_per_step``, ``tables`` i8*, ``n_tables`` i64, above 0,
        ``keys`` i64*, ``masks`` i64*, and the number of entries in them, i64.

    Returns
    -------
    The number of entries afterwards, i64. One entry beyond them may be overwritten.
    """
    codes, n_blocks, tables, n_tables, keys, masks, n_before = arguments
    before = builder.block
    loop, add, test, store, following, done = (
        builder.append_basic_block(name) for name in ("windows", "columns", "test", "store", "next", "done")
    )
    n_windows = builder.mul(n_blocks, _i64(BLOCK))
    builder.cbranch(builder.icmp_signed(">", n_blocks, _i64(0)), loop, done)

    builder.position_at_end(loop)
    position, n_entries = builder.phi(WORD), builder.phi(WORD)
    position.add_incoming(_i64(0), before)
    n_entries.add_incoming(n_before, before)
    builder.branch(add)

    builder.position_at_end(add)
    column, forward, backward = _emit_sums(builder, how, codes, position, tables, n_tables, loop)
    builder.cbranch(builder.icmp_signed("<", column, n_tables), add, test)

    builder.position_at_end(test)
    builder.cbranch(_any_below(builder, how, [*forward, *backward]), store, following)

    builder.position_at_end(store)
    n_stored = n_entries
    per_block = BLOCK // how.lanes
    for block in range(how.blocks_per_step):
        for strand, sums in enumerate((forward, backward)):
            mask = _mask(builder, how, sums[block * per_block : (block + 1) * per_block])
            first = builder.add(position, _i64(block * BLOCK))
            key = builder.add(builder.shl(first, _i64(1)), _i64(strand))
            builder.store(key, builder.gep(keys, [n_stored]))
            builder.store(mask, builder.gep(masks, [n_stored]))
            n_stored = builder.add(n_stored, builder.zext(builder.icmp_unsigned("!=", mask, _i64(0)), WORD))
    builder.branch(following)

    builder.position_at_end(following)
    n_after = builder.phi(WORD)
    n_after.add_incoming(n_entries, test)
    n_after.add_incoming(n_stored, store)
    n_entries.add_incoming(n_after, following)
    next_position = builder.add(position, _i64(how.blocks_per_step * BLOCK))
    position.add_incoming(next_position, following)
    builder.cbranch(builder.icmp_signed("<", next_position, n_windows), loop, done)

    builder.position_at_end(done)
    result = builder.phi(WORD)
    result.add_incoming(n_before, before)
    result.add_incoming(n_after, following)
    return result


def _emit_sums(
    builder: ir.IRBuilder,
    how: Lookup,
    codes: ir.Value,
    position: ir.Value,
    tables: ir.Value,
    n_tables: ir.Value,
    entry: ir.Block,
) -> tuple[ir.Value, list[ir.Value], list[ir.Value]]:
    """Add one table of each strand to the sums of all vectors: the body of the loop over tables.

    Returns
    -------
    The number of tables added, and the sums of the + and of the - strand.
    """
    vector = _vector(how)
    here = builder.block
    done = builder.phi(WORD)
    done.add_incoming(_i64(0), entry)
    sums = [[builder.phi(vector) for _ in range(how.vectors)] for _ in range(2)]
    zero = ir.Constant(vector, [0] * how.lanes)
    start = builder.gep(codes, [builder.add(position, builder.mul(done, _i64(how.k)))])
    table_of = [
        _load_table(builder, how, tables, builder.mul(builder.add(done, offset), _i64(how.stride)))
        for offset in (_i64(0), n_tables)
    ]
    after: list[list[ir.Value]] = [[], []]
    for v in range(how.vectors):
        of_windows = _load(builder, how, start, _i64(v * how.lanes))
        for strand in range(2):
            losses = _look_up(builder, how, table_of[strand], of_windows)
            after[strand].append(_of_two(builder, how, "uadd.sat", sums[strand][v], losses))
    one_more = builder.add(done, _i64(1))
    done.add_incoming(one_more, here)
    for strand in range(2):
        for phi, value in zip(sums[strand], after[strand], strict=True):
            phi.add_incoming(zero, entry)
            phi.add_incoming(value, here)
    return one_more, after[0], after[1]


def _i64(value: int) -> ir.Constant:
    return ir.Constant(WORD, value)


def _vector(how: Lookup) -> ir.VectorType:
    return ir.VectorType(BYTE, how.lanes)


def _load(builder: ir.IRBuilder, how: Lookup, base: ir.Value, offset: ir.Value) -> ir.Value:
    pointer = builder.bitcast(builder.gep(base, [offset]), _vector(how).as_pointer())
    return builder.load(pointer, align=1)


def _load_table(builder: ir.IRBuilder, how: Lookup, tables: ir.Value, offset: ir.Value) -> list[ir.Value]:
    return [_load(builder, how, tables, builder.add(offset, _i64(part * how.lanes))) for part in range(how.parts)]


def _look_up(builder: ir.IRBuilder, how: Lookup, table: list[ir.Value], codes: ir.Value) -> ir.Value:
    vector = _vector(how)
    signature = ir.FunctionType(vector, [vector] * (how.parts + 1))
    return builder.call(builder.module.declare_intrinsic(how.instruction, (), signature), [*table, codes])


def _of_two(builder: ir.IRBuilder, how: Lookup, operation: str, a: ir.Value, b: ir.Value) -> ir.Value:
    """Apply one of LLVM's operations on bytes, lane by lane."""
    signature = ir.FunctionType(_vector(how), [_vector(how)] * 2)
    function = builder.module.declare_intrinsic(f"llvm.{operation}.v{how.lanes}i8", (), signature)
    return builder.call(function, [a, b])


def _any_below(builder: ir.IRBuilder, how: Lookup, sums: list[ir.Value]) -> ir.Value:
    """Whether the sum of any window is below 255."""
    smallest = sums[0]
    for other in sums[1:]:
        smallest = _of_two(builder, how, "umin", smallest, other)
    return builder.icmp_unsigned("!=", _below(builder, how, smallest), ir.Constant(ir.IntType(how.lanes), 0))


def _below(builder: ir.IRBuilder, how: Lookup, sums: ir.Value) -> ir.Value:
    """One bit per lane: whether its sum is below 255."""
    over = ir.Constant(_vector(how), [OVER] * how.lanes)
    return builder.bitcast(builder.icmp_unsigned("!=", sums, over), ir.IntType(how.lanes))


def _mask(builder: ir.IRBuilder, how: Lookup, sums: list[ir.Value]) -> ir.Value:
    """Gather the 64 bits of a block."""
    mask: ir.Value = _i64(0)
    for i, part in enumerate(sums):
        bits = _below(builder, how, part)
        bits = bits if how.lanes == BLOCK else builder.zext(bits, WORD)
        mask = builder.or_(mask, builder.shl(bits, _i64(i * how.lanes)))
    return mask
