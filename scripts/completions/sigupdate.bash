# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# bash completion for sigupdate: options, files, directories, accounts. Needs nothing but bash.

_sigupdate() {
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
    --config-file | --allow | --disallow | --export | --import | --log | -l | --pid | -p | --daemon-notify)
        compopt -o filenames
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        return
        ;;
    --datadir | --state-dir | --serve-dir | --vital-dir)
        compopt -o filenames
        mapfile -t COMPREPLY < <(compgen -d -- "$current")
        return
        ;;
    --user | -u)
        mapfile -t COMPREPLY < <(compgen -u -- "$current")
        return
        ;;
    --update-db)
        mapfile -t COMPREPLY < <(compgen -W 'daily main bytecode custom' -- "$current")
        return
        ;;
    --hold | --unhold)
        mapfile -t COMPREPLY < <(compgen -W 'daily main bytecode' -- "$current")
        return
        ;;
    --reason | --expires | --rollback | --checks | -c | --local-address | -a | --proof-memory | \
        --on-update-execute | --on-error-execute | --on-outdated-execute)
        return
        ;;
    esac

    local flags='--help --version --list-allowed --list --rollback --check-config --list-mirrors
        --no-dns --if-due --daemon --foreground --daemon-notify --json --strict --quiet --verbose
        --debug --no-warnings --show-progress --stdout'
    local values='--allow= --reason= --expires= --disallow= --hold= --unhold= --export= --import=
        --config-file= --datadir= --update-db= --user= --local-address= --state-dir= --serve-dir=
        --proof-memory= --vital-dir= --checks= --pid= --on-update-execute= --on-error-execute=
        --on-outdated-execute= --log='
    mapfile -t COMPREPLY < <(compgen -W "$flags $values" -- "$current")
    if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]]; then compopt -o nospace; fi
}
complete -F _sigupdate sigupdate
