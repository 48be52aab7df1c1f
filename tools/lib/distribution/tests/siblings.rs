//! The files of one release have the same metadata, which fit together, or what differs is named.
#![allow(clippy::unwrap_used, reason = "a test that cannot set its stage fails")]

mod support;

use distribution::siblings::{Sibling, differences, unsatisfied};
use distribution::{FileName, Metadata, Problem, Weight};
use support::{METADATA, WHEEL_FILE, WheelPlan, assert_only};

fn sibling(name: &str, metadata: &str) -> Sibling {
    let metadata = Metadata::parse(metadata.as_bytes()).unwrap();
    Sibling { shown: name.to_owned(), file: FileName::parse(name).unwrap(), metadata }
}

fn texts(found: Vec<(usize, Problem)>) -> Vec<String> {
    found.iter().map(|(at, problem)| format!("{at} {problem}")).collect()
}

/// What the wheel with `other` metadata has otherwise than the sdist.
fn compared(other: &str) -> Vec<(usize, Problem)> {
    differences(&[
        sibling("da_vinci-0.5.0.tar.gz", METADATA),
        sibling("da_vinci-0.5.0-py3-none-any.whl", other),
    ])
}

#[test]
fn the_same_metadata_in_another_order_are_the_same() {
    let text = METADATA.replace("\n\n", "\nClassifier: a\nClassifier: b\n\nHello\n");
    let other = text.replace("Classifier: a\nClassifier: b", "Classifier: b\r\nDynamic: x\nClassifier: a");
    let files = [sibling("da_vinci-0.5.0.tar.gz", &text), sibling("da_vinci-0.5.0-py3-none-any.whl", &other)];
    assert_eq!(texts(differences(&files)), [""; 0]);
    let ranges = [">=3.9,<4", "<4, >= 3.9"].map(|range| METADATA.replace(">=3.9", range));
    let files = [
        sibling("da_vinci-0.5.0.tar.gz", &ranges[0]),
        sibling("da_vinci-0.5.0-py3-none-any.whl", &ranges[1]),
    ];
    assert!(differences(&files).iter().all(|(_, problem)| !problem.message.contains("`Requires-Python` (")));
    let apart = [sibling("da_vinci-0.5.0.tar.gz", METADATA), sibling("da_vinci-0.6.0.tar.gz", &text)];
    assert_eq!(texts(differences(&apart)), [""; 0]);
}

#[test]
fn metadata_that_differ_are_named() {
    let found = compared(&METADATA.replace(">=3.9", ">=3.10"));
    let start = "1 M042: its metadata differ from those of `da_vinci-0.5.0.tar.gz` in ";
    assert_only(&texts(found), &format!("{start}`Requires-Python` (>=3.10, there >=3.9)"));
    let found = compared(&METADATA.replace("\n\n", "\nSummary: x\nRequires-Dist: a\n\nHello\n"));
    assert_eq!(found[0].1.weight, Weight::Warning);
    assert_only(&texts(found), &format!("{start}`requires-dist`, `summary`, the description"));
}

#[test]
fn a_pin_is_one_that_the_release_satisfies() {
    let cdk = |pin: &str| {
        METADATA.replace("Da-Vinci", "cdk").replace("\n\n", &format!("\nRequires-Dist: {pin}\n\n"))
    };
    let files = |pin| [sibling("da_vinci-0.5.0.tar.gz", METADATA), sibling("cdk-0.5.0.tar.gz", &cdk(pin))];
    assert_eq!(texts(unsatisfied(&files("da_vinci==0.5.0; os_name == 'nt'"))), [""; 0]);
    assert_eq!(texts(unsatisfied(&files("other==1"))), [""; 0]);
    let expected = "1 M043: it requires `Da.Vinci==0.4.*`, and da-vinci 0.5.0 is released with it";
    assert_only(&texts(unsatisfied(&files("Da.Vinci==0.4.*"))), expected);
}

#[test]
fn the_pythons_of_one_file_agree() {
    let classifier = "Programming Language :: Python :: 3.8";
    let text = METADATA.replace("\n\n", &format!("\nClassifier: {classifier}\n\n"));
    let found = WheelPlan::sound().set("da_vinci-0.5.0.dist-info/METADATA", text).problems();
    assert_only(&found, &format!("METADATA` has the `Classifier` `{classifier}`, and needs Python >=3.9"));
    let tag = "cp38-cp38-win_amd64";
    let file = WHEEL_FILE.replace("py3-none-any", tag).replace("true", "false");
    let plan = WheelPlan::sound().named(&format!("da_vinci-0.5.0-{tag}.whl"));
    let found = plan.set("da_vinci-0.5.0.dist-info/WHEEL", file).problems();
    assert_only(
        &found,
        "M043: the file's name has the tag `cp38`, and `da_vinci-0.5.0.dist-info/METADATA` needs",
    );
}
