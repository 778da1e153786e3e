# credrun's completion for fish: credrun completions fish | source
function __credrun_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l found ($words[1] __complete $words[2..-1] 2>/dev/null)
    if contains -- :files $found
        __fish_complete_path (commandline -ct)
    end
    string match --invert -- :files $found
end
complete -c credrun -f -a '(__credrun_complete)'
