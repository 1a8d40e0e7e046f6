//! lighttpd: Digest with two algorithms.

use crate::program::Program;
use crate::{carried_out, explain, told, told_for_certain};

fn lighttpd() -> Program {
    Program::start(
        "lighttpd",
        |folder, port| {
            std::fs::create_dir(folder.join("files")).unwrap();
            std::fs::write(folder.join("files/index.html"), "hello\n").unwrap();
            std::fs::write(folder.join("users"), "alice:opensesame\n").unwrap();
            let folder = folder.display();
            format!(
                "server.port = {port}\nserver.bind = \"127.0.0.1\"\nserver.document-root = \"{folder}/files\"\nindex-file.names = ( \"index.html\" )\nserver.modules = ( \"mod_auth\", \"mod_authn_file\" )\nauth.backend = \"plain\"\nauth.backend.plain.userfile = \"{folder}/users\"\nauth.require = ( \"/\" => ( \"method\" => \"digest\", \"realm\" => \"lab\", \"require\" => \"valid-user\", \"algorithm\" => \"MD5|SHA-256\" ) )\n"
            )
        },
        |_, file| {
            ["-D", "-f", file.to_str().unwrap()]
                .map(str::to_owned)
                .to_vec()
        },
    )
}

#[test]
fn digest_is_done_properly_and_basic_is_told_apart() {
    let lighttpd = lighttpd();
    let report = explain(&format!(
        "curl --digest -u alice:opensesame {}",
        lighttpd.url("/")
    ));
    assert_eq!(report.exit_code(), 0, "{report:#?}");
    let report = explain(&format!("curl -u alice:opensesame {}", lighttpd.url("/")));
    told_for_certain(&report, "scheme-not-accepted");
    assert_eq!(carried_out(&report, &[("PASSWORD", "opensesame")]), "200");
}

#[test]
fn a_nonce_of_yesterday() {
    let lighttpd = lighttpd();
    let report = explain(&format!(
        "curl {} -H 'Authorization: Digest username=\"alice\", realm=\"lab\", nonce=\"5f000000:00000000000000000000000000000000\", uri=\"/\", algorithm=MD5, qop=auth, nc=00000001, cnonce=\"0a4f113b\", response=\"6629fae49393a05397450978507c4ef1\"'",
        lighttpd.url("/")
    ));
    told(&report, "digest-nonce-stale");
}
