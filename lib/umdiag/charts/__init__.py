"""Rows → plotly figures: pure, no client, no clock, no kit.

Every function names the facts and frames it draws as parameters and returns a figure, or None where there
is nothing to draw. A figure that speaks of machines says of how many it can speak and of how many it
cannot; what is cut is counted; a name out of rows is drawn as it stands, never as markup. Plotly is
imported when the first figure is made.
"""

from umdiag.charts.ages import assessment_age
from umdiag.charts.coming_week import coming_week
from umdiag.charts.groups import funnel
from umdiag.charts.jobs import jobs_at_once
from umdiag.charts.machine_runs import run_outcomes, run_restarts
from umdiag.charts.membership import not_managed
from umdiag.charts.missing import missing_updates
from umdiag.charts.orchestration import patch_orchestration
from umdiag.charts.runs import run_calendar
from umdiag.charts.states import machine_states
from umdiag.charts.timeline import machine_timeline
from umdiag.charts.window_minutes import window_minutes
from umdiag.charts.workspaces import heartbeats_per_hour, ingestion_per_hour

__all__ = [
    "assessment_age",
    "coming_week",
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
    "window_minutes",
]
