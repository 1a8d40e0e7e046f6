use super::*;

/// What is chosen when somebody types these lines, and what they were told.
fn typed(lines: &str, hidden: &str) -> (Result<Source, Failure>, String) {
    let mut told = Vec::new();
    let mut secret = |_: &str| Ok(Secret::new(hidden.to_owned()));
    let chosen = Talk {
        input: &mut lines.as_bytes(),
        output: &mut told,
        secret: &mut secret,
    }
    .source();
    (chosen, String::from_utf8(told).unwrap())
}

fn given(lines: &str, hidden: &str) -> Given {
    match typed(lines, hidden).0.unwrap() {
        Source::Given(given) => given,
        Source::Id(id) => panic!("an id: {id}"),
        Source::Cause(cause) => panic!("a cause: {cause:?}"),
    }
}

#[test]
fn a_command_of_several_lines_ends_with_an_empty_one() {
    let Given::Paste(text) = given("1\n\ncurl https://a.example \\\n  -H 'A: b'\n\nmore\n", "")
    else {
        panic!("no paste");
    };
    assert_eq!(text.expose(), b"curl https://a.example \\\n  -H 'A: b'\n");
    assert!(typed("1\n\n", "").0.is_err());
}

#[test]
fn an_address_with_each_way_to_sign_in() {
    for (answer, expected) in [
        ("1", vec!["https://a.example"]),
        (
            "2\nalice",
            vec!["https://a.example", "-u", "alice:wonderland"],
        ),
        (
            "3",
            vec![
                "https://a.example",
                "-H",
                "Authorization: Bearer wonderland",
            ],
        ),
    ] {
        let Given::Words(words) = given(
            &format!("2\nhttps://a.example\n9\n{answer}\n"),
            "wonderland",
        ) else {
            panic!("no words");
        };
        assert_eq!(words, expected);
    }
}

#[test]
fn files_tokens_and_ids() {
    assert!(matches!(given("3\n x.har \n", ""), Given::Har(path, None) if path.ends_with("x.har")));
    assert!(matches!(given("5\nx.txt\n", ""), Given::Answer(path) if path.ends_with("x.txt")));
    assert!(matches!(given("4\n", "t"), Given::Token(token) if token.expose() == b"t"));
    assert!(matches!(typed("6\nabc\n", "").0, Ok(Source::Id(id)) if id == "abc"));
}

#[test]
fn another_number_is_asked_for_again_and_the_end_is_an_end() {
    let (chosen, told) = typed("7\n\nx\n6\nabc\n", "");
    assert!(chosen.is_ok());
    assert_eq!(
        told.matches("One of the numbers 1 to 6, please.").count(),
        2
    );
    assert!(typed("", "").0.is_err() && typed("2\n", "").0.is_err());
}
