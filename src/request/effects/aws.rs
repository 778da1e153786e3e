//! credrun's own flags.

use std::path::Path;

use super::Done;
use crate::cli::values::{allow as allow_syntax, boolean, json, tag, until as until_syntax};
use crate::credentials::Secret;
use crate::request::{AwsOptions, Host, RunRequest};

/// What one of credrun's own flags does.
pub type AwsEffect = fn(&mut AwsOptions, &str, &Path) -> Done;

macro_rules! text {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        pub fn $name(options: &mut AwsOptions, value: &str, _: &Path) -> Done {
            options.$name = Some(value.to_owned());
            Ok(())
        }
    )*};
}

text! {
    /// `--profile`.
    profile,
    /// `--region`.
    region,
    /// `--role-session-name`.
    role_session_name,
    /// `--duration-seconds`.
    duration_seconds,
    /// `--external-id`.
    external_id,
    /// `--source-identity`.
    source_identity,
    /// `--serial-number`.
    serial_number,
    /// `--federation-name`.
    federation_name,
}

/// `--role-arn`.
pub fn role_arn(options: &mut AwsOptions, value: &str, _: &Path) -> Done {
    options.roles.push(value.to_owned());
    Ok(())
}

/// `--token-code`.
pub fn token_code(options: &mut AwsOptions, value: &str, _: &Path) -> Done {
    options.token_code = Some(Secret::new(value));
    Ok(())
}

/// `--tags`.
pub fn tags(options: &mut AwsOptions, value: &str, _: &Path) -> Done {
    let tag = tag::parse(value)?;
    // STS takes keys that differ in case only for the same.
    if options.tags.iter().any(|other| other.key.to_lowercase() == tag.key.to_lowercase()) {
        return Err(format!("the key `{}` is given twice", tag.key));
    }
    options.tags.push(tag);
    Ok(())
}

/// `--transitive-tag-keys`.
pub fn transitive_tag_keys(options: &mut AwsOptions, value: &str, _: &Path) -> Done {
    for key in value.split(',') {
        if !options.tags.iter().any(|tag| tag.key == key) {
            return Err(format!("no tag has the key `{key}`: give it with `--tags Key={key},Value=…`"));
        }
        options.transitive_tag_keys.push(key.to_owned());
    }
    Ok(())
}

/// `--allow-long-term-keys`.
pub fn allow_long_term_keys(options: &mut AwsOptions, value: &str, _: &Path) -> Done {
    options.allow_long_term_keys = boolean::parse(value)?;
    Ok(())
}

/// `--no-cache`.
pub fn no_cache(options: &mut AwsOptions, value: &str, _: &Path) -> Done {
    options.no_cache = boolean::parse(value)?;
    Ok(())
}

/// `--policy`: JSON when it begins like JSON, else a file's name. The AWS CLI's `file://` is taken too.
pub fn policy(options: &mut AwsOptions, value: &str, working_directory: &Path) -> Done {
    let text = if value.trim_start().starts_with('{') {
        value.to_owned()
    } else {
        let path = working_directory.join(value.strip_prefix("file://").unwrap_or(value));
        std::fs::read_to_string(&path)
            .map_err(|error| format!("the file `{}` cannot be read: {error}", path.display()))?
    };
    json::parse(&text)?;
    options.narrowing.policy = Some(text);
    Ok(())
}

/// `--policy-arns`.
pub fn policy_arns(options: &mut AwsOptions, value: &str, _: &Path) -> Done {
    options.narrowing.policy_arns.extend(value.split(',').map(str::to_owned));
    Ok(())
}

/// `--allow`.
pub fn allow(options: &mut AwsOptions, value: &str, _: &Path) -> Done {
    options.narrowing.allow.push(allow_syntax::parse(value)?);
    Ok(())
}

/// `--read-only-access`.
pub fn read_only_access(options: &mut AwsOptions, value: &str, _: &Path) -> Done {
    options.narrowing.read_only_access = boolean::parse(value)?;
    Ok(())
}

/// `--until`.
pub fn until(options: &mut AwsOptions, value: &str, _: &Path) -> Done {
    options.narrowing.until = Some(until_syntax::parse(value)?);
    Ok(())
}

/// `--refresh`.
pub fn refresh(options: &mut AwsOptions, value: &str, _: &Path) -> Done {
    options.refresh = boolean::parse(value)?;
    Ok(())
}

/// `--verbose`.
pub fn verbose(request: &mut RunRequest, value: &str, _: &Host<'_>) -> Done {
    request.client.verbose = boolean::parse(value)?;
    Ok(())
}

/// `--dry-run`.
pub fn dry_run(request: &mut RunRequest, value: &str, _: &Host<'_>) -> Done {
    request.client.dry_run = boolean::parse(value)?;
    Ok(())
}

/// `--allow-insecure-engine`.
pub fn allow_insecure_engine(request: &mut RunRequest, value: &str, _: &Host<'_>) -> Done {
    request.client.allow_insecure_engine = boolean::parse(value)?;
    Ok(())
}
