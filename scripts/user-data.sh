#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# user-data.sh: makes a bare Debian 12, Ubuntu or Amazon Linux 2023 a protected machine: infected
# files cannot be opened, everything is scanned every night, signatures are kept current, every
# finding is a line in CloudWatch Logs and counted there, and an alarm sends a mail.
#
# As the user-data of an instance, or by hand as root, and again at any time: it changes what is
# different from what is said here, and nothing else. It ends with hostav-selftest(8) and its status.
set -eu

# ---- what you may want to change; variables of the environment come first ------------------------

# Where the package is: a file, an address, or empty for a package hostav of the machine's mirrors;
# `installed`: nowhere, `make install` was here.
PACKAGE=${PACKAGE-}
# sha256sum of the package; empty: not checked, so let the address be https.
PACKAGE_SHA256=${PACKAGE_SHA256-}
# Infected files below these directories cannot be opened; separated by blanks.
INCLUDE_PATHS=${INCLUDE_PATHS-/home}
# The log group that findings are shipped to; empty: nothing is shipped.
LOG_GROUP=${LOG_GROUP-clamav}
# Empty: the region that the instance is in.
REGION=${REGION-}
# Who gets a mail of an alarm (and has to confirm that once), separated by blanks; empty: nobody.
MAIL=${MAIL-}
# yes: make the metric, the alarm and the topic, too, which needs more permissions than to ship
# (metric-push setup --iam-policy); no: that is done once, from elsewhere.
ALARM=${ALARM-yes}
# A mirror of your own for signatures, an address or a directory; empty: ClamAV's.
PRIVATE_MIRROR=${PRIVATE_MIRROR-}
# Other places of AWS' services and of the instance's metadata: VPC endpoints, stand-ins of tests.
ENDPOINT_URL=${ENDPOINT_URL-}
METADATA_URL=${METADATA_URL-}

# ---- from here on there is nothing to change -----------------------------------------------------

# Read to its end before anything is done, as it may come through a pipe: half of it is not run, and
# nothing takes the rest of it for its input.
{
export LC_ALL=C DEBIAN_FRONTEND=noninteractive
PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/sbin
umask 022
say() { echo "user-data: $*"; }
die() {
    echo "user-data: $*" >&2
    exit 1
}
[ -n "$INCLUDE_PATHS" ] || die "INCLUDE_PATHS is empty: there is nothing to protect"
for path in $INCLUDE_PATHS; do
    case $path in
    /*) ;;
    *) die "INCLUDE_PATHS: $path: not an absolute path" ;;
    esac
done
case $ALARM in
yes | no) ;;
*) die "ALARM=$ALARM: neither yes nor no" ;;
esac
[ "$(id -u)" -eq 0 ] || die "this needs root"
[ -d /run/systemd/system ] || die "this needs a machine that runs systemd"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# What could not be done is said again at the end, below the table.
troubles=''
trouble() {
    say "$*" >&2
    troubles="$troubles
  $*"
}

# ---- the package

if command -v apt-get >/dev/null; then
    manager=apt-get kind=deb
elif command -v dnf >/dev/null; then
    manager=dnf kind=rpm
else
    die "neither apt-get nor dnf here"
fi
install_package() { # PACKAGE|FILE...
    if [ "$manager" = apt-get ]; then
        # At the first boot other installations may be at work.
        apt-get -qq -y --no-install-recommends -o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0 \
            -o Dpkg::Options::=--force-confold install "$@" </dev/null
    else
        dnf -q -y install "$@" </dev/null
    fi
}
update_lists() {
    [ "$manager" = dnf ] || apt-get -qq -o DPkg::Lock::Timeout=600 -o Acquire::Retries=3 update ||
        say "the package lists could not be updated; going on with those that are there" >&2
}
fetch() { # URL FILE
    command -v curl >/dev/null || install_package curl
    curl -fsSL --retry 5 --connect-timeout 20 --max-time 600 -o "$2" "$1" || die "$1: cannot be fetched"
}

[ "$PACKAGE" = installed ] || update_lists
case $PACKAGE in
installed)
    package=''
    command -v hostav-migrate >/dev/null || die "PACKAGE=installed: it is not"
    ;;
'') package=hostav ;;
http://* | https://*)
    package=$work/hostav.$kind
    fetch "$PACKAGE" "$package"
    ;;
*)
    [ -r "$PACKAGE" ] || die "PACKAGE=$PACKAGE: there is no such file"
    package=$work/hostav.$kind
    cp "$PACKAGE" "$package"
    ;;
esac
if [ -n "$PACKAGE_SHA256" ] && [ -e "$package" ]; then
    echo "$PACKAGE_SHA256  $package" | sha256sum -c --quiet - >/dev/null 2>&1 ||
        die "$PACKAGE: not the package whose sha256sum is $PACKAGE_SHA256"
fi
chmod -R a+rX "$work" # apt reads it as an account of its own
if [ -n "$package" ] && ! install_package "$package"; then
    # Amazon Linux has some libraries in its repository of supplementary packages only.
    if [ "$manager" = apt-get ] || ! install_package spal-release || ! install_package "$package"; then
        die "the package could not be installed"
    fi
fi
say "installed: $(scan --version | head -n 1)"

# What runs here of ClamAV and awslogs makes room, and keeps its configuration.
hostav-migrate --apply || trouble "hostav-migrate --apply failed: ClamAV's own services are still there"

# ---- configuration: only lines that are different are written

changed='' # services whose files are
# Makes the lines of NAME in FILE these, in the place of the first one that was there. SEPARATOR
# stands between name and value.
set_lines() { # FILE SERVICE NAME SEPARATOR VALUE...
    target=$1 service=$2 name=$3 separator=$4
    shift 4
    [ -e "$target" ] || { mkdir -p "${target%/*}" && : >"$target"; }
    for value; do printf '%s%s%s\n' "$name" "$separator" "$value"; done >"$work/lines"
    awk -v name="$name" -v separator="$separator" -v lines="$work/lines" '
        function put(    text) { while ((getline text <lines) > 0) print text }
        BEGIN { rest = separator ~ /=/ ? "[ \t]*=.*" : "[ \t].*" }
        {
            key = $0
            sub(rest, "", key)
            if (key != name) print
            else if (!done++) put()
        }
        END { if (!done) put() }' "$target" >"$work/new"
    if ! cmp -s "$work/new" "$target"; then
        cat "$work/new" >"$target" # keeps its owner and mode
        changed="$changed $service"
        say "changed: $target: $name"
    fi
}
config_of() { # PROGRAM: the file it reads
    file=$("$1" --check-config | sed -n 's/^Config file: //p')
    [ -n "$file" ] || die "$1: its configuration is wrong, or missing"
    echo "$file"
}

conf=$(config_of onaccess-watch)
# shellcheck disable=SC2086 # separated by blanks
set_lines "$conf" onaccess-watch OnAccessIncludePath ' ' $INCLUDE_PATHS
set_lines "$conf" onaccess-watch OnAccessPrevention ' ' yes
for path in $INCLUDE_PATHS; do
    [ -d "$path" ] || trouble "$path: there is no such directory, so it is not protected"
done
conf=$(config_of sigupdate)
if [ -n "$PRIVATE_MIRROR" ]; then
    set_lines "$conf" sigupdate PrivateMirror ' ' "$PRIVATE_MIRROR"
fi
# A file with sections of others is theirs: only our own is changed.
if [ -n "$LOG_GROUP" ] && [ -e /etc/hostav/awslogs.conf ]; then
    set_lines /etc/hostav/awslogs.conf logship log_group_name ' = ' "$LOG_GROUP"
fi
for service in logship metric-push; do
    file=/etc/default/hostav-$service
    [ -z "$REGION" ] || set_lines "$file" "$service" AWS_REGION = "$REGION"
    [ -z "$ENDPOINT_URL" ] || set_lines "$file" "$service" AWS_ENDPOINT_URL = "$ENDPOINT_URL"
    [ -z "$METADATA_URL" ] || set_lines "$file" "$service" AWS_EC2_METADATA_SERVICE_ENDPOINT = "$METADATA_URL"
done
# For metric-push below, as its service has it.
[ -z "$REGION" ] || export AWS_REGION="$REGION"
[ -z "$ENDPOINT_URL" ] || export AWS_ENDPOINT_URL="$ENDPOINT_URL"
[ -z "$METADATA_URL" ] || export AWS_EC2_METADATA_SERVICE_ENDPOINT="$METADATA_URL"

# ---- services

# Enables and starts a unit, or begins it anew where its files were changed.
turn_on() { # UNIT
    service=${1#hostav-} service=${service%.*}
    case " $changed " in
    *" $service "*) systemctl restart "$1" || true ;;
    esac
    systemctl enable --now "$1" || trouble "$1 does not start: systemctl status $1"
}
# The engine needs signatures, so they come first; the timer would have them later.
if ! find /var/lib/clamav -maxdepth 1 -type f -name '[!.]*.*' 2>/dev/null | grep -q .; then
    systemctl start hostav-sigupdate.service || trouble "there are no signatures: systemctl status hostav-sigupdate"
fi
turn_on hostav-sigupdate.timer
turn_on hostav-onaccess-watch.service
turn_on hostav-fullscan.timer
if [ -n "$LOG_GROUP" ]; then
    turn_on hostav-logship.service
    turn_on hostav-metric-push-health.timer
fi

# ---- metric and alarm, which all machines of a log group share

if [ -n "$LOG_GROUP" ] && [ "$ALARM" = yes ]; then
    set --
    for address in $MAIL; do set -- "$@" --email="$address"; done
    metric-push setup --log-group="$LOG_GROUP" "$@" ||
        trouble "the alarm could not be made; what it needs: metric-push setup --log-group=$LOG_GROUP --iam-policy"
    # These are of this machine: silence is noticed, too.
    for preset in no-scan old-signatures; do
        metric-push alarm put --preset="$preset" --alarm-action=clamavfound ||
            trouble "the alarm $preset could not be made"
    done
fi

# ---- does it work?

onaccess-watch --ping=120:1 >/dev/null || true # signatures take a while to load
say "trying it out:"
status=0
hostav-selftest || status=$?
if [ -n "$troubles" ]; then
    echo "What went wrong:$troubles"
    [ "$status" -ne 0 ] || status=1
fi
exit "$status"
} </dev/null
