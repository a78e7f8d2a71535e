#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The layer rule fails on what it is there to forbid, names the place, and lets the rest pass.
set -eu
repository=$(pwd)
cd "$TMPDIR"
mkdir -p lib/base lib/conf lib/net lib/engine lib/scan tools tests/unit

write() { printf '%s\n' "$2" >"$1"; }
reset() {
    write lib/base/text.cc '#include "base/text.h"'
    write lib/conf/file.cc '#include "base/text.h"'
    write lib/net/http.cc '#include <sys/socket.h>'
    write lib/engine/container.cc '#include <archive.h>'
    write lib/engine/clamav_load.cc '#include <clamav.h>'
    write lib/scan/printer.cc '#include "engine/verdict.h"'
    write tools/scan.cc '#include "scan/printer.h"'
    write tests/unit/text.cc '#include <archive.h>'
}

reset
"$repository/scripts/check-layers" . || { echo "a proper tree was refused"; exit 1; }

refused() { # FILE LINE WHY
    reset
    write "$1" "$2"
    if output=$("$repository/scripts/check-layers" .); then
        echo "not refused: $2 in $1"
        exit 1
    fi
    case $output in
    "$1:1: "*"$3"*) ;;
    *) echo "$2 in $1: unexpected: $output"; exit 1 ;;
    esac
}

refused lib/base/text.cc '#include "engine/verdict.h"' 'upwards from base'
refused lib/conf/file.cc '#include "net/http.h"' 'sibling of conf'
refused lib/engine/container.cc '#include "scan/printer.h"' 'upwards'
refused lib/scan/printer.cc '#include <archive.h>' 'outside its module'
refused lib/scan/printer.cc '  #  include "clamav.h"' 'outside its module'
refused tools/scan.cc '#include <nlohmann/json.hpp>' 'outside its module'
refused lib/net/http.cc '#include <rocksdb.h>' 'no module owns'
refused lib/scan/printer.cc '#include <curl/curl.h>' 'outside its module'
refused lib/net/http.cc '#include "../base/text.h"' 'relative path'
refused lib/net/http.cc '#include "http.h"' 'no layer'
refused lib/net/http.cc '#include <base/text.h>' 'quotes'
refused lib/scan/printer.cc '#include "tools/options.h"' 'no tool'
refused tools/scan.cc '#include "tests/support/catch.h"' 'only tests'
