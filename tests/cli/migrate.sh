#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# From the guide's machine to hostav and back: shown, done, taken back, and taken back by itself when
# something does not start; its configuration stays, and in use. systemctl is a stand-in that keeps
# what is enabled and what runs in files.
set -eu
. "$(dirname "$0")/../support/lib.sh"
! stands_in || skip "nothing to install"
need make
prefix=$scratch/usr
make -s -C "$repo" install BUILD="$BUILD" PREFIX="$prefix" SYSCONFDIR=/etc \
    DESTDIR="$scratch/stage" >/dev/null
mv "$scratch/stage$prefix" "$prefix"
migrate=$prefix/sbin/hostav-migrate

expect_one_error_of() { # STATUS WORDS
    expect_status "$1"
    expect_error "^hostav-migrate: .*$2"
}

mkdir bin state
cat >bin/systemctl <<FAKE
#!/bin/bash
# systemctl [--root=DIR] [--quiet] VERB [--now] UNIT
set -eu
words=()
now=
for word; do
    case \$word in --now) now=yes ;; -*) ;; *) words+=("\$word") ;; esac
done
unit=$PWD/state/\${words[1]}
case \${words[0]} in
is-enabled) [[ -e \$unit.enabled ]] ;;
is-active) [[ -e \$unit.active ]] ;;
enable) touch "\$unit.enabled" && [[ -z \$now ]] || "\$0" start "\${words[1]}" ;;
disable) rm -f "\$unit.enabled" && [[ -z \$now ]] || "\$0" stop "\${words[1]}" ;;
start) [[ ! -e \$unit.broken ]] && touch "\$unit.active" ;;
stop) rm -f "\$unit.active" ;;
*) echo "unknown: \$*" >&2 && exit 1 ;;
esac
FAKE
chmod 755 bin/systemctl
PATH=$PWD/bin:$PATH

# The guide's machine.
machine=$PWD/machine
mkdir -p "$machine"/etc/{clamd.d,awslogs,cron.daily}
printf 'LogFile /var/log/clamd.scan\nLocalSocket /tmp/clamd.socket\nOnAccessPrevention yes\nOnAccessIncludePath /home\n' \
    >"$machine/etc/clamd.d/scan.conf"
printf 'DatabaseMirror database.clamav.net\nChecks 1\n' >"$machine/etc/freshclam.conf"
cp "$support/awslogs.conf" "$machine/etc/awslogs/awslogs.conf"
printf '#!/bin/sh\n/bin/clamscan -r / -i -l /var/log/clamd.scan\n' >"$machine/etc/cron.daily/fullscan"
for unit in clamd@scan.service clamonacc.service clamav-freshclam.service awslogsd.service; do
    touch "state/$unit.enabled" "state/$unit.active"
done
rm state/clamonacc.service.enabled # started by hand
picture() { (cd "$machine" && find . -type f -exec md5sum {} + | sort -k 2 && ls ../state); }
picture >"$scratch/before"

run "$migrate" --root "$machine"
expect_status 0
expect_line 'stop and disable   clamd@scan.service'
expect_line 'stop and disable   clamonacc.service'
expect_line 'put aside          /etc/cron.daily/fullscan'
expect_line "enable and start   hostav-onaccess-watch.service, which reads $machine/etc/clamd.d/scan.conf"
expect_line "enable and start   hostav-sigupdate.timer, which reads $machine/etc/freshclam.conf"
expect_line "enable and start   hostav-logship.service, which reads $machine/etc/awslogs/awslogs.conf"
picture | cmp - "$scratch/before" || fail "showing changed something"

run "$migrate" --apply --root "$machine"
expect_status 0
for unit in onaccess-watch.service sigupdate.timer logship.service fullscan.timer; do
    [[ -e state/hostav-$unit.active && -e state/hostav-$unit.enabled ]] || fail "$unit is not on"
done
[[ -z $(find state -type f ! -name "hostav-*") ]] || fail "something old is still on: $(ls state)"
[[ -e $machine/etc/clamd.d/scan.conf && ! -e $machine/etc/cron.daily/fullscan ]] || fail "files"
run "$migrate" --apply --root "$machine"
expect_status 0
expect_match '^nothing to do'

run "$migrate" --back --root "$machine"
expect_status 0
picture | diff "$scratch/before" - || fail "not as it was"
run "$migrate" --back --root "$machine"
expect_one_error_of 1 'nothing was migrated'

# Does not start: everything as before.
touch state/hostav-logship.service.broken
picture >"$scratch/broken"
run "$migrate" --apply --root "$machine"
expect_one_error_of 1 'taken back'
picture | diff "$scratch/broken" - || fail "not taken back"
rm state/hostav-logship.service.broken

# A configuration that ours does not take: nothing is begun.
echo 'OnAccessDeadline never' >>"$machine/etc/clamd.d/scan.conf"
picture >"$scratch/wrong"
run "$migrate" --apply --root "$machine"
expect_one_error_of 1 'nothing was changed'
picture | diff "$scratch/wrong" - || fail "something was changed"

run "$migrate" --aply
expect_status 2
