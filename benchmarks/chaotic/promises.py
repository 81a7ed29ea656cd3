"""What a verdict says, as figures beside their goals, and as a few names where it is not clean."""

import math

from benchmarks.chaotic.checker import Verdict
from benchmarks.figures import AtMost, Figure

_SHOWN = 5


def figures_of(verdict: Verdict) -> list[Figure]:
    """The promises: nothing lost, nothing unexpected, nothing doubled for who drops repeated ids, all in order."""
    none = AtMost(0)
    figures = [
        Figure("attempted", verdict.attempted),
        Figure("acknowledged", verdict.acked),
        Figure("refused", verdict.refused, "", none),
        Figure("recovered from an unknown outcome", verdict.recovered),
        Figure("effects checked", verdict.checked),
        Figure("lost", len(verdict.lost), "", none),
        Figure("unexpected", len(verdict.unexpected), "", none),
        Figure("doubled on the wire", verdict.doubled_on_wire),
        Figure("doubled after dedupe", len(verdict.doubled), "", none),
        Figure("out of order within case and lane", len(verdict.out_of_order), "", none),
    ]
    if math.isfinite(verdict.bound):
        figures.append(Figure("share that fails is below (95 %)", verdict.bound * 1e6, "in a million"))
    return figures


def examples_of(verdict: Verdict) -> dict[str, list[str]]:
    """The first few of whatever is not as it should be."""
    found = {
        "lost": verdict.lost,
        "unexpected": verdict.unexpected,
        "doubled": verdict.doubled,
        "out of order": verdict.out_of_order,
    }
    return {name: list(these[:_SHOWN]) for name, these in found.items() if these}
