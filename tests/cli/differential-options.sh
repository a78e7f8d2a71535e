#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# clamscan and scan say the same of every kind of file, whatever option is given.
set -eu
. "$(dirname "$0")/../support/differential.sh"

"$support/make-corpus" t

same -r t
same -raz t
rm t/testfiles/clam_IS* # the large ones

for options in "" -r -ri -ro -rz -ra -raz -rv -rvi -rvo "-r --quiet" "-r --no-summary" \
    "-r --bell" "-r --bell -i" "-r --stdout" "-r --stdout -v" "-r --infected --suppress-ok-results"; do
    # shellcheck disable=SC2086
    same $options t
done

# Options that change what is found.
for option in --alert-broken --alert-broken-media --alert-encrypted --alert-encrypted-archive \
    --alert-encrypted-doc --alert-macros --detect-pua --detect-structured --scan-archive=no \
    --scan-pe=no --scan-elf=no --scan-mail=no --scan-html=no --scan-ole2=no --scan-pdf=no \
    --scan-swf=no --scan-xmldocs=no --scan-image=no --heuristic-alerts=no --normalize=no \
    --heuristic-scan-precedence --phishing-sigs=no --bytecode=no --force-to-disk --nocerts \
    --gen-mdb --official-db-only; do
    same -r "$option" t
done
same -r --alert-broken --heuristic-alerts=no -z t
same -r --scan-archive=no --scan-pe=no --scan-mail=no -a t

# Without --disable-cache the data scanned may differ (a worker has its own cache); the lines not.
same_as_given -d "$db" -r --no-summary t
