"""One row per restart of a machine during, or soon after, a run whose deployment is set to Never reboot."""

from __future__ import annotations

import re

import pandas as pd

from umdiag.frames.shared.recognition import on_machines
from umdiag.model import Partial

_AFTERWARDS = pd.Timedelta(hours=2)
_ASKED, _UNEXPECTED = 1074, (6008, 41)
_RESTART = re.compile(r"initiated the restart|shutdown type:\s*restart|>\s*restart\s*<", re.IGNORECASE)
_USER = re.compile(r"on behalf of user\s+(.+?)\s+for the following reason", re.IGNORECASE | re.DOTALL)
#: The event's parameters: the fifth is the kind of shutdown, the seventh the user.
_SEVENTH = re.compile(
    r">\s*restart\s*</[^>]*>\s*<[^>]*?(?:/>|>[^<]*</[^>]*>)\s*<[^/>]*>([^<]+)<", re.IGNORECASE
)
_SYSTEM = re.compile(
    r"^(?:nt[ -]aut\w+|aut\w+ nt|nt service|window manager|font driver host)\\|\$$", re.IGNORECASE
)


def derive(
    never_restarting: Partial,
    restarts: pd.DataFrame,
    machines: Partial,
    identities: Partial,
) -> pd.DataFrame:
    """Return machine, run_id, configuration, reboot_setting, start_time, end_time, restarted, event_id, user
    (who asked for it, "": nobody told), by_user (a person, not the system), text.

    An asked-for restart (1074) tells more than the unexpected ones (6008, 41), which then are left out.
    """
    runs = never_restarting[never_restarting["machine"] >= 0]
    columns = ["machine", "run_id", "configuration", "reboot_setting", "start_time", "end_time"]
    told = on_machines(restarts, identities, machines)
    pairs = runs[columns].merge(told, on="machine")
    end = pairs["end_time"].fillna(pairs["start_time"]) + _AFTERWARDS
    rows = pairs[(pairs["restarted"] >= pairs["start_time"]) & (pairs["restarted"] <= end)]
    is_restart = pd.Series(
        [bool(_RESTART.search(text)) for text in rows["text"]], index=rows.index, dtype=bool
    )
    rows = rows[((rows["event_id"] == _ASKED) & is_restart) | rows["event_id"].isin(_UNEXPECTED)]
    is_asked = rows["event_id"] == _ASKED
    explained = is_asked.groupby([rows["machine"], rows["run_id"]]).transform("any")
    rows = rows[is_asked | ~explained].sort_values(["machine", "restarted"]).reset_index(drop=True)
    rows["user"] = [_user(event.text) if event.event_id == _ASKED else "" for event in rows.itertuples()]
    rows["by_user"] = [bool(user) and not _SYSTEM.search(user) for user in rows["user"]]
    return rows[[*columns, "restarted", "event_id", "user", "by_user", "text"]]


def _user(text: str) -> str:
    """Return on whose behalf a restart was asked for, from the event's words or from its parameters."""
    found = _USER.search(text) or _SEVENTH.search(text)
    return found[1].strip() if found else ""
