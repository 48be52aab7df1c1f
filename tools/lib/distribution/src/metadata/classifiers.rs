//! Classifiers: which there are, and which were replaced by others.

use std::collections::HashMap;
use std::sync::LazyLock;

/// Made by `scripts/update-classifiers.sh`; the first line has the version of the list, which is its date.
const LIST: &str = include_str!("classifiers.txt");

/// Each classifier with those that replace it, where it is deprecated.
static ALL: LazyLock<HashMap<&str, Option<&str>>> = LazyLock::new(|| {
    let rows = LIST.lines().filter(|line| !line.starts_with('#'));
    rows.map(|row| row.split_once(" =>").map_or((row, None), |(name, others)| (name, Some(others.trim()))))
        .collect()
});

/// Says what is wrong with a classifier: it is unknown, deprecated, or there to keep the file off public indexes.
pub(super) fn fault(classifier: &str) -> Option<String> {
    match ALL.get(classifier) {
        Some(None) => None,
        Some(Some("")) => Some("is deprecated, and nothing replaces it".to_owned()),
        Some(Some(others)) => Some(format!("is deprecated: use `{}`", others.replace(" | ", "` or `"))),
        None if classifier.starts_with("Private ::") => {
            Some("keeps the file off public indexes, as it is meant to".to_owned())
        }
        None => Some(format!("is none of the known ones of {}", date())),
    }
}

/// The date of the list, such as `2026.9.21`: its version without the time of day.
fn date() -> String {
    let version = LIST.lines().next().and_then(|line| line.rsplit(' ').next()).unwrap_or_default();
    version.split('.').take(3).collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_whole_and_has_its_date() {
        assert!(ALL.len() > 800, "{}", ALL.len());
        let date: Vec<u32> = date().split('.').map(|part| part.parse().unwrap()).collect();
        assert!(date.len() == 3 && date[0] >= 2026, "{date:?}");
        assert_eq!(fault("Programming Language :: Python :: 3"), None);
        assert_eq!(fault("Typing :: Typed"), None);
    }

    #[test]
    fn each_deprecated_one_names_known_ones() {
        for others in ALL.values().flatten().filter(|others| !others.is_empty()) {
            assert!(others.split(" | ").all(|other| ALL.get(other) == Some(&None)), "{others}");
        }
        assert_eq!(
            fault("Natural Language :: Ukranian").as_deref(),
            Some("is deprecated: use `Natural Language :: Ukrainian`")
        );
    }
}
