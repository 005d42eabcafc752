"""What devices differ in: the memory of a batch, what they say when it was too much, float64, and recurrent layers."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import torch

from nbmotif.borrowing import Shared, modules_of

if TYPE_CHECKING:
    from collections.abc import Iterator

# of a CPU, whose memory other programs share
_CPU_BYTES = 1 << 30
# of what is free on an accelerator: the rest is for what torch needs while it computes
_SHARE = 0.5
# torch's allocators in turn: CUDA and MPS, the CPU's, and that of numbers of bytes which no machine has
_COMPLAINTS = ("out of memory", "can't allocate memory", "not enough memory", "failed to allocate")


def memory_budget(device: torch.device) -> int:
    """Bytes that the activations of a batch may take on a device."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0] * _SHARE)
    if device.type == "mps":
        free = torch.mps.recommended_max_memory() - torch.mps.current_allocated_memory()
        return max(1, int(free * _SHARE))
    return _CPU_BYTES


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether an error says that a batch was too large for the memory of its device.

    Only CUDA has an error class of its own.
    """
    if isinstance(error, torch.cuda.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error).lower() for words in _COMPLAINTS)


def release(device: torch.device) -> None:
    """Hand memory that torch keeps for later back to the device, before a smaller batch is tried."""
    if device.type == "cuda":
        torch.cuda.empty_cache()
    elif device.type == "mps":
        torch.mps.empty_cache()


def widest(t: torch.Tensor) -> torch.Tensor:
    """Cast to float64, where the device has it; Apple's does not."""
    return t if t.device.type == "mps" else t.double()


@contextlib.contextmanager
def _without_cudnn() -> Iterator[None]:
    cudnn: Any = torch.backends.cudnn
    before, cudnn.enabled = cudnn.enabled, False
    try:
        yield
    finally:
        cudnn.enabled = before


_held_without_cudnn = Shared(_without_cudnn)


def with_recurrent_gradients(model: Any, device: torch.device) -> contextlib.AbstractContextManager[None]:
    """Let recurrent layers have gradients in evaluation mode: cuDNN gives them in training mode alone, torch always."""
    modules = (module for held in modules_of(model) for module in held.modules())
    is_needed = device.type == "cuda" and any(isinstance(module, torch.nn.RNNBase) for module in modules)
    return _held_without_cudnn() if is_needed else contextlib.nullcontext()
