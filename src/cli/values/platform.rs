//! `--platform`: `os[/arch[/variant]]` or `arch`, as containerd's `platforms.Parse` reads and completes it.

use super::Parsed;

const SYSTEMS: [&str; 17] = [
    "aix",
    "android",
    "darwin",
    "dragonfly",
    "freebsd",
    "hurd",
    "illumos",
    "ios",
    "js",
    "linux",
    "nacl",
    "netbsd",
    "openbsd",
    "plan9",
    "solaris",
    "windows",
    "zos",
];
const ARCHITECTURES: [&str; 23] = [
    "386",
    "amd64",
    "amd64p32",
    "arm",
    "armbe",
    "arm64",
    "arm64be",
    "ppc64",
    "ppc64le",
    "loong64",
    "mips",
    "mipsle",
    "mips64",
    "mips64le",
    "mips64p32",
    "mips64p32le",
    "ppc",
    "riscv",
    "riscv64",
    "s390",
    "s390x",
    "sparc",
    "sparc64",
];

/// The platform in full, as it goes into the request's query.
///
/// # Errors
/// When a part has other signs than letters, digits, `_`, `-` and `.`, or is unknown where it stands alone.
pub fn parse(text: &str) -> Parsed<String> {
    let parts: Vec<&str> = text.split('/').collect();
    let system = system(parts[0])
        .ok_or_else(|| format!("`{}` is an invalid operating system of `{text}`", parts[0]))?;
    if let Some(part) = parts[1..].iter().find(|part| part.is_empty() || !part.bytes().all(is_part)) {
        return Err(format!("`{part}` is an invalid component of `{text}`"));
    }
    match parts[..] {
        [_] if SYSTEMS.contains(&system.as_str()) => Ok(format!("{system}/{}", host_architecture())),
        [name] => {
            let (architecture, variant) = normal(name, "");
            if !ARCHITECTURES.contains(&architecture.as_str()) && architecture != "wasm" {
                return Err(format!("`{text}`: unknown operating system or architecture"));
            }
            Ok(joined(host_system(), &architecture, without_v7(&architecture, &variant)))
        }
        [_, name] => {
            let (architecture, variant) = normal(name, "");
            Ok(joined(&system, &architecture, without_v7(&architecture, &variant)))
        }
        [_, name, variant] => {
            let (architecture, variant) = normal(name, variant);
            let variant = if architecture == "arm64" && variant.is_empty() { "v8" } else { &variant };
            Ok(joined(&system, &architecture, variant))
        }
        _ => Err(format!("`{text}`: cannot parse platform specifier")),
    }
}

/// The system's name in lower case, without the version that may stand in parentheses.
fn system(part: &str) -> Option<String> {
    let name = match part.split_once('(') {
        Some((name, version)) => {
            version.strip_suffix(')').filter(|version| version.bytes().all(is_part))?;
            name
        }
        None => part,
    };
    let fine = !name.is_empty() && name.bytes().all(|b| b != b'.' && is_part(b));
    fine.then(|| if name.eq_ignore_ascii_case("macos") { "darwin".into() } else { name.to_lowercase() })
}

fn is_part(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.')
}

fn normal(architecture: &str, variant: &str) -> (String, String) {
    let (architecture, variant) = (architecture.to_lowercase(), variant.to_lowercase());
    let (name, variant) = match (architecture.as_str(), variant.as_str()) {
        ("i386", _) => ("386", ""),
        ("x86_64" | "x86-64" | "amd64", "v1") => ("amd64", ""),
        ("x86_64" | "x86-64" | "amd64", other) => ("amd64", other),
        ("aarch64" | "arm64", "8" | "v8" | "v8.0") => ("arm64", ""),
        ("aarch64" | "arm64", "9" | "9.0" | "v9.0") => ("arm64", "v9"),
        ("aarch64", other) => ("arm64", other),
        ("armhf", _) | ("arm", "" | "7") => ("arm", "v7"),
        ("armel", _) | ("arm", "6") => ("arm", "v6"),
        ("arm", "5") => ("arm", "v5"),
        ("arm", "8") => ("arm", "v8"),
        (name, other) => (name, other),
    };
    (name.into(), variant.into())
}

fn without_v7<'a>(architecture: &str, variant: &'a str) -> &'a str {
    if architecture == "arm" && variant == "v7" { "" } else { variant }
}

fn joined(system: &str, architecture: &str, variant: &str) -> String {
    [system, architecture, variant].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/")
}

/// This program's system in Go's words.
fn host_system() -> &'static str {
    if std::env::consts::OS == "macos" { "darwin" } else { std::env::consts::OS }
}

/// This program's architecture in Go's words.
fn host_architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "x86" => "386",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table() {
        for (text, expected) in [
            ("linux/amd64", "linux/amd64"),
            ("LINUX/x86_64", "linux/amd64"),
            ("linux/aarch64", "linux/arm64"),
            ("linux/arm64/v8", "linux/arm64/v8"),
            ("linux/arm", "linux/arm"),
            ("linux/arm/v7", "linux/arm/v7"),
            ("linux/arm/6", "linux/arm/v6"),
            ("linux/armel", "linux/arm/v6"),
            ("linux/i386", "linux/386"),
            ("linux/amd64/v2", "linux/amd64/v2"),
            ("windows(10.0)/amd64", "windows/amd64"),
            ("macos/arm64", "darwin/arm64"),
        ] {
            assert_eq!(parse(text).as_deref(), Ok(expected), "{text}");
        }
        for text in
            ["", "foo", "a b", "a/b/c/d", "linux/", "linux//v8", "/amd64", "linux/a b", "li.nux/amd64"]
        {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_lone_part_is_completed_from_the_host() {
        assert_eq!(parse("linux"), Ok(format!("linux/{}", host_architecture())));
        assert_eq!(parse("arm64"), Ok(format!("{}/arm64", host_system())));
    }
}
