#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Where credentials, region and endpoint come from, each with the real protocol: environment, files
# and profiles, roles, containers, web identity, the instance (version 2, and 1 only when asked
# for); TLS that is verified, proxies, IPv6. And secrets are nowhere to be seen.
# shellcheck source=tests/support/logship.sh
. "$(dirname "$0")/../support/logship.sh"
start_aws_server
secret=$AWS_SECRET_ACCESS_KEY
# One line with these options, which has to arrive.
arrives() { # WHAT [OPTION...]
    local what=$1
    shift
    local stream=${what//[^A-Za-z0-9]/-}
    run timeout 60 "$logship" --group C --stream "$stream" --timeout 5 "$@" < <(echo "$what")
    [[ $status -eq 0 ]] || fail "$what: status $status"
    [[ $(stored C "$stream") = "$what" ]] || fail "$what: did not arrive"
    expect_no_violations
}
refused() { # WHAT REGEX [OPTION...]
    local what=$1 regex=$2
    shift 2
    run timeout 60 "$logship" --group C --stream refused --timeout 1 -q "$@" < <(echo "$what")
    expect_one_error 1 "$regex"
}
bare() { # COMMAND...: without credentials and region in the environment
    (
        unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_REGION AWS_DEFAULT_REGION
        "$@"
    ) || exit 1
}
arrives environment --endpoint-url "$aws_url"
AWS_ENDPOINT_URL=$aws_url arrives 'AWS_ENDPOINT_URL'
AWS_ENDPOINT_URL_CLOUDWATCH_LOGS=$aws_url AWS_ENDPOINT_URL=http://127.0.0.1:1 arrives 'the service s own'

# Files and profiles.
mkdir -p "$HOME/.aws"
printf '[default]\naws_access_key_id = %s\naws_secret_access_key = %s\n[other]\naws_access_key_id = %s\naws_secret_access_key = wrong\n' \
    "$AWS_ACCESS_KEY_ID" "$secret" "$AWS_ACCESS_KEY_ID" >"$HOME/.aws/credentials"
printf '[default]\nregion = eu-west-1\n[profile other]\nregion = eu-west-1\n[profile role]\nrole_arn = arn:aws:iam::123456789012:role/test\nsource_profile = default\nregion = eu-west-1\n[profile process]\nregion = eu-west-1\ncredential_process = "%s/process" "a b"\n' \
    "$scratch" >"$HOME/.aws/config"
cat >"$scratch/process" <<SH
#!/bin/sh
[ "\$1" = 'a b' ] || exit 1
echo '{"Version": 1, "AccessKeyId": "$AWS_ACCESS_KEY_ID", "SecretAccessKey": "$secret"}'
SH
chmod 700 "$scratch/process"
bare arrives 'default profile' --endpoint-url "$aws_url"
bare arrives 'credential_process' --endpoint-url "$aws_url" --profile process
bare refused 'wrong secret' 'signature|secret' --endpoint-url "$aws_url" --profile other
: >"$aws_dir/violations"
export AWS_ENDPOINT_URL_STS=$aws_url
bare arrives 'assumed role' --endpoint-url "$aws_url" --profile role
[[ $(aws_requests AssumeRole) -ge 1 ]] || fail "no role was assumed"
printf 'web-identity-token' >"$scratch/token"
(
    unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
    rm -r "$HOME/.aws"
    export AWS_WEB_IDENTITY_TOKEN_FILE=$scratch/token AWS_ROLE_ARN=arn:aws:iam::123456789012:role/web
    arrives 'web identity' --endpoint-url "$aws_url"
) || exit 1
[[ $(aws_requests AssumeRoleWithWebIdentity) -ge 1 ]] || fail "no web identity was used"
rm -rf "$HOME/.aws"

# Containers, and the instance.
(
    use_container
    arrives 'container' --endpoint-url "$aws_url"
) || exit 1
(
    use_imds
    bare arrives 'instance' --endpoint-url "$aws_url"
    # Credentials that expire while they are used are fetched again.
    aws_control '{"imds": {"renew": true}}' >/dev/null
    fault '{"op": "PutLogEvents", "fault": "expired-token", "count": 1}'
    bare arrives 'expired' --endpoint-url "$aws_url"
    no_faults
    use_imds '{"mode": "v1-only"}'
    bare refused 'version 1' 'metadata|credentials|region' --endpoint-url "$aws_url"
    bare arrives 'version 1 on request' --endpoint-url "$aws_url" --imds-v1
) || exit 1

# TLS: verified, with an authority of one's own, never without.
stop_aws_server
make_test_ca tls
start_aws_server --tls "$scratch/tls.pem" "$scratch/tls.key"
arrives 'TLS' --endpoint-url "$aws_url" --ca-bundle "$aws_tls"
AWS_CA_BUNDLE=$aws_tls arrives 'AWS_CA_BUNDLE' --endpoint-url "$aws_url"
refused 'unknown authority' 'certificate' --endpoint-url "$aws_url"
# Through a proxy, to the service's real name.
make_test_ca real DNS:logs.eu-west-1.amazonaws.com
stop_aws_server
start_aws_server --tls "$scratch/real.pem" "$scratch/real.key"
HTTPS_PROXY=$imds_url arrives 'proxy' --ca-bundle "$aws_tls"
[[ $(aws_request_values host PutLogEvents | tail -n 1) = logs.eu-west-1.amazonaws.com ]] || fail "another host"
stop_aws_server
if [[ -e /proc/net/if_inet6 ]] && grep -q '^0*1 ' /proc/net/if_inet6; then
    start_aws_server --bind ::1
    arrives 'IPv6' --endpoint-url "$aws_url"
    stop_aws_server
fi

# Secrets: not in any output, argument, environment of a child, state or core.
start_aws_server
configure </dev/null
found_line /x >"$log"
start_ship --debug
eventually has_stored clamav "$(hostname)" 1 || fail "nothing arrived"
! tr '\0' '\n' <"/proc/$pid/cmdline" | grep -qF "$secret" || fail "a secret among the arguments"
stop_ship
! grep -rqF "$secret" "$out" "$err" "$state" || fail "a secret in output or state"

# What it has in memory is nobody's: no core dump, and not even its own user may look.
as=()
[[ $EUID -ne 0 ]] || as=(setpriv --reuid=65534 --regid=65534 --clear-groups)
mkfifo "$scratch/feed"
exec 9<>"$scratch/feed"
start "${as[@]}" "$logship" --endpoint-url "$aws_url" --group G --stream memory <"$scratch/feed"
hidden() { [[ $(cat "/proc/$pid/comm") = logship && $(stat -c %u "/proc/$pid/mem") -eq 0 ]]; }
eventually hidden || fail "it can be looked into: $(stat -c %u "/proc/$pid/mem")"
exec 9>&-
stop_ship
