//! Input that nobody means well with.

use proptest::prelude::*;

use super::super::posix::{self, Reading};
use super::*;
use crate::command::quoted;
use crate::read::TEXT_BYTES_MAX;

fn message(text: &str) -> String {
    of_text(text, &NoFiles)
        .err()
        .map(|fault| fault.message)
        .unwrap_or_default()
}

#[test]
fn of_a_long_script_the_first_command_is_read() {
    let script = "curl https://h.example/a\n".repeat(20_000);
    let case = of_text(&script, &NoFiles).unwrap();
    assert_eq!(case.request.unwrap().url.path(), "/a");
    assert!(case.left_out.concat().contains("only the first"));
    // Were what follows each command kept for it, this would be gigabytes.
    let before = "echo x\n".repeat(20_000);
    let case = of_text(&format!("{before}curl https://h.example/b"), &NoFiles).unwrap();
    assert_eq!(case.request.unwrap().url.path(), "/b");
    assert_eq!(case.left_out, [""; 0]);
}

#[test]
fn what_is_not_closed_is_said() {
    for (text, word) in [
        ("curl 'https://h", "single quote"),
        ("curl \"https://h", "double quote"),
        ("curl $'https://h", "single quote"),
        ("curl $(echo", "`$(`"),
        ("curl `echo", "backtick"),
        ("fetch('https://h", "quote"),
        ("Invoke-WebRequest \"https://h", "quote"),
        ("", "no curl command"),
        ("echo hello", "no curl command"),
        ("fetch()", "no address"),
        ("fetch('/relative')", "no host"),
    ] {
        assert!(message(text).contains(word), "{text}: {}", message(text));
    }
}

#[test]
fn too_long_is_refused() {
    let long = format!("curl {}", "a".repeat(TEXT_BYTES_MAX));
    assert!(message(&long).contains("8 MiB"));
}

#[test]
fn too_many_fields_are_refused() {
    let many = format!("curl https://h.example{}", " -H 'X-A: b'".repeat(1001));
    assert!(message(&many).contains("more than 1000 fields"));
}

#[test]
fn deep_nesting_ends() {
    let deep = format!("fetch('https://h.example', {}", "{a:".repeat(100_000));
    assert!(message(&deep).contains("too deeply"));
    let script = format!(
        "Invoke-WebRequest https://h.example -Body {}",
        "(".repeat(100_000)
    );
    let _ = of_text(&script, &NoFiles);
    let shell = format!(
        "curl https://h.example {}{}",
        "$(echo ".repeat(2_000),
        ")".repeat(2_000)
    );
    assert!(of_text(&shell, &NoFiles).is_ok());
}

#[test]
fn what_doubles_itself_ends() {
    let doubling = format!("A=xxxxxxxx;{}curl https://h.example", "A=$A$A;".repeat(40));
    assert!(message(&doubling).contains("8 MiB"));
    let nested = format!(
        "A=xxxxxxxx;{}curl https://h.example",
        "A=$(echo $A$A);".repeat(40)
    );
    assert!(message(&nested).contains("8 MiB"));
    let many = format!("curl https://h.example{}", ";a".repeat(1_000_000));
    assert!(
        of_text(&many, &NoFiles).is_ok(),
        "what follows the first command is not read"
    );
    let script = format!(
        "$a = 'xxxxxxxx'\n{}Invoke-WebRequest https://h.example -Body $a",
        "$a = $a + $a\n".repeat(40)
    );
    assert!(message(&script).contains("8 MiB"));
    let expanding = script.replace("$a + $a", "\"$a$a\"");
    assert!(message(&expanding).contains("8 MiB"));
}

#[test]
fn nul_and_controls_pass() {
    let case = text("curl -H 'X-A: \u{0}\u{7f}' -u $'a:\\x00\\xffb' h.example");
    assert!(authorization(&case).is_some());
}

proptest! {
    #[test]
    fn nothing_pasted_panics(text in "\\PC{0,80}") {
        let _ = of_text(&text, &NoFiles);
        let _ = of_text(&format!("curl {text}"), &NoFiles);
        let _ = of_text(&format!("fetch({text}"), &NoFiles);
        let _ = of_text(&format!("Invoke-WebRequest {text}"), &NoFiles);
        let _ = of_text(&format!("C:\\>curl {text}"), &NoFiles);
    }

    #[test]
    fn no_soup_of_marks_panics(parts in proptest::collection::vec(
        prop::sample::select(vec![
            "curl ", "'", "\"", "`", "$", "${", "$(", ")", "}", "{", "@{", "@'", "\\", "\n", "^", "%", "&", "|", ";", "#",
            "-H ", "Authorization:", " ", "a", "é", "=", "fetch(", ",", ":", "[", "]", "https://h", "-u ", "<", ">", "(",
            "Invoke-WebRequest ", "$x = ", "“", "–", "\u{a0}", "+", "!", "@", "?", "/", "1",
        ]), 0..24)) {
        let _ = of_text(&parts.concat(), &NoFiles);
    }

    #[test]
    fn quoted_words_come_back(words in proptest::collection::vec("\\PC{0,12}|[a-z\n\t'\"$`!\\\\]{0,8}", 1..6)) {
        let line = words.iter().map(|word| quoted(word)).collect::<Vec<String>>().join(" ");
        let read = posix::commands(&format!("curl {line}"), Reading::Shell).unwrap();
        let back: Vec<String> = read[0].words.iter().skip(1).map(|word| word.text.clone()).collect();
        prop_assert_eq!(back, words);
    }

    #[test]
    fn of_text_sends_what_of_words_sends(user in "[^:\u{0}]{1,12}", password in "\\PC{1,12}", value in "[ -~]{1,20}") {
        let words = ["-u".to_owned(), format!("{user}:{password}"), "-H".to_owned(), format!("X-Value: {value}"),
            "https://h.example/".to_owned()];
        let line = words.iter().map(|word| quoted(word)).collect::<Vec<String>>().join(" ");
        let pasted = of_text(&format!("curl {line}"), &NoFiles).unwrap();
        let given = of_words(&words, &NoFiles).unwrap();
        prop_assert_eq!(pasted.request, given.request);
    }
}
