#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The second half of the kills of sigupdate-kill.sh, at other instants, so that two run at a time.
export KILL_SEED=4711
exec bash "$(dirname "$0")/sigupdate-kill.sh"
