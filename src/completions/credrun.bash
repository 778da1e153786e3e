# credrun's completion for bash: source <(credrun completions bash)
_credrun() {
    local line words cur=${COMP_WORDS[COMP_CWORD]}
    # bash cuts words at `=` and `:`; credrun gets them whole.
    words=${COMP_LINE:0:COMP_POINT}
    read -ra words <<<"$words"
    [[ ${COMP_LINE:COMP_POINT-1:1} != ' ' ]] || words+=("")
    local whole=${words[${#words[@]} - 1]} files=
    COMPREPLY=()
    while IFS=$'\t' read -r line _; do
        if [[ $line == :files ]]; then
            files=1
        else
            COMPREPLY+=("${line:${#whole} - ${#cur}}")
        fi
    done < <("${words[0]}" __complete "${words[@]:1}" 2>/dev/null)
    if [[ -n $files ]]; then
        compopt -o filenames 2>/dev/null
        mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$cur")
    fi
}
complete -F _credrun credrun
