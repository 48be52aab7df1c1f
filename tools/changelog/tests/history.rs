//! The history as Markdown, as a process in real repositories.
#![allow(clippy::unwrap_used, reason = "a test that cannot set its stage fails")]

mod support;

use support::Repository;

#[test]
fn each_commit_stands_below_the_release_that_first_contains_it() {
    let repository = Repository::new();
    // The clock runs backwards, and a branch that was merged late is older than the release before.
    repository.commit("feat: start", 900);
    repository.tag("v1.0.0", 1_000);
    repository.git(&["checkout", "-q", "-b", "side"]);
    repository.commit("fix: on the side", 100);
    repository.git(&["checkout", "-q", "main"]);
    repository.commit("feat(io): straight on", 800);
    repository.git(&["tag", "1.1.0"]);
    repository.git(&["merge", "-q", "--no-ff", "-m", "Merge branch 'side'", "side"]);
    repository.tag("v1.2.0", 86_400);
    repository.commit("perf: go fast", 700);
    // Neither a checked-out file nor a project is needed.
    let ran = repository.run(&["--all"]);
    assert_eq!(ran.stderr, "");
    assert_eq!(
        ran.stdout,
        "# Changelog\n\n## [Unreleased]\n\n### Changed\n\n- go fast\n\n## [1.2.0] - 1970-01-02\n\n### Fixed\n\n- on the side\n\n\
         ## [1.1.0] - 1970-01-01\n\n### Added\n\n- **io:** straight on\n\n## [1.0.0] - 1970-01-01\n\n### Added\n\n- start\n\n\
         [Unreleased]: https://host.example/o/r/compare/v1.2.0...HEAD\n\
         [1.2.0]: https://host.example/o/r/compare/1.1.0...v1.2.0\n\
         [1.1.0]: https://host.example/o/r/compare/v1.0.0...1.1.0\n\
         [1.0.0]: https://host.example/o/r/releases/tag/v1.0.0\n"
    );
    assert_eq!(
        repository.run(&["--from", "v1.0.0", "--to", "1.1"]).stdout,
        "## [1.1.0] - 1970-01-01\n\n### Added\n\n- **io:** straight on\n"
    );
    let after = repository.run(&["--from", "1.1.0"]).stdout;
    assert!(after.starts_with("## [Unreleased]\n") && after.ends_with("- on the side\n"), "{after}");
    let before = repository.run(&["--to", "v1.1.0"]).stdout;
    assert!(before.starts_with("## [1.1.0]") && before.ends_with("- start\n"), "{before}");
}

#[test]
fn a_package_that_versions_apart_has_its_own_commits() {
    let repository = Repository::new();
    let package = |name: &str| format!("[[package]]\nname = \"{name}\"\npath = \"{name}\"\n");
    let settings = format!("[project]\nversioning = \"apart\"\n{}{}", package("core"), package("cli"));
    repository.write("release.toml", &settings);
    repository.write("core/x.py", "1");
    repository.commit_by("A <a@example.invalid>", "feat: in core");
    repository.write("cli/x.py", "1");
    repository.commit_by("A <a@example.invalid>", "feat: in cli");
    repository.tag("core-v1.0.0", 0);
    repository.write("core/x.py", "2");
    repository.commit_by("A <a@example.invalid>", "fix: core");
    let core = repository.run(&["--to", "HEAD", "--package", "core"]).stdout;
    assert_eq!(
        core,
        "## [Unreleased]\n\n### Fixed\n\n- core\n\n## [1.0.0] - 1970-01-01\n\n### Added\n\n- in core\n"
    );
    let next = repository.run(&["--unreleased", "--package", "Core"]).stdout;
    assert_eq!(next, "## [1.0.1] - 2026-03-01\n\n### Fixed\n\n- core\n");
    let next = repository.run(&["--unreleased", "--package", "cli"]).stdout;
    assert_eq!(next, "## [0.1.0] - 2026-03-01\n\n### Added\n\n- in cli\n");
    assert!(repository.run(&["--all"]).stderr.contains("they version apart"));
}

#[test]
fn the_conventional_style_compares_with_the_release_before() {
    let repository = Repository::new();
    repository.write("release.toml", "[changelog]\nstyle = \"conventional\"\n");
    for (version, message) in [("1.0.0", "feat: one"), ("2.0.0", "fix!: two"), ("2.1.0", "chore: three")] {
        repository.commit(message, 0);
        repository.tag(&format!("v{version}"), 0);
    }
    let url = "https://host.example/o/r/compare";
    let printed = repository.run(&["--from", "v1.0.0"]).stdout;
    let start = format!(
        "## [2.1.0]({url}/v2.0.0...v2.1.0) (1970-01-01)\n\n\n- No change that users will notice\n\n\
         ## [2.0.0]({url}/v1.0.0...v2.0.0) (1970-01-01)\n\n\n### ⚠ BREAKING CHANGES\n\n* two\n"
    );
    assert!(printed.starts_with(&start), "{printed}");
}

#[test]
fn the_next_section_has_the_version_that_the_commits_ask_for() {
    let repository = Repository::new();
    repository.commit("feat: start", 0);
    let printed = repository.run(&["--unreleased"]).stdout;
    assert_eq!(printed, "## [0.1.0] - 2026-03-01\n\n### Added\n\n- start\n");
    repository.tag("v1.0.0", 0);
    let quiet = repository.run(&["--unreleased"]);
    assert_eq!(quiet.stdout, "");
    assert!(
        quiet.stderr.contains("none of the 0 commits since v1.0.0 tells users anything"),
        "{}",
        quiet.stderr
    );
    repository.commit("fix: mend", 0);
    // A release on a branch that was never merged is none of this history.
    repository.git(&["checkout", "-q", "-b", "side"]);
    repository.commit("feat: aside", 0);
    repository.tag("v3.0.0", 0);
    repository.git(&["checkout", "-q", "main"]);
    let printed = repository.run(&["--unreleased"]).stdout;
    assert_eq!(printed, "## [1.0.1] - 2026-03-01\n\n### Fixed\n\n- mend\n");
    repository.write("CHANGELOG.md", "# Changelog\n\n## [Unreleased]\n\n- By hand\n");
    assert_eq!(repository.run(&["--unreleased"]).stdout, "## [1.0.1] - 2026-03-01\n\n- By hand\n");
    repository.write("release.toml", "[changelog]\ncommits = \"plain\"\n");
    assert_eq!(repository.run(&["--unreleased"]).stdout, "## [Unreleased]\n\n- By hand\n");
}

#[test]
fn release_notes_say_what_breaks_how_to_upgrade_and_who_made_it() {
    let repository = Repository::new();
    repository.write("release.toml", "[changelog]\nstyle = \"release-notes\"\n");
    repository.write(".mailmap", "Ada Lovelace <ada@example.invalid> <old@example.invalid>\n");
    repository.commit_by("A. L. <old@example.invalid>", "feat: start\n\nHighlight: It is here,\n  at last");
    repository.commit_by(
        "Bob <bob@example.invalid>",
        "feat(io)!: drop the old form\n\nBREAKING CHANGE: convert files with `convert` first",
    );
    repository
        .commit_by("Ada Lovelace <ada@example.invalid>", "fix: mend\n\nKnown-issue: it is slow on Mondays");
    repository.commit_by("Ada Lovelace <ada@example.invalid>", "perf!: go fast\n\nUpgrade: nothing to do");
    repository.commit_by("renovate[bot] <x@example.invalid>", "deps: y");
    let printed = repository.run(&["--unreleased"]).stdout;
    assert_eq!(
        printed,
        "## 1.0.0 (2026-03-01)\n\n### Highlights\n\n- It is here, at last\n\n\
         ### Features\n\n- **io:** drop the old form\n- start\n\n### Fixes\n\n- mend\n\n### Improvements\n\n- go fast\n\n\
         ### Breaking changes\n\n- go fast\n- **io:** drop the old form\n\n\
         ### Upgrade notes\n\n- nothing to do\n- convert files with `convert` first\n\n\
         ### Known issues\n\n- it is slow on Mondays\n\n### Contributors\n\n- Ada Lovelace\n- Bob\n"
    );
    repository.tag("v1.0.0", 0);
    repository.commit_by("Bob <bob@example.invalid>", "chore: tidy");
    assert_eq!(repository.run(&["--unreleased"]).stdout, "", "a name alone tells nobody anything");
    let all = repository.run(&["--all"]).stdout;
    assert!(all.starts_with("# Release notes\n\n## Unreleased\n\n- No change"), "{all}");
    repository.write("RELEASE_NOTES.md", "# Release notes\n\n## Next release\n\n- By hand\n");
    repository.commit_by("Bob <bob@example.invalid>", "fix: more");
    assert_eq!(repository.run(&["--unreleased"]).stdout, "## 1.0.1 (2026-03-01)\n\n- By hand\n");
}

#[test]
fn a_rebuilt_file_keeps_what_people_wrote() {
    let repository = Repository::new();
    for (version, message) in
        [("1.0.0", "feat: one"), ("1.1.0", "feat: two"), ("1.2.0", "fix: three"), ("2.0.0", "feat!: four")]
    {
        repository.commit(message, 0);
        repository.tag(&format!("v{version}"), 0);
    }
    let links = "[Unreleased]: https://h/compare/v1.1.0...HEAD\n[1.1.0]: https://h/compare/v1.0.0...v1.1.0\n";
    let head = "# Changelog\n\n## [Unreleased]\n\n- By hand\n\n";
    let kept = "## v1.1.0 - a title\n\n- Two, in better words";
    repository.write("HISTORY.md", &format!("{head}{kept}\n\n{links}"));
    let dry = repository.run(&["--rebuild", "--dry-run"]);
    assert_eq!(dry.stderr, "changelog: edit HISTORY.md: add 2.0.0, 1.2.0, 1.0.0\n");
    assert_eq!(repository.run(&["--rebuild"]).stderr, dry.stderr);
    let section = |version: &str, group: &str, entry: &str| {
        format!("## [{version}] - 1970-01-01\n\n### {group}\n\n- {entry}\n")
    };
    let expected = format!(
        "{head}{}\n{}\n{kept}\n\n{}\n[Unreleased]: https://h/compare/v2.0.0...HEAD\n\
         [2.0.0]: https://h/compare/v1.2.0...v2.0.0\n[1.2.0]: https://h/compare/v1.1.0...v1.2.0\n\
         [1.1.0]: https://h/compare/v1.0.0...v1.1.0\n",
        section("2.0.0", "Breaking", "four\n\n### Added\n\n- four"),
        section("1.2.0", "Fixed", "three"),
        section("1.0.0", "Added", "one"),
    );
    assert_eq!(repository.read("HISTORY.md"), expected);
    let again = repository.run(&["--rebuild"]);
    assert_eq!(again.stderr, "changelog: skip: HISTORY.md: it has a section for each release already\n");
    assert_eq!(repository.read("HISTORY.md"), expected);
}

#[test]
fn the_settings_of_other_tools_count_here_too() {
    let repository = Repository::new();
    repository.commit("feat: one", 0);
    repository.tag("v1.0.0", 0);
    repository.commit("feat: two", 0);
    repository.write(".release-please-manifest.json", "{ \".\": \"1.0.0\" }");
    repository
        .write("release-please-config.json", r#"{ "packages": { ".": { "release-type": "python" } } }"#);
    let ran = repository.run(&["--unreleased"]);
    assert!(
        ran.stdout.starts_with("## [1.1.0](https://host.example/o/r/compare/v1.0.0...v1.1.0) (2026-03-01)"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_rebuilt_file_that_was_absent_is_the_whole_history() {
    let repository = Repository::new();
    repository.commit("feat: one", 0);
    repository.tag("v1.0.0", 0);
    // Were its entry written too, the next release would take it for one that people wrote, and no other commit.
    repository.commit("feat: not released", 0);
    assert_eq!(repository.run(&["--rebuild"]).stderr, "changelog: write CHANGELOG.md: the whole history\n");
    assert_eq!(
        repository.read("CHANGELOG.md"),
        "# Changelog\n\n## [Unreleased]\n\n## [1.0.0] - 1970-01-01\n\n### Added\n\n- one\n\n\
         [Unreleased]: https://host.example/o/r/compare/v1.0.0...HEAD\n\
         [1.0.0]: https://host.example/o/r/releases/tag/v1.0.0\n"
    );
    repository.write("release.toml", "[changelog]\npath = \"NEWS.rst\"\n");
    assert_eq!(repository.run(&["--rebuild"]).stderr, "changelog: write NEWS.rst: the whole history\n");
    assert_eq!(
        repository.read("NEWS.rst"),
        "Changelog\n=========\n\n1.0.0 (1970-01-01)\n------------------\n\nAdded\n~~~~~\n\n- one\n"
    );
}

/// A repository with two releases and a template.
fn with_template(template: &str) -> Repository {
    let repository = Repository::new();
    repository.write("release.toml", "[changelog]\ntemplate = \"notes.j2\"\n");
    repository.write("notes.j2", template);
    repository.commit("feat(io)!: one (#7)\n\nCloses #5", 0);
    repository.tag("v1.0.0", 0);
    repository.commit("fix: two & <three>", 0);
    repository.commit("chore: hidden", 0);
    repository
}

#[test]
fn a_template_writes_the_notes() {
    let repository = with_template(
        "{{ previous or 'nothing' }} -> {{ version }} {{ compare }}\n\n{% for group in groups %}\n### {{ group.name }}\n\n\
         {% for entry in group.entries %}\n- {% if entry.scope %}{{ entry.scope }}: {% endif %}{{ entry.description }} \
         by {{ entry.author }} in {{ entry.short_id | length }} {{ entry.issues | join('+') }}\n{% endfor %}\n{% endfor %}\n\
         {{ commits | length }} commits, {{ breaking | length }} breaking\n",
    );
    let printed = repository.run(&["--unreleased"]);
    assert_eq!(
        printed.stdout,
        "## [1.0.1] - 2026-03-01\n\n1.0.0 -> 1.0.1 https://host.example/o/r/compare/v1.0.0...v1.0.1\n\n### Fixed\n\n\
         - two & <three> by A Tester in 7 \n2 commits, 0 breaking\n",
        "{}",
        printed.stderr
    );
    let first = repository.run(&["--to", "v1.0.0"]).stdout;
    assert!(
        first.contains(
            "nothing -> 1.0.0 None\n\n### Added\n\n- io: one (#7) by A Tester in 7 7+5\n1 commits, 1 breaking"
        ),
        "{first}"
    );
    repository.write("release.toml", "[changelog]\ntemplate = '{{ tag }} of {{ date }}'\n");
    assert_eq!(repository.run(&["--unreleased"]).stdout, "## [1.0.1] - 2026-03-01\n\nv1.0.1 of 2026-03-01\n");
}

#[test]
fn a_wrong_template_is_named_with_its_line() {
    for (template, error) in [
        ("a\n{{ groups[0].nmae }}\n", "cannot use the template `notes.j2:2`: "),
        ("a\n\n{% for x %}\n", "cannot use the template `notes.j2:3`: "),
        (
            "x\n## [0.1.0]\n",
            "cannot use the template `notes.j2`: its line `## [0.1.0]` would start the section",
        ),
    ] {
        let ran = with_template(template).run(&["--unreleased"]);
        assert_eq!((ran.code, ran.stdout.as_str()), (1, ""));
        assert!(ran.stderr.contains(error), "{}", ran.stderr);
    }
    let repository = with_template("");
    repository.write("release.toml", "[changelog]\ntemplate = \"{{ oops\"\n");
    let inline = repository.run(&["--all"]).stderr;
    assert!(inline.contains("cannot use the template `[changelog] template:1`: "), "{inline}");
    repository.write("release.toml", "[changelog]\ntemplate = \"absent.j2\"\n");
    let absent = repository.run(&["--all"]).stderr;
    assert!(
        absent.contains("cannot read the template that `template` of [changelog] names: cannot read"),
        "{absent}"
    );
}

#[test]
fn says_what_it_cannot_find() {
    let repository = Repository::new();
    for arguments in ["--all", "--unreleased"] {
        let ran = repository.run(&[arguments]);
        assert_eq!((ran.code, ran.stdout.as_str()), (1, ""));
        assert!(
            ran.stderr.contains("the repository has no commit yet\n\nhint: commit the project first"),
            "{}",
            ran.stderr
        );
    }
    repository.commit("feat: start", 0);
    repository.tag("v1.0.0", 0);
    let unknown = repository.run(&["--from", "v0.9.0"]);
    assert_eq!(unknown.code, 2);
    assert_eq!(
        unknown.stderr,
        "changelog: error: cannot find `v0.9.0` in the history: no tag, no released version and no commit has that name\n\n\
         hint: name a tag as `git tag --list` shows it\n"
    );
    let empty = repository.run(&["--from", "v1.0.0"]);
    assert_eq!((empty.code, empty.stdout.as_str()), (0, ""));
    assert!(
        empty.stderr.contains("the current commit has no commit that v1.0.0 has not"),
        "{}",
        empty.stderr
    );
    assert_eq!(repository.run(&["--all", "--from", "v1.0.0"]).code, 2);
}

#[test]
fn a_shallow_clone_is_named() {
    let repository = Repository::new();
    repository.commit("feat: one", 0);
    repository.commit("fix: two", 0);
    let source = format!("file://{}", repository.path("").display());
    repository.git(&["clone", "-q", "--depth", "1", &source, "clone"]);
    let ran = repository.run(&["--all", "--project", "clone"]);
    assert_eq!(ran.stdout, "# Changelog\n\n## [Unreleased]\n\n### Fixed\n\n- two\n");
    assert!(ran.stderr.contains("the clone is shallow"), "{}", ran.stderr);
}
