//! The inquiries: each sends what discriminates between some causes, and notes what it saw.
//!
//! Knows: in which order the inquiries go. Does not weigh; see `weigh`.

pub(crate) mod baseline;
pub(crate) mod cors;
pub(crate) mod credential;
pub(crate) mod digest;
pub(crate) mod edge;
pub(crate) mod place;
pub(crate) mod recording;
pub(crate) mod redirects;
pub(crate) mod refusal;
pub(crate) mod repeat;
pub(crate) mod scheme;
pub(crate) mod token;
mod trial;

use crate::scene::Scene;

/// Asks everything that is worth asking, the cheap and telling first.
pub(crate) async fn investigate(scene: &mut Scene<'_>) {
    baseline::ask(scene).await;
    recording::ask(scene).await;
    redirects::ask(scene).await;
    cors::ask(scene).await;
    credential::ask(scene).await;
    scheme::ask(scene).await;
    digest::ask(scene).await;
    token::ask(scene).await;
    refusal::hear(scene);
    edge::ask(scene).await;
    place::ask(scene).await;
    redirects::ask_siblings(scene).await;
    repeat::ask(scene).await;
    refusal::ask(scene).await;
}
