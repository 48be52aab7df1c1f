//! What `distribute` publishes, skips and refuses, as a process on a real project.
#![allow(clippy::unwrap_used, reason = "a test that cannot set its stage fails")]

mod support;

use std::fs;

use document::Release;
use minisign::KeyPair;
use support::{CDK, CORE, Ran, SETTINGS, Stage, wheel};

const TOOL: &str = env!("CARGO_BIN_EXE_distribute");

fn ready() -> (Stage, Release) {
    let stage = Stage::new(SETTINGS);
    let release = stage.tagged();
    (stage, release)
}

fn distribute(stage: &Stage, arguments: &[&str], release: &Release) -> Ran {
    stage.run(TOOL, arguments, release)
}

#[test]
fn publishes_what_pip_installs() {
    let (stage, release) = ready();
    let ran = distribute(&stage, &[], &release);
    let publications = ran.release().publications.unwrap();
    assert_eq!(publications.len(), 1);
    let files: Vec<String> = publications[0].files.iter().map(|file| file.path.to_string()).collect();
    assert_eq!(files, [format!("simple/aa-cdk/{CDK}"), format!("simple/da-vinci/{CORE}")]);
    assert_eq!(
        (publications[0].kind.as_str(), publications[0].location.as_str()),
        ("directory", "dist/index")
    );
    assert!(stage.simple(&format!("da-vinci/{CORE}.metadata")).is_file());
    assert_eq!(fs::read(stage.simple(&format!("da-vinci/{CORE}.minisig"))).unwrap(), b"a signature");

    let url = format!("file://{}/", stage.simple("").display());
    let target = stage.path("installed");
    let mut pip = stage.command("python3", &stage.root());
    pip.args(["-I", "-m", "pip", "--isolated", "--disable-pip-version-check", "install", "--no-cache-dir"]);
    pip.args(["--no-deps", "--index-url", &url, "--target"]).arg(&target).arg("aa-cdk").arg("da-vinci");
    let output = pip.env("PIP_CONFIG_FILE", "/dev/null").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(target.join("aa_cdk-0.5.0.dist-info").is_dir() && target.join("da_vinci").is_dir());
}

#[test]
fn publishes_dependencies_first_and_says_how_to_install_them() {
    let (stage, release) = ready();
    let ran = distribute(&stage, &[], &release);
    assert_eq!(
        ran.plan(),
        [
            "distribute: keep releases/v0.5.0.json at staging",
            "distribute: publish da_vinci-0.5.0-*.whl to staging",
            "distribute: publish aa_cdk-0.5.0-*.whl to staging",
            "distribute: write the pages of staging",
        ]
    );
    let kept = fs::read_to_string(stage.simple("../releases/v0.5.0.json")).unwrap();
    assert_eq!(kept, ran.stdout, "what is kept tells all that the run has published");
    let root = stage.simple("").canonicalize().unwrap();
    let uv = format!("uv pip install --default-index file://{}/ aa-cdk da-vinci", root.display());
    assert!(ran.stderr.contains(&uv), "{}", ran.stderr);
    assert!(ran.stderr.contains("pip install --index-url file://"), "{}", ran.stderr);
    let requirements =
        format!("\n    --index-url file://{}/\n    aa-cdk==0.5.0\n    da-vinci==0.5.0\n", root.display());
    assert!(ran.stderr.contains(&requirements), "{}", ran.stderr);
    let conf = format!("\n    [global]\n    index-url = file://{}/\n", root.display());
    assert!(ran.stderr.contains(&conf), "{}", ran.stderr);
    assert!(ran.stderr.contains("`--extra-index-url` is not offered"), "{}", ran.stderr);
}

#[test]
fn what_needs_more_than_the_index_gets_settings_that_name_it_alone() {
    let (stage, mut release) = ready();
    let bytes = wheel("aa-cdk", "0.5.0", &["da-vinci==0.5.0", "boto3>=1"]);
    release.artifacts.as_mut().unwrap()[0] = stage.built(CDK, "aa-cdk", &bytes);
    let ran = distribute(&stage, &[], &release);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stderr.contains("explicit = true"), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("    aa-cdk = { index = \"staging\" }\n    da-vinci = { index"),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.lines().any(|line| line.contains("--default-index") && line.ends_with("/ da-vinci")));
}

#[test]
fn a_second_run_skips_everything_and_says_the_same_in_the_document() {
    let (stage, mut release) = ready();
    let KeyPair { pk, sk } = KeyPair::generate_unencrypted_keypair().unwrap();
    let sign = |comment: &str| {
        let file = fs::File::open(stage.root().join(format!("dist/{CORE}"))).unwrap();
        let signature = minisign::sign(Some(&pk), &sk, file, Some(comment), None).unwrap().into_string();
        stage.write(&format!("dist/{CORE}.minisig"), &signature);
        signature
    };
    release.signatures.as_mut().unwrap()[1].public_key = pk.to_base64();
    let signature = sign("at first");
    let first = distribute(&stage, &[], &release);
    let before = stage.files();
    sign("made again, so it differs");
    let second = distribute(&stage, &[], &release);
    assert_eq!(second.stdout, first.stdout);
    assert!(second.plan().iter().all(|line| line.starts_with("distribute: skip: ")), "{}", second.stderr);
    let published = stage.simple(&format!("da-vinci/{CORE}.minisig"));
    assert_eq!(fs::read_to_string(&published).unwrap(), signature);
    stage.write(&format!("dist/{CORE}.minisig"), &signature);
    assert_eq!(stage.files(), before);
    let third = distribute(&stage, &[], &first.release());
    assert_eq!(third.stdout, first.stdout);
}

#[test]
fn what_a_killed_run_left_out_is_made_good() {
    let (stage, release) = ready();
    let whole = distribute(&stage, &[], &release);
    let files = stage.files();
    for gone in [
        vec![format!("da-vinci/{CORE}.minisig")],
        vec![format!("da-vinci/{CORE}.metadata")],
        vec!["da-vinci/index.html".to_owned()],
        vec!["index.json".to_owned(), "index.html".to_owned()],
        vec![format!("aa-cdk/{CDK}"), format!("aa-cdk/{CDK}.minisig"), "aa-cdk/index.json".to_owned()],
    ] {
        gone.iter().for_each(|name| fs::remove_file(stage.simple(name)).unwrap());
        fs::write(stage.simple("da-vinci/.incoming-x"), "half a file").unwrap();
        let again = distribute(&stage, &[], &release);
        assert_eq!(again.stdout, whole.stdout, "{gone:?}");
        assert_eq!(stage.files(), files, "{gone:?}");
    }
}

#[test]
fn a_changed_wheel_is_refused_before_anything_is_published() {
    let (stage, release) = ready();
    let mut bytes = fs::read(stage.root().join("dist").join(CDK)).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    stage.write(&format!("dist/{CDK}"), &bytes);
    distribute(&stage, &[], &release).refused(1, "it changed after `build-wheels`");
    bytes.push(0);
    stage.write(&format!("dist/{CDK}"), &bytes);
    distribute(&stage, &["--package", "da-vinci"], &release).refused(1, "it changed after `build-wheels`");
    fs::remove_file(stage.root().join("dist").join(CDK)).unwrap();
    distribute(&stage, &[], &release).refused(1, "it was removed after `build-wheels`");
    assert!(!stage.root().join("dist/index").exists());
}

#[test]
fn what_was_taken_back_is_not_published_again() {
    let (stage, release) = ready();
    stage.git(&["tag", "withdrawn/v0.5.0"]);
    distribute(&stage, &[], &release).refused(1, "it was released and taken back (tag withdrawn/v0.5.0)");
    assert!(!stage.root().join("dist/index").exists());
}

#[test]
fn an_absent_signature_is_refused() {
    let (stage, release) = ready();
    fs::remove_file(stage.root().join(format!("dist/{CORE}.minisig"))).unwrap();
    distribute(&stage, &[], &release).refused(1, "hint: run `sign` again");
    assert!(!stage.root().join("dist/index").exists());
}

#[test]
fn refuses_a_document_with_a_null_section() {
    let (stage, release) = ready();
    type Clear = fn(&mut Release);
    let cases: [(&str, Clear); 5] = [
        ("`artifacts` is null, `build-wheels`", |release| release.artifacts = None),
        ("`checks` is null, `validate`", |release| release.checks = None),
        ("`checksums` is null, `checksum`", |release| release.checksums = None),
        ("`signatures` is null, `sign`", |release| release.signatures = None),
        ("`tag` is null, `tag-release`", |release| release.tag = None),
    ];
    for (said, clear) in cases {
        let mut release = release.clone();
        clear(&mut release);
        distribute(&stage, &[], &release).refused(3, said);
    }
    assert!(!stage.root().join("dist/index").exists());
}

#[test]
fn one_package_alone_needs_its_pin_on_the_index() {
    let (stage, release) = ready();
    let refused = distribute(&stage, &["--package", "aa-cdk"], &release);
    refused.refused(1, "it requires da-vinci==0.5.0, which is neither there nor published with it");
    assert!(refused.stderr.contains("hint: add `--package da-vinci`"), "{}", refused.stderr);
    assert!(!stage.root().join("dist/index").exists());

    let core = distribute(&stage, &["--package", "Da_Vinci"], &release).release();
    assert_eq!(core.publications.as_ref().unwrap()[0].files.len(), 1);
    let both = distribute(&stage, &["--package", "aa-cdk"], &core);
    assert_eq!(both.release().publications, distribute(&stage, &[], &release).release().publications);
    assert_eq!(both.release().publications.unwrap()[0].files.len(), 2);
}

#[test]
fn other_bytes_of_a_published_name_are_never_replaced() {
    let (stage, mut release) = ready();
    distribute(&stage, &[], &release).release();
    let before = fs::read(stage.simple(&format!("da-vinci/{CORE}"))).unwrap();
    let bytes = wheel("da-vinci", "0.5.0", &["other"]);
    release.artifacts.as_mut().unwrap()[1] = stage.built(CORE, "da-vinci", &bytes);
    distribute(&stage, &[], &release).refused(1, "no published file is ever replaced");
    assert_eq!(fs::read(stage.simple(&format!("da-vinci/{CORE}"))).unwrap(), before);
}

#[test]
fn a_dry_run_says_the_same_actions_and_writes_nothing() {
    let (stage, release) = ready();
    let before = stage.files();
    let mut unbuilt = stage.start();
    unbuilt.dry_run = true;
    let dry = distribute(&stage, &["--dry-run"], &release);
    assert_eq!((dry.release().publications, dry.release().dry_run), (None, true));
    let early = distribute(&stage, &[], &unbuilt);
    assert_eq!(stage.files(), before);
    let real = distribute(&stage, &[], &release);
    assert_eq!(dry.plan(), real.plan());
    // Before the build nobody knows that it makes no sdists.
    let wheels: Vec<_> = early.plan().into_iter().filter(|line| !line.contains(".tar.gz")).collect();
    assert_eq!((early.code, wheels), (Some(0), real.plan()));
    let after = distribute(&stage, &["--dry-run"], &release);
    assert_eq!(after.plan(), distribute(&stage, &[], &release).plan());
}

#[test]
fn publishes_to_the_named_targets_and_keeps_the_earlier_publications() {
    let more = "[[target]]\nname = \"archive\"\nkind = \"directory\"\npath = \"dist/archive\"\n";
    let stage = Stage::new(&format!("{SETTINGS}{more}"));
    let release = stage.tagged();
    let unknown = distribute(&stage, &["--to", "nowhere"], &release);
    unknown.refused(2, "hint: the targets are: staging, archive");
    let staged = distribute(&stage, &["--to", "staging"], &release).release();
    assert!(!stage.root().join("dist/archive").exists());
    let both = distribute(&stage, &["--to", "archive"], &staged).release();
    let targets: Vec<String> = both.publications.unwrap().into_iter().map(|it| it.target).collect();
    assert_eq!(targets, ["archive", "staging"]);
    distribute(&stage, &["--package", "nothing"], &release).refused(2, "the packages are: aa-cdk, da-vinci");
}

#[cfg(unix)]
#[test]
fn a_full_disk_names_the_file_and_leaves_the_pages_as_they_were() {
    let (stage, release) = ready();
    // The limit on the size of a file stops a write in the same place as a full disk does.
    let big = (0..200_000u32).map(|n| format!("a{}>={n}", n * 7919 % 200_003)).collect::<Vec<_>>();
    let requires: Vec<&str> = big.iter().map(String::as_str).collect();
    let mut release = release;
    release.artifacts.as_mut().unwrap()[0] = stage.built(CDK, "aa-cdk", &wheel("aa-cdk", "0.5.0", &requires));
    let document = stage.path("document.json");
    fs::write(&document, release.to_json().unwrap()).unwrap();
    let script = format!("trap '' XFSZ; ulimit -f 64; exec '{TOOL}' < '{}'", document.display());
    let output = stage.command("sh", &stage.root()).args(["-c", &script]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains(&format!("cannot publish `dist/{CDK}`: cannot write `")), "{said}");
    assert!(!stage.simple("index.json").exists() && !stage.simple(&format!("aa-cdk/{CDK}")).exists());
    assert_eq!(distribute(&stage, &[], &release).code, Some(0));
}
