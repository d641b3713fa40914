"""What a person at a notebook has beyond a report: the magic %%kql, completion, tables that sort, progress.

Nothing here is imported where a report runs its notebooks.
"""
