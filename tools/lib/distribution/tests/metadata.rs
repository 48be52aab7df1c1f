//! Each field of the core metadata that an index would refuse is named, with its value.
#![allow(clippy::unwrap_used, reason = "a test that cannot set its stage fails")]

mod support;

use distribution::Weight;
use support::{METADATA, WheelPlan, assert_among, assert_only};

const NAME: &str = "da_vinci-0.5.0.dist-info/METADATA";

/// The problems of a wheel whose metadata have these lines too.
fn with(lines: &str) -> Vec<String> {
    WheelPlan::sound().set(NAME, METADATA.replace("\n\n", &format!("\n{lines}\n\n"))).problems()
}

/// Asserts that lines are refused in these words, behind the code and the name of the member.
#[track_caller]
fn assert_refused(lines: &str, code: &str, words: &str) {
    assert_only(&with(lines), &format!("{code}`{NAME}`{words}"));
}

#[test]
fn what_an_index_takes_has_no_problem() {
    let lines = "Requires-Dist: a[b] >=1; extra == '@'\nLicense: MIT\nProject-URL: Home, https://a.org\n\
                 Author-email: A <a@b.org>, b\nHome-page: UNKNOWN\nClassifier: Typing :: Typed\n\
                 Description-Content-Type: text/markdown\nProvides-Extra: b\nDynamic: license-file\nX-Own: 1";
    assert_eq!(with(lines), [""; 0]);
}

#[test]
fn a_local_version_is_told() {
    let text = METADATA.replace("0.5.0", "0.5.0+cu128");
    let local = WheelPlan::sound().named("da_vinci-0.5.0+cu128-py3-none-any.whl").set(NAME, "");
    let local = local.set("da_vinci-0.5.0+cu128.dist-info/METADATA", text).problems();
    assert_among(&local, "M036: `da_vinci-0.5.0+cu128.dist-info/METADATA` has the local version 0.5.0+cu128");
}

#[test]
fn requirements_come_from_an_index_and_can_be_read() {
    let url = "Requires-Dist: a [b] @ file:///a";
    assert_refused(url, "M037: ", " requires `a [b] @ file:///a` from a URL");
    let broken = "Requires-Dist: a b";
    assert_refused(broken, "M055: ", ": the `Requires-Dist` `a b` cannot be read: `b` is one thing too many");
    assert_refused("Provides-Extra: -x", "M055: ", ": the `Provides-Extra` `-x` is no name");
    let plan = WheelPlan::sound().set(NAME, METADATA.replace(">=3.9", "3.9+"));
    let words = format!("M055: `{NAME}`: the `Requires-Python` `3.9+` cannot be read: `3.9+` is no version");
    assert_only(&plan.problems(), &words);
}

#[test]
fn classifiers_are_known() {
    let field = ": the `Classifier` `";
    assert_refused("Classifier: Oops", "M038: ", &format!("{field}Oops` is none of the known ones of 20"));
    let old = "Natural Language :: Ukranian";
    assert_refused(
        &format!("Classifier: {old}"),
        "M038: ",
        &format!("{field}{old}` is deprecated: use `Nat"),
    );
    assert_refused("Classifier: Private :: X", "M038: ", &format!("{field}Private :: X` keeps the file off"));
}

#[test]
fn licences_are_those_of_spdx() {
    assert_refused("License: MIT\nLicense-Expression: MIT", "M039: ", " has `License` and `License-Expr");
    let expression = ": the `License-Expression` `MIT-ish` has `MIT-ish`, which is no licence of SPDX";
    assert_refused("License-Expression: MIT-ish", "M039: ", expression);
    assert_among(
        &with("License-File: ../MIT"),
        "M039: `da_vinci-0.5.0.dist-info/METADATA`: the `License-File`",
    );
}

#[test]
fn the_fields_that_people_write_are_valid() {
    let long = format!("Summary: {}", "é".repeat(513));
    assert_refused(&long, "M040: ", " has a `Summary` of 513 characters, more than 512");
    assert_eq!(with(&long.replacen('é', "", 1)), [""; 0]);
    assert_refused("Summary: a\n  b", "M040: ", " has a `Summary` of more than one line");
    assert_refused("Author: a\nAuthor: b", "M040: ", ": `Author` stands in it more than once");
    assert_refused(
        "Import-Name: a",
        "M040: ",
        ": `Import-Name` came with version 2.5 of the metadata, and it",
    );
    assert_refused("Dynamic: Name", "M040: ", ": `Name` cannot be `Dynamic`");
    assert_refused(
        "Author-email: team@corp",
        "M040: ",
        ": the `Author-email` `team@corp` has no period behind",
    );
    assert_refused(
        "Description-Content-Type: md",
        "M040: ",
        ": the `Description-Content-Type` `md` is none of",
    );
}

#[test]
fn urls_have_a_scheme_and_a_label() {
    let label = format!("Project-URL: {}, https://x", "y".repeat(33));
    assert_only(&with(&label), "is longer than 32 characters");
    assert_refused("Project-URL: x", "M040: ", ": the `Project-URL` `x` has no label");
    assert_refused("Project-URL: , https://x", "M040: ", ": the `Project-URL` `, https://x` has no label");
    assert_refused(
        "Project-URL: A, a.org",
        "M040: ",
        ": the URL of the `Project-URL` `A, a.org` does not start",
    );
    assert_refused("Home-page: a.org", "M040: ", ": the `Home-page` `a.org` does not start with `https://`");
    let twice = "Project-URL: A, https://a\nProject-URL: A, https://b";
    assert_refused(twice, "M040: ", ": two `Project-URL` have the label `A`");
}

#[test]
fn the_withdrawn_version_of_the_metadata_is_refused_by_pypi_alone() {
    let file = WheelPlan::sound().set(NAME, METADATA.replace("2.4", "2.0")).write();
    let found = distribution::problems(&file.path).unwrap();
    assert!(
        found[0].to_string().starts_with(&format!("M035: `{NAME}` has `Metadata-Version` 2.0")),
        "{found:?}"
    );
    assert_eq!((found.len(), found[0].weight), (1, Weight::RefusedByPypi));
}
