//! The far side of the line: a permitted request to its upstream, and the response back.
//!
//! Knows: HTTP/1.1 and HTTP/2 as a client, TLS, connections, and permits, which it takes by value. Does not know why
//! something was permitted.

mod arriving;
mod balance;
mod body;
mod exchange;
mod forwarded;
mod health;
mod hop;
mod link;
mod many;
mod onward;
mod pool;
mod secure;
mod signed;
mod stream;
mod switch;
mod tunnel;

pub(crate) use arriving::{ArrivingBody, HeldBytes, NoRoom};
pub(crate) use balance::Pools;
pub(crate) use body::ResponseBody;
pub(crate) use exchange::{Failed, Failure, Forwarded, Sender, forward};
pub(crate) use forwarded::{Client, Peer, Trust};
pub(crate) use health::{Fault, Healths, of_all as healths_of};
pub(crate) use secure::{Secure, all as secure_all};
pub(crate) use signed::identity_keys;
pub(crate) use tunnel::{Over, Tunnel, Tunnels};
