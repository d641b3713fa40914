"""Where several causes lead: the notebook to open next, and why."""

from __future__ import annotations

from umdiag.model import Lead

WITHOUT_WORKER = Lead(
    notebook="missed_machines", why="a machine without a worker is left out of every run: see which runs."
)
STALE = Lead(notebook="assessment", why="see which assessments became stale while nothing was collected.")
FIRST = Lead(
    notebook="onboarding",
    why="machines that first reported after the stop were never assessed; the same fix helps them.",
)
QUOTA_STOP = Lead(
    notebook="quota",
    why="the workspace stopped collecting data; fix that first, then look at these machines again.",
    root=True,
)
WORKERS = Lead(notebook="onboarding", why="see what keeps them from becoming workers.", root=True)
PROVIDERS = Lead(
    notebook="onboarding",
    why="see which subscriptions lack a resource provider that patching needs, and how to register it.",
    root=True,
)
TOGETHER = Lead(notebook="machine", why="see what came first, and when it changed.")
SILENCE = Lead(notebook="machine", why="see when it stopped reporting, and what happened to it before.")
HEARD = Lead(notebook="assessment", why="do they report again, and which updates do they miss now?")
PACKAGES = Lead(notebook="assessment", why="see which packages they still need, and for how long.")
STILL_NAMED = Lead(
    notebook="missed_machines", why="deployments that still name a deleted machine never reach it: see which."
)
UNSCHEDULED = Lead(notebook="onboarding", why="see which machines no schedule reaches, and why.")
OUTCOMES = Lead(
    notebook="update_runs", why="see how the runs of the schedules ended, and what they left out."
)
