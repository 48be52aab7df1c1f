//! What uv keeps by itself: passwords in its store and in `.netrc`, of which none may be shown.

use std::env;
use std::path::PathBuf;

use uv::Uv;
use web::Secrets;

use super::server::Server;

/// The passwords among which uv finds a right to upload, in its store or in `.netrc`; `None` where it finds none.
pub fn secrets(uv: &Uv, server: &Server) -> Option<Secrets> {
    // PyPI takes uploads at a host below the one that it serves from.
    let url = server.upload.as_deref().unwrap_or(server.served.url());
    let host = web::server(url).split("://").last().unwrap_or_default().to_owned();
    let without_port = host.split(':').next().unwrap_or_default();
    let named = env::var_os("NETRC").map(PathBuf::from);
    let netrc = named.or_else(|| env::home_dir().map(|home| home.join(".netrc")));
    let asked = project::run_quietly(uv.command().args(["auth", "dir"])).ok();
    let store = asked.filter(|output| output.status.success()).map(|output| output.stdout);
    let store =
        store.map(|path| PathBuf::from(String::from_utf8_lossy(&path).trim()).join("credentials.toml"));
    let of_file = |path: Option<PathBuf>, host: &str| {
        let text = std::fs::read_to_string(path?).ok()?;
        text.contains(host).then(|| passwords(&text))
    };
    let (netrc, store) = (of_file(netrc, without_port), of_file(store, &host));
    netrc.into_iter().chain(store).reduce(|mut all, more| {
        all.join(&more);
        all
    })
}

/// All passwords of a `.netrc`, or of the store of uv: whichever is sent, a server may send it back.
fn passwords(text: &str) -> Secrets {
    let (mut secrets, mut user) = (Secrets::default(), String::new());
    let mut read = |key: &str, value: &str| match key {
        "login" | "username" => user = value.to_owned(),
        "password" | "token" => secrets.add_login(&user, value),
        _ => {}
    };
    let mut words = Vec::new();
    for line in text.lines() {
        match line.split_once(" = ") {
            Some((key, value)) => read(key.trim(), value.trim().trim_matches('"')),
            // In a `.netrc` the end of a line means nothing.
            None => words.extend(line.split_whitespace()),
        }
    }
    words.windows(2).for_each(|pair| read(pair[0], pair[1]));
    secrets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_uv_keeps_is_hidden() {
        let netrc = "machine pkgs.example login me\n  password marker-1\nmachine other.example login you password marker-2\n";
        let store = "[[credential]]\nservice = \"https://pkgs.example/\"\nusername = \"me\"\nscheme = \"basic\"\npassword = \"marker 1\"\n";
        assert_eq!(passwords(netrc).hide("marker-1 bWU6bWFya2VyLTE= marker-2"), "*** *** ***");
        assert_eq!(passwords(store).hide("marker 1 bWU6bWFya2VyIDE= me"), "*** *** me");
    }
}
