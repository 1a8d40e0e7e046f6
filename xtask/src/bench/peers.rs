//! Configurations of the upstream and of the peers: nginx, HAProxy and, where there is one, Envoy.
//!
//! Each peer runs one worker or thread, writes no access log and keeps its connections to the upstream, as ours does.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::certificate::Certificate;
use super::process::{Process, pinned};
use super::tokens::{AUDIENCE, Algorithm, TokenKeys};
use super::{GATEWAY_CPU, LOAD_CPU};
use crate::failure::{Doing, Outcome};

pub(super) const INTROSPECTION: u16 = 18098;
/// The upstream by HTTP/2.
pub(super) const UPSTREAM_HTTP2: u16 = 18099;
pub(crate) const UPSTREAM: u16 = 18100;
pub(super) const NGINX: u16 = 18101;
pub(super) const HAPROXY: u16 = 18102;
pub(super) const HAPROXY_RS256: u16 = 18103;
pub(super) const HAPROXY_ES256: u16 = 18104;
pub(super) const HAPROXY_HS256: u16 = 18105;
pub(super) const ENVOY: u16 = 18106;
pub(super) const ENVOY_RS256: u16 = 18107;
pub(super) const ENVOY_ES256: u16 = 18108;
pub(super) const NGINX_TLS: u16 = 18109;

/// Bytes of the upstream's answer.
pub(super) const BODY_BYTES: usize = 150;

/// Starts the upstream, on the core of the load. It is an issuer too that is asked about tokens, and takes any.
pub(crate) fn upstream(folder: &Path) -> Outcome<Process> {
    let body = format!("{{\"data\":\"{}\"}}", "x".repeat(BODY_BYTES - 11));
    let active = format!(
        "{{\"active\":true,\"sub\":\"alice\",\"aud\":\"{AUDIENCE}\",\"scope\":\"orders:read\"}}"
    );
    let servers: String = [
        (UPSTREAM, "", body.as_str()),
        (UPSTREAM_HTTP2, " http2", &body),
        (INTROSPECTION, "", &active),
    ]
    .into_iter()
    .map(|(port, how, body)| {
        format!("server {{ listen 127.0.0.1:{port}{how} backlog=4096; location / {{ return 200 '{body}'; }} }}\n")
    })
    .collect();
    let ports = [UPSTREAM, UPSTREAM_HTTP2, INTROSPECTION];
    nginx("upstream", LOAD_CPU, folder, &servers, &ports)
}

/// Starts nginx as a plain proxy: the measure of all rows. It listens with TLS too.
pub(super) fn nginx_plain(folder: &Path, certificate: &Certificate) -> Outcome<Process> {
    let (chain, key) = (certificate.chain.display(), certificate.key.display());
    let server = format!(
        "upstream up {{ server 127.0.0.1:{UPSTREAM}; keepalive 256; keepalive_requests 100000000; keepalive_timeout 300s; }}
  server {{
    listen 127.0.0.1:{NGINX} backlog=4096;
    listen 127.0.0.1:{NGINX_TLS} ssl http2 backlog=4096;
    ssl_certificate {chain}; ssl_certificate_key {key}; ssl_protocols TLSv1.3;
    location / {{
      proxy_pass http://up; proxy_http_version 1.1; proxy_set_header Connection \"\";
      proxy_set_header Host $host; proxy_set_header X-Forwarded-For $remote_addr;
    }}
  }}"
    );
    let ports = [NGINX, NGINX_TLS];
    nginx("nginx", GATEWAY_CPU, folder, &server, &ports)
}

fn nginx(name: &str, cpu: u32, folder: &Path, servers: &str, ports: &[u16]) -> Outcome<Process> {
    let place = folder.display();
    let text = format!(
        "daemon off; worker_processes 1; pid {place}/{name}.pid; error_log {place}/{name}.log warn;
events {{ worker_connections 4096; }}
http {{
  access_log off; keepalive_requests 100000000; keepalive_timeout 300s; server_tokens off; tcp_nodelay on;
  default_type application/json;
  client_body_temp_path {place}/{name}-body; proxy_temp_path {place}/{name}-proxy; fastcgi_temp_path {place}/{name}-fastcgi;
  uwsgi_temp_path {place}/{name}-uwsgi; scgi_temp_path {place}/{name}-scgi;
  {servers}
}}
"
    );
    let file = write(folder, &format!("{name}.conf"), &text)?;
    let log = folder.join(format!("{name}.log"));
    Process::start(
        name,
        pinned(cpu, "nginx")
            .arg("-e")
            .arg(&log)
            .arg("-c")
            .arg(&file),
        &folder.join(format!("{name}.out")),
        ports,
    )
}

/// Starts HAProxy with a plain front end and one for each algorithm; each checks `alg`, `iss`, `aud` and `exp` too.
pub(super) fn haproxy(folder: &Path, keys: &TokenKeys) -> Outcome<Process> {
    let rs256 = write(folder, "rs256.pem", &keys.rs256_public_pem)?;
    let es256 = write(folder, "es256.pem", &keys.es256_public_pem)?;
    let text = format!(
        "global
  nbthread 1
  maxconn 8000
defaults
  mode http
  timeout connect 5s
  timeout client 300s
  timeout server 300s
  option http-keep-alive
  http-reuse always
backend up
  server up 127.0.0.1:{UPSTREAM} pool-max-conn 512
frontend plain
  bind 127.0.0.1:{HAPROXY} backlog 4096
  default_backend up
{}{}{}",
        haproxy_jwt(
            Algorithm::Rs256,
            HAPROXY_RS256,
            &rs256.display().to_string()
        ),
        haproxy_jwt(
            Algorithm::Es256,
            HAPROXY_ES256,
            &es256.display().to_string()
        ),
        haproxy_jwt(Algorithm::Hs256, HAPROXY_HS256, &keys.hs256_secret),
    );
    let file = write(folder, "haproxy.cfg", &text)?;
    let ports = [HAPROXY, HAPROXY_RS256, HAPROXY_ES256, HAPROXY_HS256];
    let log = folder.join("haproxy.out");
    Process::start(
        "haproxy",
        pinned(GATEWAY_CPU, "haproxy")
            .args(["-db", "-f"])
            .arg(&file),
        &log,
        &ports,
    )
}

fn haproxy_jwt(algorithm: Algorithm, port: u16, key: &str) -> String {
    let (name, issuer) = (algorithm.name(), algorithm.issuer());
    format!(
        "frontend jwt-{name}
  bind 127.0.0.1:{port} backlog 4096
  http-request set-var(txn.token) http_auth_bearer
  http-request set-var(txn.exp) var(txn.token),jwt_payload_query('$.exp','int')
  http-request set-var(txn.now) date()
  http-request deny deny_status 401 unless {{ var(txn.token),jwt_header_query('$.alg') -m str {name} }}
  http-request deny deny_status 401 unless {{ var(txn.token),jwt_payload_query('$.iss') -m str {issuer} }}
  http-request deny deny_status 401 unless {{ var(txn.token),jwt_payload_query('$.aud') -m str {AUDIENCE} }}
  http-request deny deny_status 401 unless {{ var(txn.exp),sub(txn.now) -m int gt 0 }}
  http-request deny deny_status 401 unless {{ var(txn.token),jwt_verify(\"{name}\",\"{key}\") -m int 1 }}
  http-request set-header X-Auth-User %[var(txn.token),jwt_payload_query('$.sub')]
  default_backend up
"
    )
}

pub(super) fn write(folder: &Path, name: &str, text: &str) -> Outcome<PathBuf> {
    let file = folder.join(name);
    std::fs::write(&file, text).doing(file.display())?;
    Ok(file)
}

fn name_of(program: &Path) -> String {
    program
        .file_name()
        .unwrap_or(program.as_os_str())
        .display()
        .to_string()
}

/// First line that a program prints of its version, wherever it prints it. Some begin with the path that they were
/// called by, which is nobody's business.
pub(super) fn version(program: &Path, argument: &str) -> String {
    let Ok(output) = Command::new(program).arg(argument).output() else {
        return "version unknown".to_owned();
    };
    let said = [output.stdout, output.stderr].concat();
    String::from_utf8_lossy(&said)
        .lines()
        .find(|line| !line.trim().is_empty())
        .unwrap_or("version unknown")
        .trim()
        .replace(&*program.display().to_string(), &name_of(program))
}
