//! What the types of [build], [[platform]] and [[variant]] cannot refuse.

use std::collections::BTreeSet;

use document::{Failure, PackageName};

use super::build::PlatformSettings;
use super::{BuildSettings, Settings, VariantSettings};

impl Settings {
    /// Refuses a matrix that names what is not there, or the same thing twice.
    pub(crate) fn check_build(&self) -> Result<(), Failure> {
        self.check_platforms()?;
        twice("pythons", "[build]", &self.build.pythons)?;
        if self.build.jobs == Some(0) {
            let what = "release.toml: `jobs` of [build] is 0, and nothing would be built";
            return Err(Failure::new(what).hint("write 1 for one build after the other"));
        }
        for variant in &self.variant {
            self.check_variant(variant)?;
        }
        self.check_exclusions()
    }

    fn check_platforms(&self) -> Result<(), Failure> {
        for platform in &self.platform {
            let wrong = |why: &str, hint: &str| {
                Err(Failure::new(format!("release.toml: the [[platform]] `{}` {why}", platform.name))
                    .hint(hint))
            };
            if !is_word(&platform.name) {
                return wrong(
                    "has a name of other signs than letters, digits, `-`, `_` and `.`",
                    "name it plainly",
                );
            }
            let Some(known) = platform.platform() else {
                let names: Vec<&str> = PlatformSettings::known_names().collect();
                let hint = format!("give it `tags`, or take one of {}", names.join(", "));
                return wrong("has no `tags`, and its name stands for none", &hint);
            };
            let is_tag = |tag: &String| {
                let sign = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'*');
                !tag.is_empty() && tag.bytes().all(sign)
            };
            if known.tags.is_empty() || !known.tags.iter().all(is_tag) {
                return wrong(
                    "has `tags` that are none",
                    "write platform tags, as in [\"manylinux_2_28_x86_64\"]",
                );
            }
        }
        Ok(())
    }

    fn check_variant(&self, variant: &VariantSettings) -> Result<(), Failure> {
        let place = format!("the [[variant]] `{}`", variant.name);
        let wrong =
            |why: String, hint: &str| Err(Failure::new(format!("release.toml: {place} {why}")).hint(hint));
        if !is_word(&variant.name) {
            let why = "has a name of other signs than letters, digits, `-`, `_` and `.`".to_owned();
            return wrong(why, "name it plainly");
        }
        twice("pythons", &place, variant.pythons.as_deref().unwrap_or_default())?;
        let names: Vec<&str> = self.platform.iter().map(|platform| platform.name.as_str()).collect();
        if let Some(unknown) = variant.platforms.iter().flatten().find(|name| !names.contains(&name.as_str()))
        {
            let hint = format!("add a [[platform]] of that name; there are: {}", names.join(", "));
            return wrong(
                format!("is for the platform `{unknown}`, which release.toml does not have"),
                &hint,
            );
        }
        for name in variant.distribution.iter().chain(&variant.conflicts) {
            PackageName::normalise(name)
                .map_err(|cause| Failure::new(format!("release.toml: {place}: {cause}")))?;
        }
        for (key, edits) in [("classifiers", &variant.classifiers), ("dependencies", &variant.dependencies)] {
            if let Some(both) = edits.drop.iter().find(|entry| edits.replace.contains_key(*entry)) {
                return wrong(format!("drops and replaces `{both}` of its `{key}`"), "keep one of the two");
            }
        }
        Ok(())
    }

    /// An exclusion that can fit nothing is a slip of the pen.
    fn check_exclusions(&self) -> Result<(), Failure> {
        let BuildSettings { exclude, pythons, .. } = &self.build;
        for exclusion in exclude {
            let wrong = |what: String, hint: &str| {
                Err(Failure::new(format!("release.toml: `exclude` of [build] {what}")).hint(hint))
            };
            let own = self.variant.iter().filter_map(|variant| variant.pythons.as_ref()).flatten();
            let known: BTreeSet<_> = pythons.iter().chain(own).collect();
            if let Some(python) = exclusion.python.as_ref().filter(|python| !known.contains(python)) {
                return wrong(
                    format!("leaves out Python {python}, which `pythons` does not name"),
                    "drop the entry",
                );
            }
            let known = |name: &&String| self.platform.iter().all(|platform| platform.name != **name);
            if let Some(name) = exclusion.platform.as_ref().filter(known) {
                return wrong(
                    format!("names the platform `{name}`, and there is no such [[platform]]"),
                    "mend the name",
                );
            }
            let known = |name: &&String| self.variant.iter().all(|variant| variant.name != **name);
            if let Some(name) = exclusion.variant.as_ref().filter(known) {
                return wrong(
                    format!("names the variant `{name}`, and there is no such [[variant]]"),
                    "mend the name",
                );
            }
            if exclusion.python.is_none() && exclusion.platform.is_none() {
                return wrong(
                    "has an entry with neither `python` nor `platform`".to_owned(),
                    "say which Python or platform is left out",
                );
            }
        }
        Ok(())
    }
}

fn twice<T: Ord + std::fmt::Display>(key: &str, place: &str, entries: &[T]) -> Result<(), Failure> {
    let mut seen = BTreeSet::new();
    match entries.iter().find(|entry| !seen.insert(*entry)) {
        None => Ok(()),
        Some(entry) => {
            let what = format!("release.toml: `{key}` of {place} names {entry} twice");
            Err(Failure::new(what).hint("name it once"))
        }
    }
}

fn is_word(name: &str) -> bool {
    let is_sign = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.bytes().all(is_sign)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> String {
        Settings::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn reads_a_matrix() {
        let text = "[build]\npythons = ['3.12', '3.13t', 'pypy3.10']\nexclude = [{ python = '3.12', platform = 'linux-aarch64' }]\n\
                    [[platform]]\nname = 'linux-x86_64'\n[[platform]]\nname = 'linux-aarch64'\ntags = ['manylinux_2_28_aarch64']\n\
                    [[variant]]\nname = 'cuda13'\nplatforms = ['linux-x86_64']\nclassifiers = { drop = ['a'], replace = { b = 'c' } }\n\
                    config-settings = { one = '1', several = ['2', '3'] }\n";
        let settings = Settings::parse(text).unwrap();
        assert_eq!(settings.build.pythons.len(), 3);
        assert_eq!(settings.platform[0].platform().unwrap().tags, ["manylinux*_x86_64", "linux_x86_64"]);
        assert_eq!((settings.platform[0].runner(), settings.variant[0].sdist), ("ubuntu-latest", false));
    }

    #[test]
    fn refuses_what_names_nothing_or_the_same_twice() {
        for (text, expected) in [
            ("[build]\npythons = ['3.12', '3.12']", "`pythons` of [build] names 3.12 twice"),
            ("[build]\npythons = ['312']", "`312` is not a version of Python with its two numbers"),
            ("[build]\njobs = 0", "`jobs` of [build] is 0"),
            (
                "[build]\nexclude = [{ python = '3.9' }]",
                "leaves out Python 3.9, which `pythons` does not name",
            ),
            ("[build]\nexclude = [{ variant = 'x' }]", "names the variant `x`"),
            ("[build]\nexclude = [{ platform = 'x' }]", "names the platform `x`"),
            ("[build]\nexclude = [{ package = 'x' }]", "neither `python` nor `platform`"),
            ("[[platform]]\nname = 'amiga'", "`amiga` has no `tags`, and its name stands for none"),
            ("[[platform]]\nname = 'a b'\ntags = ['x']", "`a b` has a name of other signs"),
            ("[[platform]]\nname = 'a'\ntags = ['x y']", "`a` has `tags` that are none"),
            (
                "[[platform]]\nname = 'a'\ntags = ['x']\n[[platform]]\nname = 'a'\ntags = ['x']",
                "two [[platform]]",
            ),
            ("[[variant]]\nname = 'v'\n[[variant]]\nname = 'v'", "two [[variant]] have the name `v`"),
            ("[[variant]]\nname = 'v'\nplatforms = ['x']", "is for the platform `x`"),
            ("[[variant]]\nname = 'v'\nconflicts = ['a b']", "the [[variant]] `v`: cannot use `a b`"),
            (
                "[[variant]]\nname = 'v'\nclassifiers = { drop = ['a'], replace = { a = 'b' } }",
                "drops and replaces `a` of its `classifiers`",
            ),
        ] {
            let message = refusal(text);
            assert!(message.contains(expected), "{message}");
        }
    }
}
