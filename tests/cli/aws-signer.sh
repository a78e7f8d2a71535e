#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Signatures of random requests are botocore's: methods, paths, queries, headers with blanks and
# of one name, binary bodies, regions, tokens.
. "$(dirname "$0")/../support/lib.sh"

python=/usr/bin/python3
"$python" -c 'import botocore' 2>/dev/null || skip "python3-botocore is not installed"
[[ -x $BUILD/tests/aws-sign ]] || skip "aws-sign is not built"

# make: writes requests, one a line, and what botocore signs them with.
cat >sign.py <<'END'
import base64
import datetime
import json
import random

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

rng = random.Random(5)
safe = "abcXYZ019-_.~"


def word(letters, least, most):
    return "".join(rng.choice(letters) for _ in range(rng.randint(least, most)))


def path():
    return "/" + "/".join(rng.choice([word(safe + "%:@+,;=!$&'()* ", 0, 8), "%20a", "a%2Fb", "é"])
                          for _ in range(rng.randint(0, 4)))


def query():
    return "&".join(word("abcAB-%2", 1, 3) + rng.choice(["", "=", "=" + word(safe + "%+", 0, 5)])
                    for _ in range(rng.randint(0, 6)))


def headers():
    names = ["Content-Type", "X-Amz-Target", "X-A", "x-amz-meta", "X-AB", "X-A1", "Content-Encoding"]
    return [(rng.choice(names), word("ab \t,:;=/\"", 0, 12)) for _ in range(rng.randint(0, 6))]


with open("requests", "w") as requests, open("expected", "w") as expected:
    for _ in range(400):
        lines, body = headers(), rng.randbytes(rng.choice([0, 1, 100, 70000]))
        one = {"method": rng.choice(["GET", "POST", "PUT"]), "path": path(), "query": query(),
               "host": rng.choice(["logs.eu-west-1.amazonaws.com", "127.0.0.1:8080", "[::1]:81"]),
               "headers": "\n".join(name + ":" + value for name, value in lines),
               "body": base64.b64encode(body).decode(), "region": word("abc-19", 1, 12),
               "service": word("abc", 2, 9), "now": rng.randint(0, 4000000000),
               "key": word("ABC01", 16, 24), "secret": word(safe + "+/", 30, 45),
               "token": rng.choice(["", word(safe + "+/=", 1, 900)])}
        print(json.dumps(one), file=requests)
        request = AWSRequest(one["method"], "http://" + one["host"] + one["path"] +
                             ("?" + one["query"] if one["query"] else ""), data=body)
        for name, value in lines:
            request.headers.add_header(name, value)
        when = datetime.datetime.fromtimestamp(one["now"], datetime.timezone.utc)
        request.context["timestamp"] = when.strftime("%Y%m%dT%H%M%SZ")
        auth = SigV4Auth(Credentials(one["key"], one["secret"], one["token"] or None),
                         one["service"], one["region"])
        auth._modify_request_before_signing(request)
        text = auth.string_to_sign(request, auth.canonical_request(request))
        auth._inject_signature_to_request(request, auth.signature(text, request))
        print(request.headers["Authorization"], file=expected)
END
"$python" sign.py
run "$BUILD/tests/aws-sign" <requests
expect_status 0
[[ $(wc -l <expected) -eq 400 ]] || fail "botocore did not sign 400 requests"
expect_same "$out" expected "our signatures and botocore's"
