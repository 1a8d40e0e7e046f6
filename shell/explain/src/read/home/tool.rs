//! Which tool a request is one of, by its user agent and its address.

use crate::case::{Case, Client};
use crate::message::Request;

/// Tools with credential files of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tool {
    /// requests for Python, and httpx, which follows it.
    Requests,
    Curl,
    Npm,
    Docker,
    Git,
    Twine,
    Pip,
    Maven,
    Aws,
}

impl Tool {
    /// Whether the request looks like one of this tool.
    pub(super) fn sends(self, case: &Case) -> bool {
        let Some(request) = &case.request else {
            return false;
        };
        let agent = agent(request);
        let path = request.url.path();
        match self {
            Tool::Requests => {
                case.client == Client::PythonRequests || agent.starts_with("python-requests")
            }
            Tool::Curl => {
                case.client == Client::Curl && (agent.is_empty() || agent.starts_with("curl/"))
            }
            Tool::Npm => {
                ["npm/", "pnpm/", "yarn/"]
                    .iter()
                    .any(|name| agent.starts_with(name))
                    || path.contains("/-/")
                    || path.starts_with("/@")
                    || request
                        .fields
                        .text("accept")
                        .is_some_and(|kind| kind.contains("vnd.npm"))
            }
            Tool::Docker => {
                agent.starts_with("docker/")
                    || agent.starts_with("containerd/")
                    || path == "/v2"
                    || path.starts_with("/v2/")
            }
            Tool::Git => {
                agent.starts_with("git/")
                    || path.ends_with("/info/refs")
                    || path.ends_with("/git-upload-pack")
                    || path.ends_with("/git-receive-pack")
                    || path.ends_with(".git")
            }
            Tool::Twine => agent.starts_with("twine/") || path.ends_with("/legacy/"),
            Tool::Pip => agent.starts_with("pip/") || path.contains("/simple/"),
            Tool::Maven => {
                agent.starts_with("apache-maven/")
                    || [".pom", ".jar", "maven-metadata.xml", ".war"]
                        .iter()
                        .any(|end| path.ends_with(end))
            }
            Tool::Aws => request
                .url
                .host_str()
                .is_some_and(|host| host.ends_with(".amazonaws.com")),
        }
    }
}

fn agent(request: &Request) -> String {
    let agent = request.fields.text("user-agent");
    agent.unwrap_or_default().to_ascii_lowercase()
}
