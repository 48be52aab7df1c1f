//! E-mail addresses and URLs of core metadata, as PyPI checks them.

/// Top domains that no mail reaches (RFC 6761, RFC 6762, RFC 7686).
const CLOSED_DOMAINS: [&str; 6] = ["arpa", "invalid", "local", "localhost", "onion", "test"];
/// The most characters of an address, of its domain, and of one label of that (RFC 5321, RFC 1035).
const ADDRESS_LIMIT: usize = 254;
const DOMAIN_LIMIT: usize = 253;
const LABEL_LIMIT: usize = 63;

/// Says what is wrong with the address in `Author-email` or `Maintainer-email`.
///
/// Where several addresses stand in the field, PyPI looks at none of them.
pub(super) fn email_fault(field: &str) -> Option<&'static str> {
    let address = only_address(field)?;
    let Some((local, domain)) = address.rsplit_once('@') else { return Some("has no `@`") };
    if address.chars().count() > ADDRESS_LIMIT || domain.len() > DOMAIN_LIMIT {
        return Some("is too long");
    }
    let is_text = |c: char| c.is_alphanumeric() || !c.is_ascii() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    if local.is_empty() || !local.chars().all(is_text) {
        return Some("has characters before the `@` that it cannot have");
    }
    if local.starts_with('.') || local.ends_with('.') || address.contains("..") {
        return Some("has a period in the wrong place");
    }
    let is_label = |label: &str| {
        let ok = |c: char| c.is_alphanumeric() || !c.is_ascii() || c == '-';
        (1..=LABEL_LIMIT).contains(&label.len())
            && label.chars().all(ok)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if !domain.split('.').all(is_label) {
        return Some("has no domain behind the `@`");
    }
    let Some((_, top)) = domain.rsplit_once('.') else { return Some("has no period behind the `@`") };
    if top.ends_with(|c: char| c.is_ascii_digit()) || CLOSED_DOMAINS.contains(&top.to_lowercase().as_str()) {
        return Some("has a domain that no mail reaches");
    }
    None
}

/// The one address of a field (RFC 5322): `a@b.org`, or `Name <a@b.org>`; without what stands in brackets.
fn only_address(field: &str) -> Option<String> {
    let (mut text, mut depth, mut quoted) = (String::new(), 0_usize, false);
    for c in field.chars() {
        match c {
            '"' if depth == 0 => quoted = !quoted,
            _ if quoted => {}
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            ',' | ';' => return None,
            c => text.push(c),
        }
    }
    let text = text.trim();
    let address = match text.split_once('<') {
        Some((_, rest)) => rest.split('>').next().unwrap_or_default().trim(),
        None => text,
    };
    (!address.is_empty()).then(|| address.to_owned())
}

/// Says what is wrong with a URL (RFC 3986): PyPI looks at its scheme, its port, and for brackets behind the host.
pub(super) fn url_fault(url: &str) -> Option<&'static str> {
    let scheme = url.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
    let Some("http" | "https") = scheme.as_deref() else {
        return Some("does not start with `https://` or `http://`");
    };
    let rest = url.split_once(':').map_or("", |(_, rest)| rest);
    let rest = rest.split('#').next().unwrap_or_default();
    let (host, path) = match rest.strip_prefix("//") {
        Some(rest) => rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len())),
        None => ("", rest),
    };
    if path.contains(['[', ']']) {
        return Some("has a bracket in its path; write `%5B` and `%5D`");
    }
    let port = host.rsplit_once(':').map(|(_, port)| port);
    let is_number = |port: &&str| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    if port.filter(is_number).is_some_and(|port| port.parse::<u16>().is_err()) {
        return Some("has a port above 65535");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_address_of_a_field() {
        for (field, address) in [
            ("a@b.org", Some("a@b.org")),
            ("A. B. <a@b.org>", Some("a@b.org")),
            ("\"A, B\" <a@b.org> (us)", Some("a@b.org")),
            ("a@b.org, c@d.org", None),
            ("A <>", None),
        ] {
            assert_eq!(only_address(field).as_deref(), address, "{field}");
        }
    }

    #[test]
    fn says_what_is_wrong_with_an_address() {
        for (field, fault) in [
            ("ü <a+b@c.example>", None),
            ("nobody", Some("has no `@`")),
            ("a b@c.org", Some("has characters before the `@` that it cannot have")),
            ("a..b@c.org", Some("has a period in the wrong place")),
            ("a@b_c.org", Some("has no domain behind the `@`")),
            ("team@corp", Some("has no period behind the `@`")),
            ("a@b.local", Some("has a domain that no mail reaches")),
            ("a@1.2.3.4", Some("has a domain that no mail reaches")),
        ] {
            assert_eq!(email_fault(field), fault, "{field}");
        }
        assert_eq!(email_fault(&format!("a@{}.org", "b.".repeat(130))), Some("is too long"));
    }

    #[test]
    fn says_what_is_wrong_with_a_url() {
        let scheme = Some("does not start with `https://` or `http://`");
        for (url, fault) in [
            ("https://a.org/x?y#z", None),
            ("HTTP://a.org:8080", None),
            ("https://[::1]/", None),
            ("a.org", scheme),
            ("git@host:a/b", scheme),
            ("https://a.org/[x]", Some("has a bracket in its path; write `%5B` and `%5D`")),
            ("https://a.org:70000", Some("has a port above 65535")),
        ] {
            assert_eq!(url_fault(url), fault, "{url}");
        }
    }
}
