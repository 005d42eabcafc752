"""What can go wrong, as classes that carry their facts.

A message says which argument, what it must be, what it was, and what to do.
"""

from __future__ import annotations

import inspect
import warnings

_SHOWN = 200  # letters of a value that a message shows at most
# whose frames a warning passes over, to point at the line that the user wrote
_NOT_THE_CALLER = {"nbmotif", "traitlets", "ipywidgets", "anywidget", "contextlib"}


class NbmotifWarning(UserWarning):
    """Something worth knowing that did not stop the call."""


def warn(message: str) -> None:
    """Warn at the line of the caller's own code that led here, however many of our functions lie between."""
    frame, level = inspect.currentframe(), 1
    while frame is not None and str(frame.f_globals.get("__name__")).partition(".")[0] in _NOT_THE_CALLER:
        frame, level = frame.f_back, level + 1
    warnings.warn(message, NbmotifWarning, stacklevel=level)


class InvalidArgument(ValueError):
    """An argument has a value that the call cannot use.

    Parameters
    ----------
    name
        The argument, as the caller wrote it.
    got
        What it was: a value, a shape, a dtype. The message shows the beginning of what is long.
    expected
        What it must be.
    hint
        What to do about it, as a sentence.

    Examples
    --------
    >>> from nbmotif.errors import InvalidArgument
    >>> str(InvalidArgument("start", 99, "between 0 and L - w = 10", "The motif is 8 bp, the sequences 18 bp."))
    '`start` must be between 0 and L - w = 10; got 99. The motif is 8 bp, the sequences 18 bp.'
    """

    def __init__(self, name: str, got: object, expected: str, hint: str = "") -> None:
        self.name, self.got, self.expected, self.hint = name, got, expected, hint
        super().__init__(f"`{name}` must be {expected}; got {_brief(got)}." + (f" {hint}" if hint else ""))

    def __reduce__(self) -> tuple[type[InvalidArgument], tuple[str, object, str, str]]:
        return type(self), (self.name, self.got, self.expected, self.hint)


def _brief(got: object) -> str:
    """Write a value in one line, and of a long one the beginning."""
    text = " ".join(str(got).split())
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


class InvalidFile(ValueError):
    """A file does not hold what it should.

    Parameters
    ----------
    path
        The file.
    problem
        What is wrong, with the line number where there is one.
    hint
        What to do about it, as a sentence.
    """

    def __init__(self, path: object, problem: str, hint: str = "") -> None:
        self.path, self.problem, self.hint = path, problem, hint
        super().__init__(f"{path}: {problem}." + (f" {hint}" if hint else ""))

    def __reduce__(self) -> tuple[type[InvalidFile], tuple[object, str, str]]:
        return type(self), (self.path, self.problem, self.hint)


class MissingStage(RuntimeError):
    """A stage of a study was asked for before the stage that it reads.

    Parameters
    ----------
    wanted
        What was asked for.
    missing
        The method to call first, as the user writes it.
    """

    def __init__(self, wanted: str, missing: str) -> None:
        self.wanted, self.missing = wanted, missing
        super().__init__(f"{wanted} needs {missing} first. Call it, or call `study.run()` for every stage.")

    def __reduce__(self) -> tuple[type[MissingStage], tuple[str, str]]:
        return type(self), (self.wanted, self.missing)


class Cancelled(RuntimeError):
    """A stage of a study was stopped by the button in its Explorer; what it would have replaced is as before.

    Parameters
    ----------
    stage
        The method, as the user writes it.
    """

    def __init__(self, stage: str) -> None:
        self.stage = stage
        super().__init__(f"{stage} was cancelled in the Explorer. What was there before is unchanged.")

    def __reduce__(self) -> tuple[type[Cancelled], tuple[str]]:
        return type(self), (self.stage,)


class UnsupportedModel(TypeError):
    """A model does something that attribution cannot follow, or gives an output of the wrong form."""
