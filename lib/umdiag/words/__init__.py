"""Words that every room may use: plain values, moments and durations, doing a thing once."""
