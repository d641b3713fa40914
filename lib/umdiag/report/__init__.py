"""The main job: one parameter file in, one report folder out."""

import sys

from umdiag.report.job import run
from umdiag.report.outcome import Outcome

__all__ = ["Outcome", "run"]

# papermill imports nbformat, which imports jsonschema, which spends two seconds on building a grammar of web
# addresses if it can: here, as in kernels, it cannot. A notebook holds none that would be checked.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
