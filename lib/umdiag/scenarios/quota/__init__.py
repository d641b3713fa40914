"""Is the workspace keeping what machines send?"""
