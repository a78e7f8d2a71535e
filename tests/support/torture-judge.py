#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
#
# torture-judge.py AWS-DIR GROUP STREAM MOST-REPEATED WRITTEN FILE...: every line of the FILEs (the log
# and what became of it) was stored; the first time each was, they came in order; nothing else was but
# lines below number WRITTEN (a copytruncate may keep one from the FILEs that was read before); and no
# more than MOST-REPEATED requests brought lines that were there already. Copies that end within a line
# have a part of one, which has no place of its own in the order.
import glob
import gzip
import json
import os
import re
import sys

directory, group, stream = sys.argv[1:4]
most, written = int(sys.argv[4]), int(sys.argv[5])
wanted = set()
for name in sys.argv[6:]:
    opener = gzip.open if name.endswith('.gz') else open
    with opener(name, 'rt', encoding='ascii') as file:
        wanted.update(line.rstrip('\n') for line in file)
paths = glob.glob(os.path.join(directory, 'groups', '**', stream + '.jsonl'), recursive=True)
seen, first, repeated = set(), [], set()
for path in paths:
    with open(path, encoding='utf-8') as file:
        for line in file:
            event = json.loads(line)
            message = event['message']
            if message in seen:
                repeated.add(event['request'])
            else:
                seen.add(message)
                first.append(message)
problems = []
lost = sorted(wanted - seen)
if lost:
    problems.append(f'{len(lost)} of {len(wanted)} lines lost, the first: {lost[0]!r}')
whole = re.compile(re.escape(stream) + r' (\d{9}) a line of a log as long as they are')
foreign = sorted(line for line in seen - wanted
                 if not (match := whole.fullmatch(line)) or int(match[1]) >= written)
if foreign:
    problems.append(f'{len(foreign)} lines that nobody wrote whole, such as {foreign[0]!r}')
lines = [line for line in first if whole.fullmatch(line)]
disorder = sum(a > b for a, b in zip(lines, lines[1:]))
if disorder:
    problems.append(f'{disorder} times out of order')
if len(repeated) > most:
    problems.append(f'{len(repeated)} requests repeated lines, {most} kills')
print(f'{len(wanted)} lines, {len(repeated)} requests that repeated some', *problems, sep='\n')
sys.exit(1 if problems or not wanted else 0)
