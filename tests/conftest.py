"""Let test modules import what they share (`snapshot_rows`), however pytest is started."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
