"""Words that every room may use: plain values, durations, moments, private files, doing a thing once."""
