"""Machines that should be managed and are not."""
