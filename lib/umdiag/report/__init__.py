"""The main job: one parameter file in, one report folder out."""

from umdiag.report.job import Outcome, run

__all__ = ["Outcome", "run"]
