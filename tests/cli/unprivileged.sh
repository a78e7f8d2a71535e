#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# As an ordinary user: what is not readable is said to be so and makes the status 2, the rest is
# scanned; the workers are caged all the same.
set -eu
. "$(dirname "$0")/../support/lib.sh"

if [[ $EUID -eq 0 ]]; then
    need setpriv
    ordinary=(setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all --bounding-set=-all)
else
    ordinary=()
fi
chmod 755 "$scratch"
cp "$SCAN" "$scratch/scan" # the build may be out of an ordinary user's reach
SCAN=$scratch/scan
${ordinary[@]+"${ordinary[@]}"} test -r "$db/test.ndb" || skip "$scratch is out of an ordinary user's reach"
as_user() { run ${ordinary[@]+"${ordinary[@]}"} "$SCAN" -d "$db" "$@"; }

mkdir -p t/open t/closed t/unlisted
make_eicar t/open/bad t/closed/bad t/unlisted/bad t/secret
echo clean >t/open/good
head -c 60000000 /dev/zero >slow
chmod 0 t/closed t/secret

as_user -r t
[[ $EUID -ne 0 ]] || chmod 755 t/closed
expect_status 1
expect_line "t/open/bad: $eicar_found"
expect_line "t/open/good: OK"
expect_line "t/secret: Access denied"
expect_match "^t/closed: (Access denied|Can't open directory\\.)$"
expect_match '^Total errors: 2$'
expect_no_match 't/closed/bad'

chmod 0 t/closed
rm t/open/bad t/unlisted/bad
as_user -r t
expect_status 2
as_user -ri t
expect_status 2
as_user t/secret
expect_status 2
as_user t/closed
expect_status 2

# The cage of an ordinary user's worker.
stands_in && exit
mkfifo "$scratch/feed"
chmod 644 "$scratch/feed"
start ${ordinary[@]+"${ordinary[@]}"} "$SCAN" -d "$db" --files0-from="$scratch/feed"
exec 9<>"$scratch/feed"
feed t/open/good
await_line "t/open/good: OK"
for worker in $(workers "$pid"); do
    grep -q '^NoNewPrivs:.1$' "/proc/$worker/status" || fail "worker may gain privileges"
    grep -q '^Seccomp:.2$' "/proc/$worker/status" || fail "worker has no seccomp filter"
    grep -q '^CapEff:.0*$' "/proc/$worker/status" || fail "worker has capabilities"
done
[[ -n $(workers "$pid") ]] || fail "no worker"
end_feed
expect_status 0
