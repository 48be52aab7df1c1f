//! What a distribution holds beside its metadata is what it means to hold, or is named.
#![allow(clippy::unwrap_used, reason = "a test that cannot set its stage fails")]

mod support;

use distribution::Weight;
use flate2::Compression;
use flate2::write::GzEncoder;
use support::{METADATA, SDIST, WHEEL_FILE, WheelPlan, assert_among, assert_only, write};
use tar::{Builder, Header};
use zip::CompressionMethod;

const INFO: &str = "da_vinci-0.5.0.dist-info";
const LICENSED: &str = "Metadata-Version: 2.4\nName: da-vinci\nVersion: 0.5.0\nLicense-File: LICENSE\n\n";
/// As much as PyPI takes.
const LIMIT: usize = 100 << 20;

fn with(name: &str, bytes: impl Into<Vec<u8>>) -> Vec<String> {
    WheelPlan::sound().set(name, bytes).problems()
}

/// The problems of a sound sdist with these files in its folder; PKG-INFO can be one of them.
fn of_sdist(files: &[(&str, &[u8])]) -> Vec<String> {
    let mut tar = Builder::new(GzEncoder::new(Vec::new(), Compression::none()));
    let has_metadata = files.iter().any(|(name, _)| *name == "PKG-INFO");
    let metadata = [("PKG-INFO", METADATA.as_bytes())];
    let metadata = metadata.iter().filter(|_| !has_metadata);
    for (name, bytes) in [("pyproject.toml", &b""[..])].iter().chain(metadata).chain(files) {
        let mut header = Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, format!("da_vinci-0.5.0/{name}"), *bytes).unwrap();
    }
    support::problems(&write(SDIST, &tar.into_inner().unwrap().finish().unwrap()).path)
}

#[test]
fn a_platform_that_pypi_does_not_take_is_told() {
    let tag = "cp312-cp312-linux_x86_64";
    let wheel_file = WHEEL_FILE.replace("py3-none-any", tag).replace("true", "false");
    let plan = WheelPlan::sound().named(&format!("da_vinci-0.5.0-{tag}.whl"));
    let file = plan.set(&format!("{INFO}/WHEEL"), wheel_file).write();
    assert_only(&support::problems(&file.path), "W022: the file's name has the platform `linux_x86_64`");
    assert_eq!(distribution::problems(&file.path).unwrap()[0].weight, Weight::RefusedByPypi);
}

#[test]
fn no_script_takes_the_place_of_python() {
    for name in ["scripts/python3", "data/bin/python3.12", "data/Scripts/Python.exe"] {
        let member = format!("da_vinci-0.5.0.data/{name}");
        assert_only(&with(&member, "x"), &format!("W025: `{member}` replaces the Python of the environment"));
    }
    let points = format!("{INFO}/entry_points.txt");
    let text = "[console_scripts]\npython = da_vinci:main\n[other]\npython3 = da_vinci:main\n";
    assert_only(&with(&points, text), &format!("W025: `{points}`: the script `python` replaces the Python"));
}

#[test]
fn each_licence_file_is_there() {
    let plan = || WheelPlan::sound().set(&format!("{INFO}/METADATA"), LICENSED);
    let missing = format!("W026: `{INFO}/licenses/LICENSE`, a `License-File` of the metadata, is missing");
    assert_only(&plan().problems(), &missing);
    assert_eq!(plan().set(&format!("{INFO}/licenses/LICENSE"), "MIT").problems(), [""; 0]);
    // Before version 2.4 the field said nothing about the place.
    let old = LICENSED.replace("2.4", "2.1");
    assert_eq!(WheelPlan::sound().set(&format!("{INFO}/METADATA"), old).problems(), [""; 0]);
    let metadata = ("PKG-INFO", LICENSED.as_bytes());
    assert_only(
        &of_sdist(&[metadata]),
        "S048: `da_vinci-0.5.0/LICENSE`, a `License-File` of the metadata, is",
    );
    assert_eq!(of_sdist(&[metadata, ("LICENSE", b"MIT")]), [""; 0]);
}

#[test]
fn the_import_path_gets_modules_and_packages() {
    assert_only(&with("README.md", "x"), "W029: `README.md` lies on the import path, and is no module");
    assert_only(
        &with("da_vinci-0.5.0.data/purelib/a.json", "x"),
        "W029: `da_vinci-0.5.0.data/purelib/a.json` lies",
    );
    assert_only(&with("da_leo.pyi", ""), "W029: `da_leo.pyi` lies on the import path, and is no module");
    let stubbed = WheelPlan::sound().set("_leo.py", "").set("_leo.pyi", "");
    assert_eq!(stubbed.problems(), [""; 0]);
    assert_among(&with("__init__.py", ""), "W029: `__init__.py` makes a package of the whole import path");
    let empty = || WheelPlan::sound().without("da_vinci/__init__.py").without("da_vinci/core.py");
    assert_only(&empty().problems(), "W029: the wheel installs no file but its own metadata");
    assert_eq!(empty().set("da_vinci-0.5.0.data/scripts/paint", "x").problems(), [""; 0]);
    let bundle = METADATA.replace("\n\n", "\nRequires-Dist: a\n\n");
    assert_eq!(empty().set(&format!("{INFO}/METADATA"), bundle).problems(), [""; 0]);
}

#[test]
fn several_top_packages_are_told() {
    assert_only(
        &with("leonardo/__init__.py", ""),
        "W031: the wheel installs 2 top packages: `da_vinci`, `leonardo`",
    );
    assert_only(&with("leonardo.py", ""), "W031: the wheel installs 2 top packages");
    for quiet in ["_da_vinci.abi3.so", "da_vinci.libs/libz.so", "da_vinci-stubs/a.pyi", "da_vinci.pth"] {
        let found = with(quiet, "x");
        assert!(found.iter().all(|problem| !problem.starts_with("W031")), "{found:?}");
    }
}

#[test]
fn secrets_are_told() {
    let key = ["-----BEGIN PRIVATE", " KEY-----\n", &"aB3/".repeat(16), "\n"].concat();
    assert_only(&with("da_vinci/a.pem", key.clone()), "W033: `da_vinci/a.pem` holds a private key");
    assert_only(
        &with("da_vinci/.env.production", ""),
        "W033: `da_vinci/.env.production` has a name under which",
    );
    assert_eq!(with("da_vinci/.env.example", ""), [""; 0]);
    assert_only(
        &of_sdist(&[("deploy/id", key.as_bytes())]),
        "S033: `da_vinci-0.5.0/deploy/id` holds a private key",
    );
    assert_only(
        &of_sdist(&[(".npmrc", b"")]),
        "S033: `da_vinci-0.5.0/.npmrc` has a name under which secrets",
    );
    let token = ["pypi-", "AgEIcHlwaS5vcmcCJ", &"aB3dE6gH9j".repeat(15)].concat();
    let file = WheelPlan::sound().set("da_vinci/a.py", token).write();
    let found = distribution::problems(&file.path).unwrap();
    assert_eq!((found.len(), found[0].weight), (1, Weight::RefusedByPypi), "{found:?}");
}

#[test]
fn the_folder_of_sboms_holds_nothing_else() {
    let member = format!("{INFO}/sboms/a.cdx.json");
    assert_eq!(with(&member, "{\"bomFormat\": \"CycloneDX\"}"), [""; 0]);
    assert_only(&with(&member, "{}"), &format!("W034: `{member}` is no SBOM of CycloneDX, SPDX or SWID"));
    assert_only(&with(&member, b"CycloneDX\xff"), "is no SBOM of CycloneDX");
}

#[test]
fn what_pypi_does_not_take_for_its_size_is_told() {
    let mut plan = WheelPlan::sound().set("da_vinci/a.bin", vec![0; LIMIT]);
    assert_only(&plan.problems(), "W012: the archive has ");
    plan.method = CompressionMethod::Stored;
    assert_only(&plan.problems(), "and PyPI takes 104857600");
    assert_among(&plan.problems(), "W051: the file has 1048");
    assert_only(&of_sdist(&[("a.bin", &vec![0; LIMIT])]), "S051: the file has 1048");
}

#[test]
fn code_that_nobody_can_read_is_told() {
    let call = b"__pyarmor__(__name__, __file__, b'x')";
    assert_only(
        &with("da_vinci/a.py", call),
        "W054: `da_vinci/a.py` holds code that Pyarmor made unreadable",
    );
    assert_only(&of_sdist(&[("a.py", call)]), "S054: `da_vinci-0.5.0/a.py` holds code that Pyarmor made");
}
