//! The formats that are a variable a line.
//!
//! What each reader takes as it is, what it must be told to, and what it cannot hold:
//! - sh, bash, zsh: POSIX's single quotes (XCU 2.2.2), which hold all but themselves.
//! - fish: double quotes, in which `\` takes the meaning of `\`, `"` and `$`.
//! - PowerShell: double quotes, in which a backtick does; a double quote is also each of `“”„` (about_Quoting_Rules).
//! - cmd.exe: `set "NAME=value"`, in which nothing can be quoted. It is written for a batch file, where `%` is two: from
//!   `for /f` and at the prompt it would stay two. With delayed expansion on, `!` is eaten, and so it is refused. No
//!   key, token or region of AWS holds any of that.
//! - docker's env files: nothing has a meaning but the line's end (docker/cli `pkg/kvfile`).

use std::fmt::Write;

use super::{Format, room};
use crate::credentials::{Credentials, Secret};
use crate::error::{Error, ErrorKind, Result};
use crate::injection::WINS_OVER_KEYS;

/// The longest line that cmd.exe reads.
const LONGEST_CMD_LINE: usize = 8191;

pub(super) fn render(
    format: Format,
    credentials: &Credentials,
    region: Option<&str>,
    prefix: &str,
) -> Result<Secret> {
    let mut text = String::with_capacity(room(credentials, region, prefix));
    for (name, value) in credentials.variables(region) {
        let name = format!("{prefix}{name}");
        match value {
            Some(value) => set(format, &mut text, &name, &value)?,
            // A region that was there before is not stale: it may be the user's own.
            None if name.ends_with("REGION") => {}
            None => unset(format, &mut text, &name),
        }
    }
    // Under a prefix the keys are not used yet, and the shell stays as it is.
    if prefix.is_empty() {
        WINS_OVER_KEYS.iter().for_each(|name| unset(format, &mut text, name));
    }
    Ok(Secret::new(text))
}

fn set(format: Format, text: &mut String, name: &str, value: &str) -> Result<()> {
    if let Some(what) = cannot_hold(format, name, value) {
        let message = format!("`{name}` {what}, which `{}` cannot hold", format.name());
        return Err(Error::new(ErrorKind::Credentials, message).hint("`--format json` holds every value"));
    }
    match format {
        Format::Fish => fish(text, name, value),
        Format::PowerShell => powershell(text, name, value),
        Format::WindowsCmd => windows_cmd(text, name, value),
        Format::DockerEnvFile => text.extend([name, "=", value]),
        Format::Env => posix(text, &["export ", name, "="], value),
        _ => posix(text, &[name, "="], value),
    }
    text.push('\n');
    Ok(())
}

fn unset(format: Format, text: &mut String, name: &str) {
    match format {
        Format::Fish => text.extend(["set -e ", name]),
        // Not there is fine, and leaves nothing in $Error.
        Format::PowerShell => text.extend(["Remove-Item Env:", name, " -ErrorAction Ignore"]),
        Format::WindowsCmd => text.extend(["set ", name, "="]),
        Format::DockerEnvFile => return,
        _ => text.extend(["unset ", name]),
    }
    text.push('\n');
}

/// What of the value the format cannot hold, in words that follow the variable's name.
fn cannot_hold(format: Format, name: &str, value: &str) -> Option<&'static str> {
    if value.contains('\0') {
        return Some("holds a NUL");
    }
    match format {
        // docker takes a CR away only before the line's end.
        Format::DockerEnvFile if value.contains('\n') || value.ends_with('\r') => Some("holds a line break"),
        // There, setting a variable to nothing takes it away.
        Format::PowerShell | Format::WindowsCmd if value.is_empty() => Some("is empty"),
        Format::WindowsCmd => cmd_cannot_hold(name, value),
        _ => None,
    }
}

fn cmd_cannot_hold(name: &str, value: &str) -> Option<&'static str> {
    let holds = |characters: &[char]| value.contains(characters);
    if value.contains(char::is_control) {
        return Some("holds a line break or another control character");
    }
    if holds(&['!']) {
        return Some("holds a `!`");
    }
    // After an odd number of quotes these would end the command, and a `^` before them is only sometimes taken away.
    if holds(&['"']) && holds(&['&', '|', '<', '>', '^', '(', ')']) {
        return Some("holds a `\"` together with one of `&|<>^()`");
    }
    // With `set "`, `=` and the last `"`.
    let line = name.len() + value.encode_utf16().count() + value.matches('%').count() + 7;
    (line > LONGEST_CMD_LINE).then_some("is too long")
}

/// No shell gives these a meaning, wherever they stand; `=` and `:` are looked at by [`posix`].
fn is_plain(character: char) -> bool {
    character.is_ascii_alphanumeric() || "_+/=.,:@-".contains(character)
}

fn posix(text: &mut String, start: &[&str], value: &str) {
    text.extend(start.iter().copied());
    // zsh takes `=name` at the start, and after a colon, for the path of a program.
    let is_path = value.starts_with('=') || value.contains(":=");
    if !value.is_empty() && value.chars().all(is_plain) && !is_path {
        text.push_str(value);
        return;
    }
    text.push('\'');
    for (index, part) in value.split('\'').enumerate() {
        text.push_str(if index == 0 { "" } else { r"'\''" });
        text.push_str(part);
    }
    text.push('\'');
}

fn fish(text: &mut String, name: &str, value: &str) {
    text.extend(["set -gx ", name, " \""]);
    for character in value.chars() {
        match character {
            // On one line, so that `eval (…)`, which joins lines, reads the same.
            '\n' => text.push_str(r#""\n""#),
            '\\' | '"' | '$' => text.extend(['\\', character]),
            _ => text.push(character),
        }
    }
    text.push('"');
}

fn powershell(text: &mut String, name: &str, value: &str) {
    text.extend(["$Env:", name, "=\""]);
    for character in value.chars() {
        match character {
            '`' | '"' | '$' => text.extend(['`', character]),
            ' '..='~' => text.push(character),
            // Windows PowerShell 5.1 has no `u{…}, and no [char] beyond 16 bits. This covers “”„ as well.
            _ => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    let _ = write!(text, "$([char]0x{unit:04X})");
                }
            }
        }
    }
    text.push('"');
}

fn windows_cmd(text: &mut String, name: &str, value: &str) {
    if value.chars().all(is_plain) {
        text.extend(["set ", name, "=", value]);
    } else {
        // `set` takes all up to the last quote, whatever stands between.
        text.extend(["set \"", name, "="]);
        for (index, part) in value.split('%').enumerate() {
            text.push_str(if index == 0 { "" } else { "%%" });
            text.push_str(part);
        }
        text.push('"');
    }
}
