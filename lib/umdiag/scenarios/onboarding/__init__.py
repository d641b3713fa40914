"""Machines that should be there and are not."""
