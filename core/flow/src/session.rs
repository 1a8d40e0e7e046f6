//! Sessions of people in browsers: where they are sent to sign in and where they come back to, what keeps others from
//! signing in or out in their name, and the pages that they see.
//!
//! Knows: requests as browsers make them, and words. Does not know the store: the shell asks it, and hands over what is to
//! be shown.

mod device;
pub mod form;
pub mod navigation;
pub mod origin;
pub mod page;
mod qr;
mod return_to;
mod shared;
mod texts;

pub use return_to::ReturnTo;
pub use texts::Language;
