//! `[[target]]` of the kind `pypi`: which server it is, and where a release is rehearsed.

use document::Failure;

use super::{TargetKind, TargetSettings};

impl TargetSettings {
    /// The location of PyPI's kind, as far as release.toml says it.
    pub(super) fn server(&self) -> String {
        let location = format!("pypi://{}", self.index.as_deref().unwrap_or("pypi"));
        let more = [("url", &self.url), ("publish-url", &self.publish_url)];
        let more: Vec<String> =
            more.iter().filter_map(|(key, value)| Some(format!("{key}={}", value.as_ref()?))).collect();
        if more.is_empty() { location } else { format!("{location}?{}", more.join("&")) }
    }

    /// Says whether a location of a release document is that of this target of PyPI's kind, by all that release.toml says
    /// of it: a `/` at the end of a URL does not count, nor does what the settings of uv say.
    pub fn is_server_at(&self, location: &str) -> bool {
        let (index, more) = location.split_once('?').unwrap_or((location, ""));
        let (simple, _) = more.split_once("&publish-url=").unwrap_or((more, ""));
        let bare = |url: &str| url.trim_end_matches('/').to_owned();
        self.kind == TargetKind::Pypi
            && index.strip_prefix("pypi://") == Some(self.index.as_deref().unwrap_or("pypi"))
            && self.url.as_deref().map(bare) == simple.strip_prefix("url=").map(bare)
    }

    /// Refuses a server of which one of the two URLs is missing, and a name of an index that is none.
    pub(super) fn check_server(&self, target: &str) -> Result<(), Failure> {
        if self.kind != TargetKind::Pypi {
            return Ok(());
        }
        let odd = |c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c));
        if let Some(index) = self.index.as_deref().filter(|index| index.is_empty() || index.contains(odd)) {
            let what = format!("{target} has `{}` as its `index`", index.escape_debug());
            return Err(Failure::new(what).hint("write the `name` of an index in the settings of uv"));
        }
        let (present, absent) = match (&self.url, &self.publish_url) {
            (Some(_), None) => ("url", "publish-url"),
            (None, Some(_)) => ("publish-url", "url"),
            _ => return Ok(()),
        };
        if self.index.is_some() {
            return Ok(());
        }
        let what = format!("{target} has a `{present}`, and neither a `{absent}` nor an `index`");
        Err(Failure::new(what)
            .hint("write both `url`, the simple index, and `publish-url`; without them it is PyPI itself"))
    }

    /// Refuses a rehearsal that nothing of PyPI's kind stands for.
    pub(crate) fn check_rehearsals(targets: &[Self]) -> Result<(), Failure> {
        for target in targets {
            let Some(name) = &target.rehearse else { continue };
            let wrong = |why: &str, hint: &str| {
                let what =
                    format!("release.toml: the [[target]] `{}` rehearses on `{name}`, {why}", target.name);
                Err(Failure::new(what).hint(hint))
            };
            let stage = targets.iter().find(|other| other.name == *name);
            match stage {
                _ if *name == target.name => {
                    return wrong("which is itself", "name a target for a test index");
                }
                None => {
                    let hint = "add a [[target]] of that name, of the kind `pypi`, with its `index`";
                    return wrong("which is no target", hint);
                }
                Some(stage) if stage.kind != TargetKind::Pypi => {
                    return wrong(
                        &format!("which is of the kind `{}`", stage.kind),
                        "name a target of the kind `pypi`",
                    );
                }
                Some(stage) if stage.rehearse.is_some() => {
                    return wrong("which has a rehearsal of its own", "drop one `rehearse`");
                }
                Some(stage) if (&stage.index, &stage.url) == (&target.index, &target.url) => {
                    return wrong("which is the same index", "give the test index another `index` or `url`");
                }
                Some(_) => {}
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::settings::target::tests::{location, read};

    #[test]
    fn a_server_of_pypis_kind_is_found_by_its_index_or_by_both_urls() {
        assert_eq!(location("kind = \"pypi\""), "pypi://pypi");
        assert_eq!(location("kind = \"pypi\"\nindex = \"testpypi\"\nwait = 60"), "pypi://testpypi");
        let urls = "url = \"https://a.example/simple/\"\npublish-url = \"https://a.example/legacy/\"";
        assert_eq!(
            location(&format!("kind = \"pypi\"\n{urls}")),
            "pypi://pypi?url=https://a.example/simple/&publish-url=https://a.example/legacy/"
        );
        for (keys, expected) in [
            ("url = \"https://a.example\"", "has a `url`, and neither a `publish-url` nor an `index`"),
            (
                "publish-url = \"https://a.example\"",
                "has a `publish-url`, and neither a `url` nor an `index`",
            ),
            ("index = \"a b\"", "has `a b` as its `index`"),
            ("index = \"a\"\npublish-url = \"https://me:secret@a.example\"", "more than a server and a path"),
            ("index = \"a\"\nurl = \"file:///tmp\"", "has an `url` that is no URL"),
        ] {
            let error = read(&format!("kind = \"pypi\"\n{keys}")).unwrap_err();
            assert!(error.contains(expected) && !error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn a_location_of_a_document_is_that_of_its_target() {
        let own = "kind = \"pypi\"\nurl = \"https://a.example/simple\"\npublish-url = \"https://a.example\"";
        let named = "kind = \"pypi\"\nindex = \"own\"\nurl = \"https://a.example/simple/\"";
        let more = "?url=https://a.example/simple/&publish-url=https://a.example/";
        for (keys, location, is_so) in [
            (own, format!("pypi://pypi{more}"), true),
            (own, "pypi://pypi?url=https://a.example/other/".to_owned(), false),
            (own, "pypi://pypi".to_owned(), false),
            (named, format!("pypi://own{more}"), true),
            (named, format!("pypi://other{more}"), false),
            ("kind = \"pypi\"", "pypi://pypi".to_owned(), true),
            ("kind = \"pypi\"", format!("pypi://pypi{more}"), false),
            // What the settings of uv say counts elsewhere.
            ("kind = \"pypi\"\nindex = \"own\"", format!("pypi://own{more}"), false),
        ] {
            let settings = read(keys).unwrap();
            assert_eq!(settings.target[0].is_server_at(&location), is_so, "{keys} {location}");
        }
    }

    #[test]
    fn a_rehearsal_is_another_target_of_the_same_kind() {
        let with = |name: &str, other: &str| {
            read(&format!("kind = \"pypi\"\nrehearse = \"{name}\"\n[[target]]\nname = \"u\"\n{other}"))
        };
        assert!(with("u", "kind = \"pypi\"\nindex = \"testpypi\"").is_ok());
        for (name, other, expected) in [
            ("t", "kind = \"pypi\"\nindex = \"x\"", "rehearses on `t`, which is itself"),
            ("v", "kind = \"pypi\"\nindex = \"x\"", "rehearses on `v`, which is no target"),
            ("u", "kind = \"directory\"\npath = \"x\"", "which is of the kind `directory`"),
            ("u", "kind = \"pypi\"\nindex = \"x\"\nrehearse = \"t\"", "which has a rehearsal of its own"),
            ("u", "kind = \"pypi\"", "which is the same index"),
        ] {
            let error = with(name, other).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }
}
