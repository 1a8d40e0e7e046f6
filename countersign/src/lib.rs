//! The command line: one table of commands and flags, one module a command.
//!
//! Knows: arguments, prompts, and where output goes: data to stdout, talk to stderr. Does not know how anything is done:
//! that is the rooms' below.

mod audit;
mod backup;
mod check;
mod context;
mod control;
mod demo;
mod explain;
mod failure;
mod health;
mod help_markdown;
mod identity_key;
mod init;
mod key;
mod lock;
mod names;
mod password;
mod policy;
mod printing;
mod random;
mod recorded;
mod reload;
mod restore;
mod routes;
mod schema;
mod serve;
mod service;
mod session;
mod stored;
mod user;
mod watch;
mod why;

use std::process::ExitCode;

use clap::{Args, CommandFactory, Parser, Subcommand};

use crate::context::{Context, Place, StoreFile};
use crate::failure::Failure;

/// Authentication in front of any web application and API, built around the 401
#[derive(Parser)]
#[command(
    name = "countersign",
    version,
    after_help = "Exit codes: 0 done, 1 a fault was found or something failed, 2 wrong usage.\n\n\
                  Begin with `countersign demo` to see it work, and with `countersign init` to set it up.",
    disable_help_subcommand = true,
    max_term_width = 100
)]
struct Cli {
    #[command(flatten)]
    place: Place,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start an example application with a gateway in front, and show what to try
    Demo(demo::Args),
    /// Write a configuration file with comments
    Init(init::Args),
    /// Say everything that is wrong with the configuration, and what is insecure
    Check(check::Args),
    /// Print the JSON schema of the configuration file, for editors
    Schema(schema::Args),
    /// Run the gateway
    Serve(serve::Args),
    /// Let running gateways take up a changed configuration
    Reload(reload::Args),
    /// Ask whether the gateway of this configuration answers
    Health(health::Args),
    /// Say which rule would decide a request, and why
    Routes(routes::Args),
    /// Test the rules: who may do what, and for which cause others may not
    #[command(subcommand)]
    Policy(policy::Command),
    /// Add, list and change users
    User(OfStore<user::Command>),
    /// Make, list and revoke API keys
    Key(OfStore<key::Command>),
    /// Make the keys that identities are signed with, or replace them
    IdentityKey(identity_key::Args),
    /// List and lift the brakes on guessing
    Lock(OfStore<lock::Command>),
    /// List and end the sessions of people who signed in
    Session(OfStore<session::Command>),
    /// Tell who has changed what
    Audit(OfStore<audit::Command>),
    /// Copy the store to a file, while gateways use it
    Backup(backup::Args),
    /// Put a copy in the place of the store
    Restore(restore::Args),
    /// Tell what is known of a refusal
    Why(why::Args),
    /// Find out why a request is refused, on anybody's server
    Explain(Box<explain::Args>),
    /// Print the reference of commands as Markdown
    #[command(hide = true)]
    HelpMarkdown,
}

/// Commands that work with the store.
#[derive(Args)]
struct OfStore<C: Subcommand> {
    #[command(flatten)]
    store: StoreFile,
    #[command(subcommand)]
    command: C,
}

/// The table of commands and flags.
#[must_use]
pub fn command() -> clap::Command {
    Cli::command()
}

/// The reference of commands, as Markdown.
#[must_use]
pub fn help_markdown() -> String {
    help_markdown::render(&command())
}

/// Runs the command that the arguments name.
#[must_use]
pub fn run() -> ExitCode {
    let arguments = explain::own_options_first(&command(), std::env::args_os().collect());
    let cli = Cli::parse_from(arguments);
    match dispatch(cli) {
        Ok(code) => code,
        Err(failure) => failure.report(),
    }
}

fn dispatch(cli: Cli) -> Result<ExitCode, Failure> {
    let context = Context::new(cli.place)?;
    match cli.command {
        Command::Demo(args) => demo::run(&args, &context),
        Command::Init(args) => init::run(&args, &context),
        Command::Check(args) => check::run(&args, &context),
        Command::Schema(args) => schema::run(&args),
        Command::Serve(args) => serve::run(&args, &context),
        Command::Reload(args) => reload::run(&args, &context),
        Command::Health(args) => health::run(&args, &context),
        Command::Routes(args) => routes::run(&args, &context),
        Command::Policy(command) => policy::run(command, &context),
        Command::User(of) => user::run(of.command, &context.with_store(of.store)),
        Command::Key(of) => key::run(of.command, &context.with_store(of.store)),
        Command::IdentityKey(args) => identity_key::run(&args, &context),
        Command::Lock(of) => lock::run(of.command, &context.with_store(of.store)),
        Command::Session(of) => session::run(of.command, &context.with_store(of.store)),
        Command::Audit(of) => audit::run(of.command, &context.with_store(of.store)),
        Command::Backup(args) => backup::run(args, context),
        Command::Restore(args) => restore::run(args, context),
        Command::Why(args) => why::run(args, context),
        Command::Explain(args) => explain::run(*args, context),
        Command::HelpMarkdown => {
            printing::data(&help_markdown())?;
            Ok(ExitCode::SUCCESS)
        }
    }
}
