"""Rows → plotly figures: pure, no client, no clock, no kit.

Every function names the facts and frames it draws as parameters and returns a figure, or None where there
is nothing to draw. A figure that speaks of machines says of how many it can speak and of how many it
cannot; what is cut is counted; a name out of rows is drawn as it stands, never as markup. Plotly is
imported when the first figure is made.
"""

from umdiag.charts.groups import funnel
from umdiag.charts.jobs import jobs_at_once
from umdiag.charts.machine_runs import run_outcomes, run_restarts
from umdiag.charts.machines import assessment_age, machine_states, missing_updates
from umdiag.charts.membership import not_managed
from umdiag.charts.orchestration import patch_orchestration
from umdiag.charts.runs import run_calendar
from umdiag.charts.timeline import machine_timeline
from umdiag.charts.workspaces import heartbeats_per_hour, ingestion_per_hour

__all__ = [
    "assessment_age",
    "funnel",
    "heartbeats_per_hour",
    "ingestion_per_hour",
    "jobs_at_once",
    "machine_states",
    "machine_timeline",
    "missing_updates",
    "not_managed",
    "patch_orchestration",
    "run_calendar",
    "run_outcomes",
    "run_restarts",
]
