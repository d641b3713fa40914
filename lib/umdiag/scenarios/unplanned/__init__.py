"""Restarts and installations that nobody planned."""
