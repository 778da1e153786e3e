//! `--cap-add`, `--cap-drop`: names of Linux capabilities, normalised as docker's client does it.

/// The names in upper case with their prefix, each once, sorted.
#[must_use]
pub fn normalize(names: &[String]) -> Vec<String> {
    let mut names: Vec<String> = names.iter().map(|name| one(name)).collect();
    names.sort();
    names.dedup();
    names
}

fn one(name: &str) -> String {
    let name = name.to_uppercase();
    if name == "ALL" || name.starts_with("CAP_") { name } else { format!("CAP_{name}") }
}

#[cfg(test)]
mod tests {
    #[test]
    fn table() {
        let names = ["sys_admin", "all", "CAP_NET_RAW", "net_raw", "cap_x", ""].map(str::to_owned);
        assert_eq!(super::normalize(&names), ["ALL", "CAP_", "CAP_NET_RAW", "CAP_SYS_ADMIN", "CAP_X"]);
    }
}
