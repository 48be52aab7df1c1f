//! Where the server of a publication is, and who may see what it serves.

use std::path::PathBuf;

use anyhow::Result;
use document::{Failure, PackageName, Version};
use index::Served;
use uv::Uv;
use web::Web;

use crate::place::Circumstances;
use crate::target::Target;

/// The index of a target: `pypi://NAME?url=SIMPLE`, where NAME is that of an index of the user, or `pypi`.
///
/// A document may come from anybody, so a password goes to a server that the settings here name and to no other.
pub fn served(target: &Target, circumstances: &Circumstances) -> Result<Served> {
    let (name, more) = parts(&target.location);
    let said = more.iter().find_map(|(key, value)| (*key == "url").then_some(*value));
    let root = circumstances.project.map_or_else(|| PathBuf::from("."), |project| project.root.clone());
    let own = uv::index::named(&root, name)?;
    let is_of_project = circumstances.project.is_some_and(|project| {
        project.targets().iter().any(|own| own.location().is_ok_and(|own| own == target.location))
    });
    let (url, is_trusted) = match (said, &own, target.url.as_deref()) {
        (Some(url), Some(own), _) if web::server(&own.url) == web::server(url) => (own.url.clone(), true),
        (Some(url), ..) => (url.to_owned(), is_of_project),
        (None, Some(own), _) => (own.url.clone(), true),
        (None, None, Some(url)) => (url.to_owned(), false),
        (None, None, None) if name == "pypi" => (uv::index::default_simple(&Uv::find()?)?, false),
        (None, None, None) => {
            let what = format!("cannot find the index `{name}`: no settings of uv name it");
            return Err(Failure::new(what)
                .hint("run it in the project, or name the index in `UV_INDEX`, as in `UV_INDEX=NAME=URL`")
                .into());
        }
    };
    let served = Served::at(&url, Web::new())?;
    Ok(match uv::index::login(name).filter(|_| is_trusted) {
        Some((user, password)) => served.with_login(&user, &password),
        None => served,
    })
}

/// The page on which an owner yanks a release, on a server like PyPI.
pub fn page(simple: &str, package: &PackageName, version: &Version) -> String {
    format!("{}/manage/project/{package}/release/{version}/", web::server(simple))
}

/// The name in a location, and what stands behind its `?`.
fn parts(location: &str) -> (&str, Vec<(&str, &str)>) {
    let text = location.split_once("://").map_or(location, |(_, rest)| rest);
    let (name, more) = text.split_once('?').unwrap_or((text, ""));
    (name, more.split('&').filter_map(|pair| pair.split_once('=')).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_on_the_server_of_the_index() {
        let page = |simple| page(simple, &"da-vinci".parse().unwrap(), &"1.0rc1".parse().unwrap());
        let expected = "https://pkgs.example:8443/manage/project/da-vinci/release/1.0rc1/";
        assert_eq!(page("https://pkgs.example:8443/simple/"), expected);
    }

    #[test]
    fn a_location_has_a_name_and_more() {
        assert_eq!(parts("pypi://pypi"), ("pypi", Vec::new()));
        let more = vec![("url", "https://a.example/simple"), ("publish-url", "https://a.example/")];
        let text = "pypi://team?url=https://a.example/simple&publish-url=https://a.example/";
        assert_eq!(parts(text), ("team", more));
    }
}
