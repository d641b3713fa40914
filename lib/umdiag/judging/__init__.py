"""The engine: what a function needs, what was seen of it, how frames are derived and scenarios judged."""
