#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Wrong options: one line, status 2, nothing read. What a pattern matches can be tried out, and what
# is wrong in it is pointed at.
# shellcheck source=tests/support/metric-push.sh
. "$(dirname "$0")/../support/metric-push.sh"
wrong() { # REGEX OPTION...
    local regex=$1
    shift
    run timeout 20 "$metric_push" "$@"
    expect_one_error 2 "$regex"
}
wrong 'no-such-option' --no-such-option
wrong 'is not an option' file
wrong '^metric-push: --pattern: character 9: ' --pattern '{ $.a = '
wrong '^metric-push: --value=\$size: ' --value '$size'
wrong 'neither a number' --value many
wrong '^metric-push: --default=x: is no number' --default x
wrong '^metric-push: --unique=who: ' --unique=who
wrong 'unit Pieces: is none' --unit Pieces
wrong "namespace AWS/x: must not begin" --namespace AWS/x
wrong 'is no NAME=VALUE' --dimension Host
wrong 'given before' --dimension a=1 --dimension a=2
wrong '\{who\} is none of' --dimension 'a={who}'
wrong 'period' --period 0
wrong 'datetime-format' --datetime-format '%Q'
wrong 'goes with --datetime-format' --time-zone UTC
wrong 'cloudwatch, stdout, prometheus=FILE' --to nowhere
wrong 'needs a target: --to statsd=HOST:PORT' --to statsd
wrong 'is no HOST:PORT' --to statsd=localhost
wrong 'takes no target' --to stdout=x
wrong '^metric-push: --to=otlp: ' --to otlp=foo:bar
wrong 'cannot be combined with --to stdout' --tee --to stdout
wrong 'goes with --to cloudwatch' --to stdout --high-resolution
wrong '^metric-push: --profile=who: not in ' --profile who
wrong '^metric-push: endpoint-url|^metric-push: --endpoint-url' --endpoint-url foo:bar
wrong 'unknown option' test --value 1
wrong '^metric-push: --once: means nothing for standard input' --once
wrong '^metric-push: --follow: means nothing' --follow all --file -
wrong '^metric-push: --initial-position: means nothing' --initial-position end_of_file
wrong '^metric-push: --file=-: ' --file - --file a
wrong '^metric-push: --file=: needs a value' --file ''
wrong '^metric-push: --initial-position=end: ' --file a --initial-position end
wrong '^metric-push: --follow=each: ' --file a --follow each
wrong 'cannot be combined with --file' --file a --tee
wrong '^metric-push: --spool-size=1K: ' --spool-size 1K
wrong '^metric-push: --spool-size=x: ' --spool-size x
run timeout 20 "$metric_push" --file /etc
expect_one_error 1 '^metric-push: /etc: is a directory'
run timeout 20 "$metric_push" --file a --state-dir /dev/null/x
expect_one_error 1 '^metric-push: state directory /dev/null/x: Not a directory'
mkdir -m 777 "$scratch/open"
run timeout 20 "$metric_push" --file a --state-dir "$scratch/open"
expect_one_error 1 "^metric-push: state directory $scratch/open: others may write"

test_pattern() { run "$metric_push" test "$@"; }
printf '1.2.3.4 GET 404\r\n1.2.3.4 GET 200\n5.6.7.8 \033 "4 x"' |
    test_pattern --pattern '[ip, method, status = 4*]'
expect_status 0
cat >"$scratch/wanted" <<'E2'
1: 1.2.3.4 GET 404
    $ip = 1.2.3.4
    $method = GET
    $status = 404
3: 5.6.7.8 \033 "4 x"
    $ip = 5.6.7.8
    $method = \033
    $status = 4 x
E2
expect_same "$scratch/wanted" "$out" "matches"
expect_error '^metric-push: 2 of 3 lines match$'
printf 'a\n' | test_pattern
expect_status 1
[[ ! -s $out ]] || fail "something matches"
test_pattern --pattern '{ $.a = '
expect_status 2
expect_error '^\{ \$\.a = *$'
expect_error '^ {7,8}\^$'
expect_error '^metric-push: --pattern: character 9: '
