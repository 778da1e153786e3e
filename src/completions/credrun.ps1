# credrun's completion for PowerShell: credrun completions powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName credrun -ScriptBlock {
    param($word, $ast, $position)
    $words = @($ast.CommandElements | Where-Object { $_.Extent.EndOffset -le $position } | ForEach-Object { $_.Extent.Text })
    $rest = @($words | Select-Object -Skip 1)
    if ($word -eq '') { $rest += '' }
    & $words[0] __complete @rest 2>$null | Where-Object { $_ -ne ':files' } | ForEach-Object {
        $parts = $_ -split "`t", 2
        $help = if ($parts.Length -gt 1) { $parts[1] } else { $parts[0] }
        [System.Management.Automation.CompletionResult]::new($parts[0], $parts[0], 'ParameterValue', $help)
    }
}
