//! Joining what jobs have built: `build-wheels --collect`, with jobs that each build one package in a clone of their own.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use document::Release;
use support::{Ran, World};

const TOOL: &str = env!("CARGO_BIN_EXE_build-wheels");
const CORE: &str = "dist/da_vinci-0.5.0-py3-none-any.whl";
const CORE_SDIST: &str = "dist/da_vinci-0.5.0.tar.gz";

/// A project of which two jobs have each built one package, and what they have handed on.
struct Scene {
    world: World,
    downloads: tempfile::TempDir,
}

/// What the jobs have handed on, by its path; every scene has the same project, commit for commit.
static BUILT: LazyLock<BTreeMap<PathBuf, Vec<u8>>> = LazyLock::new(|| {
    let world = World::new();
    let mut files = BTreeMap::new();
    for package in ["da-vinci", "da-vinci-cdk"] {
        let job = world.clone_to(package);
        let built = job.run(TOOL, &["--package", package], &world.document()).document();
        let folder = Path::new(&format!("built-{package}")).to_path_buf();
        for artifact in built.artifacts().unwrap() {
            files.insert(artifact.path.under(&folder), fs::read(artifact.path.under(&job.root)).unwrap());
        }
        files.insert(folder.join("release.json"), built.to_json().unwrap().into_bytes());
    }
    files
});

impl Scene {
    fn new() -> Self {
        let scene = Self { world: World::new(), downloads: tempfile::tempdir().unwrap() };
        for (path, bytes) in BUILT.iter() {
            let path = scene.downloads.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        scene
    }

    fn path(&self, name: &str) -> PathBuf {
        self.downloads.path().join(name)
    }

    /// Collects these files and folders of what was handed on.
    fn collect(&self, names: &[&str], options: &[&str]) -> Ran {
        let paths: Vec<String> =
            names.iter().map(|name| self.path(name).to_str().unwrap().to_owned()).collect();
        let paths = paths.iter().map(String::as_str);
        let arguments: Vec<&str> = options.iter().copied().chain(["--collect"]).chain(paths).collect();
        // Nobody's document: what stands on stdin is not read.
        support::ended(self.world.start(TOOL, &arguments, ""))
    }

    /// Changes the document of a job.
    fn change(&self, job: &str, change: impl FnOnce(&mut Release)) {
        let path = self.path(job).join("release.json");
        let mut release = Release::from_json(&fs::read(&path).unwrap()).unwrap();
        change(&mut release);
        fs::write(path, release.to_json().unwrap()).unwrap();
    }

    /// The error of a run that must have failed, with the folder's name taken out, and nothing put into place.
    fn refusal(&self, ran: &Ran, code: i32) -> String {
        assert!(!self.world.exists("dist"), "a refused run has written");
        ran.error(code).replace(self.downloads.path().to_str().unwrap(), "[DOWNLOADS]")
    }
}

fn overwrite(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(path, bytes).unwrap();
}

#[test]
fn the_joined_document_is_that_of_a_build_on_one_machine() {
    let scene = Scene::new();
    let dry = scene.collect(&[""], &["--dry-run"]);
    assert!(dry.document().dry_run && dry.document().artifacts.is_none());
    assert!(!scene.world.exists("dist") && !scene.world.exists(".git/wainwright"), "a dry run has written");
    let ran = scene.collect(&[""], &[]);
    assert_eq!(ran.lines("take "), dry.lines("take "));
    let from = scene.path("built-da-vinci").join(CORE);
    assert_eq!(ran.lines("take ")[0], format!("take {CORE} from {}", from.display()));
    let whole = scene.world.clone_to("whole");
    assert_eq!(ran.stdout, whole.run(TOOL, &[], &scene.world.document()).stdout);
    for artifact in ran.document().artifacts().unwrap() {
        let [here, there] =
            [&scene.world, &whole].map(|world| fs::read(artifact.path.under(&world.root)).unwrap());
        assert!(here == there, "{}", artifact.path);
    }
    assert_eq!(fs::read_dir(scene.world.root.join("dist")).unwrap().count(), 4, "nothing is left beside");
    assert!(scene.path("built-da-vinci").join(CORE).is_file(), "what was handed on stays");
    // Again, by the names of the documents in another order, and the files are gone from where they came from.
    fs::remove_dir_all(scene.path("built-da-vinci/dist")).unwrap();
    let again = scene.collect(&["built-da-vinci-cdk/release.json", "built-da-vinci/release.json"], &[]);
    assert_eq!(again.stdout, ran.stdout);
    assert_eq!((again.lines("take ").len(), again.lines("skip: ").len()), (0, 4), "{}", again.stderr);
    assert_eq!(again.lines("skip: ")[0], format!("skip: {CORE}: it is there already"));
}

#[test]
fn files_may_lie_flat_beside_their_document_or_in_their_place() {
    let scene = Scene::new();
    for entry in fs::read_dir(scene.path("built-da-vinci/dist")).unwrap() {
        let path = entry.unwrap().path();
        fs::rename(&path, scene.path("built-da-vinci").join(path.file_name().unwrap())).unwrap();
    }
    fs::rename(scene.path("built-da-vinci-cdk/dist"), scene.world.root.join("dist")).unwrap();
    let ran = scene.collect(&["built-da-vinci", "built-da-vinci-cdk"], &[]);
    assert_eq!(ran.document().artifacts().unwrap().len(), 4);
    assert_eq!((ran.lines("take ").len(), ran.lines("skip: ").len()), (2, 2), "{}", ran.stderr);
}

#[test]
fn a_document_may_lie_in_a_folder_of_the_project() {
    let scene = Scene::new();
    for job in ["built-da-vinci", "built-da-vinci-cdk"] {
        let folder = scene.path(job);
        fs::create_dir(folder.join("out")).unwrap();
        fs::rename(folder.join("release.json"), folder.join("out/release.json")).unwrap();
    }
    assert_eq!(
        scene.collect(&["built-da-vinci", "built-da-vinci-cdk"], &[]).document().artifacts().unwrap().len(),
        4
    );
    fs::remove_dir_all(scene.world.root.join("dist")).unwrap();
    assert_eq!(scene.collect(&[""], &[]).lines("take ").len(), 4);
    fs::remove_dir_all(scene.world.root.join("dist")).unwrap();
    let named = ["built-da-vinci/out/release.json", "built-da-vinci-cdk/out/release.json"];
    let error = scene.refusal(&scene.collect(&named, &[]), 1);
    assert!(
        error.contains("it lies neither in its place nor beside"),
        "nothing above a file that is named: {error}"
    );
}

#[test]
fn the_half_copy_of_a_killed_run_goes() {
    let scene = Scene::new();
    let half = "dist/.da_vinci-0.5.0-py3-none-any.whl.wainwright";
    scene.world.write(half, "half");
    scene.collect(&[""], &[]).document();
    assert!(!scene.world.exists(half));
}

#[test]
fn a_missing_part_is_named_with_its_entry() {
    let scene = Scene::new();
    let ran = scene.collect(&["built-da-vinci"], &[]);
    assert_eq!(
        scene.refusal(&ran, 1),
        "cannot collect 0.5.0: the sdist of `da-vinci-cdk` is missing; the wheel of `da-vinci-cdk` is missing\n\n\
         hint: collect the document of `build-wheels --only da-vinci-cdk.sdist` as well\n"
    );
}

#[test]
fn a_file_that_two_jobs_have_made_must_have_the_same_bytes() {
    let scene = Scene::new();
    let copy = |name: &str| {
        fs::create_dir_all(scene.path(name)).unwrap();
        fs::copy(scene.path("built-da-vinci/release.json"), scene.path(name).join("release.json")).unwrap();
    };
    copy("twice");
    assert_eq!(scene.collect(&[""], &[]).document().artifacts().unwrap().len(), 4);
    fs::remove_dir_all(scene.world.root.join("dist")).unwrap();
    scene.change("twice", |release| {
        release.artifacts.as_mut().unwrap()[0].sha256 = "ab".repeat(32).parse().unwrap();
    });
    let error = scene.refusal(&scene.collect(&[""], &[]), 1);
    assert!(
        error.starts_with(&format!(
            "cannot collect `{CORE}`: `[DOWNLOADS]/built-da-vinci/release.json` has it with"
        )),
        "{error}"
    );
    assert!(
        error.contains(&format!("and `[DOWNLOADS]/twice/release.json` with {}", "ab".repeat(32))),
        "{error}"
    );
}

#[test]
fn two_files_for_one_entry_are_refused() {
    let scene = Scene::new();
    let second = "dist/da_vinci-0.5.0-py2.py3-none-any.whl";
    scene.change("built-da-vinci-cdk", |release| {
        let mut artifact = release.artifacts.as_ref().unwrap()[0].clone();
        artifact.package = "da-vinci".parse().unwrap();
        artifact.path = second.parse().unwrap();
        release.artifacts.as_mut().unwrap().push(artifact);
    });
    let error = scene.refusal(&scene.collect(&[""], &[]), 1);
    assert!(
        error.starts_with(&format!("cannot collect 0.5.0: `{second}`, `{CORE}` are more than one file for")),
        "{error}"
    );
}

#[test]
fn a_document_of_another_release_is_named_with_the_first_difference() {
    let scene = Scene::new();
    let refused = |change: fn(&mut Release)| {
        let path = scene.path("built-da-vinci-cdk/release.json");
        let before = fs::read(&path).unwrap();
        scene.change("built-da-vinci-cdk", change);
        let error = scene.refusal(&scene.collect(&[""], &[]), 3);
        fs::write(path, before).unwrap();
        error
    };
    let error = refused(|release| release.version.current = "0.6.0".parse().unwrap());
    assert_eq!(
        error,
        "cannot collect `[DOWNLOADS]/built-da-vinci-cdk/release.json`: it tells of another release than \
         `[DOWNLOADS]/built-da-vinci/release.json`: `version.current` is \"0.6.0\", not \"0.5.0\"\n\n\
         hint: hand the same document to every job\n"
    );
    let error = refused(|release| release.project.name = "mona".to_owned());
    assert!(error.contains("`project.name` is \"mona\", not \"da-vinci\""), "{error}");
    let error = refused(|release| release.project.base = "ab".repeat(20).parse().unwrap());
    assert!(error.contains("`project.base` is \"abab"), "{error}");
    let error = refused(|release| drop(release.expected.as_mut().unwrap().pop()));
    assert!(error.contains("`expected[3]` is null, not {\"id\":\"da-vinci.wheel\""), "{error}");
}

#[test]
fn a_file_that_was_swapped_between_the_jobs_is_refused() {
    let scene = Scene::new();
    overwrite(&scene.path("built-da-vinci").join(CORE));
    fs::remove_file(scene.path("built-da-vinci").join(CORE_SDIST)).unwrap();
    let error = scene.refusal(&scene.collect(&[""], &[]), 1);
    assert!(error.starts_with("cannot collect the files, 2 problems:\n"), "{error}");
    assert!(
        error.contains(&format!("\n    `[DOWNLOADS]/built-da-vinci/{CORE}`: its SHA-256 is ")),
        "{error}"
    );
    assert!(error.contains(": it changed after `build-wheels`\n"), "{error}");
    let missing = format!(
        "\n    `{CORE_SDIST}`: it lies neither in its place nor beside `[DOWNLOADS]/built-da-vinci/release.json`\n"
    );
    assert!(error.contains(&missing), "{error}");
}

#[test]
fn a_file_in_its_place_with_other_bytes_stays_and_both_are_named() {
    let scene = Scene::new();
    scene.world.write(CORE, "another build");
    let ran = scene.collect(&[""], &[]);
    let error = ran.error(1);
    assert!(
        error.starts_with(&format!(
            "cannot collect `{CORE}`: another file lies in its place: its SHA-256 is "
        )),
        "{error}"
    );
    assert!(error.contains("built-da-vinci/release.json` has it with "), "{error}");
    assert_eq!(fs::read_to_string(scene.world.root.join(CORE)).unwrap(), "another build");
    assert!(!scene.world.exists(CORE_SDIST), "nothing is taken before everything is right");
}

#[test]
fn a_document_has_no_say_in_the_folders_that_are_written() {
    let scene = Scene::new();
    let moved = ".git/hooks/da_vinci-0.5.0-py3-none-any.whl";
    scene.change("built-da-vinci", |release| {
        release.artifacts.as_mut().unwrap()[0].path = moved.parse().unwrap();
    });
    let error = scene.refusal(&scene.collect(&[""], &[]), 3);
    let cause = "the release puts the files of `da-vinci` into `dist`";
    assert!(
        error.starts_with(&format!(
            "cannot collect `{moved}` of `[DOWNLOADS]/built-da-vinci/release.json`: {cause}"
        )),
        "{error}"
    );
    scene.change("built-da-vinci", |release| {
        let artifact = &mut release.artifacts.as_mut().unwrap()[0];
        (artifact.path, artifact.package) = (CORE.parse().unwrap(), "mona".parse().unwrap());
    });
    let error = scene.refusal(&scene.collect(&[""], &[]), 3);
    assert!(error.contains("the release has no package `mona`"), "{error}");
}

#[test]
fn a_size_that_is_not_the_files_is_refused() {
    let scene = Scene::new();
    scene.change("built-da-vinci", |release| release.artifacts.as_mut().unwrap()[0].size = 1);
    let error = scene.refusal(&scene.collect(&[""], &[]), 1);
    assert!(error.contains("`build-wheels` recorded 1: the document was changed by hand"), "{error}");
    let from = scene.path("built-da-vinci").join(CORE);
    scene.world.write("dist/.keep", "");
    fs::copy(from, scene.world.root.join(CORE)).unwrap();
    let ran = scene.collect(&[""], &[]);
    assert!(ran.error(1).contains("built-da-vinci/release.json` says 1"), "{}", ran.stderr);
}

#[test]
fn what_is_no_document_of_a_job_is_refused_with_its_name() {
    let scene = Scene::new();
    let path = scene.path("built-da-vinci/release.json");
    let whole = fs::read_to_string(&path).unwrap();
    let refused = |text: &str, code: i32| {
        fs::write(&path, text).unwrap();
        scene.refusal(&scene.collect(&["built-da-vinci", "built-da-vinci-cdk"], &[]), code)
    };
    let named = "cannot collect `[DOWNLOADS]/built-da-vinci/release.json`: ";
    for (text, cause) in [
        ("", "it is empty"),
        (&whole[..whole.len() / 2], "it is truncated"),
        ("{}", "it is JSON without a `format`"),
        (&whole.replace("\"dry_run\": false", "\"dry_run\": true"), "it is of a dry run"),
        (&scene.world.document().to_json().unwrap(), "`build-wheels` has not run"),
    ] {
        let error = refused(text, 3);
        assert!(error.starts_with(named) && error.contains(cause), "{error}");
    }
    fs::remove_file(&path).unwrap();
    let error = scene.refusal(&scene.collect(&["built-da-vinci"], &[]), 1);
    assert!(
        error.starts_with("cannot collect `[DOWNLOADS]/built-da-vinci`: no .json file is in it"),
        "{error}"
    );
    let error = scene.refusal(&scene.collect(&["no-such.json"], &[]), 1);
    assert!(error.starts_with("cannot read `[DOWNLOADS]/no-such.json`: "), "{error}");
}

#[test]
fn the_documents_of_another_project_are_refused() {
    let scene = Scene::new();
    for job in ["built-da-vinci", "built-da-vinci-cdk"] {
        scene.change(job, |release| {
            release
                .packages
                .iter_mut()
                .for_each(|package| package.name = format!("x-{}", package.name).parse().unwrap());
        });
    }
    let error = scene.refusal(&scene.collect(&[""], &[]), 3);
    assert!(error.contains("it is of the project `da-vinci`, and this is `da-vinci`"), "{error}");
}
