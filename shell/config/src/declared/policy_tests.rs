//! Sections of a file with tests of the rules.
//!
//! Knows names, bounds and defaults. Does not know how a test is run.

use super::section;

section!(tests_file, "top level", "What stands in a file of tests.", {
    CALLER = "caller": Named(&caller::SECTION), Absent("there are none"),
        "Callers by name, for `caller` of several tests.";
    TEST = "test": Tables(&test::SECTION), Required, "The tests.";
});

section!(test, "[[test]]", "One request, and what is to become of it.", {
    NAME = "name": Text, Required,
        "What the test is called.";
    URL = "url": Text, Required,
        "The request's URL, as in `https://api.example.com/orders/7`. Path and query are sent as they stand here.";
    METHOD = "method": Text, Value("\"GET\""),
        "The method.";
    FIELDS = "fields": TextsByName, Absent("none"),
        "Header fields, each with its value or a list of values.";
    CLIENT = "client": Text, Value("\"192.0.2.1\""),
        "The client's address, after what a trusted proxy would say of it.";
    CALLER = "caller": TextOrTable(&caller::SECTION), Value("\"anonymous\""),
        "Who asks: `\"anonymous\"`, the name of a `[caller.NAME]`, or a table like one.";
    EXPECT = "expect": TextOrWhole(100, 599), Required,
        "What is to become of it: `\"allow\"`, the request goes to its upstream; `\"refuse\"`, it does not, whatever the status; a status as `403`, it is refused with it; `\"preflight\"`, it is answered as a preflight that may pass; `\"own-page\"`, it is a page of the gateway itself.";
    CAUSE = "cause": Text, Absent("any"),
        "The cause of the refusal, as the log names it.";
    ROUTE = "route": Text, Absent("any"),
        "The route that decides.";
});

section!(caller, "[caller.NAME]", "Somebody with good credentials. Secrets are made up for the test: what is tested is who may do what.", {
    USER = "user": Text, Required,
        "The user's name, the owner of the API key, or the subject of the token.";
    GROUPS = "groups": Texts, Absent("none"),
        "The groups.";
    SCOPES = "scopes": Texts, Absent("none"),
        "The scopes of an API key or a token.";
    CLAIMS = "claims": ValuesByName, Absent("those that the issuer's rules ask for"),
        "Claims of the token, over those that it has anyway: `iss`, `aud`, `iat`, `exp`, the subject, groups and scopes.";
    NETWORKS = "networks": Texts, Absent("anywhere"),
        "The networks that the API key may be used from.";
    SECOND_FACTOR = "second_factor": Flag, Value("false"),
        "Whether the session was begun with a second factor.";
    SIGN_IN_AGE_SECS = "sign_in_age_secs": Whole(0, 31_536_000), Absent("a session is begun just now, and a token does not say"),
        "How long ago the person has signed in.";
    ACR = "acr": Text, Absent("none"),
        "The class of the sign-in, in the token.";
    AMR = "amr": Texts, Absent("none"),
        "The methods of the sign-in, in the token.";
    SCHEME = "scheme": Choice(&["basic", "bearer", "digest", "api-key", "dpop", "session", "certificate"]), Absent("the first that the route accepts and that can carry the rest"),
        "How the caller shows who it is.";
    ISSUER = "issuer": Text, Absent("the first that the route takes tokens of"),
        "The issuer of the token, by its name in the configuration.";
});
