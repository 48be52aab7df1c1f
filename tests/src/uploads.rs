//! A release that is ready to be uploaded to servers as PyPI is one.
#![allow(clippy::unwrap_used, reason = "a test that cannot set its stage fails")]

use std::fs;
use std::process::Output;
use std::sync::OnceLock;

use crate::indexes::{PASSWORD, PackageServer};
use crate::{Sandbox, text};

/// A project with a release that is ready to be published.
#[derive(Debug)]
pub struct Stage {
    /// The project.
    pub sandbox: Sandbox,
    /// The release, up to its tag.
    pub document: String,
}

impl Stage {
    /// A copy of the lockstep project at 0.2.0, with these targets.
    pub fn new(targets: &str) -> Self {
        static READY: OnceLock<(Sandbox, String)> = OnceLock::new();
        let (sandbox, document) = READY.get_or_init(|| {
            let mut sandbox = Sandbox::new("lockstep").unwrap();
            sandbox.make_key().unwrap();
            let document = sandbox.pipeline("minor", "tag-release").unwrap();
            (sandbox, document)
        });
        let mut sandbox = sandbox.copied().unwrap();
        let settings = fs::read_to_string(sandbox.project().join("release.toml")).unwrap();
        let own = settings.split("[[target]]").next().unwrap();
        fs::write(sandbox.project().join("release.toml"), format!("{own}{targets}")).unwrap();
        sandbox.set("UV_PUBLISH_PASSWORD", PASSWORD);
        Self { sandbox, document: document.clone() }
    }

    /// A target for each server, which `uv.toml` of the user names; the user may upload.
    pub fn on(servers: &[(&str, &PackageServer)], more: &str) -> Self {
        let targets: String = servers
            .iter()
            .map(|(name, _)| {
                format!(
                    "[[target]]\nname = \"{name}\"\nkind = \"pypi\"\nindex = \"{name}\"\nwait = 20\n{more}\n"
                )
            })
            .collect();
        let mut stage = Self::new(&targets);
        stage.name_indexes(servers);
        stage.sandbox.set("UV_PUBLISH_USERNAME", servers[0].1.user);
        stage
    }

    /// Has uv.toml of the user name these servers.
    pub fn name_indexes(&mut self, servers: &[(&str, &PackageServer)]) {
        let index = |(name, server): &(&str, &PackageServer)| {
            format!(
                "[[index]]\nname = \"{name}\"\nurl = \"{}\"\npublish-url = \"{}\"\nexplicit = true\n\n",
                server.simple, server.uploads
            )
        };
        let path = self.sandbox.path("uv.toml");
        fs::write(&path, servers.iter().map(index).collect::<String>()).unwrap();
        self.sandbox.set("UV_CONFIG_FILE", &path.to_string_lossy());
    }

    /// Runs `distribute`, which must tell no secret.
    pub fn run(&self, arguments: &[&str]) -> Output {
        let output = self.sandbox.run("distribute", arguments, &self.document).unwrap();
        let said = text(&output.stdout) + &text(&output.stderr);
        assert!(!said.contains(PASSWORD), "a secret was told:\n{said}");
        output
    }

    /// Runs `distribute`, which must succeed, and returns what it said.
    pub fn must(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stderr)
    }

    /// Runs `distribute`, which must fail, and returns what it said.
    pub fn refused(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
        assert!(output.stdout.is_empty());
        text(&output.stderr)
    }
}
