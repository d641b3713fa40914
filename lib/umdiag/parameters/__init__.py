"""Parameters of an investigation: from a YAML file, or from what a notebook holds, to typed values in UTC.

`model` declares every parameter once; nothing else lists them.
"""

from umdiag.parameters.model import Parameters, as_values, shown
from umdiag.parameters.notebooks import from_notebook, opened
from umdiag.parameters.reading import from_values, read, refuse_prompting

__all__ = [
    "Parameters",
    "as_values",
    "from_notebook",
    "from_values",
    "opened",
    "read",
    "refuse_prompting",
    "shown",
]
