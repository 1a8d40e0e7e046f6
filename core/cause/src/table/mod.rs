//! The causes themselves, a file for each stage. To add a cause, write its entry in the file of its stage: nothing else lists it.

#[macro_use]
mod sent;
#[macro_use]
mod form;
#[macro_use]
mod path;
#[macro_use]
mod secret;
#[macro_use]
mod token;
#[macro_use]
mod exchange;
#[macro_use]
mod session;
#[macro_use]
mod grant;
#[macro_use]
mod server;
#[macro_use]
mod gateway;
