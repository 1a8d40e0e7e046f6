//! The grammar of HTTP authentication, both ways: what a request presents and what a refusal asks for.
//!
//! Knows: header and query bytes, RFC 9110 sections 5.6, 11 and 12.5.1, and the schemes Basic (RFC 7617), Bearer
//! (RFC 6750), DPoP (RFC 9449), `ApiKey` and Digest (RFC 7616), each with a client half that writes credentials and reads its
//! challenge, and a server half that reads credentials and, but for Digest, writes its challenge; problem documents
//! (RFC 9457), protected resource metadata (RFC 9728), the CORS protocol of the Fetch standard, cookies (RFC 6265), the
//! forms that browsers post, and the PROXY protocol's header.
//!
//! Does not know: users, keys, token contents, routes, time. Whether a credential is any good is decided elsewhere;
//! here it is only read, and where it is written wrongly, the cause is named.

pub mod accept;
pub mod api_key;
pub mod basic;
pub mod bearer;
pub mod certificate;
pub mod challenge;
pub mod cookie;
pub mod cors;
pub mod credentials;
pub mod digest;
pub mod dpop;
pub mod form;
pub mod grammar;
pub mod metadata;
pub mod problem;
pub mod proxy_header;
mod reading;
mod scheme;
pub mod session;

pub use challenge::Challenge;
pub use credentials::Defect;
pub use reading::{Accepted, Place, Presented, Reading, read};
pub use scheme::Scheme;
