//! Problem documents: what a server told can be told again and is read as the same.

#![no_main]

use countersign_wire::problem::{Problem, parse};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Ok(told) = parse(data) else { return };
    let problem = Problem {
        type_url: Some(&told.type_uri),
        title: told.title.as_deref().unwrap_or("title"),
        status: told.status.unwrap_or(400),
        detail: told.detail.as_deref(),
        instance: told.instance.as_deref(),
        cause: told.extension("cause"),
        request_id: told.extension("request_id"),
        fix: told.extension("fix"),
    };
    let again = parse(problem.to_json().as_bytes()).expect("what is written is read");
    assert_eq!(again.title.as_deref(), Some(problem.title));
    assert_eq!(again.status, Some(problem.status));
    assert_eq!(
        (again.detail.as_deref(), again.instance.as_deref()),
        (problem.detail, problem.instance)
    );
    assert_eq!(again.extension("cause"), problem.cause);
});
