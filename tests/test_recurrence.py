"""When a schedule starts: `recurEvery` between two moments, on the wall clock of a Windows time zone."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from umdiag.frames.shared.recurrence import read_recurrence, starts_between
from umdiag.frames.shared.zones import moment_of, read_clock, zone_of

BERLIN = "W. Europe Standard Time"
YEAR = (datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 12, 31, 23, 59, tzinfo=UTC))


def starts(text, start="2024-01-01 22:00", zone="UTC", between=YEAR):
    first, named = datetime.fromisoformat(start), zone_of(zone)
    recurrence = read_recurrence(text, first)
    assert recurrence is not None, text
    assert named is not None, zone
    return starts_between(recurrence, first, named, *between)


def days(text, start="2024-01-01 22:00"):
    return [moment.date() for moment in starts(text, start)]


def in_march(text, start="2024-03-01 22:00"):
    return [moment.day for moment in starts(text, start) if moment.month == 3]


# -- what is written --------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["Day", "day", " 1Day ", "1 Days", "DAYS"])
def test_every_spelling_of_a_day_is_every_day(text):
    assert in_march(text) == [*range(1, 32)]


def test_days_are_counted_from_the_first_start():
    assert in_march("10Days", "2024-02-20 22:00") == [1, 11, 21, 31]


@pytest.mark.parametrize("text", ["Week Saturday,Sunday", "1Week Sat, Sun", "weeks sun satur"])
def test_week_starts_on_the_days_it_names(text):
    assert in_march(text) == [2, 3, 9, 10, 16, 17, 23, 24, 30, 31]


def test_week_without_days_starts_on_the_day_of_the_first_start():
    assert in_march("Week", "2024-02-07 22:00") == [6, 13, 20, 27]


def test_month_without_days_starts_on_the_day_of_the_first_start():
    assert {day.day for day in days("Month", "2024-01-17 22:00")} == {17}


def test_first_start_is_none_if_it_does_not_recur_then():
    assert in_march("Week Sunday", "2024-03-01 22:00")[0] == 3


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Month day1,day23,day-1", [1, 23, 31]),
        ("Month day-31", [1]),
        ("1Months day31 day-1", [31]),
        ("Month First Friday", [1]),
        ("Month Fourth Friday", [22]),
        ("Month Last Fri", [29]),
        ("Month Second Tuesday", [12]),
        ("Month Second Tuesday Offset6", [18]),
        ("Month Second Tuesday Offset+3", [15]),
        ("Month Second Tuesday Offset-6", [6]),
    ],
)
def test_month_starts_on_what_it_names(text, expected):
    assert in_march(text) == expected


def test_offset_moves_a_start_into_the_month_beside():
    assert date(2024, 2, 28) in days("Month First Monday Offset-5")
    assert date(2024, 4, 1) in days("Month Last Tuesday Offset6")


def test_day_31_of_a_short_month_is_none():
    assert [day.month for day in days("Month day31")] == [1, 3, 5, 7, 8, 10, 12]


def test_last_day_of_february_is_that_of_the_year():
    assert date(2024, 2, 29) in days("Month day-1")
    assert date(2024, 2, 29) in days("Month day29")
    between = (datetime(2025, 1, 1, tzinfo=UTC), datetime(2025, 12, 31, tzinfo=UTC))
    assert [moment.month for moment in starts("Month day29", between=between)] == [1, *range(3, 13)]


@pytest.mark.parametrize(
    "text",
    [
        "", "Fortnight", "0Days", "-1Day", "Day Monday", "6Hours Monday", "Week Caturday", "Week Mon,Xyz",
        "Week Mo", "Month day0", "Month day32", "Month day1,Monday", "Month Fifth Monday", "Month Monday",
        "Month Last",
        "Month Second Tuesday Offset7", "Month Second Tuesday Offset",
        "Month Second Tuesday, Last Friday", None, 5,
    ],
)  # fmt: skip
def test_what_is_not_understood_is_not_guessed(text):
    assert read_recurrence(text, datetime(2024, 1, 1)) is None


@pytest.mark.parametrize(
    "text", ["2Weeks Monday", "2Weeks", "3Months day1", "2Months Last Friday", "2Months"]
)
def test_several_weeks_or_months_are_not_expanded(text):
    assert read_recurrence(text, datetime(2024, 1, 1)) is None


# -- clocks -----------------------------------------------------------------------------------------------


def test_wall_time_is_kept_over_daylight_saving():
    clocks = {moment.astimezone(ZoneInfo("Europe/Berlin")).hour for moment in starts("Day", zone=BERLIN)}
    assert clocks == {22}
    assert {moment.hour for moment in starts("Day", zone=BERLIN)} == {20, 21}


def test_hours_step_in_elapsed_time():
    found = starts("6Hours", zone=BERLIN)
    assert {later - sooner for sooner, later in pairwise(found)} == {timedelta(hours=6)}


def test_time_that_a_clock_skips_is_as_long_after_the_change():
    found = starts("Day", "2024-01-01 02:30", BERLIN)
    assert datetime(2024, 3, 31, 1, 30, tzinfo=UTC) in found  # 03:30, the clock never showed 02:30


def test_time_that_a_clock_shows_twice_is_the_first():
    found = starts("Day", "2024-01-01 02:30", BERLIN)
    assert [moment for moment in found if moment.date() == date(2024, 10, 27)] == [
        datetime(2024, 10, 27, 0, 30, tzinfo=UTC)
    ]


@pytest.mark.parametrize(
    ("name", "hour"),
    [
        ("UTC", 12),
        ("W. Europe Standard Time", 11),
        ("w. europe standard time ", 11),
        ("Tokyo Standard Time", 3),
    ],
)
def test_time_zones_are_known_by_their_windows_names(name, hour):
    zone = zone_of(name)
    assert zone is not None
    assert moment_of(datetime(2024, 1, 1, 12), zone).hour == hour


@pytest.mark.parametrize("name", ["", "Mars Standard Time", "../etc/passwd", "Europe"])
def test_unknown_time_zone_is_none(name):
    assert zone_of(name) is None


@pytest.mark.parametrize(
    "text", ["2024-03-01 22:00", "2024-03-01T22:00:00", " 2024-03-01 22:00 ", "2024-03-01T22:00Z"]
)
def test_clock_is_read(text):
    assert read_clock(text) == datetime(2024, 3, 1, 22)


@pytest.mark.parametrize(
    "text", [None, "", "soon", "9999-12-31 23:59", "0001-01-01 00:00", "2024-02-30 00:00"]
)
def test_no_clock_is_none(text):
    assert read_clock(text) is None


# -- whatever is written ----------------------------------------------------------------------------------

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
EVERY = st.one_of(
    st.integers(1, 40).map(lambda count: f"{count}Hours"),
    st.integers(1, 40).map(lambda count: f"{count}Days"),
    st.lists(st.sampled_from(WEEKDAYS), min_size=1).map(lambda names: f"Week {','.join(names)}"),
    st.lists(st.integers(1, 31) | st.integers(-31, -1), min_size=1).map(
        lambda numbers: f"Month {','.join(f'day{number}' for number in numbers)}"
    ),
    st.builds(
        "Month {} {} Offset{}".format,
        st.sampled_from(["First", "Second", "Third", "Fourth", "Last"]),
        st.sampled_from(WEEKDAYS),
        st.integers(-6, 6),
    ),
)
CLOCKS = st.datetimes(datetime(2015, 1, 1), datetime(2026, 1, 1)).map(
    lambda moment: moment.replace(second=0, microsecond=0)
)
ZONES = st.sampled_from(
    [BERLIN, "Eastern Standard Time", "Lord Howe Standard Time", "Samoa Standard Time", "UTC"]
)
BEGINS = st.datetimes(datetime(2019, 1, 1), datetime(2027, 1, 1)).map(
    lambda moment: moment.replace(tzinfo=UTC)
)
SPANS = st.integers(0, 800).map(lambda count: timedelta(days=count / 2))


@given(EVERY, CLOCKS, ZONES, BEGINS, SPANS)
def test_starts_ascend_within_their_bounds(text, start, zone, begin, span):
    named = zone_of(zone)
    found = starts(text, str(start), zone, (begin, begin + span))
    assert found == sorted(set(found))
    assert all(max(begin, moment_of(start, named)) <= moment <= begin + span for moment in found)


@given(EVERY, CLOCKS, ZONES, BEGINS, SPANS, SPANS)
def test_two_spans_have_the_starts_of_both(text, start, zone, begin, span, more):
    middle, end = begin + span, begin + span + more
    first, second = (starts(text, str(start), zone, bounds) for bounds in ((begin, middle), (middle, end)))
    assert starts(text, str(start), zone, (begin, end)) == sorted({*first, *second})


@given(st.sampled_from(range(5)), st.sampled_from(range(7)), st.integers(-6, 6), st.integers(2019, 2027))
def test_nth_weekday_is_that_of_a_calendar(nth, weekday, offset, year):
    word = ("First", "Second", "Third", "Fourth", "Last")[nth]
    bounds = (datetime(year, 1, 8, tzinfo=UTC), datetime(year, 12, 24, tzinfo=UTC))
    found = {
        moment.date()
        for moment in starts(
            f"Month {word} {WEEKDAYS[weekday]} Offset{offset}", "2015-01-01 12:00", between=bounds
        )
    }
    expected = set()
    for month in range(1, 13):
        all_days = [date(year, month, day) for day in range(1, monthrange(year, month)[1] + 1)]
        named = [day for day in all_days if day.weekday() == weekday]
        expected.add((named[-1] if nth == 4 else named[nth]) + timedelta(days=offset))
    assert found == {day for day in expected if bounds[0].date() <= day < bounds[1].date()}


@given(CLOCKS, ZONES, st.integers(1, 400))
def test_every_day_has_one_start_on_each_day_of_the_clock(start, zone, count):
    named = zone_of(zone)
    first = moment_of(start, named)
    found = starts("Day", str(start), zone, (first, first + timedelta(days=count)))
    assert count - 1 <= len(found) <= count + 2
    # A time that the clock skips is shown an hour later, on Samoa's skipped day a whole day.
    assert sum(moment.astimezone(named).time() != start.time() for moment in found) <= 3
