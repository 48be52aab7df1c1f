//! `[[target]]` of the kind `github`: which repository it is, and how its releases are shown.

use document::{Failure, Version};

use super::{TargetKind, TargetSettings};

/// Says whether a text names a repository, as in `owner/name`.
pub fn is_repository(text: &str) -> bool {
    let is_name = |part: &str| {
        !matches!(part, "" | "." | "..")
            && part.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
    };
    text.split('/').count() == 2 && text.split('/').all(is_name)
}

impl TargetSettings {
    /// The location of a release at GitHub; `repository` is the one that the remote leads to.
    pub fn on_github(&self, repository: &str) -> String {
        let repository = self.repository.as_deref().unwrap_or(repository);
        let api = self.api.as_deref().map(|api| format!("?api={}", api.trim_end_matches('/')));
        format!("github://{repository}{}", api.unwrap_or_default())
    }

    /// The title of the release of a version; the project's name and the version where release.toml says nothing.
    ///
    /// A post release is a hotfix, and says so to who sees nothing but titles.
    pub fn title_of(&self, project: &str, version: &Version, tag: &str) -> String {
        let pattern = self.title.as_deref().unwrap_or("{name} {version}");
        let filled = [("{name}", project), ("{version}", &version.to_string()), ("{tag}", tag)];
        let title = filled.iter().fold(pattern.to_owned(), |title, (place, text)| title.replace(place, text));
        if version.is_postrelease() && !title.to_lowercase().contains("hotfix") {
            return format!("{title} (hotfix)");
        }
        title
    }

    /// Refuses a repository and an interface that are none, and titles that all releases would share.
    pub(super) fn check_github(&self, target: &str) -> Result<(), Failure> {
        if self.kind != TargetKind::Github {
            return Ok(());
        }
        let wrong = |what: &str, hint: &str| Err(Failure::new(format!("{target} has {what}")).hint(hint));
        if let Some(repository) = self.repository.as_deref().filter(|text| !is_repository(text)) {
            let what = format!("`{}` as its `repository`", repository.escape_debug());
            return wrong(&what, "write `owner/name`; another server is named by `api`");
        }
        let odd = |title: &str| title.trim().is_empty() || title.contains(char::is_control);
        for (key, text) in [("title", &self.title), ("discussion-category", &self.discussion_category)] {
            if text.as_deref().is_some_and(odd) {
                return wrong(&format!("a `{key}` that is no line of text"), "drop the key, or write some");
            }
        }
        let places = ["{version}", "{tag}"];
        if self.title.as_deref().is_some_and(|title| !places.iter().any(|place| title.contains(place))) {
            return wrong("a `title` without `{version}`", "write it like `Demo {version}`");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::Settings;
    use crate::settings::target::tests;

    fn read(keys: &str) -> Result<Settings, String> {
        tests::read(&format!("kind = \"github\"\n{keys}"))
    }

    #[test]
    fn a_repository_is_that_of_the_remote_unless_one_is_named() {
        for (keys, location) in [
            ("", "github://octo/wagon"),
            ("repository = \"acme/x.y\"", "github://acme/x.y"),
            (
                "api = \"https://git.acme.example/api/v3/\"",
                "github://octo/wagon?api=https://git.acme.example/api/v3",
            ),
        ] {
            let target = &read(keys).unwrap().target[0];
            assert_eq!(target.on_github("octo/wagon"), location);
            let of_itself = target.location().map_err(|error| error.to_string());
            match &target.repository {
                Some(_) => assert_eq!(of_itself.unwrap(), location),
                None => assert!(of_itself.unwrap_err().contains("its repository is that of the remote")),
            }
        }
    }

    #[test]
    fn what_is_no_repository_and_no_title_is_refused() {
        for (keys, expected) in [
            ("repository = \"wagon\"", "has `wagon` as its `repository`"),
            ("repository = \"https://git.example/o/r\"", "as its `repository`"),
            ("repository = \"o/..\"", "has `o/..` as its `repository`"),
            ("api = \"git.example\"", "has an `api` that is no URL"),
            ("api = \"https://me:secret@git.example\"", "has an `api` with more than a server and a path"),
            ("title = \"Wagon\"", "has a `title` without `{version}`"),
            ("title = \"\"", "has a `title` that is no line of text"),
            ("discussion-category = \" \"", "has a `discussion-category` that is no line of text"),
            ("bucket = \"x\"", "of the kind `github` has a `bucket`"),
            ("url = \"https://x.example\"", "of the kind `github` has a `url`"),
        ] {
            let error = read(keys).unwrap_err();
            assert!(error.contains(expected) && !error.contains("secret"), "{error}");
        }
        let other = "[[target]]\nname = \"t\"\nkind = \"directory\"\npath = \"x\"\n";
        for key in
            ["repository = \"a/b\"", "api = \"https://x.example\"", "title = \"{tag}\"", "latest = false"]
        {
            let error = Settings::parse(&format!("{other}{key}\n")).unwrap_err().to_string();
            assert!(error.contains("of the kind `directory` has a"), "{error}");
        }
    }

    #[test]
    fn a_title_has_the_version_and_a_hotfix_says_so() {
        for (keys, version, title) in [
            ("", "1.3.0", "wagon 1.3.0"),
            ("", "1.3.0.post1", "wagon 1.3.0.post1 (hotfix)"),
            ("title = \"Wagon {tag}\"", "1.3.0rc1", "Wagon v1.3.0rc1"),
            ("title = \"Hotfix? {version}\"", "1.3.0.post2", "Hotfix? 1.3.0.post2"),
        ] {
            let target = &read(keys).unwrap().target[0];
            assert_eq!(target.title_of("wagon", &version.parse().unwrap(), &format!("v{version}")), title);
        }
    }
}
