"""Make what Azure Update Manager knows of a fleet: its machines, schedules, assessments and installations.

Written from the rules alone, as the rest of ``fleet``: nothing here is shared with the judgements.
"""
