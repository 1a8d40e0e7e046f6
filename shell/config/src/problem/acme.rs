//! Problems with a certificate that is ordered from an authority.
//!
//! Knows wording only.

use std::path::PathBuf;

/// What is wrong with the order. Strings are what the user wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are what the message quotes")]
pub enum AcmeProblem {
    /// TLS without a word about its certificate.
    NoCertificate,
    /// A certificate in files, and one that is ordered.
    BesideFiles,
    /// Nobody has agreed to the authority's terms.
    TermsNotAgreed { directory: String },
    /// A name with a star.
    Wildcard { value: String },
    /// Not a name that can be in a certificate.
    Domain { value: String },
    /// More names than authorities take.
    DomainsTooMany { max: usize },
    /// The directory would be asked in the clear.
    DirectoryInTheClear { value: String },
    /// Not an address that can be written to.
    Contact { value: String },
    /// There is no folder to make the folder in.
    FolderMissing { folder: PathBuf },
    /// A file where the folder should be.
    FolderIsFile { folder: PathBuf },
    /// Everybody on the machine can look into the folder, or put another key there.
    FolderOpenToOthers { folder: PathBuf },
    /// The longest time is shorter than the shortest.
    RetryMaxShort { secs: u64, max_secs: u64 },
}

impl AcmeProblem {
    pub(super) fn words(&self) -> (String, String) {
        match self {
            Self::NoCertificate => (
                "there is no certificate for TLS".into(),
                "name the files of one, `certificate` and `key`, or write `[server.tls.acme]` to let the gateway order one".into(),
            ),
            Self::BesideFiles => (
                "there are two certificates: one in files, and one that is to be ordered".into(),
                "leave out `certificate` and `key`, or the section `[server.tls.acme]`".into(),
            ),
            Self::TermsNotAgreed { directory } => (
                "nobody has agreed to the terms of service of the authority".into(),
                format!("read them (the document at `{directory}` says where they are, under `termsOfService`), and write `terms_agreed = true`"),
            ),
            Self::Wildcard { value } => (
                format!("a certificate for `{value}` cannot be ordered this way"),
                "authorities prove a name with a star by DNS alone: list each host, or let a client for `dns-01` write the files for `certificate` and `key`".into(),
            ),
            Self::Domain { value } => (
                format!("`{value}` is not a host name that a certificate can be ordered for"),
                "write the name alone, without scheme, port or path, as in `app.example.com`; addresses are not taken, and names beyond ASCII are written in their `xn--` form".into(),
            ),
            Self::DomainsTooMany { max } => (
                format!("a certificate has at most {max} names"),
                "leave out what nobody asks for".into(),
            ),
            Self::DirectoryInTheClear { value } => (
                format!("the directory `{value}` would be asked without TLS"),
                "begin it with `https://`; for an authority of your own, name its certificate as `ca_file`".into(),
            ),
            Self::Contact { value } => (
                format!("`{value}` is nothing that the authority could write to"),
                "write an e-mail address as in `mailto:admin@example.com`, one for each, without a `?`".into(),
            ),
            Self::FolderMissing { folder } => (
                format!("the folder `{}`, in which the account and the certificate would be kept, is not there", folder.display()),
                "make it, for the user that the gateway runs as, or name another as `folder`".into(),
            ),
            Self::FolderIsFile { folder } => (
                format!("`{}` is no folder", folder.display()),
                "name a folder as `folder`: it is made when it is not there".into(),
            ),
            Self::FolderOpenToOthers { folder } => (
                format!("the folder `{}` is open to every user of this machine", folder.display()),
                format!("run `chmod o= {}`: private keys are in it", folder.display()),
            ),
            Self::RetryMaxShort { secs, max_secs } => (
                format!("`retry_secs_max` is {max_secs}, and `retry_secs` is {secs} already"),
                "write at least as much as `retry_secs`".into(),
            ),
        }
    }
}
