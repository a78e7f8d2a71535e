#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The OpenTelemetry collector and the syslog receiver of the tests take what is right, and record
# what is not.
. "$(dirname "$0")/../support/aws.sh"
need_aws_server
need openssl
start_aws_server

# --- OpenTelemetry
post() { # STATUS BODY [CURL-OPTION...]: the answer goes to $out
    local wanted=$1 body=$2
    shift 2
    run curl -sS -o "$scratch/body" -w '%{http_code}' -H 'Content-Type: application/json' "$@" \
        --data-binary "$body" "$aws_url/v1/logs"
    expect_line "$wanted"
    cp "$scratch/body" "$out"
}
logs() { # LOG-RECORD...
    local IFS=,
    printf '{"resourceLogs": [{"resource": {"attributes": [{"key": "host.name", "value":
        {"stringValue": "h"}}]}, "scopeLogs": [{"scope": {"name": "s"}, "logRecords": [%s]}]}]}' "$*"
}
good='{"timeUnixNano": "1767323045000000000", "severityNumber": 9, "body": {"stringValue": "a\nb"}}'
post 200 "$(logs "$good" "${good/nb/nc}")"
[[ $(stored_otlp) == $'a\\nb\na\\nc' ]] || fail "not stored: $(stored_otlp)"
logs "$good" | gzip >"$scratch/body.gz"
post 200 @"$scratch/body.gz" -H 'Content-Encoding: gzip'
expect_no_violations
fault '{"op": "otlp", "fault": "partial-success", "rejected": 1}' \
    '{"op": "otlp", "fault": "throttle-429", "retry_after": 1}' \
    '{"op": "otlp", "fault": "unavailable", "retry_after": 1}'
post 200 "$(logs "$good" "$good")"
expect_match '"partialSuccess": .*"rejectedLogRecords": "1"'
post 429 "$(logs "$good")"
post 503 "$(logs "$good")"
[[ $(stored_otlp | wc -l) -eq 4 ]] || fail "$(stored_otlp | wc -l) records are stored"
expect_no_violations
bad() { # WHAT REGEX
    post 400 "$1"
    expect_violation "$2"
}
bad '{' 'otlp: '
bad '{"resourceLogs": []}' 'no logRecords'
bad "$(logs "${good//\"17/17}")" 'otlp: '
bad "$(logs "${good/\"1767323045000000000\"/1767323045000000000}")" 'timeUnixNano is 17'
bad "$(logs "${good/severityNumber/severity}")" 'unknown member severity'
bad "$(logs '{"timeUnixNano": "1", "body": {}}')" 'no body.stringValue'
bad "$(logs "${good/timeUnixNano/traceId}")" 'no time'
post 415 "$(logs "$good")" -H 'Content-Type: text/json'
expect_violation 'Content-Type'

# --- syslog
header='<134>1 2026-01-02T03:04:05.123456+01:00 host logship 12 -'
sd='[meta sequenceId="1"][a@32473 x="1\"\]\\" y=""]'
counted() { printf '%d %s' "$(printf '%s' "$1" | wc -c)" "$1"; }
deliver() { # MESSAGE...: with their octets counted, on a connection of its own
    local message
    exec 7>/dev/tcp/127.0.0.1/"$syslog_port"
    for message; do counted "$message" >&7; done
    exec 7>&-
}
recorded() { grep -qE -e "$1" "$syslog_dir/violations"; }
has_syslog() { [[ $(stored_syslog | wc -l) -ge $1 ]]; }
start_syslog_receiver
bom=$'\xef\xbb\xbf'
deliver "$header $sd a b" "$header - ${bom}é"$'\n!' "<0>1 - - - - - -"
eventually has_syslog 3 || fail "not three messages"
expect_no_syslog_violations
[[ $(stored_syslog) == $'a b\né\\n!\n' || $(stored_syslog) == $'a b\né\\n!' ]] || fail "$(stored_syslog)"
[[ $(stored_syslog_member elements | head -n 1) == *"'a@32473': [['x', '1\"]"* ]] ||
    fail "structured data: $(stored_syslog_member elements)"
wrong() { # MESSAGE REGEX
    deliver "$1"
    eventually recorded "$2" || fail "no violation '$2' for $1: $(cat "$syslog_dir/violations")"
    : >"$syslog_dir/violations"
}
wrong "<192>1 - - - - - - a" 'priority 192'
wrong "<13>2 - - - - - - a" 'malformed header'
wrong "<13>1 2026-13-02T03:04:05Z - - - - - a" 'time stamp'
wrong "<13>1 2026-01-02 03:04:05 - - - - a" 'time stamp'
wrong "<13>1 - h a p m [x y=\"1\"] a" 'SD-ID x'
wrong "<13>1 - h a p m [x@1 y=1] a" 'no structured data'
wrong "<13>1 - h a p m -a" 'no blank'
wrong "<13>1 - h a p m - é" 'byte order mark'
wrong "<13>1 - h a p m - $bom"$'\xff' 'message'
printf '03 abc' >/dev/tcp/127.0.0.1/"$syslog_port"
eventually recorded 'message length' || fail "a length with a leading zero is taken"

# Over TLS, with a client that must show its own certificate; and broken off after two.
make_test_ca syslog
start_syslog_receiver --tls "$scratch/syslog.pem" "$scratch/syslog.key" \
    --client-ca "$scratch/syslog-ca.pem"
over_tls() {
    { counted "$header - one"; counted "$header - two"; counted "$header - three"; sleep 0.5; } |
        openssl s_client -quiet -no_ign_eof -connect "127.0.0.1:$syslog_port" \
            -CAfile "$scratch/syslog-ca.pem" -verify_return_error "$@" >"$out" 2>"$err" || true
}
rm "$syslog_dir/messages"
over_tls
[[ ! -s $syslog_dir/messages ]] || fail "a client without a certificate is taken"
syslog_control '{"close_after": 2}'
over_tls -cert "$scratch/syslog.pem" -key "$scratch/syslog.key"
eventually has_syslog 2 || fail "no messages over TLS: $(cat "$syslog_dir/connections")"
[[ $(stored_syslog) == $'one\ntwo' ]] || fail "not closed after two"
syslog_control '{"closed": true}'
refused() { ! (exec 8<>/dev/tcp/127.0.0.1/"$syslog_port") 2>/dev/null; }
eventually refused || fail "it still listens"
