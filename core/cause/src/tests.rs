//! What must hold for every entry of the catalogue, and for its pages.
#![allow(clippy::panic, reason = "tests")]

use std::collections::HashMap;
use std::collections::HashSet;

use crate::{Cause, Entry, Span, Stage, Who, index_markdown, markdown, spans};

fn entries() -> impl Iterator<Item = (Cause, &'static Entry)> {
    Cause::ALL.iter().map(|cause| (*cause, cause.entry()))
}

/// Every text of an entry that is shown to somebody.
fn words(entry: &Entry) -> Vec<&'static str> {
    let mut words = vec![entry.title, entry.meaning, entry.told, entry.log, entry.fix];
    words.extend(
        entry
            .checks
            .iter()
            .flat_map(|check| [check.command, check.shows]),
    );
    words.extend(entry.source);
    words
}

fn sentences(entry: &Entry) -> Vec<&'static str> {
    let mut sentences = vec![entry.meaning, entry.told, entry.fix];
    sentences.extend(entry.checks.iter().map(|check| check.shows));
    sentences
}

fn assert_unique(what: &str, of: impl Fn(&Entry) -> &'static str) {
    let mut seen = HashMap::new();
    for (cause, entry) in entries().filter(|(cause, _)| cause.told_as() == *cause) {
        if let Some(other) = seen.insert(of(entry), cause) {
            panic!("`{cause}` and `{other}` share their {what}");
        }
    }
}

#[test]
fn ids_are_the_variant_names_in_kebab_case() {
    for (cause, entry) in entries() {
        let mut kebab = String::new();
        for letter in format!("{cause:?}").chars() {
            if letter.is_ascii_uppercase() && !kebab.is_empty() {
                kebab.push('-');
            }
            kebab.push(letter.to_ascii_lowercase());
        }
        assert_eq!(entry.id, kebab);
        assert_eq!(cause.to_string(), kebab);
    }
}

#[test]
fn ids_are_unique_and_found_again() {
    let ids: HashSet<_> = entries().map(|(_, entry)| entry.id).collect();
    assert_eq!(ids.len(), Cause::ALL.len());
    for cause in Cause::ALL {
        assert_eq!(Cause::from_id(cause.id()), Some(*cause));
    }
}

#[test]
fn what_is_not_an_id_is_not_found() {
    let huge = "credentials-missing".repeat(10_000);
    for hostile in [
        "",
        "-",
        "Credentials-Missing",
        "credentials_missing",
        "credentials-missing ",
        "credentials-missing\0",
        "../causes",
        &huge,
    ] {
        assert_eq!(Cause::from_id(hostile), None);
    }
}

#[test]
fn a_refusal_has_a_status_and_a_rank_and_a_diagnosis_has_neither() {
    for (cause, entry) in entries() {
        assert_eq!(entry.status.is_some(), entry.rank > 0, "{cause}");
        assert!(
            entry.status.is_some() || entry.explained,
            "{cause} is neither refused with nor concluded"
        );
        assert!(
            entry
                .status
                .is_none_or(|status| (400..600).contains(&status)),
            "{cause}"
        );
    }
}

#[test]
fn ranks_follow_the_scale() {
    for (cause, entry) in entries() {
        let Some(status) = entry.status else { continue };
        let band = match status {
            401 => 10..=79,
            403 => 80..=89,
            429 | 500..600 => 90..=100,
            400 => 30..=100,
            _ => 100..=100,
        };
        assert!(
            band.contains(&entry.rank),
            "{cause} has rank {} and status {status}",
            entry.rank
        );
        assert_eq!(
            entry.rank == 10,
            cause == Cause::CredentialsMissing,
            "{cause}"
        );
        let of_the_gateway = entry.stage == Stage::Gateway && cause != Cause::IdentityNotAllowed;
        assert!(!of_the_gateway || entry.rank >= 90, "{cause}");
    }
}

#[test]
fn the_failure_that_came_closer_to_success_is_told() {
    let order = [
        Cause::CredentialsMissing,
        Cause::SchemeNotAccepted,
        Cause::HeaderMalformed,
        Cause::TokenMalformed,
        Cause::IssuerMismatch,
        Cause::SignatureInvalid,
        Cause::CredentialsRejected,
        Cause::TokenExpired,
        Cause::AudienceMismatch,
        Cause::ScopeInsufficient,
        Cause::IdentityBackendDown,
        Cause::RequestMalformed,
    ];
    assert!(
        order
            .map(Cause::rank)
            .is_sorted_by(|lower, higher| lower < higher)
    );
}

#[test]
fn telling_as_another_is_idempotent_and_shows_in_nothing() {
    for (cause, entry) in entries() {
        let heard = cause.told_as();
        assert_eq!(heard.told_as(), heard, "{cause}");
        assert_eq!(heard.status(), entry.status, "{cause}");
        assert_eq!(heard.rank(), entry.rank, "{cause}");
        assert_eq!(heard.entry().told, entry.told, "{cause}");
    }
}

#[test]
fn an_account_that_is_locked_or_disabled_looks_like_one_that_does_not_exist() {
    for hidden in [Cause::AccountLocked, Cause::AccountDisabled] {
        assert_eq!(hidden.told_as(), Cause::CredentialsRejected);
        assert_eq!(hidden.entry().told, Cause::CredentialsRejected.entry().told);
    }
    let heard = Cause::CredentialsRejected.entry();
    for telling in [
        "unknown", "user", "account", "password", "lock", "disabled", "exist",
    ] {
        for text in [heard.title, heard.told, heard.fix] {
            assert!(
                !text.to_lowercase().contains(telling),
                "`{telling}` in `{text}`"
            );
        }
    }
}

#[test]
fn titles_are_short_phrases() {
    for (cause, entry) in entries() {
        assert!(entry.title.chars().count() <= 60, "{cause}");
        assert!(entry.title.starts_with(char::is_uppercase), "{cause}");
        assert!(!entry.title.ends_with(['.', '!', '?']), "{cause}");
    }
}

#[test]
fn sentences_begin_and_end_like_sentences() {
    for (cause, entry) in entries() {
        for sentence in sentences(entry) {
            let begins = sentence.starts_with(|first: char| !first.is_lowercase())
                || sentence.starts_with("curl ");
            assert!(begins && sentence.ends_with('.'), "{cause}: {sentence}");
        }
        assert_eq!(
            entry.told.matches(". ").count(),
            0,
            "{cause} is told in more than one sentence"
        );
    }
}

#[test]
fn log_words_are_lower_case_fragments() {
    for (cause, entry) in entries() {
        assert!(
            !entry.log.starts_with(char::is_uppercase) && !entry.log.ends_with('.'),
            "{cause}"
        );
    }
}

#[test]
fn no_words_are_empty_or_padded_or_broken_into_lines() {
    for (cause, entry) in entries() {
        for text in words(entry) {
            assert!(
                !text.is_empty() && text.trim() == text && !text.contains('\n'),
                "{cause}: `{text}`"
            );
        }
    }
}

#[test]
fn no_words_serve_two_causes() {
    assert_unique("title", |entry| entry.title);
    assert_unique("meaning", |entry| entry.meaning);
    assert_unique("told words", |entry| entry.told);
    assert_unique("log words", |entry| entry.log);
    let fixes: HashSet<_> = entries().map(|(_, entry)| entry.fix).collect();
    assert_eq!(fixes.len(), Cause::ALL.len());
}

#[test]
fn words_have_no_markup_but_backticks() {
    for (cause, entry) in entries() {
        for text in [entry.title, entry.log].into_iter().chain(sentences(entry)) {
            assert_eq!(text.matches('`').count() % 2, 0, "{cause}: {text}");
            for span in spans(text) {
                let markup = matches!(span, Span::Text(plain) if plain.contains(['<', '>', '*', '_', '[', ']', '|', '#', '\\']));
                assert!(!markup, "{cause}: {text}");
            }
        }
    }
}

#[test]
fn commands_take_their_secrets_from_variables() {
    for (cause, entry) in entries() {
        for command in entry.checks.iter().map(|check| check.command) {
            for carrier in ["Bearer ", "Cookie: ", "-u \"", "client_secret="] {
                for rest in command.split(carrier).skip(1) {
                    assert!(
                        rest.starts_with('$') || rest.starts_with("%s"),
                        "{cause}: {command}"
                    );
                }
            }
        }
    }
}

#[test]
fn neighbours_are_others_and_mutual() {
    for (cause, entry) in entries() {
        let distinct: HashSet<_> = cause.neighbours().collect();
        assert_eq!(distinct.len(), cause.neighbours().count(), "{cause}");
        assert!(!distinct.contains(&cause), "{cause}");
        assert!(
            entry
                .see
                .iter()
                .all(|near| near.neighbours().any(|back| back == cause)),
            "{cause}"
        );
    }
}

#[test]
fn sources_name_a_specification() {
    for (cause, entry) in entries() {
        assert!(
            entry.source.is_none_or(
                |source| ["RFC ", "Fetch Standard, ", "The PROXY protocol, "]
                    .iter()
                    .any(|named| source.starts_with(named))
            ),
            "{cause}"
        );
    }
}

#[test]
fn spans_give_back_all_words() {
    for words in ["", "`", "``", "a`b`", "`a` b", "a `b", "é`ü`\0"] {
        let joined: String = spans(words).map(text).collect();
        assert_eq!(joined, words.replace('`', ""));
    }
    assert_eq!(
        spans("`a` b").collect::<Vec<_>>(),
        [Span::Code("a"), Span::Text(" b")]
    );
}

fn text(span: Span<'_>) -> &str {
    match span {
        Span::Text(text) | Span::Code(text) => text,
    }
}

#[test]
fn pages_say_everything_that_the_entry_says() {
    for (cause, entry) in entries() {
        let page = markdown(cause);
        assert!(
            page.starts_with(&format!("# {}\n", entry.title)) && page.ends_with('\n'),
            "{cause}"
        );
        for text in words(entry) {
            assert!(page.contains(text), "{cause} leaves out `{text}`");
        }
        for near in cause.neighbours() {
            assert!(
                page.contains(&format!("({}.md)", near.id())),
                "{cause} leaves out `{near}`"
            );
        }
    }
}

#[test]
fn a_page_reads_as_a_whole() {
    assert_eq!(
        markdown(Cause::AccountDisabled),
        "# The account is disabled\n\
         \n\
         - Cause: `account-disabled`\n\
         - Status: `401`\n\
         - Stage: Secret: a password or key was read, and refused\n\
         \n\
         ## What it means\n\
         \n\
         The account was disabled or deleted, or its address was never verified. Clients hear only that the credentials are not valid here.\n\
         \n\
         ## What the client is told\n\
         \n\
         Clients hear of this only as [`credentials-rejected`](credentials-rejected.md), so that nobody learns from a refusal which accounts exist.\n\
         \n\
         > The credentials were read, and they are not valid here.\n\
         \n\
         ## What the log says\n\
         \n\
         `account-disabled`: account is disabled, unverified or deleted\n\
         \n\
         ## What to do, for the operator\n\
         \n\
         Look up why it was disabled, then enable the account again; Countersign names it in the log and in `countersign why`, and `countersign user enable NAME` does it. For a service, make an account of its own, so that it does not end when a person leaves.\n\
         \n\
         ## Easily confused with\n\
         \n\
         - [`credential-revoked`](credential-revoked.md): The credential was revoked or replaced\n\
         - [`account-locked`](account-locked.md): The account is locked for now\n"
    );
}

#[test]
fn the_index_lists_every_cause_once() {
    let index = index_markdown();
    for cause in Cause::ALL {
        assert_eq!(
            index.matches(&format!("]({}.md)", cause.id())).count(),
            1,
            "{cause}"
        );
    }
    for stage in Stage::ALL {
        assert!(
            index.contains(stage.title()) && entries().any(|(_, entry)| entry.stage == *stage),
            "{stage:?}"
        );
    }
}

/// One row of the agreed list: id, status, whether it is concluded about others, and who mends it.
type Row<'t> = (&'t str, Option<u16>, bool, &'t str);

/// Reads a row such as `| route-wrong | G404 E | meaning | ops |`.
fn row(line: &str) -> Option<Row<'_>> {
    let mut cells = line.strip_prefix("| ")?.strip_suffix(" |")?.split(" | ");
    let (id, found, who) = (cells.next()?, cells.next()?, cells.last()?);
    let status = found
        .split(' ')
        .find_map(|word| word.strip_prefix('G'))
        .and_then(|status| status.parse().ok());
    (id != "id").then_some((id, status, found.split(' ').any(|word| word == "E"), who))
}

/// Causes that the agreed list does not have: reality needed them (`docs/decisions/0014`, `0024`, `0028`).
const ADDED: [&str; 11] = [
    "token-inactive",
    "introspection-failed",
    "sign-in-too-old",
    "sign-in-too-weak",
    "sign-in-stale",
    "provider-refused",
    "provider-unavailable",
    "provider-limit",
    "provider-answer-invalid",
    "provider-account-not-allowed",
    "account-not-linked",
];

#[test]
#[allow(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "the agreed list is a file outside of the project, and its absence must be seen"
)]
fn the_catalogue_agrees_with_the_agreed_list() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/causes.md");
    let Ok(list) = std::fs::read_to_string(path) else {
        println!("skipped: no agreed list of causes at `{path}`");
        return;
    };
    let agreed: HashSet<Row<'_>> = list.lines().filter_map(row).collect();
    let ours: HashSet<Row<'_>> = entries()
        .filter(|(_, entry)| entry.stage != Stage::Gateway)
        .map(|(_, entry)| (entry.id, entry.status, entry.explained, entry.who.word()))
        .collect();
    assert!(
        agreed.len() > 100,
        "only {} rows could be read",
        agreed.len()
    );
    let missing: Vec<_> = agreed.difference(&ours).collect();
    assert!(missing.is_empty(), "{missing:?}");
    let added: HashSet<&str> = ours.difference(&agreed).map(|row| row.0).collect();
    assert_eq!(added, HashSet::from(ADDED));
}

#[test]
fn words_of_stage_and_role_are_single_and_distinct() {
    let stages: HashSet<_> = Stage::ALL.iter().map(|stage| stage.word()).collect();
    assert_eq!(stages.len(), Stage::ALL.len());
    let roles: HashSet<_> = [Who::User, Who::Client, Who::Server, Who::Ops]
        .map(Who::word)
        .into_iter()
        .collect();
    assert_eq!(roles.len(), 4);
    assert!(
        stages
            .union(&roles)
            .all(|word| word.chars().all(|letter| letter.is_ascii_lowercase()))
    );
}
