# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# bash completion for metric-push: options, their words, files. Needs nothing but bash.

# The options of a command that sets something up, with `=` where a value follows.
_metric_push_command_options() { # NOUN VERB
    local all='--iam-policy --timeout= --quiet --help --version --region= --profile= --endpoint-url=
        --aws-config= --ca-bundle= --imds-v1 --fips --dual-stack'
    local metric='--pattern= --namespace= --metric= --value= --default= --unit='
    case "$1 $2" in
    setup*) all+=" --log-group= --direct --retention= --email= --subscribe= --wait --filter= $metric
        --topic= --alarm= --threshold= --period= --dimension= --tag= --delete --delete-log-group" ;;
    'filter put') all+=" --log-group= $metric --dimension=" ;;
    'filter list' | 'filter delete') all+=' --log-group=' ;;
    'topic put') all+=' --email= --subscribe= --wait --display-name= --kms-key= --tag=' ;;
    'topic delete') all+=' --email= --subscribe= --force' ;;
    'alarm put') all+=' --preset= --namespace= --metric= --dimension= --statistic= --comparison=
        --threshold= --period= --evaluation-periods= --datapoints= --treat-missing-data=
        --low-samples= --unit= --composite= --composite-prefix= --rule= --alarm-action= --ok-action=
        --insufficient-data-action= --description= --disabled --tag=' ;;
    'filter test')
        echo '--pattern= --help --version'
        return
        ;;
    esac
    if [[ $2 == list ]]; then all+=' --json'; else all+=' --plan'; fi
    echo "$all"
}

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
    --file | --state-dir | --aws-config | --ca-bundle | --config-file | -c | --database-dir | --scan-report | --logship-state)
        compopt -o filenames
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        return
        ;;
    --to)
        mapfile -t COMPREPLY < <(compgen -W 'cloudwatch stdout prometheus= statsd= otlp=' -- "$current")
        if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]]; then compopt -o nospace; fi
        return
        ;;
    --without)
        mapfile -t COMPREPLY < <(compgen -W 'engine scan logship' -- "$current")
        return
        ;;
    --follow)
        mapfile -t COMPREPLY < <(compgen -W 'newest all' -- "$current")
        return
        ;;
    --initial-position)
        mapfile -t COMPREPLY < <(compgen -W 'start_of_file end_of_file' -- "$current")
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
    --preset)
        mapfile -t COMPREPLY < <(compgen -W 'found no-scan old-signatures' -- "$current")
        return
        ;;
    --statistic)
        mapfile -t COMPREPLY < <(compgen -W 'Sum Average Minimum Maximum SampleCount p90 p99' -- "$current")
        return
        ;;
    --treat-missing-data)
        mapfile -t COMPREPLY < <(compgen -W 'notBreaching breaching ignore missing' -- "$current")
        return
        ;;
    --low-samples)
        mapfile -t COMPREPLY < <(compgen -W 'evaluate ignore' -- "$current")
        return
        ;;
    --subscribe)
        mapfile -t COMPREPLY < <(compgen -W 'email= email-json= http= https= sms= sqs= lambda=
            application=' -- "$current")
        if [[ ${#COMPREPLY[@]} -eq 1 ]]; then compopt -o nospace; fi
        return
        ;;
    --log-group | --retention | --email | --filter | --topic | --alarm | --threshold | --tag | \
        --display-name | --kms-key | --comparison | --evaluation-periods | --datapoints | \
        --composite | --composite-prefix | --rule | --alarm-action | --ok-action | \
        --insufficient-data-action | --description)
        return
        ;;
    --pattern | --value | --default | --period | --datetime-format | --namespace | --metric | \
        --dimension | --timeout | --spool-size | --region | --profile | --endpoint-url)
        return
        ;;
    esac

    local noun=${COMP_WORDS[1]}
    if [[ $noun == @(filter|topic|alarm) && $COMP_CWORD -eq 2 ]]; then
        local verbs='put list delete'
        [[ $noun != filter ]] || verbs+=' test'
        mapfile -t COMPREPLY < <(compgen -W "$verbs" -- "$current")
    elif [[ $noun == @(setup|filter|topic|alarm) && $COMP_CWORD -gt 1 ]]; then
        [[ $current != -* ]] || mapfile -t COMPREPLY < <(
            compgen -W "$(_metric_push_command_options "$noun" "${COMP_WORDS[2]}")" -- "$current")
    elif [[ $noun == health && $COMP_CWORD -gt 1 ]]; then
        mapfile -t COMPREPLY < <(compgen -W '--config-file= --database-dir= --scan-report= --logship-state=
            --without= --help --version --verbose --quiet --namespace= --dimension= --to= --timeout=
            --state-dir= --iam-policy --region= --profile= --endpoint-url= --aws-config= --ca-bundle=
            --imds-v1 --fips --dual-stack' -- "$current")
    elif [[ $noun == test && $COMP_CWORD -gt 1 ]]; then
        mapfile -t COMPREPLY < <(compgen -W '--pattern= --help --version' -- "$current")
    elif [[ $current != -* ]]; then
        [[ $COMP_CWORD -ne 1 ]] || mapfile -t COMPREPLY < <(compgen -W 'test health setup filter topic alarm' -- "$current")
    else
        local flags='--help --version --iam-policy --verbose --quiet --once --tee --unique --high-resolution --imds-v1
            --fips --dual-stack'
        local values='--file= --follow= --initial-position= --state-dir= --spool-size= --pattern= --value= --default= --period= --datetime-format= --time-zone=
            --namespace= --metric= --unit= --dimension= --to= --timeout= --region= --profile=
            --endpoint-url= --aws-config= --ca-bundle='
        mapfile -t COMPREPLY < <(compgen -W "$flags $values" -- "$current")
    fi
    if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]]; then compopt -o nospace; fi
}
complete -F _metric_push metric-push
