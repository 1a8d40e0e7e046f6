//! A question to the store while nothing runs yet.
//!
//! Knows: how an answer is waited for by a caller that may be within a runtime, where another can neither run nor be
//! dropped. Does not know the question.

use countersign_store::Answer;

use crate::StartError;

/// Waits for the answer; the outer error is about threads.
pub(crate) fn ask_now<T: Send>(answer: Answer<'_, T>) -> Result<Result<T, String>, StartError> {
    let ask = || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .map_err(StartError::Thread)?;
        Ok(runtime.block_on(answer).map_err(|error| error.to_string()))
    };
    std::thread::scope(|scope| scope.spawn(ask).join())
        .unwrap_or_else(|_| Ok(Err("the store did not answer".to_owned())))
}
