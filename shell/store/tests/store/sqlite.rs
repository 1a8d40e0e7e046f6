//! The conformance suite over SQLite, and what concerns its file alone.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::PathBuf;
use std::sync::Arc;

use countersign_store::{ActsKept, Changes, Options, SqliteStore, Store, StoreError};
use tempfile::TempDir;

use crate::conformance::{self, NOW, cheap, new_user};

fn options() -> Options {
    Options {
        decoy_cost: cheap(),
        refusals_kept_max: 5,
        acts_kept: Some(ActsKept {
            acts_max: 5,
            secs: 1000,
        }),
    }
}

fn folder() -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("store.db");
    (folder, path)
}

/// A test for each function of the suite.
macro_rules! conform {
    ($($module:ident::$function:ident,)*) => {$(
        #[tokio::test]
        async fn $function() {
            let (_folder, path) = folder();
            let store = SqliteStore::open(&path, options()).unwrap();
            conformance::$module::$function(&store).await;
        }
    )*};
}

conform! {
    digest::digest_is_switched_on_found_and_switched_off,
    digest::secrets_do_not_outlive_their_password,
    digest::secrets_are_set_for_the_expected_password_alone,
    digest::attack_36_who_is_not_switched_on_has_no_secret,
    digest::the_key_of_nonces_is_drawn_once,
    users::a_user_is_added_shown_changed_and_deleted,
    users::a_name_is_taken_once,
    users::a_change_of_an_absent_user_says_so,
    users::users_are_listed_in_pages,
    users::an_account_is_what_a_sign_in_needs,
    users::attack_40_an_unknown_name_costs_what_a_known_one_does,
    users::a_hash_is_replaced_only_if_it_is_the_expected_one,
    users::an_import_is_all_or_nothing,
    keys::a_key_is_kept_and_found,
    keys::a_key_follows_its_owner,
    keys::a_service_is_no_user,
    keys::an_id_is_taken_once,
    keys::a_revoked_key_stays_on_record,
    keys::a_rotated_key_has_a_successor,
    keys::keys_are_listed_in_pages_and_by_owner,
    keys::the_last_use_is_noted,
    keys::a_user_makes_as_many_keys_as_may_be,
    keys::nobody_who_is_gone_or_disabled_makes_a_key,
    keys::a_user_revokes_the_keys_that_are_its_own,
    keys::a_key_of_a_users_making_stays_one_until_an_operator_gives_it_scopes,
    links::an_account_at_a_provider_is_one_user,
    links::a_user_and_its_link_are_added_together_or_not_at_all,
    links::who_has_one_account_at_a_provider_is_given_no_other_by_its_name,
    links::any_second_factor_is_due_after_a_sign_in_by_a_link,
    links::sessions_end_with_a_link,
    links::a_sign_in_is_used_once,
    sessions::a_session_has_its_own_groups_beside_those_of_the_user,
    sessions::a_session_goes_on_after_a_change_as_what_it_was,
    sessions::a_session_goes_on_for_the_user_of_the_change_alone,
    sessions::a_session_is_found_by_its_digest_alone,
    sessions::a_sign_in_is_worth_nothing_after_the_user_has_changed,
    sessions::the_owner_alone_ends_a_session,
    sessions::sessions_end_with_the_password_and_with_the_account,
    sessions::a_user_signs_out_everywhere,
    sessions::past_the_limit_the_session_used_least_lately_is_ended,
    sessions::a_use_is_never_noted_backwards,
    sessions::sessions_past_their_time_are_not_listed_and_forgotten_at_last,
    sessions::ending_a_session_is_a_change_and_beginning_one_is_none,
    sessions::the_key_of_forms_is_drawn_once_and_is_not_that_of_nonces,
    sessions::a_new_key_of_forms_comes_first_and_those_before_are_kept_for_a_day,
    second_factors::a_second_factor_is_there_once_it_is_set,
    second_factors::of_many_attempts_with_one_code_one_gets_in,
    second_factors::new_recovery_codes_replace_the_old_ones,
    second_factors::sessions_end_when_a_second_factor_comes_or_goes,
    second_factors::a_session_says_whether_a_second_factor_was_given,
    passkeys::a_passkey_is_a_second_factor_from_then_on,
    passkeys::a_passkey_is_added_once_up_to_a_limit_and_for_the_expected_user_alone,
    passkeys::of_many_uses_with_one_challenge_one_gets_in,
    passkeys::a_count_never_goes_back,
    passkeys::recovery_codes_go_with_the_last_second_factor,
    passkeys::a_reset_leaves_no_second_factor,
    passkeys::a_passkey_is_its_users_and_goes_with_the_user,
    refusals::a_refusal_is_kept_and_found,
    refusals::the_oldest_refusals_go_first,
    acts::an_act_is_there_from_its_beginning_on,
    acts::acts_are_listed_by_time_and_user_the_latest_first,
    acts::acts_are_bounded_by_number_and_age,
    acts::nobody_pushes_out_what_others_have_done,
    acts::an_act_is_told_once_when_it_has_ended_or_was_broken_off,
    acts::what_is_too_long_for_a_record_is_cut,
    keys::a_key_is_edited_without_its_secret,
    brakes::brakes_are_kept_in_place_of_older_ones_until_they_are_over,
    brakes::a_name_that_is_empty_is_no_network_brake,
    brakes::a_lift_takes_what_it_names_and_leaves_a_note,
    stamp::the_stamp_follows_what_credentials_depend_on,
}

#[tokio::test]
async fn what_was_stored_is_there_when_opened_again() {
    let (_folder, path) = folder();
    let store = SqliteStore::open(&path, options()).unwrap();
    let user = store.add_user(new_user("alice"), NOW).await.unwrap();
    drop(store);
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&path, options()).unwrap());
    assert_eq!(store.user("alice").await.unwrap(), Some(user));
}

#[tokio::test]
async fn two_stores_on_one_file_see_each_other() {
    let (_folder, path) = folder();
    let one = SqliteStore::open(&path, options()).unwrap();
    let other = SqliteStore::open(&path, options()).unwrap();
    let before = one.change_stamp().await.unwrap();
    other.add_user(new_user("alice"), NOW).await.unwrap();
    assert!(one.change_stamp().await.unwrap() != before);
    assert!(one.user("alice").await.unwrap().is_some());
    one.delete_user("alice", NOW).await.unwrap();
    assert!(other.user("alice").await.unwrap().is_none());
}

#[cfg(unix)]
#[tokio::test]
async fn the_files_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let (folder, path) = folder();
    let store = SqliteStore::open(&path, options()).unwrap();
    store.add_user(new_user("alice"), NOW).await.unwrap();
    let mut files = 0;
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let mode = entry.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        files += 1;
    }
    assert_eq!(files, 3, "the database, its -wal and its -shm");
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let error = SqliteStore::open("/nowhere/at/all.db".as_ref(), options())
        .err()
        .unwrap();
    assert!(error.is_unavailable());
    assert!(matches!(&error, StoreError::Open { .. }));
    assert!(
        error
            .to_string()
            .starts_with("cannot open the database `/nowhere/at/all.db`: ")
    );
}

#[tokio::test]
async fn the_key_of_nonces_belongs_to_the_database() {
    let (_folder, path) = folder();
    let store = SqliteStore::open(&path, options()).unwrap();
    let key = store.nonce_key().await.unwrap();
    drop(store);
    let again = SqliteStore::open(&path, options()).unwrap();
    assert_eq!(again.nonce_key().await.unwrap().expose(), key.expose());
    let (_other_folder, path) = folder();
    let other = SqliteStore::open(&path, options()).unwrap();
    assert_ne!(other.nonce_key().await.unwrap().expose(), key.expose());
}

#[tokio::test]
async fn a_file_that_was_replaced_is_not_asked_any_more() {
    let (_folder, path) = folder();
    let store = SqliteStore::open(&path, options()).unwrap();
    store.add_user(new_user("alice"), NOW).await.unwrap();
    store.probe().await.unwrap();
    let kept = path.with_extension("kept");
    std::fs::rename(&path, &kept).unwrap();
    let is_lost = |error| matches!(error, StoreError::Replaced { .. });
    assert!(is_lost(store.change_stamp().await.unwrap_err()));
    assert!(is_lost(store.user("alice").await.unwrap_err()));
    assert!(is_lost(
        store.add_user(new_user("bob"), NOW).await.unwrap_err()
    ));
    std::fs::write(&path, "").unwrap();
    assert!(is_lost(store.in_place().unwrap_err()));
    std::fs::rename(&kept, &path).unwrap();
    store.change_stamp().await.unwrap();
    assert!(store.user("alice").await.unwrap().is_some());
    assert!(store.user("bob").await.unwrap().is_none());
}

#[tokio::test]
async fn damage_that_memory_hides_is_seen_by_a_probe() {
    use std::io::{Seek as _, Write as _};
    let (_folder, path) = folder();
    drop(SqliteStore::open(&path, options()).unwrap());
    let store = SqliteStore::open(&path, options()).unwrap();
    store.probe().await.unwrap();
    let mut file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    let length = file.metadata().unwrap().len();
    file.seek(std::io::SeekFrom::Start(4096)).unwrap();
    file.write_all(&vec![0xff; usize::try_from(length - 4096).unwrap()])
        .unwrap();
    assert!(matches!(
        store.probe().await.unwrap_err(),
        StoreError::Damaged
    ));
}

#[tokio::test]
async fn changes_that_are_not_kept_are_counted() {
    let (_folder, path) = folder();
    let store = SqliteStore::open(&path, options()).unwrap();
    store.add_user(new_user("alice"), NOW).await.unwrap();
    // That a name is taken is no fault of the store.
    store.add_user(new_user("alice"), NOW).await.unwrap_err();
    let fares = |failed, last_failed| Changes {
        failed,
        last_failed,
    };
    assert_eq!(store.changes(), fares(0, false));
    let other = rusqlite::Connection::open(&path).unwrap();
    other
        .execute_batch(
            "CREATE TRIGGER no BEFORE INSERT ON users BEGIN SELECT RAISE(ABORT, 'no'); END;",
        )
        .unwrap();
    store.add_user(new_user("bob"), NOW).await.unwrap_err();
    assert_eq!(store.changes(), fares(1, true));
    other.execute_batch("DROP TRIGGER no;").unwrap();
    store.add_user(new_user("bob"), NOW).await.unwrap();
    assert_eq!(store.changes(), fares(1, false));
}
