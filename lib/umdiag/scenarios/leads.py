"""Where several causes lead: the notebook to open next, and why."""

from __future__ import annotations

from umdiag.model import Lead

WITHOUT_WORKER = Lead(
    notebook="missed_machines", why="a machine without a worker is left out of every run: see which runs."
)
STALE = Lead(notebook="assessment", why="see whose assessments grew stale while nothing was collected.")
FIRST = Lead(
    notebook="onboarding",
    why="machines first heard after the stop were never assessed; the same fix helps them.",
)
QUOTA_STOP = Lead(
    notebook="quota",
    why="the workspace stopped taking data; fix that first, then look at these machines again.",
    root=True,
)
WORKERS = Lead(notebook="onboarding", why="what keeps them from becoming workers stands there.", root=True)
PROVIDERS = Lead(
    notebook="onboarding",
    why="the subscriptions that lack the provider Microsoft.Automation, and how to register it.",
    root=True,
)
TOGETHER = Lead(notebook="machine", why="what came first, and when it changed.")
SILENCE = Lead(notebook="machine", why="when it fell silent, and what was done to it before.")
HEARD = Lead(notebook="assessment", why="are they heard again, and what do they miss by now?")
PACKAGES = Lead(
    notebook="assessment", why="which packages they still need, and how long they have been known."
)
STILL_NAMED = Lead(
    notebook="missed_machines", why="deployments that still name a deleted machine never reach it: see which."
)
