"""The queries, one file each, and what reads, binds and slices them."""
