//! Apache: CGI without the header, Digest, and groups.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::program::{Program, htpasswd};
use crate::{carried_out, explain, told, told_for_certain};

const MODULES: [(&str, &str); 12] = [
    ("mpm_event", "mod_mpm_event.so"),
    ("authn_core", "mod_authn_core.so"),
    ("authn_file", "mod_authn_file.so"),
    ("authz_core", "mod_authz_core.so"),
    ("authz_user", "mod_authz_user.so"),
    ("auth_basic", "mod_auth_basic.so"),
    ("auth_digest", "mod_auth_digest.so"),
    ("cgid", "mod_cgid.so"),
    ("alias", "mod_alias.so"),
    ("mime", "mod_mime.so"),
    ("dir", "mod_dir.so"),
    ("env", "mod_env.so"),
];

/// An application behind CGI that wants a token and looks for it in its environment.
const APPLICATION: &str = r#"#!/bin/sh
case "$HTTP_AUTHORIZATION" in
  "Bearer good-token-0123456789") printf 'Status: 200 OK\r\nContent-Type: text/plain\r\n\r\nhello\n' ;;
  "") printf 'Status: 401 Unauthorized\r\nWWW-Authenticate: Bearer realm="app"\r\nContent-Type: application/json\r\n\r\n{"error":"no token was sent"}\n' ;;
  *) printf 'Status: 401 Unauthorized\r\nWWW-Authenticate: Bearer realm="app", error="invalid_token"\r\nContent-Type: application/json\r\n\r\n{"error":"invalid token"}\n' ;;
esac
"#;

fn apache(section: &str) -> Program {
    Program::start(
        "apache2",
        |folder, port| {
            std::fs::write(folder.join("users"), htpasswd("alice", "opensesame")).unwrap();
            // MD5 of alice:lab:opensesame, as RFC 2617 wants it kept.
            std::fs::write(
                folder.join("digests"),
                "alice:lab:8f1aab69a8d638cc468bfeb07c3be5b9\n",
            )
            .unwrap();
            std::fs::create_dir(folder.join("files")).unwrap();
            std::fs::write(folder.join("files/index.html"), "hello\n").unwrap();
            let program = folder.join("application");
            std::fs::write(&program, APPLICATION).unwrap();
            std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
            // The server's children may run as somebody else.
            std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755)).unwrap();
            configuration(folder, port, section)
        },
        |_, file| {
            ["-f", file.to_str().unwrap(), "-DFOREGROUND"]
                .map(str::to_owned)
                .to_vec()
        },
    )
}

fn configuration(folder: &Path, port: u16, section: &str) -> String {
    let modules: String = MODULES
        .iter()
        .map(|(name, file)| format!("LoadModule {name}_module /usr/lib/apache2/modules/{file}\n"))
        .collect();
    let folder = folder.display();
    let section = section.replace("FOLDER", &folder.to_string());
    format!(
        "ServerRoot {folder}\nServerName localhost\nListen 127.0.0.1:{port}\nPidFile {folder}/pid\nErrorLog {folder}/error.log\n{modules}DefaultRuntimeDir {folder}\nScriptSock {folder}/cgisock\nUser www-data\nGroup www-data\nTypesConfig /etc/mime.types\nDocumentRoot {folder}/files\n{section}\n"
    )
}

#[test]
fn cgi_without_the_header() {
    let apache = apache(
        "ScriptAlias /app FOLDER/application\n<Location /app>\nRequire all granted\n</Location>",
    );
    let url = apache.url("/app");
    let report = explain(&format!(
        "curl {url} -H 'Authorization: Bearer good-token-0123456789'"
    ));
    told(&report, "proxy-stripped-credentials");
}

#[test]
fn cgi_with_the_header_lets_it_through() {
    let apache = apache(
        "ScriptAlias /app FOLDER/application\n<Location /app>\nCGIPassAuth On\nRequire all granted\n</Location>",
    );
    let url = apache.url("/app");
    let report = explain(&format!(
        "curl {url} -H 'Authorization: Bearer good-token-0123456789'"
    ));
    assert_eq!(report.exit_code(), 0, "{report:#?}");
}

#[test]
fn basic_where_digest_is_wanted() {
    let apache = apache(
        "<Location />\nAuthType Digest\nAuthName lab\nAuthDigestProvider file\nAuthUserFile FOLDER/digests\nRequire valid-user\n</Location>",
    );
    let report = explain(&format!("curl -u alice:opensesame {}", apache.url("/")));
    told_for_certain(&report, "scheme-not-accepted");
    assert_eq!(carried_out(&report, &[("PASSWORD", "opensesame")]), "200");
    let report = explain(&format!(
        "curl --digest -u alice:opensesame {}",
        apache.url("/")
    ));
    assert_eq!(report.exit_code(), 0, "{report:#?}");
    let report = explain(&format!("curl --digest -u alice:wrong {}", apache.url("/")));
    told(&report, "credentials-rejected");
}
