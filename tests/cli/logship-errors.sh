#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Wrong options and configurations: one line, status 2, nothing made.
# shellcheck source=tests/support/logship.sh
. "$(dirname "$0")/../support/logship.sh"
wrong() { # REGEX OPTION...
    local regex=$1
    shift
    run timeout 20 "$logship" "$@"
    expect_one_error 2 "$regex"
}
configure </dev/null
wrong 'no-such-option' --no-such-option
wrong 'needs a value' --group
wrong 'cannot be opened|No such file' -c /nonexistent
wrong 'needs a target' --group g --to otlp
wrong '^logship: --to=nowhere' --group g --to nowhere
wrong 'is needed' --stream s
wrong 'cannot be combined' -c "$conf" --group g
wrong 'datetime_format' --group g --datetime-format '%Q'
wrong 'multi_line_start_pattern' --group g --multi-line-start-pattern '('
wrong 'encoding' --group g --encoding klingon
wrong 'retention_in_days' --group g --retention 6
wrong 'log_group_name' --group 'a b'
wrong 'log_stream_name' --group g --stream 'a:b'
wrong 'means nothing for standard input' --group g --follow all
wrong 'means nothing for the journal' --group g --journal --encoding latin_1
wrong 'goes with --to cloudwatch' --group g --to stdout --retention 7
wrong 'their own buffer' --group g --spool d file
wrong 'needs --spool' --group g --spool-size 5M
wrong 'spool-size' --group g --spool d --spool-size 5
wrong 'goes with --check-config' -c "$conf" --sample x
wrong 'endpoint-url: foo:bar is not a URL$' --group g --endpoint-url foo:bar
wrong 'endpoint-url: ftp://host/x is neither' --group g --endpoint-url ftp://me:secret@host/x?y
wrong '^logship: --to=otlp: foo:bar is not a URL' --group g --to otlp=foo:bar
wrong '^logship: --aws-config: /nonexistent: No such file' --group g --aws-config /nonexistent
wrong '^logship: --profile=who: not in .*home/.aws/config and .*home/.aws/credentials$' --group g --profile who
wrong '^logship: --profile=who: not in ' -c "$conf" --profile who
wrong '^logship: \.\.: is a directory' --group g ..
wrong "region: .*cannot be a region's name" --group g --region 'eu west'
line() { # REGEX LINE: a line that is added to the configuration
    configure <<<"$2"
    run timeout 20 "$logship" -c "$conf" --check-config
    expect_one_error 2 "awslogs.conf:[0-9]+: .*$1"
}
line 'colour' 'colour = red'
line 'batch_count' 'batch_count = many'
line 'initial_position' 'initial_position = middle'
line '' 'no equals sign here'
line 'file' '[no-file]
log_group_name = g
log_stream_name = s'
[[ ! -e $state ]] || fail "a state directory was made"
# A state that somebody else uses.
configure </dev/null
: >"$log"
start_aws_server
start_ship
eventually test -e "$state/state.mdb" || fail "no state"
run timeout 20 "$logship" -c "$conf" --state-dir "$state" --endpoint-url "$aws_url" --once
expect_one_error 1 'in use'
stop_ship
expect_status 0

# AWS_PROFILE, which is not an option: an error as well where nobody waits, and at once.
(
    unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
    export AWS_PROFILE=who
    printf 'x\n' | run timeout 60 "$logship" --group G --stream S --endpoint-url "$aws_url"
    expect_one_error 1 '^logship: profile who: not in .*config and .*credentials$'
) || exit 1
[[ $(aws_requests '*') -eq 0 ]] || fail "something was asked for"

# Where a configuration has a directory in a file's place, the others are shipped.
{ printf '[directory]\nfile = %s\nlog_group_name = G\nlog_stream_name = S\n' "$scratch/home"; } >"$scratch/directory.conf"
run timeout 60 "$logship" -c "$scratch/directory.conf" --state-dir "$state" --endpoint-url "$aws_url" --once
expect_one_error 1 'home: is a directory, not a file$'

# No place for the state that nobody named.
if [[ $EUID -ne 0 ]]; then
    mkdir -m 500 "$scratch/closed"
    HOME=$scratch/closed run timeout 20 "$logship" --group G --endpoint-url "$aws_url" --once "$log"
    expect_one_error 1 'state directory .*closed/.*: (Permission denied|No such file).*--state-dir'
else
    STATE_DIRECTORY=/proc/nowhere/logship run timeout 20 "$logship" --group G --endpoint-url "$aws_url" --once "$log"
    expect_one_error 1 'state directory /proc/nowhere.*: No such file.*--state-dir'
fi

# A service that explains at length is quoted in one line.
fault '{"op": "PutLogEvents", "fault": "bad-signature", "count": 0, "message": "does not match.\n\nThe Canonical String should have been\nPOST"}'
printf 'x\n' | run timeout 60 "$logship" --group G --stream S --endpoint-url "$aws_url" --timeout 1 -q
expect_one_error 1 'InvalidSignatureException: does not match\. … \(credentials: environment'
