//! Answers of introspection endpoints: any body is read or refused, and only one that says so is of an active token.

#![no_main]

use countersign_jose::{Expectations, Introspection, IntrospectionExpectations};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Ok(Introspection::Active(claims)) = Introspection::parse(data) else {
        return;
    };
    let active = claims.claim("active").and_then(serde_json::Value::as_bool);
    assert_eq!(active, Some(true));
    let audiences = ["api".to_owned()];
    let expected = |audiences| IntrospectionExpectations {
        common: Expectations {
            issuer: "https://id.example.com",
            audiences,
            types: &[],
            untyped: false,
            leeway_secs: 0,
            lifetime_secs_max: None,
            required_claims: &[],
        },
        token_type: "Bearer",
        audience_optional: false,
    };
    if claims
        .check_introspected(&expected(&audiences), 1_800_000_000)
        .is_ok()
    {
        assert!(claims.audiences().any(|audience| audience == "api"));
        assert!(
            claims
                .expires_unix_secs()
                .is_none_or(|end| end > 1_800_000_000)
        );
    }
    // Where nobody is expected, nobody is taken.
    assert!(
        claims
            .check_introspected(&expected(&[]), 1_800_000_000)
            .is_err()
    );
});
