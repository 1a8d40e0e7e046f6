//! Texts with the secrets in addresses covered, for terminals and logs.
//!
//! Knows: where an address has a user name and a password (RFC 3986 section 3.2.1), and what is secret of a query. Does not know which
//! addresses are allowed.

/// The same text, and as long: places in it are places in the other. What stands before the host of an address is covered, and each
/// value of its query.
pub(crate) fn covered(text: &str) -> String {
    let mut rest = text;
    let mut covered = String::with_capacity(text.len());
    while let Some((before, after)) = rest.split_once("://") {
        covered.push_str(before);
        covered.push_str("://");
        let end = after.find(is_behind_address).unwrap_or(after.len());
        let (address, behind) = after.split_at_checked(end).unwrap_or((after, ""));
        cover_address(address, &mut covered);
        rest = behind;
    }
    covered.push_str(rest);
    covered
}

fn is_behind_address(found: char) -> bool {
    found.is_whitespace() || matches!(found, '"' | '\'' | '`' | '<' | '>')
}

fn cover_address(address: &str, covered: &mut String) {
    let (address, query) = match address.split_once('?') {
        Some((address, query)) => (address, Some(query)),
        None => (address, None),
    };
    match address.rsplit_once('@') {
        Some((user, host)) => {
            cover(user, covered);
            covered.push('@');
            covered.push_str(host);
        }
        None => covered.push_str(address),
    }
    let Some(query) = query else { return };
    let mut mark = '?';
    for pair in query.split('&') {
        covered.push(mark);
        mark = '&';
        match pair.split_once('=') {
            Some((name, value)) => {
                covered.push_str(name);
                covered.push('=');
                cover(value, covered);
            }
            None => covered.push_str(pair),
        }
    }
}

fn cover(secret: &str, covered: &mut String) {
    covered.extend(secret.bytes().map(|_| '*'));
}

#[cfg(test)]
mod tests {
    use super::covered;

    #[test]
    fn passwords_and_keys_in_addresses_are_covered_and_nothing_else() {
        for (text, shown) in [
            (
                "`http://ops:topsecret@127.0.0.1:4318` has a user",
                "`http://*************@127.0.0.1:4318` has a user",
            ),
            (
                "url = \"https://a.example/x?api_key=top&b\" # ://",
                "url = \"https://a.example/x?api_key=***&b\" # ://",
            ),
            ("http://p@ss@host/", "http://****@host/"),
            ("https://ü:ü@host", "https://*****@host"),
            (
                "http://a.example/b and c@d?e=f",
                "http://a.example/b and c@d?e=f",
            ),
            ("no address", "no address"),
        ] {
            assert_eq!(covered(text), shown);
            assert_eq!(covered(text).len(), text.len());
        }
    }
}
