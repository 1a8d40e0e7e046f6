//! Files of sections and keys, as Git, pip and twine write them.
//!
//! Knows: `[section "name"]`, `key = value`, comments. Does not know the keys.

/// One key with its section.
pub(super) struct Pair {
    /// The section in lower case: `http`.
    pub(super) section: String,
    /// What stands in quotes behind it, as written: `https://example.com/`.
    pub(super) of: Option<String>,
    /// The key in lower case.
    pub(super) key: String,
    /// The value without quotes around it.
    pub(super) value: String,
}

/// Every key of a file in order.
pub(super) fn pairs(text: &str) -> Vec<Pair> {
    let mut found = Vec::new();
    let (mut section, mut of) = (String::new(), None);
    for line in text.lines().map(str::trim) {
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = line
            .strip_prefix('[')
            .and_then(|line| line.strip_suffix(']'))
        {
            let (word, rest) = name.split_once(' ').unwrap_or((name, ""));
            section = word.trim().to_lowercase();
            let quoted = rest.trim().trim_matches('"');
            of = (!quoted.is_empty()).then(|| quoted.to_owned());
            continue;
        }
        let (key, value) = line.split_once(['=', ':']).unwrap_or((line, ""));
        found.push(Pair {
            section: section.clone(),
            of: of.clone(),
            key: key.trim().to_lowercase(),
            value: value.trim().trim_matches('"').to_owned(),
        });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::pairs;

    #[test]
    fn sections_and_keys_are_read() {
        let found =
            pairs("# x\n[http \"https://a/\"]\n\textraHeader = \"A: b\"\n[pypi]\nusername=u\n");
        let told: Vec<_> = found
            .iter()
            .map(|pair| {
                (
                    pair.section.as_str(),
                    pair.of.as_deref(),
                    pair.key.as_str(),
                    pair.value.as_str(),
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                ("http", Some("https://a/"), "extraheader", "A: b"),
                ("pypi", None, "username", "u"),
            ]
        );
    }
}
