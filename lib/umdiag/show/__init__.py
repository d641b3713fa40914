"""Findings → HTML for a notebook: pure, every value from rows escaped, plain text where there is no page.

Each function returns a `Block`, which a notebook draws as HTML and a terminal as text. What is long is cut
with a count and the name of the file that holds all of it.
"""

from umdiag.show.blocks import Block, css, note, style, table
from umdiag.show.board import board
from umdiag.show.diagnoses import diagnosis
from umdiag.show.health import health
from umdiag.show.machine import machine
from umdiag.show.next_run import next_run
from umdiag.show.patches import portal_figures
from umdiag.show.steps import next_steps
from umdiag.show.summary import summary

CSS, STYLE = css(), style()

__all__ = [
    "CSS",
    "STYLE",
    "Block",
    "board",
    "diagnosis",
    "health",
    "machine",
    "next_run",
    "next_steps",
    "note",
    "portal_figures",
    "summary",
    "table",
]
