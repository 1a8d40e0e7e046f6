//! The store as its users see it: what every engine has to do, and what concerns SQLite's file.

mod conformance;
mod copies;
mod processes;
mod sqlite;
