# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# bash completion for onaccess-watch: options, files, directories. Needs nothing but bash.

_onaccess_watch() {
    local current previous option
    current=${COMP_WORDS[COMP_CWORD]}
    previous=${COMP_WORDS[COMP_CWORD - 1]}
    COMPREPLY=()

    # bash splits `--name=value` into three words.
    option=$previous
    if [[ $current == = ]]; then
        current=
    elif [[ $previous == = ]]; then
        option=${COMP_WORDS[COMP_CWORD - 2]}
    fi

    case $option in
    --config-file | -c | --log | -l | --pid | -p | --watch-list | -W | --exclude-list | -e)
        compopt -o filenames
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        return
        ;;
    --datadir | --tempdir | --move | --copy | --quarantine)
        compopt -o filenames
        mapfile -t COMPREPLY < <(compgen -d -- "$current")
        return
        ;;
    --ping) return ;;
    esac
    [[ $current == -* ]] || return
    mapfile -t COMPREPLY < <(compgen -W '--status --json --ping --wait --check-config --help --version
        --config-file --foreground --daemon --pid --datadir --tempdir --watch-list --exclude-list
        --move --copy --remove --quarantine --log --verbose --quiet --debug' -- "$current")
}
complete -F _onaccess_watch onaccess-watch
