# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What tests that talk to AWS source, after which everything of lib.sh is there too: a stand-in for
# the services (aws-server) that checks every request, an environment that reaches nothing else,
# questions about what was stored. Debian's real `aws` reads back: aws_cli.

# shellcheck source=tests/support/lib.sh
# shellcheck disable=SC2034,SC2154 # some are for the tests only, some of lib.sh

[[ -n ${scratch-} ]] || . "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# Nothing of the caller's: no account, no profile, no proxy.
for variable in $(compgen -e); do
    case $variable in
    AWS_* | http_proxy | https_proxy | all_proxy | no_proxy | HTTP_PROXY | HTTPS_PROXY | ALL_PROXY | \
        NO_PROXY | CURL_CA_BUNDLE | SSL_CERT_FILE | SSL_CERT_DIR | REQUESTS_CA_BUNDLE | OTEL_*)
        unset "$variable"
        ;;
    esac
done
mkdir -p "$scratch/home"
export HOME=$scratch/home
export AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE
export AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY
export AWS_REGION=eu-west-1 AWS_DEFAULT_REGION=eu-west-1 AWS_PAGER=
export AWS_EC2_METADATA_DISABLED=true

aws_dir=$scratch/aws # the server's directory
aws_pid=
aws_tls= # with https: --cacert for curl

need_aws_server() {
    need /usr/bin/python3 curl
    /usr/bin/python3 -c 'import botocore' 2>/dev/null || skip "python3-botocore is not installed"
}

# Starts the server with further options of it (see aws-server) on $aws_dir, and goes on with what
# is there. Sets $aws_url, $imds_url (also for containers and /_control), $aws_port, $aws_pid.
# $imds_url is a proxy as well, for http and https, in which every host is this server.
start_aws_server() { # [OPTION...]
    need_aws_server
    local scheme=http option host=127.0.0.1
    mkdir -p "$aws_dir"
    rm -f "$aws_dir/port" "$aws_dir/metadata-port"
    BUILD=$BUILD setsid "$support/aws-server" --dir "$aws_dir" "$@" \
        >"$scratch/aws-out" 2>&1 7>&- 8>&- 9>&- &
    aws_pid=$!
    started+=("$aws_pid")
    disown "$aws_pid"
    eventually test -s "$aws_dir/port" || fail "aws-server did not start: $(cat "$scratch/aws-out")"
    for option; do
        case $option in
        --tls) scheme=https ;;
        ::1) host='[::1]' ;;
        esac
    done
    aws_port=$(cat "$aws_dir/port")
    aws_url=$scheme://$host:$aws_port
    imds_url=http://$host:$(cat "$aws_dir/metadata-port")
}
stop_aws_server() {
    kill "$aws_pid"
    eventually aws_server_is_gone || fail "aws-server does not end"
}
aws_server_is_gone() { ! kill -0 "$aws_pid" 2>/dev/null; }

# --- what it shall do

# JSON to the running server, see Control in aws_server/server.py; its answer is printed.
aws_control() { # JSON
    curl -sS --fail-with-body --noproxy '*' --max-time 20 --data-binary "$1" "$imds_url/_control" ||
        fail "aws-server refused: $1"
}
# Injects a fault: a JSON object as aws_server/faults.py says, such as
# '{"op": "PutLogEvents", "fault": "throttle", "count": 3}'.
fault() { # JSON...
    local rule
    for rule; do aws_control "$rule" >/dev/null; done
}
no_faults() { aws_control '{"clear": true}' >/dev/null; }
# Whether every fault with a count has struck so often.
faults_are_over() { [[ $(aws_control '{}') == '{"faults": []'* ]]; }

# Credentials, region and instance from the metadata service instead of the environment; JSON
# members of `imds` may change it: use_imds '{"mode": "v1-only"}'.
use_imds() { # [JSON]
    unset AWS_EC2_METADATA_DISABLED AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN
    export AWS_EC2_METADATA_SERVICE_ENDPOINT=$imds_url/ # botocore 1.29 needs the slash
    [[ -z ${1-} ]] || aws_control "{\"imds\": $1}" >/dev/null
}
# Credentials from the container endpoint.
use_container() { # [JSON]
    unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN
    export AWS_CONTAINER_CREDENTIALS_FULL_URI=$imds_url/container/credentials
    export AWS_CONTAINER_AUTHORIZATION_TOKEN=container-token
    [[ -z ${1-} ]] || aws_control "{\"container\": $1}" >/dev/null
}

# --- what it has

# A question about what is stored or was asked, see aws-stored.
aws_stored() { /usr/bin/python3 "$support/aws-stored" "$aws_dir" "$@"; }
# The messages of a stream in the order in which they were stored, one a line (a line end in a
# message is \n, a backslash \\).
stored() { aws_stored messages "$@"; }        # GROUP STREAM
stored_stamps() { aws_stored stamps "$@"; }   # GROUP STREAM: their time stamps, ms
stored_count() { aws_stored count "$@"; }     # GROUP STREAM: 0 where there is none
has_stored() { # GROUP STREAM COUNT: at least so many
    [[ $(stored_count "$1" "$2") -ge $3 ]]
}
# With --light nothing is stored: how many events were taken, and in how many batches.
light_count() { aws_control '{}' | aws_stored light events "$@"; }    # GROUP STREAM
light_batches() { aws_control '{}' | aws_stored light batches "$@"; } # GROUP STREAM
stored_groups() { aws_stored groups; }        # one a line
stored_streams() { aws_stored streams "$1"; } # GROUP
# How many requests there were of an operation (a glob), with members of that value:
# aws_requests PutLogEvents status=200 encoding=gzip fault=None
aws_requests() { aws_stored requests "$@"; } # OPERATION [MEMBER=VALUE...]
# Values of a member of those requests, one a line.
aws_request_values() { aws_stored values "$@"; } # MEMBER OPERATION [MEMBER=VALUE...]

expect_no_violations() {
    [[ ! -s $aws_dir/violations ]] ||
        fail "requests broke rules: $(head -c 3000 "$aws_dir/violations")"
}
# A violation that matches is there, and is forgotten with all others.
expect_violation() { # REGEX
    grep -qE -e "$1" "$aws_dir/violations" ||
        fail "no violation matches '$1': $(cat "$aws_dir/violations")"
    : >"$aws_dir/violations"
}
expect_stored() { # GROUP STREAM MESSAGE...: exactly these
    local group=$1 stream=$2
    shift 2
    stored "$group" "$stream" >"$scratch/stored"
    printf '%s\n' "$@" >"$scratch/wanted"
    expect_same "$scratch/wanted" "$scratch/stored" "messages of $group/$stream"
}

# --- other sinks

# The messages that the OpenTelemetry collector took ($aws_url/v1/logs), one a line.
stored_otlp() { aws_stored otlp; }
# The data points that it took ($aws_url/v1/metrics), JSON, one a line.
stored_otlp_metrics() { aws_stored otlp-metrics; }

# Starts a receiver of RFC 5424 messages with options of syslog-receiver on $syslog_dir; its port is
# in $syslog_port.
syslog_dir=$scratch/syslog
start_syslog_receiver() { # [OPTION...]
    need /usr/bin/python3
    mkdir -p "$syslog_dir"
    rm -f "$syslog_dir/port"
    setsid "$support/syslog-receiver" --dir "$syslog_dir" "$@" >"$scratch/syslog-out" 2>&1 \
        7>&- 8>&- 9>&- &
    syslog_pid=$!
    started+=("$syslog_pid")
    disown "$syslog_pid"
    eventually test -s "$syslog_dir/port" ||
        fail "syslog-receiver did not start: $(cat "$scratch/syslog-out")"
    syslog_port=$(cat "$syslog_dir/port")
}
# What it shall do from now on, see syslog-receiver: syslog_control '{"close_after": 5}'
syslog_control() { # JSON
    printf '%s' "$1" >"$syslog_dir/control.new"
    mv "$syslog_dir/control.new" "$syslog_dir/control"
}
stored_syslog() { aws_stored syslog "$syslog_dir"; } # the messages, one a line
stored_syslog_member() { aws_stored syslog "$syslog_dir" "$1"; } # hostname, timestamp, app …
expect_no_syslog_violations() {
    [[ ! -s $syslog_dir/violations ]] ||
        fail "messages broke rules: $(head -c 3000 "$syslog_dir/violations")"
}

# --- the real client

# Debian's aws against the server: aws_cli logs describe-log-groups …
aws_cli() {
    local bundle=()
    [[ -z $aws_tls ]] || bundle=(--ca-bundle "$aws_tls")
    run /usr/bin/aws --endpoint-url "$aws_url" --no-cli-pager --output text \
        --cli-connect-timeout 20 --cli-read-timeout 20 "${bundle[@]}" "$@"
}
need_aws_cli() {
    [[ -x /usr/bin/aws ]] || skip "awscli is not installed"
    export AWS_MAX_ATTEMPTS=1 # faults are to be seen
}

# --- certificates

# An authority of our own and a certificate of it for 127.0.0.1, ::1 and localhost (or other names):
# $scratch/NAME-ca.pem, NAME.pem, NAME.key. Afterwards
# start_aws_server --tls "$scratch/NAME.pem" "$scratch/NAME.key"
make_test_ca() { # NAME [SUBJECT-ALT-NAME [DAYS]]
    need openssl
    local base=$scratch/$1 names=${2:-IP:127.0.0.1,IP:::1,DNS:localhost}
    {
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
            -subj "/CN=$1 CA" -keyout "$base-ca.key" -out "$base-ca.pem"
        openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$1" \
            -keyout "$base.key" -out "$base.csr"
        openssl x509 -req -in "$base.csr" -CA "$base-ca.pem" -CAkey "$base-ca.key" \
            -CAcreateserial -days "${3:-2}" -out "$base.pem" \
            -extfile <(echo "subjectAltName=$names")
    } 2>"$err" || fail "openssl makes no certificate"
    aws_tls=$base-ca.pem
}
