//! How each shell is told that `NAME` is a value, whatever the value holds.
//!
//! Values of plain letters, AWS's own among them, are left as they are, as the AWS CLI prints them.

use super::Format;

/// A line that sets `name`.
///
/// # Errors
/// What the value holds that the format has no way to say.
pub(super) fn set(format: Format, name: &str, value: &str) -> Result<String, String> {
    if value.contains('\0') {
        return Err("it holds a zero byte, which no variable can".into());
    }
    Ok(match format {
        Format::Env => format!("export {name}={}\n", posix(value)),
        Format::EnvNoExport => format!("{name}={}\n", posix(value)),
        Format::Fish => format!("set -gx {name} {}\n", fish(value)),
        Format::PowerShell => format!("$Env:{name}={}\n", powershell(value)),
        Format::WindowsCmd => format!("set {name}={}\n", cmd(value)?),
        _ if value.contains(['\n', '\r']) => return Err("it holds a newline, at which the line would end".into()),
        _ => format!("{name}={value}\n"),
    })
}

/// A line that takes `name` away; nothing where the format cannot.
pub(super) fn unset(format: Format, name: &str) -> String {
    match format {
        Format::Env | Format::EnvNoExport => format!("unset {name}\n"),
        Format::Fish => format!("set -e {name}\n"),
        Format::PowerShell => format!("$Env:{name}=$null\n"),
        Format::WindowsCmd => format!("set {name}=\n"),
        _ => String::new(),
    }
}

/// Whether no shell sees anything in it. Zsh expands `=word` at the beginning.
fn is_plain(value: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-+/=.:,@".contains(c);
    !value.is_empty() && value.chars().all(plain) && !value.starts_with('=')
}

/// POSIX.1-2017, shell command language, 2.2.2: everything between single quotes is itself.
fn posix(value: &str) -> String {
    if is_plain(value) { value.to_owned() } else { format!("'{}'", value.replace('\'', r"'\''")) }
}

/// <https://fishshell.com/docs/current/language.html#quotes>: of single quotes, `\'` and `\\` alone are special.
fn fish(value: &str) -> String {
    if is_plain(value) {
        return value.to_owned();
    }
    format!("'{}'", value.replace('\\', r"\\").replace('\'', r"\'"))
}

/// <https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_quoting_rules>. PowerShell
/// takes typographic quotes for quotes, too; each is doubled.
fn powershell(value: &str) -> String {
    if is_plain(value) {
        return format!("\"{value}\"");
    }
    let double = |text: String, c: char| match c {
        '\'' | '\u{2018}' | '\u{2019}' | '\u{201a}' | '\u{201b}' => text + &format!("{c}{c}"),
        _ => text + &c.to_string(),
    };
    format!("'{}'", value.chars().fold(String::new(), double))
}

/// For a batch file: `%` is doubled, and a caret before each special letter keeps cmd.exe from ever being between
/// quotes (`help set`, `help cmd`). With delayed expansion (`setlocal EnableDelayedExpansion`) a `!` would be lost.
fn cmd(value: &str) -> Result<String, String> {
    if value.contains(['\n', '\r']) {
        return Err("it holds a newline, at which cmd.exe ends the line".into());
    }
    let escape = |c: char| match c {
        '%' => "%%".to_owned(),
        '"' | '^' | '&' | '|' | '<' | '>' | '(' | ')' => format!("^{c}"),
        c => c.to_string(),
    };
    Ok(value.chars().map(escape).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_seen_by_a_shell() {
        for (value, in_posix, in_fish, in_powershell, in_cmd) in [
            ("aZ09_-+/=.:,@", "aZ09_-+/=.:,@", "aZ09_-+/=.:,@", "\"aZ09_-+/=.:,@\"", "aZ09_-+/=.:,@"),
            ("", "''", "''", "''", ""),
            ("a b", "'a b'", "'a b'", "'a b'", "a b"),
            ("$HOME`x`", "'$HOME`x`'", "'$HOME`x`'", "'$HOME`x`'", "$HOME`x`"),
            ("a'b", r"'a'\''b'", r"'a\'b'", "'a''b'", "a'b"),
            (r"a\b", r"'a\b'", r"'a\\b'", r"'a\b'", r"a\b"),
            ("a\"b&c", "'a\"b&c'", "'a\"b&c'", "'a\"b&c'", "a^\"b^&c"),
            ("50%", "'50%'", "'50%'", "'50%'", "50%%"),
            ("é’", "'é’'", "'é’'", "'é’’'", "é’"),
            ("=a", "'=a'", "'=a'", "'=a'", "=a"),
        ] {
            assert_eq!(
                [posix(value), fish(value), powershell(value), cmd(value).unwrap()],
                [in_posix, in_fish, in_powershell, in_cmd].map(str::to_owned),
                "{value}"
            );
        }
    }

    #[test]
    fn what_cannot_be_said_is_refused() {
        assert!(set(Format::WindowsCmd, "A", "a\nb").is_err());
        assert!(set(Format::DockerEnvFile, "A", "a\nb").is_err());
        assert!(set(Format::Env, "A", "a\0b").is_err());
        assert_eq!(set(Format::Env, "A", "a\nb").unwrap(), "export A='a\nb'\n");
    }
}
