# credrun's completion for elvish: eval (credrun completions elvish | slurp)
use str
set edit:completion:arg-completer[credrun] = {|@words|
    (external $words[0]) __complete (all $words[1..]) 2>/dev/null | from-lines | each {|line|
        if (eq $line :files) {
            edit:complete-filename $words[-1]
        } else {
            var parts = [(str:split &max=2 "\t" $line)]
            if (> (count $parts) 1) {
                edit:complex-candidate $parts[0] &display=$parts[0]' ('$parts[1]')'
            } else {
                put $parts[0]
            }
        }
    }
}
