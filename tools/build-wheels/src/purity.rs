//! Says, without a build, whether the wheel of a package is surely a pure one that serves every Python and platform.

use std::path::Path;

use anyhow::Result;
use document::PackageName;
use project::Recipe;
use project::files::read_if_present;
use toml_edit::{DocumentMut, Item};

/// What setuptools may need and still builds nothing but Python.
const PLAIN_NEEDS: [&str; 3] = ["setuptools", "setuptools-scm", "wheel"];

/// The words in a setup.cfg that may make a wheel another one than a pure one.
const CFG_WORDS: [&str; 4] = ["bdist", "build", "cmdclass", "ext_modules"];

/// Says whether every build of the package in that folder gives a pure wheel (`py3-none-any`), as far as its files
/// tell. A build hook, a command, or a backend that is not known here makes it uncertain.
pub fn is_certain(folder: &Path, recipe: &Recipe) -> Result<bool> {
    if recipe.run.is_some() || recipe.auditwheel.is_some() || !recipe.config_settings.is_empty() {
        return Ok(false);
    }
    let Some(manifest) = toml(&folder.join("pyproject.toml"))? else { return Ok(false) };
    let system = manifest.get("build-system");
    let word = |key: &str| system.and_then(|system| system.get(key)).and_then(Item::as_str);
    // A backend in the tree may be anything, whatever it is called.
    if system.is_some_and(|system| system.get("backend-path").is_some()) {
        return Ok(false);
    }
    let tool = |name: &str| manifest.get("tool").and_then(|tool| tool.get(name));
    Ok(match word("build-backend").unwrap_or_default() {
        "flit_core.buildapi" | "flit.buildapi" | "uv_build" => true,
        "hatchling.build" => {
            let own = toml(&folder.join("hatch.toml"))?;
            let is_own_unhooked = match &own {
                Some(own) => is_unhooked(Some(own.as_item())),
                None => !folder.join("hatch.toml").exists(),
            };
            is_own_unhooked && is_unhooked(tool("hatch"))
        }
        "poetry.core.masonry.api" | "poetry.masonry.api" => {
            tool("poetry").is_none_or(|poetry| poetry.get("build").is_none())
        }
        "pdm.backend" => {
            let is_plain = |build: &Item| {
                ["run-setuptools", "custom-hook", "is-purelib"].iter().all(|key| build.get(key).is_none())
            };
            tool("pdm").and_then(|pdm| pdm.get("build")).is_none_or(is_plain)
                && !folder.join("pdm_build.py").exists()
                && needs_only(system, &["pdm-backend"])
        }
        "setuptools.build_meta" => {
            let is_plain =
                |tool: &Item| ["ext-modules", "cmdclass"].iter().all(|key| tool.get(key).is_none());
            tool("setuptools").is_none_or(is_plain)
                && tool("distutils").is_none()
                && needs_only(system, &PLAIN_NEEDS)
                && !folder.join("setup.py").exists()
                && is_plain_cfg(&folder.join("setup.cfg"))?
        }
        _ => false,
    })
}

/// A TOML file; none where it is not there, or is none: the build will say so.
fn toml(path: &Path) -> Result<Option<DocumentMut>> {
    let Some(bytes) = read_if_present(path)? else { return Ok(None) };
    let text = String::from_utf8_lossy(&bytes);
    Ok(text.trim_start_matches('\u{feff}').parse().ok())
}

/// Says whether no build hook of hatchling is set, neither for all targets nor for wheels.
fn is_unhooked(hatch: Option<&Item>) -> bool {
    let Some(build) = hatch.and_then(|hatch| hatch.get("build")) else { return true };
    let wheel = build.get("targets").and_then(|targets| targets.get("wheel"));
    build.get("hooks").is_none() && wheel.is_none_or(|wheel| wheel.get("hooks").is_none())
}

/// Says whether a build needs nothing but these: whatever else is there may take part in it.
fn needs_only(system: Option<&Item>, allowed: &[&str]) -> bool {
    let needs = system.and_then(|system| system.get("requires")).and_then(Item::as_array);
    needs.is_some_and(|needs| {
        needs.iter().all(|need| {
            let text = need.as_str().unwrap_or_default().trim_start();
            let is_of_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
            let name = text.split(|c| !is_of_name(c)).next().unwrap_or_default();
            PackageName::normalise(name).is_ok_and(|name| allowed.contains(&name.as_str()))
        })
    })
}

fn is_plain_cfg(path: &Path) -> Result<bool> {
    let text = read_if_present(path)?.unwrap_or_default();
    let text = String::from_utf8_lossy(&text).into_owned();
    Ok(CFG_WORDS.iter().all(|word| !text.contains(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn certain(files: &[(&str, &str)], change: impl FnOnce(&mut Recipe)) -> bool {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let mut recipe = Recipe {
            env: Default::default(),
            config_settings: Default::default(),
            run: None,
            auditwheel: None,
            sdist: true,
        };
        change(&mut recipe);
        is_certain(folder.path(), &recipe).unwrap()
    }

    fn system(backend: &str, needs: &str, more: &str) -> String {
        format!("[build-system]\nrequires = [{needs}]\nbuild-backend = \"{backend}\"\n{more}")
    }

    #[test]
    fn a_backend_that_makes_pure_wheels_alone_is_certain() {
        for (backend, needs, more) in [
            (
                "hatchling.build",
                "'hatchling', 'hatch-vcs'",
                "[tool.hatch.build.targets.wheel]\npackages = ['a']",
            ),
            ("flit_core.buildapi", "'flit_core>=3'", ""),
            ("uv_build", "'uv_build>=0.9,<0.10'", ""),
            ("poetry.core.masonry.api", "'poetry-core'", "[tool.poetry]\nname = 'a'"),
            ("pdm.backend", "'pdm-backend'", "[tool.pdm.build]\nincludes = ['a']"),
            (
                "setuptools.build_meta",
                "'setuptools >= 61', 'wheel', 'setuptools_scm[toml]>=8'",
                "[tool.setuptools]\npackages = ['a']",
            ),
        ] {
            let text = system(backend, needs, more);
            assert!(certain(&[("pyproject.toml", &text)], |_| ()), "{text}");
            let odd = format!("\u{feff}{}", text.replace('\n', "\r\n"));
            assert!(certain(&[("pyproject.toml", &odd)], |_| ()), "{odd}");
        }
    }

    #[test]
    fn what_may_compile_is_not_certain() {
        for (backend, needs, more) in [
            ("hatchling.build", "'hatchling'", "[tool.hatch.build.hooks.custom]"),
            ("hatchling.build", "'hatchling'", "[tool.hatch.build.targets.wheel.hooks.mypyc]"),
            ("poetry.core.masonry.api", "'poetry-core'", "[tool.poetry.build]\nscript = 'build.py'"),
            ("poetry.core.masonry.api", "'poetry-core'", "[tool.poetry]\nbuild = 'build.py'"),
            ("pdm.backend", "'pdm-backend'", "[tool.pdm.build]\nrun-setuptools = true"),
            ("pdm.backend", "'pdm-backend', 'pdm-build-mypyc'", ""),
            ("setuptools.build_meta", "'setuptools', 'setuptools-rust'", ""),
            ("setuptools.build_meta", "'setuptools', 'Cython>=3'", ""),
            ("setuptools.build_meta", "'setuptools'", "[[tool.setuptools.ext-modules]]\nname = 'a'"),
            (
                "setuptools.build_meta",
                "'setuptools'",
                "[tool.distutils.bdist_wheel]\npy-limited-api = 'cp39'",
            ),
            ("maturin", "'maturin'", ""),
            ("mesonpy", "'meson-python'", ""),
            ("scikit_build_core.build", "'scikit-build-core'", ""),
            ("flit_core.buildapi", "'flit_core'", "backend-path = ['.']"),
        ] {
            let text = system(backend, needs, more);
            assert!(!certain(&[("pyproject.toml", &text)], |_| ()), "{text}");
        }
        let hatch = system("hatchling.build", "'hatchling'", "");
        assert!(!certain(&[("pyproject.toml", &hatch), ("hatch.toml", "[build.hooks.custom]")], |_| ()));
        assert!(certain(&[("pyproject.toml", &hatch), ("hatch.toml", "[envs.default]")], |_| ()));
        let setuptools = system("setuptools.build_meta", "'setuptools'", "");
        assert!(!certain(&[("pyproject.toml", &setuptools), ("setup.py", "")], |_| ()));
        let cfg = "[bdist_wheel]\nplat-name = x";
        assert!(!certain(&[("pyproject.toml", &setuptools), ("setup.cfg", cfg)], |_| ()));
        assert!(!certain(&[("pyproject.toml", "no toml [")], |_| ()));
        assert!(!certain(&[("setup.py", "")], |_| ()));
    }

    #[test]
    fn a_recipe_of_its_own_is_not_certain() {
        let hatch = system("hatchling.build", "'hatchling'", "");
        let files = [("pyproject.toml", hatch.as_str())];
        assert!(certain(&files, |recipe| recipe.env.extend([("A".to_owned(), "1".to_owned())])));
        assert!(!certain(&files, |recipe| recipe.run = Some("make".to_owned())));
        assert!(!certain(&files, |recipe| recipe.auditwheel = Some(Vec::new())));
    }
}
