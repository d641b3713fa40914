"""The command `explain`: a scenario, an error text, a code or a log, in words and with what to do."""
