//! How options are written.

use super::super::options::{self, Found, What};
use super::*;

fn fault(words: &[&str]) -> String {
    let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    of_words(&words, &NoFiles).err().unwrap().message
}

#[test]
fn short_options_are_combined_and_values_stick() {
    let case = words(&[
        "-sSLku",
        "user:pw",
        "-XPOST",
        "-HX-A:value",
        "-d",
        "x",
        "https://h.example",
    ]);
    assert_eq!(authorization(&case).unwrap(), "Basic dXNlcjpwdw==");
    assert_eq!(request(&case).method, "POST");
    assert_eq!(field(&case, "x-a").unwrap(), "value");
    assert!(case.follows_redirects && case.transport.insecure);
}

#[test]
fn what_is_not_as_it_was_written_is_said() {
    for (line, part) in [
        (
            &["https://h.example", "-u", "alice"] as &[&str],
            "no password",
        ),
        (
            &["--path-as-is", "https://h.example/a/../b"],
            "`--path-as-is`",
        ),
        (
            &["https://h.example", "https://i.example"],
            "several addresses",
        ),
    ] {
        let said = words(line).left_out;
        assert!(said.len() == 1 && said.concat().contains(part), "{said:?}");
    }
    // What cannot be sent as it stands is not sent in another form.
    let elsewhere = |path| words(&["--path-as-is", path]).transport.elsewhere;
    assert!(elsewhere("https://h.example/a/../b") && !elsewhere("https://h.example/a/b"));
    for line in [
        &["https://h.example", "-u", "alice:"] as &[&str],
        &["--path-as-is", "https://h.example/a/b"],
    ] {
        assert_eq!(words(line).left_out, [""; 0]);
    }
}

#[test]
fn long_options_take_their_value_after_a_blank_or_an_equals_sign() {
    let case = words(&[
        "--url=https://h.example/?a=b",
        "--user",
        "a:b",
        "--max-time",
        "3",
        "--silent",
    ]);
    assert_eq!(request(&case).url.as_str(), "https://h.example/?a=b");
    assert_eq!(authorization(&case).unwrap(), "Basic YTpi");
}

#[test]
fn a_beginning_that_no_other_option_shares_will_do() {
    assert!(matches!(options::long("oauth2"), Found::One(spec) if spec.what == What::Bearer));
    assert!(matches!(options::long("head"), Found::One(spec) if spec.what == What::Head));
    assert!(matches!(options::long("proxy-c"), Found::Several(_)));
    assert!(matches!(options::long("no-such"), Found::Unknown));
}

#[test]
fn harmless_options_have_their_arity() {
    let case = words(&[
        "-sSvifO",
        "-o",
        "out",
        "-w",
        "%{http_code}",
        "-m",
        "5",
        "--connect-timeout",
        "3",
        "--retry",
        "2",
        "--compressed",
        "--retry-all-errors",
        "-c",
        "jar",
        "--tlsv1.2",
        "--ciphers",
        "X",
        "--happy-eyeballs-timeout-ms",
        "9",
        "--fail-with-body",
        "-D",
        "-",
        "--no-progress-meter",
        "--no-buffer",
        "-N",
        "-#",
        "--trace-ascii",
        "t",
        "-q",
        "https://h.example/a",
    ]);
    assert_eq!(request(&case).url.as_str(), "https://h.example/a");
    assert!(case.left_out.is_empty(), "{:?}", case.left_out);
}

#[test]
fn what_is_none_of_curls_is_named() {
    assert_eq!(
        fault(&["--frobnicate", "h"]),
        "the option `--frobnicate` is none of curl's"
    );
    assert_eq!(fault(&["-W", "h"]), "the option `-W` is none of curl's");
    assert!(fault(&["h", "-u"]).contains("`-u` is the last word"));
    assert!(fault(&["-s"]).contains("no address"));
    assert!(fault(&["ftp://h/"]).contains("`ftp`"));
    assert!(fault(&["http://"]).contains("no host"));
}

#[test]
fn a_secret_that_lost_its_option_is_not_shown() {
    for words in [["--hunter2Secret$", "h"], ["-Whunter2Secret$", "h"]] {
        assert!(!fault(&words).contains("hunter2"), "{}", fault(&words));
    }
}

#[test]
fn an_address_may_stand_behind_two_hyphens() {
    let case = words(&["-s", "--", "h.example/-x"]);
    assert_eq!(request(&case).url.as_str(), "http://h.example/-x");
}
