//! Tests of the places in Poetry's files.

use super::*;

fn name(text: &str) -> PackageName {
    PackageName::normalise(text).unwrap()
}

fn found<'a>(text: &'a str, operator: &str) -> Vec<&'a str> {
    let toml = parse_toml(&"pyproject.toml".parse().unwrap(), text).unwrap();
    let spots = pins(text, toml.as_item(), 0, (&name("da-vinci"), &operator.to_owned()));
    spots.into_iter().map(|spot| &text[spot.range]).collect()
}

#[test]
fn a_pin_is_found_in_each_table_and_form() {
    let text = "[tool.poetry.dependencies]\npython = \"^3.9\"\nda_vinci = \"^1.2.3\"\n\
                [tool.poetry.group.dev.dependencies]\nDa-Vinci = {version = \"^1.2.4\", extras = [\"x\"]}\n\
                [tool.poetry.group.docs.dependencies.da-vinci]\nversion = \"^ 1.2.5, <2\"\n\
                [tool.poetry.dev-dependencies]\nda-vinci = [{version = \"^1.2.6\", python = \"<3.9\"}, \"^1.2.7\"]\nother = \"^1.2.3\"\n";
    assert_eq!(found(text, "^"), ["1.2.3", "1.2.6", "1.2.7", "1.2.4", "1.2.5"]);
    assert!(found(text, "==").is_empty());
    let exact = "[tool.poetry.dependencies]\nda-vinci = \"1.2.3\"\n";
    assert_eq!(found(exact, "=="), ["1.2.3"]);
    for other in ["*", "1.2.*", "1.2.3 || 1.2.4", ">=1.2.3"] {
        assert!(found(&exact.replace("1.2.3", other), "==").is_empty(), "{other}");
    }
    assert!(found("[tool.poetry.dependencies]\nda-vinci = {path = \"../core\"}\n", "==").is_empty());
}

// Each hash was written by Poetry 2.5.
#[test]
fn the_content_hash_is_that_of_poetry() {
    let own = "[tool.poetry.dependencies]\npython = \"^3.9\"\nda_vinci = \"==0.1.0\"\n[tool.poetry.group.dev.dependencies]\nda-vinci = {path = \"../core\", develop = true}\n";
    let digest = |kind, text: &str| content_digest(kind, text).unwrap();
    let hash = "e65a5117218878fab5f90e02420572f6842bf8636ac4f1a0fcd87f1fb2495e5e";
    assert_eq!(digest(SealKind::Poetry, own), hash);
    assert_eq!(digest(SealKind::PoetryTables, own), hash);
    let odd = "[tool.poetry.dependencies]\npython = \"^3.9\"\nx = {version = \"^1.2\", optional = true, extras = [\"ä\\t\\\"é𝄞\"]}\n\
               [[tool.poetry.source]]\nname = \"s\"\nurl = \"u\"\npriority = 1.5\n[tool.poetry.extras]\nb = [\"x\"]\na = []\n";
    assert_eq!(
        digest(SealKind::Poetry, odd),
        "483451bf4e868c431278aa6fc8d3a96433f2ce08c7db0c50ad0c8e51bb452e09"
    );
    let standard = "[project]\nname = \"std\"\nrequires-python = \">=3.9\"\ndependencies = [\"da-vinci (>=0.1.0,<1)\"]\n\
                    [project.optional-dependencies]\nx = [\"da-vinci>=0.1.0; python_version < '3.14'\"]\n\
                    [dependency-groups]\ndev = [\"da-vinci\"]\n[tool.poetry.dependencies]\nda-vinci = { path = \"../core\", develop = true }\n";
    assert_eq!(
        digest(SealKind::Poetry, standard),
        "b8d3b7109f1b1ea5de0fddd06f3ca8aa24d4d3ebb87fec89a28589b95336507c"
    );
    assert_eq!(
        digest(SealKind::PoetryWithoutGroups, standard),
        "02de148734c7a2f3c8cfc6a09e839f839ebc5098e42e8b1f6786b5c6e09e6ac0"
    );
}
