//! One order, from the account to the certificate (RFC 8555 section 7).
//!
//! Knows: the steps, and which files are kept of them. Does not know when an order is due, nor what is done with what it
//! brings.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_config::Acme;
use countersign_secret::Secret;
use instant_acme::{
    Account, AccountCredentials, AuthorizationStatus, ChallengeType, Error, ExternalAccountKey,
    Identifier, NewAccount, NewOrder, Order, OrderStatus, RetryPolicy,
};
use rcgen::{CertificateParams, CustomExtension, DistinguishedName, KeyPair};
use rustls::ClientConfig;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::CertifiedKey;
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;

use super::OrderedCertificate;
use super::authority::Authority;
use super::failure::{ACCOUNT_UNKNOWN, Failure};
use super::folder::Folder;
use super::held::{Answer, Shown};
use super::keeper::Brought;
use crate::StartError;
use crate::line::client_config;

const ACCOUNT: &str = "the account";
const ORDER: &str = "the order";
const CERTIFICATE: &str = "the certificate";

/// What is needed to order.
pub(super) struct Buyer {
    settings: Acme,
    tls: Arc<ClientConfig>,
    /// As raw bytes.
    external_key: Option<Secret<Vec<u8>>>,
}

/// An account as it is kept.
#[derive(Serialize, Deserialize)]
struct KeptAccount {
    contacts: Vec<Box<str>>,
    credentials: AccountCredentials,
}

impl Buyer {
    pub(super) fn new(settings: &Acme) -> Result<Self, StartError> {
        let acme = |reason: String| StartError::Acme { reason };
        settings
            .directory
            .parse::<http::Uri>()
            .map_err(|error| acme(format!("`{}` is no address: {error}", settings.directory)))?;
        let external_key = settings.external_account.as_ref().map(|account| {
            let place = &account.key;
            let text = place
                .read()
                .map_err(|error| acme(format!("{place} cannot be read: {error}")))?;
            let text = text.expose().trim_ascii().trim_ascii_end();
            // Authorities give it out with and without padding.
            let text = text
                .strip_suffix(b"==")
                .or(text.strip_suffix(b"="))
                .unwrap_or(text);
            let key = URL_SAFE_NO_PAD.decode(text);
            key.map(Secret::new)
                .map_err(|_| acme(format!("{place} is not a key in base64url")))
        });
        Ok(Self {
            settings: settings.clone(),
            tls: client_config(settings.ca_file.as_deref())?,
            external_key: external_key.transpose()?,
        })
    }

    /// Orders a certificate. What goes wrong within the library ends with the order.
    pub(super) async fn order(
        self: Arc<Self>,
        certificate: Arc<OrderedCertificate>,
    ) -> Result<Brought, Failure> {
        // Its task ends with the set, wherever this is dropped.
        let mut task = JoinSet::new();
        task.spawn(async move {
            let authority = Authority::new(&self.tls);
            let outcome = self.order_from(&authority, &certificate).await;
            outcome.map_err(|failure| Failure {
                told_secs: authority.told_secs(),
                ..failure
            })
        });
        match task.join_next().await {
            Some(Ok(outcome)) => outcome,
            Some(Err(_)) | None => Err(Failure::new(
                "the order broke off: the authority's answers are not what RFC 8555 has",
                "see whether `directory` is the address of a directory; if it is, report this as a bug",
            )),
        }
    }

    async fn order_from(
        &self,
        authority: &Authority,
        certificate: &OrderedCertificate,
    ) -> Result<Brought, Failure> {
        let folder = Folder::of(&self.settings);
        let account = self.account(authority, &folder).await?;
        let domains = self.settings.domains.iter();
        let names: Vec<_> = domains
            .map(|domain| Identifier::Dns(domain.to_string()))
            .collect();
        let placed = account.new_order(&NewOrder::new(&names)).await;
        let mut order = placed.map_err(|error| account_or(ORDER, &folder, &error))?;
        let answers = prove(&mut order, certificate).await?;
        let status = order.poll_ready(&self.patience()).await;
        match status {
            Ok(OrderStatus::Ready | OrderStatus::Valid) => {}
            Ok(OrderStatus::Pending | OrderStatus::Processing | OrderStatus::Invalid) | Err(_) => {
                return Err(why_not(&mut order, status).await);
            }
        }
        drop(answers);
        self.collect(&mut order).await
    }

    /// The account that is kept, or a new one.
    async fn account(&self, authority: &Authority, folder: &Folder) -> Result<Account, Failure> {
        let kept = folder.account();
        let kept = kept.map_err(|error| Failure::folder(folder, &error))?;
        let builder = Account::builder_with_http(Box::new(authority.clone()));
        let Some(kept) = kept else {
            return self.new_account(builder, folder).await;
        };
        let read =
            || {
                serde_json::from_slice::<KeptAccount>(kept.expose()).map_err(|_| {
                Failure::new(
                    format!("the account in `{}` cannot be read", folder.path().display()),
                    "put its file back from a copy; or take it away, then a new account is made",
                )
            })
            };
        let failed = |error: &Error| account_or(ACCOUNT, folder, error);
        let account = builder.from_credentials(read()?.credentials).await;
        let account = account.map_err(|error| failed(&error))?;
        let known = read()?;
        if known.contacts != self.settings.contacts {
            let told = account.update_contacts(&self.contacts()).await;
            told.map_err(|error| failed(&error))?;
            let contacts = self.settings.contacts.clone();
            keep_account(&KeptAccount { contacts, ..known }, folder)?;
        }
        Ok(account)
    }

    async fn new_account(
        &self,
        builder: instant_acme::AccountBuilder,
        folder: &Folder,
    ) -> Result<Account, Failure> {
        let contacts = self.contacts();
        let wanted = NewAccount {
            contact: &contacts,
            // The configuration is not taken where nobody has agreed.
            terms_of_service_agreed: true,
            only_return_existing: false,
        };
        let known = self.settings.external_account.as_ref();
        let known = known.zip(self.external_key.as_ref());
        let external = known
            .map(|(account, key)| ExternalAccountKey::new(account.kid.to_string(), key.expose()));
        let directory = self.settings.directory.clone();
        let made = builder.create(&wanted, directory, external.as_ref()).await;
        let (account, credentials) = made.map_err(|error| Failure::at(ACCOUNT, &error))?;
        let kept = KeptAccount {
            contacts: self.settings.contacts.clone(),
            credentials,
        };
        keep_account(&kept, folder)?;
        Ok(account)
    }

    /// How often an order is looked at: for as long as it may take.
    fn patience(&self) -> RetryPolicy {
        RetryPolicy::new().timeout(self.settings.order)
    }

    fn contacts(&self) -> Vec<&str> {
        self.settings.contacts.iter().map(|one| &**one).collect()
    }

    /// Has the certificate signed, for a key that was never used before.
    async fn collect(&self, order: &mut Order) -> Result<Brought, Failure> {
        let (key, request) = request(&self.settings.domains)
            .map_err(|error| Failure::new(format!("{CERTIFICATE}: {error}"), IN_HERE))?;
        let failed = |error: Error| Failure::at(CERTIFICATE, &error);
        order.finalize_csr(&request).await.map_err(failed)?;
        let chain = order.poll_certificate(&self.patience()).await;
        let chain = chain.map_err(failed)?;
        let pem = Secret::new(format!("{}{chain}", key.expose()));
        let shown = shown(&pem)?;
        if !shown.is_for(&self.settings.domains) {
            return Err(Failure::new(
                "the certificate that came is not for all of `domains`",
                "ask the authority: it has signed something else than it was asked for",
            ));
        }
        Ok(Brought { shown, pem })
    }
}

const IN_HERE: &str = "report this as a bug: it is in the gateway itself";

/// A new key, as PEM, and the request to sign it.
fn request(domains: &[Box<str>]) -> Result<(Secret<String>, Vec<u8>), rcgen::Error> {
    let key = KeyPair::generate()?;
    let names: Vec<String> = domains.iter().map(ToString::to_string).collect();
    let mut params = CertificateParams::new(names)?;
    // RFC 8555 section 7.4: names in subjectAltName will do.
    params.distinguished_name = DistinguishedName::new();
    let request = params.serialize_request(&key)?;
    Ok((Secret::new(key.serialize_pem()), request.der().to_vec()))
}

fn shown(pem: &Secret<String>) -> Result<Shown, Failure> {
    let bytes = pem.expose().as_bytes();
    let unfit = |reason: String| {
        Failure::new(
            format!("{CERTIFICATE} that came: {reason}"),
            "ask the authority: what it has signed cannot be shown",
        )
    };
    let chain = CertificateDer::pem_slice_iter(bytes).collect::<Result<Vec<_>, _>>();
    let chain = chain.map_err(|error| unfit(error.to_string()))?;
    let key = PrivateKeyDer::from_pem_slice(bytes);
    let key = key.map_err(|error| unfit(error.to_string()))?;
    Shown::read((chain, key)).map_err(unfit)
}

/// Answers a challenge for each domain that is not proved yet. The answers are given until the authority has looked.
async fn prove(
    order: &mut Order,
    certificate: &OrderedCertificate,
) -> Result<Vec<Answer>, Failure> {
    let failed = |error: Error| Failure::at(ORDER, &error);
    let mut answers = Vec::new();
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization.map_err(failed)?;
        match authorization.status {
            AuthorizationStatus::Pending => {}
            AuthorizationStatus::Valid => continue,
            AuthorizationStatus::Invalid
            | AuthorizationStatus::Revoked
            | AuthorizationStatus::Expired
            | AuthorizationStatus::Deactivated => {
                return Err(Failure::new(
                    "the authority has laid the order aside before it looked",
                    "nothing to do: it is asked again",
                ));
            }
        }
        let Some(mut challenge) = authorization.challenge(ChallengeType::TlsAlpn01) else {
            return Err(Failure::new(
                "the authority does not prove domains by `tls-alpn-01`",
                "take another authority, or let a client that speaks `http-01` or `dns-01` write the files for `certificate` and `key`",
            ));
        };
        let domain = challenge.identifier().to_string();
        let digest = challenge.key_authorization().digest();
        let shown = answer(&domain, digest.as_ref())
            .map_err(|reason| Failure::new(format!("`{domain}`: {reason}"), IN_HERE))?;
        answers.push(certificate.held.answer(&domain, shown));
        challenge.set_ready().await.map_err(failed)?;
    }
    Ok(answers)
}

/// RFC 8737 section 3: a certificate for the domain alone, with the digest in a critical extension.
pub(super) fn answer(domain: &str, digest: &[u8]) -> Result<CertifiedKey, String> {
    // The library takes it for granted.
    if digest.len() != 32 {
        return Err("the digest is no SHA-256".into());
    }
    let made = || {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new(vec![domain.to_owned()])?;
        params.custom_extensions = vec![CustomExtension::new_acme_identifier(digest)];
        let certificate = params.self_signed(&key)?;
        Ok::<_, rcgen::Error>((certificate.der().clone(), key.serialize_der()))
    };
    let (certificate, key) = made().map_err(|error| error.to_string())?;
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key));
    let key = default_provider().key_provider.load_private_key(key);
    let key = key.map_err(|error| error.to_string())?;
    // Not `from_der`, which reads the certificate, and knows no such extension.
    Ok(CertifiedKey::new(vec![certificate], key))
}

/// Why an order is not ready: what the authority has found out about each domain says more than the order itself.
async fn why_not(order: &mut Order, status: Result<OrderStatus, Error>) -> Failure {
    let mut authorizations = order.authorizations();
    while let Some(Ok(mut authorization)) = authorizations.next().await {
        if authorization.refresh().await.is_err() {
            break;
        }
        let domain = authorization.identifier().to_string();
        let errors = authorization.challenges.iter();
        if let Some(problem) = errors.filter_map(|one| one.error.as_ref()).next() {
            return Failure::told(&format!("`{domain}` was not proved"), problem);
        }
    }
    match status {
        Err(error) => Failure::at(ORDER, &error),
        Ok(status) => Failure::new(
            format!("the order did not get ready: it is {status:?}"),
            "nothing to do: it is tried again",
        ),
    }
}

/// An account that the authority does not know, as one that has lost its records, is laid aside: the next order makes a new one.
fn account_or(step: &str, folder: &Folder, error: &Error) -> Failure {
    if let Error::Api(problem) = error
        && problem.r#type.as_deref() == Some(ACCOUNT_UNKNOWN)
        && let Err(error) = folder.lay_account_aside()
    {
        return Failure::folder(folder, &error);
    }
    Failure::at(step, error)
}

fn keep_account(kept: &KeptAccount, folder: &Folder) -> Result<(), Failure> {
    let text = serde_json::to_vec(kept)
        .map_err(|error| Failure::new(format!("{ACCOUNT}: {error}"), IN_HERE))?;
    let kept = folder.keep_account(&Secret::new(text));
    kept.map_err(|error| Failure::folder(folder, &error))
}

#[cfg(test)]
mod tests;
