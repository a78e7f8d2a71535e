#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
#
# strptime-table.py SEED COUNT: random events with dates, and what Python's strptime makes of the
# first match: lines of `format TAB event TAB milliseconds since 1970` (`none` without a date). In
# the time zone TZ; a date without a zone of its own is local.
import _strptime
import random
import re
import sys
import time
from datetime import datetime, timedelta, timezone

FORMATS = [
    "%a %b %d %H:%M:%S %Y", "%A, %d %B %Y %I:%M:%S %p", "%Y-%m-%dT%H:%M:%S.%f%z", "%c", "%x %X",
    "%Y-%m-%d %H:%M:%S,%f", "%d/%b/%Y:%H:%M:%S %z", "[%d/%b/%Y:%H:%M:%S %z]", "%y%m%d %H%M%S",
    "%m/%d/%y %I:%M %p", "%Y-%j %H:%M", "%Y week %U day %w %H", "%Y week %W day %a %H",
    "%G-W%V-%u %H:%M", "%d.%m.%Y %H.%M", "%Y%m%dT%H%M%SZ", "%b  %d %Y %H:%M:%S", "%H:%M:%S %d %b %y",
    "(%Y) {%m} %d+ 100%% %H|%M", "%I:%M:%S%p on %d %B, %Y", "%Y-%m-%d", "%Y %B", "%d %b %Y %H",
]
NOISE = ["", " ", "x ", "12 ", "[error] ", "2001: ", "\u00e4 ", "Mon ", "-> /srv/a.zip: FOUND "]


def spoil(text):
    """What a log may have instead: other case, padding, missing zeros, other digits."""
    kind = random.randrange(8)
    if kind == 0:
        return text.upper()
    if kind == 1:
        return text.lower()
    if kind == 2:
        return re.sub(r"\b0(\d)", r" \1", text)
    if kind == 3:
        return re.sub(r"\b0(\d)", r"\1", text)
    if kind == 4 and text:
        at = random.randrange(len(text))
        return text[:at] + random.choice("0123456789 :-") + text[at + 1 :]
    if kind == 5:
        return text.replace(" ", "  ")
    return text


def milliseconds(event, form):
    found = _strptime.TimeRE().compile(form).search(event)
    if not found:
        return "none"
    try:
        fields, fraction, _ = _strptime._strptime(found.group(0), form)
    except ValueError:
        return "none"
    offset = fields[10]
    parts = time.struct_time(fields[:8] + (-1,))
    if offset is None:
        seconds = int(time.mktime(parts))
    else:
        day = datetime(*fields[:3], tzinfo=timezone.utc)
        clock = timedelta(hours=fields[3], minutes=fields[4], seconds=fields[5] - offset)
        seconds = (day + clock - datetime(1970, 1, 1, tzinfo=timezone.utc)) // timedelta(seconds=1)
    return seconds * 1000 + fraction // 1000


def main():
    random.seed(int(sys.argv[1]))
    for _ in range(int(sys.argv[2])):
        form = random.choice(FORMATS)
        moment = datetime(1975, 1, 1) + timedelta(microseconds=random.randrange(60 * 365 * 86400 * 10**6))
        minutes = random.choice([0, 60, 120, -300, 330, 345, -210])
        moment = moment.replace(tzinfo=timezone(timedelta(minutes=minutes)))
        text = spoil(moment.strftime(form))
        event = random.choice(NOISE) + text + random.choice(NOISE)
        print(form, event, milliseconds(event, form), sep="\t")


main()
