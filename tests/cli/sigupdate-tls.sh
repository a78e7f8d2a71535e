#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A certificate that does not fit is refused, one that does is taken.
. "$(dirname "$0")/../support/sigupdate.sh"
need openssl
certificate() { # NAME SUBJECT-ALT-NAME
    openssl req -x509 -newkey rsa:2048 -nodes -keyout "$scratch/$1.key" -out "$scratch/$1.pem" \
        -days 2 -subj /CN=test -addext "subjectAltName=$2" 2>/dev/null
}
certificate right IP:127.0.0.1
certificate wrong DNS:elsewhere.example
printf '%032x:7:Harmless\n' 7 >"$M/a.hdb"

try() { # CERTIFICATE BUNDLE
    start_mirror --tls "$scratch/$1.pem" "$scratch/$1.key"
    rm -rf "$D"
    mkdir "$D"
    write_conf <<<"DatabaseCustomURL https://127.0.0.1:$port/a.hdb"
    CURL_CA_BUNDLE=$2 sigupdate --update-db=custom
}
unset CURL_CA_BUNDLE
try right "$scratch/right.pem"
expect_status 0
try wrong "$scratch/wrong.pem"
expect_status 5
[[ ! -e $D/a.hdb ]] || fail "a certificate for another host was taken"
try right "$scratch/wrong.pem"
expect_status 5
try right ""
expect_status 5

# The same for official databases, by libfreshclam.
if [[ -e $SIGNED/test-6.cvd ]]; then
    serve_signed 6
    start_mirror --tls "$scratch/wrong.pem" "$scratch/wrong.key"
    write_conf <<<"DatabaseMirror https://127.0.0.1:$port"
    CURL_CA_BUNDLE=$scratch/wrong.pem sigupdate --update-db=test
    [[ $status -ne 0 && ! -e $D/test.cvd ]] || fail "libfreshclam took it"
    start_mirror --tls "$scratch/right.pem" "$scratch/right.key"
    write_conf <<<"DatabaseMirror https://127.0.0.1:$port"
    CURL_CA_BUNDLE=$scratch/right.pem sigupdate --update-db=test
    expect_status 0
fi
