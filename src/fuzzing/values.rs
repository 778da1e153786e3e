//! The value syntaxes: what is read and written again is read as the same.

use std::path::Path;

use super::{MARK, assert_hushed, choice};
use crate::cli::values::*;
use crate::docker_config::DockerConfig;
use crate::engine::{Address, EngineOptions, ImageReference};
use crate::environment::Environment;
use crate::registry::ecr;

/// The first byte chooses the syntax.
pub(super) fn values(data: &[u8]) {
    let Some((chosen, rest)) = choice(data) else { return };
    // No argument that is not UTF-8 comes so far.
    let Ok(text) = std::str::from_utf8(rest) else { return };
    SYNTAXES[chosen % SYNTAXES.len()](text);
}

/// Appended to, never sorted: the inputs that are kept choose by the place.
const SYNTAXES: &[fn(&str)] = &[
    |text| again(text, allow::parse, |it| format!("{}={}", it.actions.join(","), it.resources.join(","))),
    |text| again(text, attach::parse, String::clone),
    |text| again(text, boolean::parse, bool::to_string),
    |text| again(text, |text| Ok(capability::normalize(&words(text))), |all| all.join(" ")),
    |text| again(text, cpus::parse, |billionths| format!("{billionths}/1000000000")),
    |text| again(text, csv::fields, |fields| joined(fields, ",", '"')),
    |text| drop(detach_keys::parse(text)),
    |text| drop((device::parse(text), device::check_cgroup_rule(text))),
    |text| drop(dns_search::parse(text)),
    |text| again(text, duration::parse, |nanoseconds| format!("{nanoseconds}ns")),
    environment,
    |text| drop(extra_host::parse(text)),
    |text| again(text, |text| float::parse(text).ok_or_else(String::new), f64::to_string),
    |text| drop(gpus::parse(text)),
    image,
    |text| again(text, integer::parse, i64::to_string),
    |text| again(text, |text| integer::parse_unsigned(text, 16), u64::to_string),
    |text| again(text, |text| integer::parse_unsigned(text, 64), u64::to_string),
    |text| again(text, ip_address::parse, String::clone),
    |text| again(text, json::parse, serde_json::Value::to_string),
    |text| drop((label::parse(text), key_value::split(text), link::check(text))),
    |text| drop(memory_swap::parse(text)),
    mount,
    |text| drop((namespace::check_cgroup(text), namespace::check_host(text), namespace::check_pid(text))),
    |text| drop(network::parse(text).map(|attachment| network::check(&attachment))),
    |text| again(text, platform::parse, String::clone),
    ports,
    |text| drop(pull::parse(text)),
    restarts,
    |text| drop(security_option::parse(text)),
    |text| again(text, security_option::compact, String::clone),
    size,
    sysctls,
    |text| again(text, tag::parse, |it| format!("Key={},Value={}", it.key, it.value)),
    |text| again(text, own(throttle::parse_operations), |(device, rate)| format!("{device}:{rate}")),
    |text| again(text, own(throttle::parse_weight), |(device, weight)| format!("{device}:{weight}")),
    |text| drop(throttle::parse_bytes(text)),
    |text| again(text, ulimit::parse, |it| format!("{}={}:{}", it.name, it.soft, it.hard)),
    volumes,
    |text| again(text, words::split, |words| joined(words, " ", '\'')),
    addresses,
    registries,
];

/// That a value which is read can be written, and read again as the same.
#[track_caller]
fn again<T: PartialEq + std::fmt::Debug>(
    text: &str,
    parse: impl Fn(&str) -> Parsed<T>,
    write: impl Fn(&T) -> String,
) {
    let Ok(value) = parse(text) else { return };
    let written = write(&value);
    assert_eq!(parse(&written).as_ref(), Ok(&value), "{text:?} was written as {written:?}");
}

/// A parser whose name borrows, with one that is owned.
fn own<T>(parse: fn(&str) -> Parsed<(&str, T)>) -> impl Fn(&str) -> Parsed<(String, T)>
where
    T: Clone,
{
    move |text| parse(text).map(|(name, value)| (name.to_owned(), value))
}

fn words(text: &str) -> Vec<String> {
    text.split(' ').map(str::to_owned).collect()
}

/// Each in quotes, in which a quote is said in the syntax's own way.
fn joined(words: &[String], between: &str, quote: char) -> String {
    let escaped = if quote == '"' { r#""""# } else { r"'\''" };
    let quoted = words.iter().map(|word| format!("{quote}{}{quote}", word.replace(quote, escaped)));
    quoted.collect::<Vec<_>>().join(between)
}

fn environment(text: &str) {
    match environment_variable::parse(text) {
        Ok((name, value)) => {
            let written = value.map_or(name.to_owned(), |value| format!("{name}={value}"));
            assert_eq!(written, text);
        }
        Err(cause) => assert_eq!(cause, environment_variable::parse("").expect_err("no name")),
    }
}

fn image(text: &str) {
    let _ = (image::is_id(text), image::is_bare_id(text));
    let reference = ImageReference::parse(text);
    let _ = (reference.familiar(), reference.tag_or_digest());
    // The familiar form is for people: docker's too may look like another registry's.
    if image::parse(text).is_ok() {
        let tag = reference.tag.iter().map(|tag| format!(":{tag}"));
        let digest = reference.digest.iter().map(|digest| format!("@{digest}"));
        let written = reference.from_image() + &tag.chain(digest).collect::<String>();
        assert_eq!(ImageReference::parse(&written), reference, "{text:?} was written as {written:?}");
    }
}

fn mount(text: &str) {
    let Ok(mut mount) = mount::parse(text) else { return };
    mount::make_source_absolute(&mut mount, Path::new("/work"));
    let source = mount.get("Source").and_then(serde_json::Value::as_str);
    assert!(source.is_none_or(|source| !source.starts_with('.')), "{text}: {mount:?}");
}

fn ports(text: &str) {
    for mapping in port::parse(text).unwrap_or_default() {
        let port::PortMapping { host_ip, host_port, container } = &mapping;
        let written = match host_ip.as_str() {
            "" => format!("{host_port}:{container}"),
            ip => format!("[{ip}]:{host_port}:{container}"),
        };
        assert_eq!(port::parse(&written).as_deref(), Ok(&[mapping][..]), "{text:?}: {written}");
    }
    for exposed in port::parse_exposed(text).unwrap_or_default() {
        assert_eq!(port::parse_exposed(&exposed).as_deref(), Ok(&[exposed.clone()][..]), "{text:?}");
    }
}

/// Those that an int64 cannot hold become the smallest one, which is no size any more.
fn size(text: &str) {
    again(
        text,
        |text| size::parse(text).and_then(|bytes| u64::try_from(bytes).map_err(|_| String::new())),
        u64::to_string,
    );
}

fn restarts(text: &str) {
    // None at all is the engine's default, and is written so.
    again(text, restart::parse, |policy| match policy.name.as_str() {
        "" => String::new(),
        name => format!("{name}:{}", policy.maximum_retry_count),
    });
}

fn sysctls(text: &str) {
    if let Ok((name, value)) = sysctl::parse(text) {
        let written = format!("{name}={value}");
        assert_eq!(sysctl::parse(&written), Ok((name, value)), "{text:?}");
    }
}

fn volumes(text: &str) {
    let _ = volume::parse(text);
    let bind = volume::absolute_bind(text, Path::new("/work"));
    assert!(bind == text || bind.starts_with('/'), "{text}: {bind}");
    let path = volume::absolute(text, Path::new("/work"));
    assert!(path.starts_with('/') && path.split('/').skip(1).all(|part| part != ".."), "{text}: {path}");
}

/// The engine's address. One that names a password shows it to nobody.
fn addresses(text: &str) {
    let resolved = |host: String| {
        let options = EngineOptions { hosts: vec![host], ..EngineOptions::default() };
        Address::resolve(&options, &DockerConfig::default(), &Environment::default())
    };
    if let Ok(address) = resolved(text.to_owned()) {
        let again = resolved(address.to_string()).map(|address| address.endpoint);
        assert_eq!(again.ok(), Some(address.endpoint), "{text:?}");
    }
    for scheme in ["tcp", "ssh", "http", "unix"] {
        if let Err(error) = resolved(format!("{scheme}://user:{MARK}@{text}")) {
            assert_hushed(&format!("{error} {error:?} {:?}", error.hints()));
        }
    }
}

fn registries(text: &str) {
    if let Some(registry) = ecr::Registry::parse(text) {
        assert!(registry.is_public() || text.contains(".dkr"), "{text}");
    }
}
