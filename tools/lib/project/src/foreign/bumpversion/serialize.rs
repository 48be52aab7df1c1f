//! The forms in which bump2version writes a version, held against the spellings that there are.

use std::collections::BTreeMap;

use document::{Spelling, Version};

use crate::foreign::table::Table;
use crate::foreign::template::Template;
use crate::settings::VersionSpelling;

/// What the forms come to.
pub(super) struct Forms {
    /// The spelling.
    pub(super) spelling: VersionSpelling,
    /// What is written in another way here.
    pub(super) differs: Option<String>,
}

/// Finds the spelling that writes what the forms write.
pub(super) fn read(forms: &[String], parts: &BTreeMap<String, Table>) -> Forms {
    let mut differs = None;
    let mut samples = Vec::new();
    for form in forms {
        match made(form, parts) {
            Ok(made) => samples.extend(made),
            Err(cause) => differs = Some(cause),
        }
    }
    let fits = |spelling: Spelling| {
        let same = |text: &String| {
            Version::read(text, spelling)
                .and_then(|version| version.spelled(spelling))
                .is_ok_and(|own| own == *text)
        };
        samples.iter().all(same)
    };
    if fits(Spelling::Pep440) {
        return Forms { spelling: VersionSpelling::Pep440, differs };
    }
    if fits(Spelling::SemVer) {
        return Forms { spelling: VersionSpelling::Semver, differs };
    }
    let other = samples.iter().find_map(|text| match text.parse::<Version>() {
        Ok(version) if version.to_string() != *text => {
            Some(format!("it writes `{text}`, here it is `{version}`"))
        }
        Ok(_) => None,
        Err(_) => Some(format!("it writes `{text}`, which is no version of a Python package")),
    });
    Forms { spelling: VersionSpelling::Pep440, differs: differs.or(other) }
}

/// Versions as a form writes them: one, or one for each word of a part that has words.
pub(super) fn made(form: &str, parts: &BTreeMap<String, Table>) -> Result<Vec<String>, String> {
    let template = Template::parse(form).ok_or_else(|| format!("the braces of `{form}` do not match"))?;
    let is_date =
        |field: &str| field.contains(':') || field.chars().all(|c| c.is_ascii_uppercase() || c == '0');
    if let Some(field) = template
        .fields()
        .find(|field| is_date(field) || parts.get(*field).is_some_and(|part| part.has("calver_format")))
    {
        return Err(format!("`{{{field}}}` is a date: name the version, as in `bump-version 2026.3.0`"));
    }
    let words = |field: &str| {
        let part = parts.get(field)?;
        let final_word = part.text("optional_value").or(part.items("values").first().map(String::as_str));
        let words = part.items("values").iter().filter(|word| Some(word.as_str()) != final_word);
        Some(words.cloned().collect::<Vec<_>>()).filter(|words| !words.is_empty())
    };
    let choices = template.fields().find_map(words).unwrap_or_else(|| vec![String::new()]);
    let sample = |choice: &String| {
        template.filled(|field| {
            Some(match field {
                "major" => "1".to_owned(),
                "minor" => "2".to_owned(),
                "patch" => "3".to_owned(),
                field if words(field).is_some() => choice.clone(),
                _ => "4".to_owned(),
            })
        })
    };
    choices.iter().map(|choice| sample(choice).map_err(|field| format!("`{{{field}}}` is unknown"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::foreign::table::Entry;

    fn read_with(forms: &[&str], words: &[&str]) -> (VersionSpelling, Option<String>) {
        let entry = |items: &[&str]| Entry {
            items: items.iter().map(|item| (*item).to_owned()).collect(),
            text: items.join("\n"),
            line: 1,
        };
        let entries = [("values".to_owned(), entry(words)), ("optional_value".to_owned(), entry(&["final"]))];
        let part = Table { entries: entries.into_iter().collect(), ..Table::default() };
        let forms: Vec<String> = forms.iter().map(|form| (*form).to_owned()).collect();
        let found = read(&forms, &BTreeMap::from([("pre".to_owned(), part)]));
        (found.spelling, found.differs)
    }

    #[test]
    fn finds_the_spelling_of_the_forms() {
        let plain = "{major}.{minor}.{patch}";
        for (form, words, spelling, differs) in [
            (
                "{major}.{minor}.{patch}{pre}{n}",
                ["a", "rc", "final"].as_slice(),
                VersionSpelling::Pep440,
                None,
            ),
            ("{major}.{minor}.{patch}.{pre}{n}", &["dev", "final"], VersionSpelling::Pep440, None),
            ("{major}.{minor}.{patch}-{pre}.{n}", &["alpha", "rc", "final"], VersionSpelling::Semver, None),
            (
                "{major}.{minor}.{patch}-{pre}{n}",
                &["rc", "final"],
                VersionSpelling::Pep440,
                Some("it writes `1.2.3-rc4`, here it is `1.2.3rc4`"),
            ),
            (
                "{major}.{minor}.{patch}+{pre}-x",
                &["SNAPSHOT!", "final"],
                VersionSpelling::Pep440,
                Some("it writes `1.2.3+SNAPSHOT!-x`, which is no version of a Python package"),
            ),
        ] {
            assert_eq!(read_with(&[form, plain], words), (spelling, differs.map(str::to_owned)), "{form}");
        }
        assert_eq!(read_with(&["{major}.{minor}"], &["final"]), (VersionSpelling::Pep440, None));
        let (_, differs) = read_with(&["{now:%Y}.{patch}"], &["final"]);
        assert_eq!(differs.unwrap(), "`{now:%Y}` is a date: name the version, as in `bump-version 2026.3.0`");
    }
}
