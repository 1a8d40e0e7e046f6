//! Another client than the one that the paste is of: what it does with user info and redirects.
//!
//! Knows: which clients make a field of the user info of a URL. Does not know what follows from it.

use countersign_wire::basic;

use crate::case::{Case, Client, LoginSource};

/// Has the request of a case sent by another client.
///
/// A paste is read as its own client reads it. Clients that send nothing of the user info in a URL leave the field out
/// that curl makes of it.
pub fn sent_by(case: &mut Case, client: Client) {
    case.client = client;
    case.follows_redirects |= client != Client::Curl;
    let from_url = matches!(&case.login, Some(login) if login.source == LoginSource::Url);
    if !from_url || reads_user_info(client) {
        return;
    }
    let (Some(request), Some(login)) = (&mut case.request, &case.login) else {
        return;
    };
    let is_made_of_it = request.fields.first("authorization").is_some_and(|value| {
        value
            .strip_prefix(b"Basic ")
            .and_then(|payload| basic::server::parse(payload).ok())
            .is_some_and(|basic| basic.user() == login.user)
    });
    if is_made_of_it {
        request.fields.remove("authorization");
        // Both fail for addresses alone that cannot have user info; this one had it.
        let _ = request.url.set_username(&login.user);
        let _ = request.url.set_password(Some(login.password.expose()));
    }
}

/// Whether a client makes `Authorization` of the user info of a URL.
pub(crate) fn reads_user_info(client: Client) -> bool {
    match client {
        Client::Curl | Client::PythonRequests | Client::Go => true,
        Client::Browser | Client::NodeFetch | Client::Dotnet | Client::Java => false,
    }
}
