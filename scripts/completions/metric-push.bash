# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# bash completion for metric-push: options, their words, files. Needs nothing but bash.

_metric_push() {
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
    --aws-config | --ca-bundle)
        compopt -o filenames
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        return
        ;;
    --to)
        mapfile -t COMPREPLY < <(compgen -W 'cloudwatch stdout prometheus= statsd= otlp=' -- "$current")
        if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]]; then compopt -o nospace; fi
        return
        ;;
    --time-zone)
        mapfile -t COMPREPLY < <(compgen -W 'LOCAL UTC' -- "$current")
        return
        ;;
    --unit)
        mapfile -t COMPREPLY < <(compgen -W 'None Count Percent Seconds Microseconds Milliseconds Bytes
            Kilobytes Megabytes Gigabytes Terabytes Bits Count/Second Bytes/Second' -- "$current")
        return
        ;;
    --pattern | --value | --default | --period | --datetime-format | --namespace | --metric | \
        --dimension | --timeout | --region | --profile | --endpoint-url)
        return
        ;;
    esac

    if [[ ${COMP_WORDS[1]} == test && $COMP_CWORD -gt 1 ]]; then
        mapfile -t COMPREPLY < <(compgen -W '--pattern= --help --version' -- "$current")
    elif [[ $current != -* ]]; then
        [[ $COMP_CWORD -ne 1 ]] || mapfile -t COMPREPLY < <(compgen -W 'test' -- "$current")
    else
        local flags='--help --version --verbose --quiet --tee --unique --high-resolution --imds-v1
            --fips --dual-stack'
        local values='--pattern= --value= --default= --period= --datetime-format= --time-zone=
            --namespace= --metric= --unit= --dimension= --to= --timeout= --region= --profile=
            --endpoint-url= --aws-config= --ca-bundle='
        mapfile -t COMPREPLY < <(compgen -W "$flags $values" -- "$current")
    fi
    if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]]; then compopt -o nospace; fi
}
complete -F _metric_push metric-push
