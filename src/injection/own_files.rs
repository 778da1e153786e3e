//! Credentials that a container has in files of its own, baked into its image or mounted. SDKs look there before they ask
//! an endpoint; keys in variables come before the files.

use std::collections::BTreeMap;

use crate::engine::ImageFacts;
use crate::provider::profile_keys::{ProfileFile, source_of_default};
use crate::spec::ContainerSpec;

/// The variable that names the file, and where it is without one.
const PLACES: [(ProfileFile, &str, &str); 2] = [
    (ProfileFile::Credentials, "AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials"),
    (ProfileFile::Config, "AWS_CONFIG_FILE", "~/.aws/config"),
];

/// What decides where SDKs in a container look.
pub(crate) struct OwnFiles<'a> {
    variables: BTreeMap<&'a str, &'a str>,
    user: &'a str,
}

impl<'a> OwnFiles<'a> {
    /// `None` where the user has named a profile for the container, which is warned of as it is.
    pub(crate) fn of(spec: &'a ContainerSpec, image: &'a ImageFacts) -> Option<Self> {
        let own = super::own_values(spec);
        if ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"].iter().any(|name| own.contains_key(name)) {
            return None;
        }
        let mut variables: BTreeMap<_, _> =
            image.environment.iter().map(|entry| super::split(entry)).collect();
        // An entry without a value takes the image's away, and empty ones count as not there.
        variables.extend(spec.env().map(super::split));
        variables.retain(|_, value| !value.is_empty());
        let given = spec.get("User").and_then(|user| user.as_str()).filter(|user| !user.is_empty());
        let user = given.unwrap_or(&image.user).split(':').next().unwrap_or_default();
        Some(Self { variables, user })
    }

    /// Whether the container's `/etc/passwd` has to be read to know the user's home.
    pub(crate) fn needs_users(&self) -> bool {
        let by_home = |(_, variable, _): &(_, &str, _)| {
            self.variables.get(variable).is_none_or(|path| path.starts_with('~'))
        };
        !self.variables.contains_key("HOME") && !self.is_root() && PLACES.iter().any(by_home)
    }

    fn is_root(&self) -> bool {
        ["", "0", "root"].contains(&self.user)
    }

    /// The files. Paths that are relative, or lead to another user's home, are not looked at.
    pub(crate) fn files(&self, users: Option<&str>) -> Vec<OwnFile> {
        let home = self.home(users);
        let files = PLACES.into_iter().filter_map(|(file, variable, default)| {
            let path = self.variables.get(variable).copied().unwrap_or(default);
            let path = match path.strip_prefix('~') {
                Some(below) if below.starts_with('/') => format!("{}{below}", home.trim_end_matches('/')),
                _ => path.to_owned(),
            };
            path.starts_with('/').then_some(OwnFile { file, variable, path })
        });
        files.collect()
    }

    /// As the OCI runtime has it, which sets `HOME` where nobody else does: `users` is the text of `/etc/passwd`.
    fn home<'b>(&'b self, users: Option<&'b str>) -> &'b str {
        if let Some(home) = self.variables.get("HOME") {
            return home;
        }
        if self.is_root() {
            return "/root";
        }
        let lines = users.into_iter().flat_map(str::lines).map(|line| line.split(':').collect::<Vec<_>>());
        let is_user = |fields: &[&str]| [fields.first(), fields.get(2)].contains(&Some(&self.user));
        lines.filter(|fields| is_user(fields)).find_map(|fields| fields.get(5).copied()).unwrap_or("/")
    }
}

/// A file in which SDKs look for profiles.
pub(crate) struct OwnFile {
    file: ProfileFile,
    variable: &'static str,
    pub(crate) path: String,
}

impl OwnFile {
    /// What it is in.
    pub(crate) fn folder(&self) -> &str {
        match self.path.rsplit_once('/') {
            Some(("", _)) | None => "/",
            Some((folder, _)) => folder,
        }
    }

    /// What the user should know of it, if it holds this text.
    pub(crate) fn warning(&self, text: &str) -> Option<String> {
        let setting = source_of_default(self.file, text)?;
        let Self { path, variable, .. } = self;
        Some(format!(
            "`{path}` in the container has `{setting}` of a profile `default`, which SDKs prefer to the endpoint of \
             `--refresh`: leave the file out, or give `-e {variable}=/dev/null`"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USERS: &str = "root:x:0:0:root:/root:/bin/sh\nnode:x:1000:1000::/home/node:/bin/sh\nodd\n";

    /// The paths, and whether `/etc/passwd` is needed for them.
    fn paths(own: &[&str], user: &str, image: (&[&str], &str)) -> Option<(Vec<String>, bool)> {
        let mut spec = ContainerSpec::new("x");
        own.iter().for_each(|entry| spec.push("Env", *entry));
        spec.set("User", user);
        let environment = image.0.iter().map(ToString::to_string).collect();
        let image = ImageFacts { environment, user: image.1.to_owned(), ..ImageFacts::default() };
        let files = OwnFiles::of(&spec, &image)?;
        let needs = files.needs_users();
        let paths = files.files(needs.then_some(USERS)).into_iter().map(|file| file.path);
        Some((paths.collect(), needs))
    }

    #[test]
    fn they_are_below_the_home_of_the_user() {
        let none: (&[&str], &str) = (&[], "");
        for (own, user, image, home, needs) in [
            (&[][..], "", none, "/root", false),
            (&[], "0:0", (&[], "node"), "/root", false),
            (&["HOME=/srv/"], "", none, "/srv", false),
            (&[], "", (&["HOME=/srv"], "node"), "/srv", false),
            (&["HOME"], "", (&["HOME=/srv"], ""), "/root", false),
            (&["HOME="], "", (&["HOME=/srv"], ""), "/root", false),
            (&["HOME=/a"], "", (&["HOME=/srv"], ""), "/a", false),
            (&[], "", (&[], "node"), "/home/node", true),
            (&[], "1000:5", none, "/home/node", true),
            // Not in the list.
            (&[], "77", none, "", true),
        ] {
            let expected = ["credentials", "config"].map(|name| format!("{home}/.aws/{name}")).to_vec();
            assert_eq!(paths(own, user, image), Some((expected, needs)), "{own:?} {user} {image:?}");
        }
    }

    #[test]
    fn variables_say_where_they_are() {
        let image: (&[&str], &str) = (&["AWS_CONFIG_FILE=/etc/aws", "AWS_PROFILE=taken away"], "");
        let seen = paths(&["AWS_SHARED_CREDENTIALS_FILE=~/keys"], "", image);
        assert_eq!(seen, Some((vec!["/root/keys".to_owned(), "/etc/aws".to_owned()], false)));
        let seen = paths(&["AWS_CONFIG_FILE=here", "AWS_SHARED_CREDENTIALS_FILE=~node/x"], "", image);
        assert_eq!(seen, Some((Vec::new(), false)));
        let absolute = ["AWS_CONFIG_FILE=/a", "AWS_SHARED_CREDENTIALS_FILE=/b"];
        assert_eq!(paths(&absolute, "node", image).map(|(_, needs)| needs), Some(false));
        // The profile is the user's choice.
        for own in ["AWS_PROFILE=dev", "AWS_DEFAULT_PROFILE=dev"] {
            assert_eq!(paths(&[own], "", image), None);
        }
        assert!(paths(&["AWS_PROFILE="], "", image).is_some());
    }

    #[test]
    fn the_warning_names_the_file_and_what_to_do_and_shows_no_key() {
        let (spec, image) = (ContainerSpec::new("x"), ImageFacts::default());
        let files = OwnFiles::of(&spec, &image).expect("no profile is named").files(None);
        let text = "[default]\naws_access_key_id = MARK\naws_secret_access_key = MARK\n";
        let warning = files[0].warning(text).expect("a warning");
        for part in
            ["`/root/.aws/credentials`", "`aws_access_key_id`", "`-e AWS_SHARED_CREDENTIALS_FILE=/dev/null`"]
        {
            assert!(warning.contains(part) && !warning.contains("MARK"), "{warning}");
        }
        assert!(files[1].warning(text).expect("a warning").contains("`-e AWS_CONFIG_FILE=/dev/null`"));
        assert_eq!(files[0].warning("[dev]\naws_access_key_id = MARK\n"), None);
    }
}
