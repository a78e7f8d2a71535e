# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# bash completion for scan: options, their words, files and directories. Needs nothing but bash.

_scan() {
    local current previous i
    current=${COMP_WORDS[COMP_CWORD]}
    previous=${COMP_WORDS[COMP_CWORD - 1]}
    COMPREPLY=()

    # Everything after `--` is a path.
    for ((i = 1; i < COMP_CWORD; i++)); do
        if [[ ${COMP_WORDS[i]} == -- ]]; then
            compopt -o filenames
            mapfile -t COMPREPLY < <(compgen -f -- "$current")
            return
        fi
    done

    # bash splits `--name=value` into three words.
    local option=$previous
    if [[ $current == = ]]; then
        option=$previous current=
    elif [[ $previous == = ]]; then
        option=${COMP_WORDS[COMP_CWORD - 2]}
    elif [[ $previous == --* ]]; then
        # A long option's value that is optional comes after `=` only.
        case $previous in
        --database | --log | --report | --file-list | --files0-from | --move | --copy | --quarantine | --restore | \
            --engine | --tempdir | --jobs | --timeout | --exclude* | --include* | --statistics) ;;
        *) option= ;;
        esac
    fi

    case $option in
    -l | --log | --report | -f | --file-list | --files0-from | -d | --database | --restore)
        compopt -o filenames
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        return
        ;;
    --move | --copy | --quarantine | --tempdir)
        compopt -o filenames
        mapfile -t COMPREPLY < <(compgen -d -- "$current")
        return
        ;;
    -j | --jobs)
        mapfile -t COMPREPLY < <(compgen -W "$(seq -s ' ' 1 "$(nproc)")" -- "$current")
        return
        ;;
    --follow-dir-symlinks | --follow-file-symlinks | --structured-ssn-format)
        mapfile -t COMPREPLY < <(compgen -W '0 1 2' -- "$current")
        return
        ;;
    --yara-rules)
        mapfile -t COMPREPLY < <(compgen -W 'yes no only' -- "$current")
        return
        ;;
    --bytecode-mode)
        mapfile -t COMPREPLY < <(compgen -W 'Auto ForceJIT ForceInterpreter Test' -- "$current")
        return
        ;;
    --statistics)
        mapfile -t COMPREPLY < <(compgen -W 'bytecode pcre' -- "$current")
        return
        ;;
    --timeout | --exclude* | --include* | --max-* | --pcre-* | --*-count | --cache-size | \
        --bytecode-timeout | --fail-if-cvd-older-than)
        return
        ;;
    --*)
        # Every other option takes yes or no, after `=`.
        mapfile -t COMPREPLY < <(compgen -W 'yes no' -- "$current")
        return
        ;;
    esac

    if [[ $current != -* ]]; then
        compopt -o filenames
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        return
    fi

    local flags='--help --version --verbose --archive-verbose --debug --quiet --stdout --no-summary
        --infected --suppress-ok-results --bell --null --json --strict --recursive --cross-fs --remove
        --nice --leave-temps --force-to-disk --gen-json --disable-cache --official-db-only
        --phishing-sigs --phishing-scan-urls --bytecode --bytecode-unsigned --detect-pua --allmatch
        --scan-archive --scan-mail --scan-html --scan-pdf --scan-ole2 --scan-xmldocs --scan-hwp3
        --scan-onenote --scan-swf --scan-pe --scan-elf --scan-image --scan-image-fuzzy-hash
        --normalize --gen-mdb --nocerts --dumpcerts --heuristic-alerts --heuristic-scan-precedence
        --alert-broken --alert-broken-media --alert-encrypted --alert-encrypted-archive
        --alert-encrypted-doc --alert-macros --alert-exceeds-max --alert-phishing-ssl
        --alert-phishing-cloak --alert-partition-intersection --detect-structured
        --structured-cc-mode'
    local values='--log= --report= --file-list= --files0-from= --follow-dir-symlinks= --follow-file-symlinks=
        --max-dir-recursion= --exclude= --exclude-dir= --include= --include-dir= --move= --copy=
        --quarantine= --restore= --jobs= --timeout= --tempdir= --engine= --cache-size= --database=
        --fail-if-cvd-older-than= --yara-rules= --bytecode-timeout= --bytecode-mode= --statistics=
        --exclude-pua= --include-pua= --structured-ssn-format= --structured-ssn-count=
        --structured-cc-count= --max-scantime= --max-scansize= --max-filesize= --max-recursion=
        --max-files= --max-embeddedpe= --max-htmlnormalize= --max-htmlnotags= --max-scriptnormalize=
        --max-ziptypercg= --max-partitions= --max-iconspe= --max-rechwp3= --pcre-match-limit=
        --pcre-recmatch-limit= --pcre-max-filesize='
    mapfile -t COMPREPLY < <(compgen -W "$flags $values" -- "$current")
    if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]]; then compopt -o nospace; fi
}
complete -F _scan scan
