//! The shared files of the AWS command line: profiles with keys, roles and programs.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Result;
use document::Failure;

/// What the shared files say about one profile.
#[derive(Debug, Default)]
pub(crate) struct Profile {
    /// Its name.
    pub name: String,
    /// The settings of `config`, and over them those of `credentials`.
    settings: BTreeMap<String, String>,
    /// The settings that `credentials` has.
    keys: BTreeMap<String, String>,
}

impl Profile {
    /// Reads the profile that `AWS_PROFILE` names, or `default`; one that is named must be there.
    pub(crate) fn read() -> Result<Self> {
        let named = ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"].into_iter().find_map(variable);
        let name = named.clone().unwrap_or_else(|| "default".to_owned());
        let [config, credentials] = files();
        let heading = if name == "default" { name.clone() } else { format!("profile {name}") };
        let from_config = text_of(&config)?.and_then(|text| section(&text, &heading));
        let keys = text_of(&credentials)?.and_then(|text| section(&text, &name));
        if named.is_some() && from_config.is_none() && keys.is_none() {
            let what = format!(
                "cannot find the AWS profile `{name}`: it is neither in `{}` nor in `{}`",
                config.display(),
                credentials.display()
            );
            return Err(Failure::new(what)
                .hint("set `AWS_PROFILE` to one that `aws configure list-profiles` names")
                .into());
        }
        let keys = keys.unwrap_or_default();
        let mut settings = from_config.unwrap_or_default();
        settings.extend(keys.clone());
        Ok(Self { name, settings, keys })
    }

    /// A setting; `None` for an empty one.
    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.settings.get(key).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The first of the settings that only the AWS command line itself can follow.
    pub(crate) fn delegated(&self) -> Option<&'static str> {
        ["role_arn", "sso_session", "sso_start_url", "login_session"]
            .into_iter()
            .find(|key| self.get(key).is_some())
    }

    /// Says whether its keys stand in the file `credentials`, which wins over a program that makes some.
    pub(crate) fn has_own_keys(&self) -> bool {
        self.keys.contains_key("aws_access_key_id")
    }
}

/// The names of the two files, for people.
pub(crate) fn places() -> String {
    files().map(|path| format!("`{}`", path.display())).join(" and ")
}

/// A variable of the environment that is not empty.
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The variables of the environment that start so and are not empty.
pub(crate) fn settings(start: &str) -> Vec<(String, String)> {
    let variables = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    variables.filter(|(name, value)| name.starts_with(start) && !value.is_empty()).collect()
}

fn files() -> [PathBuf; 2] {
    let home = std::env::home_dir().unwrap_or_default();
    [("AWS_CONFIG_FILE", "config"), ("AWS_SHARED_CREDENTIALS_FILE", "credentials")].map(|(name, file)| {
        let place = variable(name).map(PathBuf::from);
        match place {
            Some(path) => path.strip_prefix("~").map_or_else(|_| path.clone(), |below| home.join(below)),
            None => home.join(".aws").join(file),
        }
    })
}

fn text_of(path: &PathBuf) -> Result<Option<String>> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(Failure::new(format!("cannot read `{}`: {cause}", path.display()))
            .hint("mend its permissions, or name another file in the environment")
            .into()),
    }
}

/// The settings below a heading; `None` when there is no such heading. A line that is indented belongs to a setting
/// of many lines, none of which matters here.
fn section(text: &str, wanted: &str) -> Option<BTreeMap<String, String>> {
    let mut found: Option<BTreeMap<String, String>> = None;
    let mut is_inside = false;
    for line in text.trim_start_matches('\u{feff}').lines() {
        if let Some(heading) = line.trim().strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            let heading: Vec<&str> =
                heading.0.split_whitespace().map(|word| word.trim_matches(['"', '\''])).collect();
            is_inside = heading.join(" ") == wanted;
            if is_inside {
                found.get_or_insert_default();
            }
        } else if is_inside
            && !line.starts_with([' ', '\t', '#', ';'])
            && let (Some((key, value)), Some(settings)) = (line.split_once('='), &mut found)
        {
            let value = value.split(" #").next().unwrap_or_default().split(" ;").next().unwrap_or_default();
            settings.insert(key.trim().to_lowercase(), value.trim().to_owned());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_is_read_as_the_aws_command_line_reads_it() {
        let text = "\u{feff}# mine\r\n[default]\r\nregion = eu-west-1 # near\r\n\r\n[ profile  \"ci\" ]\nRegion=us-east-2\n\
                    s3 =\n  addressing_style = path\ncredential_process = /bin/x --a b\n[profile ci2]\nregion=no\n";
        assert_eq!(section(text, "default").unwrap()["region"], "eu-west-1");
        let ci = section(text, "profile ci").unwrap();
        assert_eq!(ci["region"], "us-east-2");
        assert_eq!(ci["credential_process"], "/bin/x --a b");
        assert!(!ci.contains_key("addressing_style"));
        assert!(section(text, "ci").is_none());
    }
}
