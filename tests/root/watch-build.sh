#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A real project is compiled, linked and run on a watched file system, the log and the temporary
# files of the watch on it, too: what comes out is what comes out without.
set -eu
. "$(dirname "$0")/../support/lib.sh"
. "$support/watch.sh"
need_watch
need make g++ pkg-config
home=$scratch/m/home
mkdir "$home/src" "$home/tmp"
(cd "$repo" && tar -cf - Makefile lib/base lib/conf) | tar -xf - -C "$home/src"
configure <<CONF
TemporaryDirectory $home/tmp
OnAccessExtraScanning yes
OnAccessDenyOnError yes
CONF
sed -i "s#^LogFile .*#LogFile $home/watch.log#" "$conf"
log=$home/watch.log
start_watch
cat >"$home/src/program.cc" <<'CC'
#include "base/text.h"
#include <cstdio>
int main() { std::puts(hostav::escape_path("a\nb").c_str()); }
CC
run make -C "$home/src" -j4 BUILD="$home/build" CXXFLAGS=-O0 \
    "$home/build/obj/lib/base/text.o" "$home/build/obj/lib/base/files.o" \
    "$home/build/obj/lib/base/socket.o" \
    "$home/build/obj/lib/base/log_file.o" "$home/build/obj/lib/conf/clam_conf.o" \
    "$home/build/obj/program.o"
expect_status 0
run g++ -pie -o "$home/program" "$home/build/obj/program.o" "$home/build/obj/lib/base/text.o"
expect_status 0
run "$home/program"
expect_status 0
expect_line 'a\nb'
[[ $(count scans) -gt 10 ]] || fail "nothing was looked at"
[[ $(count denied) -eq 0 && $(count failed) -eq 0 && $(count deadline) -eq 0 ]] ||
    fail "denied $(count denied), failed $(count failed), late $(count deadline)"
make_eicar "$home/src/eicar.h"
run g++ -E "$home/src/eicar.h"
[[ $status -ne 0 ]] || fail "the compiler reads what is infected"
