# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# bash completion for logship: options, their words, files, directories, units. Needs nothing but bash.

_logship() {
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
    --config-file | -c | --aws-config | --ca-bundle)
        compopt -o filenames
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        return
        ;;
    --additional-configs-dir | --state-dir | --spool | --journal-directory)
        compopt -o filenames
        mapfile -t COMPREPLY < <(compgen -d -- "$current")
        return
        ;;
    --to)
        mapfile -t COMPREPLY < <(compgen -W 'cloudwatch stdout otlp= syslog=' -- "$current")
        if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]]; then compopt -o nospace; fi
        return
        ;;
    --time-zone)
        mapfile -t COMPREPLY < <(compgen -W 'LOCAL UTC' -- "$current")
        return
        ;;
    --initial-position)
        mapfile -t COMPREPLY < <(compgen -W 'start_of_file end_of_file' -- "$current")
        return
        ;;
    --follow)
        mapfile -t COMPREPLY < <(compgen -W 'newest all' -- "$current")
        return
        ;;
    --when-full)
        mapfile -t COMPREPLY < <(compgen -W 'wait drop-oldest' -- "$current")
        return
        ;;
    --retention)
        mapfile -t COMPREPLY < <(compgen -W '1 3 5 7 14 30 60 90 120 150 180 365 400 545 731 1096 1827
            2192 2557 2922 3288 3653' -- "$current")
        return
        ;;
    --unit)
        mapfile -t COMPREPLY < <(compgen -W "$(systemctl list-units --all --plain --no-legend \
            --type=service 2>/dev/null | awk '{ print $1 }')" -- "$current")
        return
        ;;
    --sample | --group | --stream | --datetime-format | --multi-line-start-pattern | --encoding | \
        --file-fingerprint-lines | --buffer-duration | --batch-count | --batch-size | --tag | \
        --identifier | --spool-size | --timeout | --region | --profile | --endpoint-url)
        return
        ;;
    esac

    if [[ $current != -* ]]; then
        compopt -o filenames
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        return
    fi

    local flags='--help --version --once --status --json --check-config --dry-run --verbose --quiet
        --debug --journal --no-gzip-http-content-encoding --imds-v1 --fips --dual-stack'
    local values='--config-file= --additional-configs-dir= --sample= --group= --stream=
        --datetime-format= --time-zone= --multi-line-start-pattern= --initial-position= --encoding=
        --file-fingerprint-lines= --follow= --buffer-duration= --batch-count= --batch-size=
        --retention= --tag= --unit= --identifier= --journal-directory= --to= --state-dir= --spool=
        --spool-size= --when-full= --timeout= --region= --profile= --endpoint-url= --aws-config=
        --ca-bundle='
    mapfile -t COMPREPLY < <(compgen -W "$flags $values" -- "$current")
    if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]]; then compopt -o nospace; fi
}
complete -F _logship logship
