//! Credentials of Digest, of which each is good for one request.
//!
//! Knows: how to get nonces from a gateway, and to count the requests with each. No generator of load computes them, so they are computed
//! before the load begins, more than a gateway can use up in that time: it has no part in what is measured.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use countersign_wire::challenge;
use countersign_wire::digest::client::{Asked, Login, asked, authorization};
use countersign_wire::digest::{Algorithm, Hash, Target};

use super::ask::head_and_body;
use super::stores::{USERS, password, user_name};
use crate::failure::{Doing, Outcome};

/// What is measured.
pub(super) const ALGORITHM: Algorithm = Algorithm {
    hash: Hash::Sha256,
    session: false,
};

/// Nonces in turn, so that requests which overtake each other are no further apart than a gateway lets them be.
const NONCES: usize = 16;
/// More than a core answers.
const PER_SECOND_MAX: u32 = 60_000;

/// Writes header lines for a load of so many seconds, with nonces of the gateway at this port.
pub(super) fn write(file: &Path, port: u16, path: &str, seconds: u32) -> Outcome<()> {
    let nonces: Vec<Asked> = (0..NONCES)
        .map(|_| nonce(port, path))
        .collect::<Outcome<_>>()?;
    let rounds = seconds.saturating_mul(PER_SECOND_MAX).max(1);
    let rounds = rounds.div_ceil(u32::try_from(NONCES).doing("the number of nonces")?);
    let mut out = BufWriter::new(File::create(file).doing(file.display())?);
    for count in 1..=rounds {
        for (number, nonce) in nonces.iter().enumerate() {
            let line = header_line(nonce, number % USERS, path, count);
            writeln!(out, "{line}").doing(file.display())?;
        }
    }
    out.flush().doing(file.display())
}

/// What the gateway asks for with a nonce that nobody has.
fn nonce(port: u16, path: &str) -> Outcome<Asked> {
    let (head, _) = head_and_body(port, path, None)?;
    offered(&head).doing("the gateway asks for no Digest with SHA-256")
}

fn offered(head: &str) -> Option<Asked> {
    let lines = head.lines().filter_map(|line| line.split_once(':'));
    let values = lines
        .filter(|(name, _)| name.eq_ignore_ascii_case("www-authenticate"))
        .map(|(_, value)| value.trim().as_bytes());
    let challenges = challenge::parse(values).challenges;
    let mut all = challenges.iter().filter_map(|one| asked(one).ok());
    all.find(|asked| asked.algorithm == ALGORITHM)
}

fn header_line(asked: &Asked, user: usize, path: &str, count: u32) -> String {
    let (user, password) = (user_name(user), password(user));
    let login = Login {
        user: &user,
        password: &password,
    };
    let target = Target {
        method: "GET",
        uri: path,
        body: None,
    };
    let value = authorization(asked, &login, &target, "0123456789abcdef", count);
    format!("Authorization: {}", value.expose())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "HTTP/1.1 401 Unauthorized\r\n\
        www-authenticate: Digest realm=\"r\", nonce=\"a\", qop=\"auth\", algorithm=SHA-512-256\r\n\
        WWW-Authenticate: Digest realm=\"r\", nonce=\"b\", qop=\"auth\", algorithm=SHA-256\r\n";

    #[test]
    fn of_what_is_offered_the_algorithm_that_is_measured_is_taken() {
        let asked = offered(HEAD).expect("a challenge");
        assert_eq!(&*asked.nonce, "b");
        assert!(offered(&HEAD.replace("SHA-256\r", "MD5\r")).is_none());
        assert!(offered("HTTP/1.1 200 OK").is_none());
    }

    #[test]
    fn no_two_lines_are_the_same() {
        let asked = offered(HEAD).expect("a challenge");
        let first = header_line(&asked, 1, "/x", 1);
        let second = header_line(&asked, 1, "/x", 2);
        assert!(first.contains("nc=00000001") && second.contains("nc=00000002"));
        let response = |line: &str| line.split("response=").nth(1).map(str::to_owned);
        assert_ne!(response(&first), response(&second));
    }
}
