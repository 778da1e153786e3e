use time::OffsetDateTime;

use super::*;
use crate::environment::Environment;
use crate::error::ErrorKind;

const TOKEN: &str = "IQoJb3JpZ2luX2VjEXAMPLE/+==";

fn credentials(secret: &str, token: Option<&str>, expires: bool) -> Credentials {
    let expiration = OffsetDateTime::from_unix_timestamp(1_728_549_858).ok().filter(|_| expires);
    let token = token.map(Secret::new);
    Credentials::new("ASIAIOSFODNN7EXAMPLE", Secret::new(secret), token, expiration, "test")
}

fn temporary() -> Credentials {
    credentials("wJalrXUtnFEMI/K7MDENG", Some(TOKEN), true)
}

fn rendered(format: Format, credentials: &Credentials, region: Option<&str>, prefix: &str) -> String {
    let text = render(format, credentials, region, prefix);
    text.unwrap_or_else(|error| panic!("{format:?}: {error}")).expose().to_owned()
}

/// The line of the secret key when it is `value`, from its first character to its last.
fn secret_line(format: Format, value: &str) -> Result<String> {
    let text = render(format, &credentials(value, None, false), None, "")?;
    let from = text.expose().find('\n').expect("a first line") + 1;
    let rest = &text.expose()[from..];
    let stale = ["unset AWS_SE", "set -e AWS_SE", "Remove-Item Env:AWS_SE", "set AWS_SESSION_TOKEN=\n"];
    let end = stale.iter().filter_map(|stale| rest.find(stale)).min().unwrap_or(rest.len());
    Ok(rest[..end].strip_suffix('\n').expect("a line's end").to_owned())
}

#[test]
fn names_are_those_of_the_formats() {
    for name in Format::NAMES {
        assert_eq!(Format::parse(name).map(Format::name), Ok(*name));
    }
    assert!(Format::parse("csh").unwrap_err().contains("env-no-export, fish, "));
}

/// Ordinary values look as those that `aws configure export-credentials` prints.
#[test]
fn ordinary_values() {
    let (id, key, end) = ("ASIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG", "2024-10-10T08:44:18Z");
    for (format, before, between, after) in [
        (Format::Env, "export ", "=", ""),
        (Format::EnvNoExport, "", "=", ""),
        (Format::Fish, "set -gx ", " \"", "\""),
        (Format::PowerShell, "$Env:", "=\"", "\""),
        (Format::WindowsCmd, "set ", "=", ""),
        (Format::DockerEnvFile, "", "=", ""),
    ] {
        for prefix in ["", "TEMPORARY_"] {
            let expected: String = [
                ("AWS_ACCESS_KEY_ID", id),
                ("AWS_SECRET_ACCESS_KEY", key),
                ("AWS_SESSION_TOKEN", TOKEN),
                ("AWS_CREDENTIAL_EXPIRATION", end),
                ("AWS_REGION", "eu-west-1"),
                ("AWS_DEFAULT_REGION", "eu-west-1"),
            ]
            .map(|(name, value)| format!("{before}{prefix}{name}{between}{value}{after}\n"))
            .concat();
            let text = rendered(format, &temporary(), Some("eu-west-1"), prefix);
            let rest = text.strip_prefix(&expected).unwrap_or_else(|| panic!("{text}"));
            assert!(prefix.is_empty() || rest.is_empty(), "{text}");
        }
    }
}

#[test]
fn what_is_stale_goes() {
    let long_term = credentials("key", None, false);
    for (format, expected) in [
        (Format::Env, "unset T_AWS_SESSION_TOKEN\nunset T_AWS_CREDENTIAL_EXPIRATION\n"),
        (Format::EnvNoExport, "unset T_AWS_SESSION_TOKEN\nunset T_AWS_CREDENTIAL_EXPIRATION\n"),
        (Format::Fish, "set -e T_AWS_SESSION_TOKEN\nset -e T_AWS_CREDENTIAL_EXPIRATION\n"),
        (
            Format::PowerShell,
            "Remove-Item Env:T_AWS_SESSION_TOKEN -ErrorAction Ignore\n\
             Remove-Item Env:T_AWS_CREDENTIAL_EXPIRATION -ErrorAction Ignore\n",
        ),
        (Format::WindowsCmd, "set T_AWS_SESSION_TOKEN=\nset T_AWS_CREDENTIAL_EXPIRATION=\n"),
        (Format::DockerEnvFile, ""),
    ] {
        let text = rendered(format, &long_term, Some(""), "T_");
        let rest: String = text.split_inclusive('\n').skip(2).collect();
        assert_eq!(rest, expected, "{format:?}");
    }
}

/// Where the keys are for the SDKs to find, and not put by under a prefix.
#[test]
fn what_would_win_over_the_keys_goes() {
    for (format, before, after) in [
        (Format::Env, "unset ", ""),
        (Format::EnvNoExport, "unset ", ""),
        (Format::Fish, "set -e ", ""),
        (Format::PowerShell, "Remove-Item Env:", " -ErrorAction Ignore"),
        (Format::WindowsCmd, "set ", "="),
    ] {
        let text = rendered(format, &temporary(), None, "");
        let rest: Vec<_> = text.lines().skip(4).map(str::to_owned).collect();
        let names = ["AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SECURITY_TOKEN"];
        assert_eq!(rest, names.map(|name| format!("{before}{name}{after}")), "{format:?}");
        assert_eq!(rendered(format, &temporary(), None, "T_").lines().count(), 4, "{format:?}");
    }
    assert_eq!(rendered(Format::DockerEnvFile, &temporary(), None, "").lines().count(), 4);
}

#[test]
fn objects() {
    let process = "{\n  \"Version\": 1,\n  \"AccessKeyId\": \"ASIAIOSFODNN7EXAMPLE\",\n  \
                   \"SecretAccessKey\": \"wJalrXUtnFEMI/K7MDENG\",\n  \
                   \"SessionToken\": \"IQoJb3JpZ2luX2VjEXAMPLE/+==\",\n  \
                   \"Expiration\": \"2024-10-10T08:44:18Z\"\n}\n";
    let region = Some("eu-west-1");
    assert_eq!(rendered(Format::Process, &temporary(), region, ""), process);
    let json = process.replace("Z\"\n", "Z\",\n  \"Region\": \"eu-west-1\"\n");
    assert_eq!(rendered(Format::Json, &temporary(), region, ""), json);
    let raw = process
        .replace("\"Version\": 1", "\"Type\": \"\"")
        .replace("SessionToken", "Token")
        .replace("Z\"\n", "Z\",\n  \"Code\": \"Success\"\n");
    assert_eq!(rendered(Format::Raw, &temporary(), region, ""), raw);
    let long_term = credentials("a\"\n$é", None, false);
    let process = "{\n  \"Version\": 1,\n  \"AccessKeyId\": \"ASIAIOSFODNN7EXAMPLE\",\n  \
                   \"SecretAccessKey\": \"a\\\"\\n$é\"\n}\n";
    assert_eq!(rendered(Format::Process, &long_term, None, ""), process);
    assert_eq!(rendered(Format::Json, &long_term, None, ""), process);
    assert!(rendered(Format::Raw, &long_term, None, "").contains("\"Token\": \"\",\n  \"Code\""));
}

#[test]
fn quoting() {
    for (format, value, expected) in [
        (Format::Env, "a b", "='a b'"),
        (Format::Env, "it's", r"='it'\''s'"),
        (Format::Env, "''", r"=''\'''\'''"),
        (Format::Env, "$a`b`\\\"!%", "='$a`b`\\\"!%'"),
        (Format::Env, "a\nb", "='a\nb'"),
        (Format::Env, "", "=''"),
        (Format::Env, "=ls", "='=ls'"),
        (Format::Env, "a:=ls", "='a:=ls'"),
        (Format::Env, "~", "='~'"),
        (Format::EnvNoExport, "é", "='é'"),
        (Format::Fish, "it's a\\b", r#" "it's a\\b""#),
        (Format::Fish, "$a\"(b)\n", r#" "\$a\"(b)"\n"""#),
        (Format::PowerShell, "a b'c%!", "=\"a b'c%!\""),
        (Format::PowerShell, "$a`n\"", "=\"`$a``n`\"\""),
        (Format::PowerShell, "\r\n", "=\"$([char]0x000D)$([char]0x000A)\""),
        (Format::PowerShell, "é“", "=\"$([char]0x00E9)$([char]0x201C)\""),
        (Format::PowerShell, "😀", "=\"$([char]0xD83D)$([char]0xDE00)\""),
        (Format::WindowsCmd, "a b&c^d|e<f>(g)", "=a b&c^d|e<f>(g)\""),
        (Format::WindowsCmd, "a\"b'c$d`e\\é", "=a\"b'c$d`e\\é\""),
        (Format::WindowsCmd, "\"", "=\"\""),
        (Format::WindowsCmd, "100% %PATH%", "=100%% %%PATH%%\""),
        (Format::DockerEnvFile, " \"a' $b#\\\rc ", "= \"a' $b#\\\rc "),
    ] {
        let line = secret_line(format, value).unwrap();
        assert!(line.ends_with(&format!("AWS_SECRET_ACCESS_KEY{expected}")), "{format:?} {value:?}: {line}");
        let quoted = line.starts_with("set \"");
        assert_eq!(quoted, format == Format::WindowsCmd, "{line}");
    }
}

#[test]
fn what_a_reader_cannot_hold_is_refused_and_not_shown() {
    let long = "x".repeat(8191);
    for (format, values) in [
        (Format::Env, &["hush\0"][..]),
        (Format::Fish, &["hush\0"]),
        (Format::PowerShell, &["hush\0", ""]),
        (Format::DockerEnvFile, &["hush\n", "hu\nsh", "hush\r", "\0"]),
        (Format::WindowsCmd, &["", "hu\nsh", "hush\r", "\t", "hush!", "a\"b&hush", "^\"", &long]),
    ] {
        for value in values {
            let error = secret_line(format, value).expect_err(value);
            let told = format!("{error:?} {error} {:?}", error.hints());
            assert!(told.contains("`AWS_SECRET_ACCESS_KEY` ") && told.contains(format.name()), "{told}");
            assert!(!told.contains("hush") && error.kind() == ErrorKind::Credentials, "{told}");
        }
    }
    // `set "AWS_SECRET_ACCESS_KEY=` and the last quote are 28.
    let most = " ".repeat(8191 - 28);
    assert_eq!(secret_line(Format::WindowsCmd, &most).unwrap().len(), 8191);
    assert!(secret_line(Format::WindowsCmd, &format!("{most} ")).is_err());
}

#[test]
fn prefixes() {
    for prefix in ["T", "_", "TEMPORARY_", "a1"] {
        assert!(render(Format::Env, &temporary(), None, prefix).is_ok(), "{prefix}");
    }
    for prefix in ["1A", "A-", "A B", "é", "A=", "$(id)", "A\n"] {
        let error = render(Format::Env, &temporary(), None, prefix).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage, "{error}");
    }
    for format in [Format::Json, Format::Process, Format::Raw] {
        assert_eq!(render(format, &temporary(), None, "T_").unwrap_err().kind(), ErrorKind::Usage);
    }
}

/// PowerShell's tokenizer, as far as a string in double quotes without variables goes: what it makes of the text,
/// or `None` where it would see something else. From PowerShell's `tokenizer.cs`, `ScanStringExpandable`.
fn read_by_powershell(line: &str) -> Option<String> {
    let mut rest = line.strip_prefix("$Env:AWS_SECRET_ACCESS_KEY=\"")?;
    let mut units = Vec::new();
    loop {
        if let Some(tail) = rest.strip_prefix("$([char]0x") {
            units.push(u16::from_str_radix(&tail[..4], 16).ok()?);
            rest = tail[4..].strip_prefix(')')?;
            continue;
        }
        let mut characters = rest.chars();
        let character = match characters.next()? {
            '"' | '“' | '”' | '„' => {
                return characters.as_str().is_empty().then(|| String::from_utf16(&units).ok())?;
            }
            '$' => return None,
            '`' => characters.next().filter(|next| !"0abefnrtuv".contains(*next))?,
            other => other,
        };
        units.extend_from_slice(character.encode_utf16(&mut [0; 2]));
        rest = characters.as_str();
    }
}

/// cmd.exe's `set` in a batch file, once nothing but `%%` on the line is expanded and no operator stands outside of quotes.
fn read_by_cmd(line: &str) -> Option<String> {
    let line = line.replace("%%", "\u{1}");
    assert!(!line.contains(['%', '!', '\n', '\r']), "{line}");
    let mut within = false;
    for character in line.chars() {
        within ^= character == '"';
        assert!(within || !"&|<>^()".contains(character), "{line}");
    }
    let assignment = line.strip_prefix("set ")?;
    let assignment = match assignment.strip_prefix('"') {
        Some(quoted) => &quoted[..quoted.rfind('"')?],
        None => assignment,
    };
    assignment.strip_prefix("AWS_SECRET_ACCESS_KEY=").map(|value| value.replace('\u{1}', "%"))
}

/// docker's, which credrun's own `--env-file` is.
fn read_by_docker(line: &str) -> Option<String> {
    let environment = Environment::from_iter::<[(&str, &str); 0]>([]);
    let variables = crate::request::env_file::parse(format!("{line}\n").as_bytes(), &environment).ok()?;
    variables.into_iter().next()?.strip_prefix("AWS_SECRET_ACCESS_KEY=").map(str::to_owned)
}

/// Every string of three out of all that has a meaning somewhere reads back, or is refused where it has to be.
#[test]
fn every_short_string_reads_back() {
    const CHARACTERS: [&str; 18] =
        ["a", " ", "'", "\"", "\\", "`", "$", "%", "!", "&", "^", "(", "n", "\n", "\r", "é", "“", "😀"];
    let mut held = [0; 3];
    for index in 0..CHARACTERS.len().pow(3) {
        let digits = [index % 18, index / 18 % 18, index / 324];
        let value = digits.map(|digit| CHARACTERS[digit]).concat();
        let line = secret_line(Format::PowerShell, &value).unwrap();
        assert!(line.is_ascii(), "{line}");
        assert_eq!(read_by_powershell(&line).as_deref(), Some(&*value), "{line}");
        held[0] += 1;
        for (at, format, read) in [
            (1, Format::WindowsCmd, read_by_cmd as fn(&str) -> Option<String>),
            (2, Format::DockerEnvFile, read_by_docker as fn(&str) -> Option<String>),
        ] {
            if let Ok(line) = secret_line(format, &value) {
                assert_eq!(read(&line).as_deref(), Some(&*value), "{line}");
                held[at] += 1;
            }
        }
    }
    // docker refuses a "\n", and a "\r" as the last; cmd three of them, and `"` beside one of `&^(`.
    let [without_quote, without_operator, without_both] = [14_usize, 12, 11].map(|count| count.pow(3));
    assert_eq!(held, [18_usize.pow(3), without_quote + without_operator - without_both, 17 * 17 * 16]);
}

#[test]
fn nothing_is_moved_while_it_is_written() {
    let nasty = credentials(&"\u{7f}".repeat(3000), Some(&"é".repeat(3000)), true);
    for format in Format::ALL {
        let Ok(text) = render(format, &nasty, Some("eu-west-1"), "") else { continue };
        let room = room(&nasty, Some("eu-west-1"), "");
        assert!(text.expose().len() <= room, "{format:?}: {} of {room}", text.expose().len());
    }
}

#[test]
fn debug_shows_nothing() {
    let text = render(Format::Env, &temporary(), None, "").unwrap();
    assert!(!format!("{text:?}").contains("wJalr"));
}
