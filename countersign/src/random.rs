//! Random bytes for salts, passwords and keys, from the system's generator. Knows no use of them.

use countersign_secret::Secret;

use crate::failure::Failure;

/// So many random bytes, erased when dropped.
pub(crate) fn bytes<const N: usize>() -> Result<Secret<[u8; N]>, Failure> {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes)
        .map_err(|_| Failure::new("the system gives no random bytes"))?;
    Ok(Secret::new(bytes))
}
