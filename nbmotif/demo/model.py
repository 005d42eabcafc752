"""The demo's model: a BPNet without the profile head."""

from __future__ import annotations

import torch


class CountModel(torch.nn.Module):
    """Predict the log count of reads from sequence, in the manner of BPNet.

    A wide convolution that reads motifs, dilated residual convolutions that read their arrangement, the mean over the
    sequence, one linear layer.

    Parameters
    ----------
    n_filters
        Channels of every convolution.
    n_layers
        Dilated convolutions; each sees twice as far as the one before, beginning with 2 bp to either side.
    width
        Bases that a filter of the first convolution spans.

    References
    ----------
    .. [1] Avsec et al. (2021), Base-resolution models of transcription-factor binding reveal soft motif syntax,
       Nature Genetics 53, 354-366.

    Examples
    --------
    >>> import torch
    >>> from nbmotif.demo.model import CountModel
    >>> CountModel()(torch.zeros(2, 4, 500)).shape
    torch.Size([2, 1])
    """

    def __init__(self, n_filters: int = 48, n_layers: int = 4, width: int = 21) -> None:
        super().__init__()
        self.read = torch.nn.Conv1d(4, n_filters, width, padding="same")
        self.relu = torch.nn.ReLU()
        self.dilated = torch.nn.ModuleList(
            torch.nn.Conv1d(n_filters, n_filters, 3, padding="same", dilation=2**i) for i in range(1, n_layers + 1)
        )
        self.relus = torch.nn.ModuleList(torch.nn.ReLU() for _ in range(n_layers))
        self.count = torch.nn.Linear(n_filters, 1)

    def forward(self, X: torch.Tensor) -> torch.Tensor:
        """Log counts, shape (N, 1), of one-hot sequences, shape (N, 4, L)."""
        X = self.relu(self.read(X))
        for convolution, relu in zip(self.dilated, self.relus, strict=True):
            X = X + relu(convolution(X))
        log_count: torch.Tensor = self.count(X.mean(dim=-1))
        return log_count
