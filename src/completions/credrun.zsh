#compdef credrun
# credrun's completion for zsh: source <(credrun completions zsh), or as _credrun in a folder of $fpath
_credrun() {
    local line word files=
    local -a found
    while IFS= read -r line; do
        if [[ $line == :files ]]; then
            files=1
            continue
        fi
        word=${line%%$'\t'*}
        if [[ $line == *$'\t'* ]]; then
            found+=("${word//:/\\:}:${line#*$'\t'}")
        else
            found+=("${word//:/\\:}")
        fi
    done < <("${words[1]}" __complete "${(@)words[2,CURRENT]}" 2>/dev/null)
    (( ${#found} )) && _describe 'credrun' found
    [[ -n $files ]] && _files
    return 0
}
if [[ $funcstack[1] == _credrun ]]; then
    _credrun "$@"
else
    compdef _credrun credrun
fi
