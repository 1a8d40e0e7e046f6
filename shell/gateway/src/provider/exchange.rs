//! What goes over the network to a provider, and what comes back, verified.
//!
//! Knows: HTTP as a client, and keys. Does not know turns or deadlines. Redirects are not followed: a code and a secret are
//! shown to no address but the one that the provider publishes.

use std::sync::Arc;

use bytes::Bytes;
use countersign_cause::Cause;
use countersign_flow::KeysAnswer;
use countersign_flow::provider::{
    Fault, Metadata, Person, TokenAnswer, read_person, read_token_answer, token_authorization,
    token_form,
};
use countersign_jose::{IdTokenExpectations, Jwt};
use countersign_secret::Secret;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, USER_AGENT};
use http::{HeaderValue, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;

use super::{Exchange, Provider};
use crate::line::{connect, fetch_document, metadata_addresses};

/// Reads the metadata of a provider.
pub(super) async fn discover(issuer: &str, tls: &Arc<ClientConfig>) -> Result<Metadata, Fault> {
    let mut first = None;
    for address in metadata_addresses(issuer) {
        let found = match fetch_document(&address, tls).await {
            Ok(fetched) => Metadata::parse(&fetched.body, issuer),
            Err(reason) => Err(unavailable(format!("{address}: {reason}"))),
        };
        match found {
            Ok(metadata) => return Ok(metadata),
            Err(fault) => {
                first.get_or_insert(fault);
            }
        }
    }
    Err(first.unwrap_or_else(|| unavailable("the issuer has no address")))
}

fn unavailable(detail: impl Into<String>) -> Fault {
    Fault::new(Cause::ProviderUnavailable, detail.into())
}

fn invalid(detail: &'static str) -> Fault {
    Fault::new(Cause::ProviderAnswerInvalid, detail)
}

impl Provider {
    /// Exchanges the code, and reads whom the ID token is about.
    pub(super) async fn exchange(&self, exchange: &Exchange) -> Result<Person, Fault> {
        let metadata = self.metadata().await?;
        let form = token_form(
            &self.rules,
            &self.client,
            exchange.code.expose(),
            &exchange.redirect_uri,
            &exchange.sealed,
        );
        let (status, body) = self.post(&metadata.token_endpoint, &form).await?;
        let answer = read_token_answer(status, &body)?;
        self.person(&answer, &exchange.sealed.nonce).await
    }

    async fn person(&self, answer: &TokenAnswer, nonce: &str) -> Result<Person, Fault> {
        let token = Jwt::parse(answer.id_token.expose().as_bytes())
            .map_err(|defect| invalid(defect.detail()))?;
        let algorithm = token.algorithm();
        let now_unix_secs = jiff::Timestamp::now().as_second();
        let keys = self.keys.find(self.index, token.kid(), now_unix_secs).await;
        let KeysAnswer::Keys { keys, .. } = keys else {
            return Err(unavailable("the provider's keys are not known"));
        };
        let verified = token
            .verify(&keys, &self.rules.algorithms)
            .map_err(|refusal| invalid(refusal.detail()))?;
        let access_token = answer.access_token.as_ref();
        let expected = IdTokenExpectations {
            issuer: &self.rules.issuer,
            client_id: &self.rules.client_id,
            nonce,
            access_token: access_token.map(|token| token.expose().as_str()),
            algorithm,
            leeway_secs: self.rules.leeway_secs,
        };
        let claims = verified.claims();
        let subject = claims
            .check_id_token(&expected, now_unix_secs)
            .map_err(|refusal| invalid(refusal.detail()))?;
        read_person(&self.rules, subject, claims)
    }

    async fn post(
        &self,
        address: &str,
        form: &Secret<String>,
    ) -> Result<(StatusCode, Bytes), Fault> {
        let uri: Uri = address
            .parse()
            .map_err(|_| invalid("the token endpoint is no address"))?;
        let at = |reason: String| unavailable(format!("token endpoint: {reason}"));
        let stream = connect(&uri, &self.tls).await.map_err(at)?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|error| at(error.to_string()))?;
        // It ends when its sender is dropped, or the provider closes it.
        tokio::spawn(async move { drop(connection.await) });
        let response = sender
            .send_request(self.request(&uri, form)?)
            .await
            .map_err(|error| at(error.to_string()))?;
        self.read(response).await
    }

    fn request(&self, uri: &Uri, form: &Secret<String>) -> Result<Request<Full<Bytes>>, Fault> {
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let authority = uri.authority().map_or("", |authority| authority.as_str());
        // RFC 6749 section 4.1.3: a POST with a form.
        let mut request = Request::post(path)
            .header(HOST, authority)
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(
                USER_AGENT,
                concat!("countersign/", env!("CARGO_PKG_VERSION")),
            )
            .body(Full::new(Bytes::from(form.expose().clone())))
            .map_err(|_| invalid("the token endpoint is no address"))?;
        if let Some(value) = token_authorization(&self.rules, &self.client) {
            let mut value = HeaderValue::try_from(value.expose())
                .map_err(|_| invalid("the client's secret cannot be sent"))?;
            value.set_sensitive(true);
            request.headers_mut().insert(AUTHORIZATION, value);
        }
        Ok(request)
    }

    async fn read(&self, response: Response<Incoming>) -> Result<(StatusCode, Bytes), Fault> {
        let status = response.status();
        let body = Limited::new(response.into_body(), self.settings.answer_bytes_max)
            .collect()
            .await
            .map_err(|error| {
                if error.is::<LengthLimitError>() {
                    invalid("the token endpoint's answer is longer than `answer_bytes_max`")
                } else {
                    unavailable("the token endpoint's answer broke off")
                }
            })?;
        Ok((status, body.to_bytes()))
    }
}
