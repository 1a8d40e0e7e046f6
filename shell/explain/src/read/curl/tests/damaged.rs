//! What the shell or the writing did to a credential.

use super::*;

fn basic(pair: &str) -> Option<String> {
    use base64::Engine;
    let encoded = base64::engine::general_purpose::STANDARD.encode(pair);
    Some(format!("Basic {encoded}"))
}

#[test]
fn a_dollar_sign_in_double_quotes_cuts_the_password() {
    let case = text(r#"curl -u "user:s3cr3t$word" https://h.example/"#);
    assert_eq!(authorization(&case), basic("user:s3cr3t"));
    assert_eq!(meant(&case), basic("user:s3cr3t$word"));
    assert_eq!(noticed(&case), Some(Cause::CredentialMangled));
    assert!(!tells(&case, "word,") && !tells(&case, "s3cr3t"));
    let fix = case.noticed[0].fix.as_ref().unwrap();
    assert!(
        fix.command
            .as_ref()
            .unwrap()
            .contains(r#"-u "user:$PASSWORD""#)
    );
}

#[test]
fn two_dollar_signs_and_an_exclamation_mark_are_the_shells() {
    let case = text(r#"curl -u "user:p@$$word!x" https://h.example/"#);
    assert_eq!(noticed(&case), Some(Cause::CredentialMangled));
    assert_eq!(meant(&case), basic("user:p@$$word!x"));
    assert_ne!(authorization(&case), meant(&case));
    let digit = text(r#"curl -u user:a$1b https://h.example/"#);
    assert_eq!(authorization(&digit), basic("user:ab"));
    assert_eq!(noticed(&digit), Some(Cause::CredentialMangled));
    let kept = text(r#"curl -u "user:a\!b" https://h.example/"#);
    assert_eq!(authorization(&kept), basic(r"user:a\!b"));
    assert_eq!(meant(&kept), basic("user:a!b"));
    assert_eq!(noticed(&kept), Some(Cause::CredentialMangled));
}

#[test]
fn single_quotes_keep_everything() {
    let case = text(r#"curl -u 'user:p@$$wo$rd!`x`' https://h.example/"#);
    assert_eq!(authorization(&case), basic("user:p@$$wo$rd!`x`"));
    assert!(case.noticed.is_empty(), "{:?}", case.noticed);
    assert!(case.meant.is_none());
}

#[test]
fn a_variable_that_is_not_set_leaves_nothing() {
    for (command, sent) in [
        (
            r#"curl -H "Authorization: Bearer $TOKEN" https://h.example/"#,
            Some("Bearer".to_owned()),
        ),
        (
            r#"curl -H "Authorization: Bearer ${API_TOKEN}" https://h.example/"#,
            Some("Bearer".to_owned()),
        ),
        (r#"curl -H "X-Api-Key: $KEY" https://h.example/"#, None),
        (
            r#"curl -u "user:$PASSWORD" https://h.example/"#,
            basic("user:"),
        ),
        (
            r#"curl --oauth2-bearer $token https://h.example/"#,
            Some("Bearer ".to_owned()),
        ),
        (r#"curl "https://h.example/?api_key=$api_key""#, None),
    ] {
        let case = text(command);
        assert_eq!(
            noticed(&case),
            Some(Cause::CredentialsPlaceholder),
            "{command}"
        );
        assert_eq!(authorization(&case), sent, "{command}");
        assert!(case.meant.is_none(), "{command}");
    }
}

#[test]
fn a_variable_in_single_quotes_is_never_expanded() {
    let case = text("curl -H 'Authorization: Bearer $TOKEN' https://h.example/");
    assert_eq!(authorization(&case).unwrap(), "Bearer $TOKEN");
    assert_eq!(noticed(&case), Some(Cause::CredentialsPlaceholder));
    let cmd = text("C:\\> curl -H \"Authorization: Bearer %API_TOKEN%\" https://h.example/");
    assert_eq!(authorization(&cmd).unwrap(), "Bearer %API_TOKEN%");
    assert_eq!(noticed(&cmd), Some(Cause::CredentialsPlaceholder));
}

#[test]
fn variables_that_the_text_sets_are_put_in() {
    let case = text(
        "export TOKEN=abc\nHOST='h.example'; curl -H \"Authorization: Bearer $TOKEN\" https://$HOST/",
    );
    assert_eq!(authorization(&case).unwrap(), "Bearer abc");
    assert_eq!(request(&case).url.as_str(), "https://h.example/");
    assert!(case.noticed.is_empty(), "{:?}", case.noticed);
}

#[test]
fn a_variable_before_the_command_is_set_too_late() {
    let case = text("TOKEN=abc curl -H \"Authorization: Bearer $TOKEN\" https://h.example/");
    assert_eq!(authorization(&case).unwrap(), "Bearer");
    assert_eq!(noticed(&case), Some(Cause::CredentialsPlaceholder));
    assert_eq!(meant(&case).unwrap(), "Bearer abc");
}

#[test]
fn an_ampersand_in_an_address_ends_the_command() {
    let key = text("curl https://h.example/v1?limit=5&api_key=hushhush");
    assert_eq!(request(&key).url.as_str(), "https://h.example/v1?limit=5");
    assert_eq!(noticed(&key), Some(Cause::CredentialsNotApplied));
    assert_eq!(
        key.meant.as_ref().unwrap().url.query(),
        Some("limit=5&api_key=hushhush")
    );
    assert!(!tells(&key, "hushhush"));
    let header = text("curl https://h.example/v1?a=1&b=2 -H 'Authorization: Bearer hushhush'");
    assert_eq!(authorization(&header), None);
    assert_eq!(noticed(&header), Some(Cause::CredentialsNotApplied));
    assert_eq!(meant(&header).unwrap(), "Bearer hushhush");
    let cut = text("curl -u user:hush&hush https://h.example/");
    assert_eq!(noticed(&cut), Some(Cause::CredentialMangled));
    // The address is lost with the rest: nothing was sent.
    assert!(cut.request.is_none());
    assert_eq!(meant(&cut), basic("user:hush&hush"));
    assert!(!tells(&cut, "hush"));
}

#[test]
fn a_line_without_backslash_ends_the_command() {
    let case = text("curl https://h.example/\n  -H 'Authorization: Bearer t'");
    assert_eq!(authorization(&case), None);
    assert_eq!(noticed(&case), Some(Cause::CredentialsNotApplied));
    assert_eq!(meant(&case).unwrap(), "Bearer t");
    let blank = text("curl https://h.example/ \\ \n  -H 'Authorization: Bearer t'");
    assert_eq!(authorization(&blank), None);
    assert!(
        blank
            .noticed
            .iter()
            .any(|finding| finding.evidence.contains("blank after it"))
    );
    let well = text("curl https://h.example/ \\\n  -H 'Authorization: Bearer t'\necho done");
    assert_eq!(authorization(&well).unwrap(), "Bearer t");
    assert!(well.noticed.is_empty());
}

#[test]
fn a_field_without_quotes_is_cut_at_its_blank() {
    for case in [
        text("curl -H Authorization: Bearer hushhush https://h.example/"),
        words(&[
            "-H",
            "Authorization:",
            "Bearer",
            "hushhush",
            "https://h.example/",
        ]),
    ] {
        assert_eq!(request(&case).url.as_str(), "https://h.example/");
        assert_eq!(authorization(&case), None);
        assert_eq!(noticed(&case), Some(Cause::CredentialsNotApplied));
        assert_eq!(meant(&case).unwrap(), "Bearer hushhush");
        assert!(!tells(&case, "hushhush"));
    }
}

#[test]
fn quotes_of_a_word_processor_are_none() {
    let header = text("curl -H “Authorization: Bearer hushhush” https://h.example/");
    assert_eq!(noticed(&header), Some(Cause::CredentialQuoted));
    assert_eq!(meant(&header).unwrap(), "Bearer hushhush");
    let user = text("curl -u ‘user:hushhush’ https://h.example/");
    assert_eq!(noticed(&user), Some(Cause::CredentialQuoted));
    assert_eq!(meant(&user), basic("user:hushhush"));
    assert!(!tells(&user, "hushhush"));
}

#[test]
fn a_dash_is_no_hyphen() {
    let case = text("curl –H 'Authorization: Bearer t' https://h.example/");
    assert_eq!(request(&case).url.as_str(), "https://h.example/");
    assert_eq!(noticed(&case), Some(Cause::CredentialsNotApplied));
    assert_eq!(meant(&case).unwrap(), "Bearer t");
    let long = text("curl —user a:b https://h.example/");
    assert_eq!(meant(&long), basic("a:b"));
}

#[test]
fn invisible_blanks_are_seen() {
    let case = text("curl -H '\u{a0}Authorization: Bearer t' https://h.example/");
    assert_eq!(noticed(&case), Some(Cause::CredentialWhitespace));
    assert_eq!(meant(&case).unwrap(), "Bearer t");
}

#[test]
fn single_quotes_in_cmd_become_part_of_the_value() {
    let user = text("C:\\Users\\x> curl -u 'user:hushhush' https://h.example/");
    assert_eq!(authorization(&user), basic("'user:hushhush'"));
    assert_eq!(noticed(&user), Some(Cause::CredentialQuoted));
    assert_eq!(meant(&user), basic("user:hushhush"));
    let header = text("C:\\>curl -H 'Authorization: Bearer hushhush' https://h.example/");
    assert_eq!(authorization(&header), None);
    assert_eq!(noticed(&header), Some(Cause::CredentialQuoted));
    assert_eq!(meant(&header).unwrap(), "Bearer hushhush");
    let key = text("C:\\>curl -H 'X-Api-Key:hushhush' https://h.example/");
    assert_eq!(noticed(&key), Some(Cause::CredentialQuoted));
    assert!(!tells(&key, "hushhush"));
    let words = words(&["-u", "'user:hushhush'", "https://h.example/"]);
    assert_eq!(noticed(&words), Some(Cause::CredentialQuoted));
}

#[test]
fn words_show_a_variable_that_was_empty() {
    for given in [
        ["-H", "Authorization: Bearer ", "https://h.example/"],
        ["-H", "X-Api-Key: ", "https://h.example/"],
        ["-u", ":", "https://h.example/"],
        ["--oauth2-bearer", "", "https://h.example/"],
    ] {
        assert_eq!(
            noticed(&words(&given)),
            Some(Cause::CredentialsPlaceholder),
            "{given:?}"
        );
    }
}

#[test]
fn a_field_without_colon_is_dropped() {
    let case = words(&["-H", "Authorization Bearer hushhush", "https://h.example/"]);
    assert_eq!(authorization(&case), None);
    assert_eq!(noticed(&case), Some(Cause::CredentialsNotApplied));
    assert!(!tells(&case, "hushhush"));
}

#[test]
fn a_parameter_ends_at_its_own_ampersand_and_number_sign() {
    for given in [
        &["https://h.example/?api_key=hush#hush"][..],
        &["https://h.example/?api_key=hush&hush"],
        &["-d", "user=a&password=hush&hush", "https://h.example/"],
    ] {
        let case = words(given);
        assert_eq!(noticed(&case), Some(Cause::CredentialMangled), "{given:?}");
        assert!(!tells(&case, "hush"), "{given:?}");
    }
    assert!(
        words(&["https://h.example/?api_key=a&b=c#top"])
            .noticed
            .is_empty()
    );
}

#[test]
fn what_builds_basic_is_carried_out() {
    let newline =
        text(r#"curl -H "Authorization: Basic $(echo admin:admin | base64)" https://h.example/"#);
    assert_eq!(authorization(&newline), basic("admin:admin\n"));
    let clean = text(
        r#"curl -H "Authorization: Basic `printf '%s' admin:admin | base64 -w0`" https://h.example/"#,
    );
    assert_eq!(authorization(&clean), basic("admin:admin"));
    assert!(clean.noticed.is_empty(), "{:?}", clean.noticed);
    let unknown = text(r#"curl -H "Authorization: Bearer $(cat token)" https://h.example/"#);
    assert_eq!(noticed(&unknown), Some(Cause::CredentialsPlaceholder));
}

#[test]
fn variables_elsewhere_are_no_matter() {
    let case = text(r#"curl -H "Authorization: Bearer t" "https://h.example/$ID" -d "note=$5""#);
    assert!(case.noticed.is_empty(), "{:?}", case.noticed);
}
