"""Things that happened without being asked for."""
