//! A container registry that wants a token of its token server.

use crate::program::Program;
use crate::stage::{Reply, Server};
use crate::{explain, told};

#[test]
fn a_token_has_to_be_fetched_first() {
    let realm = Server::start(|_| Reply::ok().saying("{\"token\":\"not-to-be-used\"}"));
    let certificate = rcgen::generate_simple_self_signed(vec!["tokens.test".to_owned()]).unwrap();
    let registry = Program::start(
        "docker-registry",
        |folder, port| {
            std::fs::write(folder.join("root.pem"), certificate.cert.pem()).unwrap();
            let folder = folder.display();
            format!(
                "version: 0.1\nlog: {{ level: error }}\nstorage: {{ filesystem: {{ rootdirectory: {folder}/store }} }}\nhttp: {{ addr: \"127.0.0.1:{port}\", secret: x }}\nauth:\n  token:\n    realm: {}\n    service: registry.test\n    issuer: lab\n    rootcertbundle: {folder}/root.pem\n",
                realm.url("/token")
            )
        },
        |_, file| {
            ["serve", file.to_str().unwrap()]
                .map(str::to_owned)
                .to_vec()
        },
    );
    let report = explain(&format!(
        "curl {}",
        registry.url("/v2/library/alpine/manifests/latest")
    ));
    told(&report, "token-exchange-needed");
    assert!(
        realm
            .seen()
            .iter()
            .all(|seen| seen.field("authorization").is_none())
    );
}
