"""What several frames do alike: recognise machines, fold texts, type records."""
