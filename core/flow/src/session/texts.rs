//! The words of the pages for people, in every language that there is. To translate them, add a language here: nothing
//! else holds a word of these pages.
//!
//! Knows: words, and which of them a browser asks for. Does not know pages.

mod own_key;
mod passkey;

use http::HeaderMap;
use http::header::ACCEPT_LANGUAGE;

use self::own_key::OwnKeyTexts;
use self::passkey::PasskeyTexts;

/// A language of the pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// English.
    English,
    /// German.
    German,
}

impl Language {
    /// The language that a browser would rather have, by `Accept-Language` (RFC 9110 section 12.5.4); English where it has
    /// no preference. A range is met by its primary language: `de-CH` by German.
    #[must_use]
    pub fn preferred(headers: &HeaderMap) -> Self {
        let lines = headers.get_all(ACCEPT_LANGUAGE).iter();
        let ranges = lines
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(','));
        let mut best: Option<(Self, u16)> = None;
        for range in ranges {
            let (tag, parameters) = range.split_once(';').unwrap_or((range, ""));
            let primary = tag.trim().split('-').next().unwrap_or_default();
            let Some(language) = Self::of_tag(primary) else {
                continue;
            };
            let weight = thousandths(parameters);
            if weight > best.map_or(0, |(_, weight)| weight) {
                best = Some((language, weight));
            }
        }
        best.map_or(Self::English, |(language, _)| language)
    }

    fn of_tag(tag: &str) -> Option<Self> {
        [Self::English, Self::German]
            .into_iter()
            .find(|language| language.tag().eq_ignore_ascii_case(tag))
    }

    /// The tag, for `lang`.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
        }
    }

    pub(crate) const fn texts(self) -> &'static Texts {
        match self {
            Self::English => &ENGLISH,
            Self::German => &GERMAN,
        }
    }
}

/// `weight = OWS ";" OWS "q=" qvalue`, RFC 9110 section 12.4.2. What breaks the grammar counts for nothing.
fn thousandths(parameters: &str) -> u16 {
    let text = parameters.trim();
    if text.is_empty() {
        return 1000;
    }
    let weight = text
        .strip_prefix("q=")
        .and_then(|value| value.parse::<f32>().ok());
    match weight {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 0 and 1000"
        )]
        Some(weight) if (0.0..=1.0).contains(&weight) => (weight * 1000.0) as u16,
        Some(_) | None => 0,
    }
}

/// Every text of the pages.
pub(crate) struct Texts {
    pub(crate) sign_in: &'static str,
    pub(crate) sign_in_to: &'static str,
    pub(crate) user: &'static str,
    pub(crate) password: &'static str,
    pub(crate) rejected: &'static str,
    pub(crate) form_old: &'static str,
    pub(crate) busy: &'static str,
    pub(crate) session_expired: &'static str,
    pub(crate) session_revoked: &'static str,
    pub(crate) session_unknown: &'static str,
    pub(crate) sign_in_old: &'static str,
    pub(crate) lost_warning: &'static str,
    pub(crate) signed_in: &'static str,
    pub(crate) lost: &'static str,
    pub(crate) go_on: &'static str,
    pub(crate) sign_out: &'static str,
    pub(crate) sign_out_asked: &'static str,
    pub(crate) signed_out: &'static str,
    pub(crate) signed_out_words: &'static str,
    pub(crate) still_signed_in_at: &'static str,
    pub(crate) sign_out_at: &'static str,
    pub(crate) sign_in_again: &'static str,
    pub(crate) sign_out_everywhere: &'static str,
    pub(crate) everywhere_words: &'static str,
    pub(crate) account: &'static str,
    pub(crate) signed_in_as: &'static str,
    pub(crate) sessions: &'static str,
    pub(crate) sessions_words: &'static str,
    pub(crate) this_session: &'static str,
    pub(crate) last_use: &'static str,
    pub(crate) since: &'static str,
    pub(crate) from: &'static str,
    pub(crate) unknown_device: &'static str,
    pub(crate) end: &'static str,
    pub(crate) change_password: &'static str,
    pub(crate) password_words: &'static str,
    pub(crate) present_password: &'static str,
    pub(crate) new_password: &'static str,
    pub(crate) new_password_again: &'static str,
    pub(crate) present_password_wrong: &'static str,
    pub(crate) passwords_differ: &'static str,
    pub(crate) password_short: &'static str,
    pub(crate) password_unfit: &'static str,
    pub(crate) password_changed: &'static str,
    pub(crate) session_ended: &'static str,
    pub(crate) second_factor: &'static str,
    pub(crate) second_factor_off: &'static str,
    pub(crate) second_factor_on: &'static str,
    pub(crate) recovery_left: &'static str,
    pub(crate) set_up: &'static str,
    pub(crate) scan: &'static str,
    pub(crate) scan_words: &'static str,
    pub(crate) type_words: &'static str,
    pub(crate) open_app: &'static str,
    pub(crate) picture: &'static str,
    pub(crate) first_code: &'static str,
    pub(crate) confirm: &'static str,
    pub(crate) code: &'static str,
    pub(crate) code_words: &'static str,
    pub(crate) code_rejected: &'static str,
    pub(crate) check_code: &'static str,
    pub(crate) other_account: &'static str,
    pub(crate) remove: &'static str,
    pub(crate) new_recovery_codes: &'static str,
    pub(crate) recovery_codes: &'static str,
    pub(crate) recovery_words: &'static str,
    pub(crate) kept: &'static str,
    pub(crate) totp_removed: &'static str,
    pub(crate) second_factor_demanded: &'static str,
    pub(crate) passkey: PasskeyTexts,
    pub(crate) own_key: OwnKeyTexts,
    pub(crate) sign_in_with: &'static str,
    pub(crate) nowhere: &'static str,
    pub(crate) provider_stale: &'static str,
    pub(crate) provider_refused: &'static str,
    pub(crate) provider_unavailable: &'static str,
    pub(crate) provider_failed: &'static str,
    pub(crate) provider_not_allowed: &'static str,
    pub(crate) provider_not_linked: &'static str,
    braked_secs: &'static str,
    braked_minute: &'static str,
    braked_minutes: &'static str,
}

/// Stands for the number in a text.
const NUMBER: &str = "{}";

impl Texts {
    /// Says for how long no attempt is looked at: to the second below a minute, and in minutes rounded up from there on.
    pub(crate) fn braked_for(&self, secs: u32) -> String {
        let (text, number) = match secs {
            0..60 => (self.braked_secs, secs),
            60 => (self.braked_minute, 1),
            61.. => (self.braked_minutes, secs.div_ceil(60)),
        };
        text.replace(NUMBER, &number.to_string())
    }
}

static ENGLISH: Texts = Texts {
    sign_in: "Sign in",
    sign_in_to: "Sign in to",
    user: "User name",
    password: "Password",
    rejected: "User name and password do not fit, or the account may not sign in.",
    form_old: "This form was open for too long, or cookies are switched off. Please try again.",
    busy: "Too many people are signing in at this moment. Please try again in a few seconds.",
    session_expired: "Your session has ended because its time was over.",
    session_revoked: "You were signed out.",
    session_unknown: "Your session is not known here any more.",
    sign_in_old: "Your sign-in was a while ago. Please show once more that it is you.",
    lost_warning: "What you have just sent was not delivered. Keep a copy of your text if you can go back to it.",
    signed_in: "You are signed in",
    lost: "What you sent before was not delivered. Please go on and send it again.",
    go_on: "Go on",
    sign_out: "Sign out",
    sign_out_asked: "Do you want to sign out in this browser?",
    signed_out: "You are signed out",
    signed_out_words: "The session in this browser has ended.",
    still_signed_in_at: "You may still be signed in at",
    sign_out_at: "Sign out at",
    sign_in_again: "Sign in again",
    sign_out_everywhere: "Sign out everywhere",
    everywhere_words: "Ends all sessions, in this browser and on every other device.",
    account: "Your account",
    signed_in_as: "Signed in as",
    sessions: "Sessions",
    sessions_words: "Where you are signed in. End what you do not know, and change your password then.",
    this_session: "this browser",
    last_use: "Last use",
    since: "Signed in",
    from: "From",
    unknown_device: "Unknown device",
    end: "End",
    change_password: "Change the password",
    password_words: "All other sessions end with the old password.",
    present_password: "Present password",
    new_password: "New password",
    new_password_again: "New password again",
    present_password_wrong: "The present password is another one.",
    passwords_differ: "The two new passwords differ.",
    password_short: "The new password needs at least 8 characters.",
    password_unfit: "The new password is too long, or holds a character that cannot be typed everywhere.",
    password_changed: "The password is changed. All other sessions have ended.",
    session_ended: "The session has ended.",
    second_factor: "Second factor",
    second_factor_off: "Besides the password, an authenticator app on your phone shows a code whenever you sign in.",
    second_factor_on: "Signing in takes your password and a code of your authenticator app.",
    recovery_left: "Recovery codes left",
    set_up: "Set up a second factor",
    scan: "Your authenticator app",
    scan_words: "Scan the picture with your app.",
    type_words: "Or type this key into it:",
    open_app: "Open it in an app on this device",
    picture: "QR code for your authenticator app",
    first_code: "The six digits that the app shows now",
    confirm: "Switch it on",
    code: "Code",
    code_words: "Type the six digits that your authenticator app shows, or one of your recovery codes.",
    code_rejected: "The code does not fit, or was used before. Wait for the next one.",
    check_code: "Go on",
    other_account: "Sign in as somebody else",
    remove: "Remove the second factor",
    new_recovery_codes: "New recovery codes",
    recovery_codes: "Recovery codes",
    recovery_words: "Each of these codes gets you in once if your phone is lost. They are shown this one time: print them, or keep them where your passwords are. Codes that you had before are worth nothing now.",
    kept: "I have kept them",
    totp_removed: "The second factor is removed. All other sessions have ended.",
    second_factor_demanded: "The page that you wanted demands a second factor. Set one up here, then open it again.",
    passkey: passkey::ENGLISH,
    own_key: own_key::ENGLISH,
    sign_in_with: "Sign in with",
    nowhere: "At this address nobody can sign in. Please go to the one that you were given.",
    provider_stale: "This sign-in was begun too long ago or in another browser, or was used already. Please start again.",
    provider_refused: "The sign-in service did not sign you in. Please try again, or sign in another way.",
    provider_unavailable: "The sign-in service does not answer at the moment. Please try again later, or sign in another way.",
    provider_failed: "The answer of the sign-in service cannot be used. Whoever runs this server finds the reason in its log.",
    provider_not_allowed: "Your account at the sign-in service may not sign in here. Please ask whoever runs this server.",
    provider_not_linked: "The sign-in service knows you, and no account here is linked with yours. Please ask whoever runs this server to link it.",
    braked_secs: "Too many attempts to sign in have failed. The next one is looked at in {} s.",
    braked_minute: "Too many attempts to sign in have failed. The next one is looked at in a minute.",
    braked_minutes: "Too many attempts to sign in have failed. The next one is looked at in {} minutes.",
};

static GERMAN: Texts = Texts {
    sign_in: "Anmelden",
    sign_in_to: "Anmelden bei",
    user: "Benutzername",
    password: "Passwort",
    rejected: "Benutzername und Passwort passen nicht, oder das Konto darf sich nicht anmelden.",
    form_old: "Dieses Formular war zu lange offen, oder Cookies sind abgeschaltet. Bitte noch einmal.",
    busy: "Gerade melden sich zu viele Leute an. Bitte in ein paar Sekunden noch einmal.",
    session_expired: "Ihre Sitzung ist abgelaufen.",
    session_revoked: "Sie wurden abgemeldet.",
    session_unknown: "Ihre Sitzung ist hier nicht mehr bekannt.",
    sign_in_old: "Ihre Anmeldung liegt länger zurück. Bitte zeigen Sie noch einmal, dass Sie es sind.",
    lost_warning: "Was Sie gerade abgeschickt haben, ist nicht angekommen. Sichern Sie Ihren Text, wenn Sie zu ihm zurückkönnen.",
    signed_in: "Sie sind angemeldet",
    lost: "Was Sie vorhin abgeschickt haben, ist nicht angekommen. Bitte schicken Sie es noch einmal ab.",
    go_on: "Weiter",
    sign_out: "Abmelden",
    sign_out_asked: "Möchten Sie sich in diesem Browser abmelden?",
    signed_out: "Sie sind abgemeldet",
    signed_out_words: "Die Sitzung in diesem Browser ist beendet.",
    still_signed_in_at: "Vielleicht sind Sie noch angemeldet bei",
    sign_out_at: "Abmelden bei",
    sign_in_again: "Wieder anmelden",
    sign_out_everywhere: "Überall abmelden",
    everywhere_words: "Beendet alle Sitzungen, in diesem Browser und auf allen anderen Geräten.",
    account: "Ihr Konto",
    signed_in_as: "Angemeldet als",
    sessions: "Sitzungen",
    sessions_words: "Wo Sie angemeldet sind. Beenden Sie, was Sie nicht kennen, und ändern Sie dann Ihr Passwort.",
    this_session: "dieser Browser",
    last_use: "Zuletzt benutzt",
    since: "Angemeldet",
    from: "Von",
    unknown_device: "Unbekanntes Gerät",
    end: "Beenden",
    change_password: "Passwort ändern",
    password_words: "Alle anderen Sitzungen enden mit dem alten Passwort.",
    present_password: "Jetziges Passwort",
    new_password: "Neues Passwort",
    new_password_again: "Neues Passwort noch einmal",
    present_password_wrong: "Das jetzige Passwort ist ein anderes.",
    passwords_differ: "Die beiden neuen Passwörter sind verschieden.",
    password_short: "Das neue Passwort braucht mindestens 8 Zeichen.",
    password_unfit: "Das neue Passwort ist zu lang oder enthält ein Zeichen, das sich nicht überall eingeben lässt.",
    password_changed: "Das Passwort ist geändert. Alle anderen Sitzungen sind beendet.",
    session_ended: "Die Sitzung ist beendet.",
    second_factor: "Zweiter Faktor",
    second_factor_off: "Neben dem Passwort zeigt eine Authenticator-App auf Ihrem Telefon bei jeder Anmeldung einen Code.",
    second_factor_on: "Zur Anmeldung gehören Ihr Passwort und ein Code Ihrer Authenticator-App.",
    recovery_left: "Übrige Ersatzcodes",
    set_up: "Zweiten Faktor einrichten",
    scan: "Ihre Authenticator-App",
    scan_words: "Scannen Sie das Bild mit Ihrer App.",
    type_words: "Oder geben Sie dort diesen Schlüssel ein:",
    open_app: "In einer App auf diesem Gerät öffnen",
    picture: "QR-Code für Ihre Authenticator-App",
    first_code: "Die sechs Ziffern, die die App jetzt zeigt",
    confirm: "Einschalten",
    code: "Code",
    code_words: "Geben Sie die sechs Ziffern ein, die Ihre Authenticator-App zeigt, oder einen Ihrer Ersatzcodes.",
    code_rejected: "Der Code passt nicht oder wurde schon benutzt. Warten Sie auf den nächsten.",
    check_code: "Weiter",
    other_account: "Als jemand anderes anmelden",
    remove: "Zweiten Faktor entfernen",
    new_recovery_codes: "Neue Ersatzcodes",
    recovery_codes: "Ersatzcodes",
    recovery_words: "Jeder dieser Codes lässt Sie einmal hinein, wenn Ihr Telefon verloren ist. Sie werden nur dieses eine Mal gezeigt: Drucken Sie sie aus, oder bewahren Sie sie bei Ihren Passwörtern auf. Frühere Codes gelten nicht mehr.",
    kept: "Ich habe sie aufbewahrt",
    totp_removed: "Der zweite Faktor ist entfernt. Alle anderen Sitzungen sind beendet.",
    second_factor_demanded: "Die gewünschte Seite verlangt einen zweiten Faktor. Richten Sie hier einen ein, und öffnen Sie die Seite dann noch einmal.",
    passkey: passkey::GERMAN,
    own_key: own_key::GERMAN,
    sign_in_with: "Anmelden mit",
    nowhere: "Unter dieser Adresse kann sich niemand anmelden. Bitte nehmen Sie die, die Sie bekommen haben.",
    provider_stale: "Diese Anmeldung wurde vor zu langer Zeit oder in einem anderen Browser begonnen oder schon benutzt. Bitte beginnen Sie noch einmal.",
    provider_refused: "Der Anmeldedienst hat Sie nicht angemeldet. Bitte versuchen Sie es noch einmal, oder melden Sie sich anders an.",
    provider_unavailable: "Der Anmeldedienst antwortet gerade nicht. Bitte versuchen Sie es später, oder melden Sie sich anders an.",
    provider_failed: "Die Antwort des Anmeldedienstes ist nicht zu gebrauchen. Wer diesen Server betreibt, findet den Grund in seinem Log.",
    provider_not_allowed: "Ihr Konto beim Anmeldedienst darf sich hier nicht anmelden. Bitte fragen Sie den Betreiber dieses Servers.",
    provider_not_linked: "Der Anmeldedienst kennt Sie, aber kein Konto hier ist mit Ihrem verbunden. Bitte fragen Sie den Betreiber dieses Servers.",
    braked_secs: "Zu viele Anmeldungen sind misslungen. Die nächste wird in {} s geprüft.",
    braked_minute: "Zu viele Anmeldungen sind misslungen. Die nächste wird in einer Minute geprüft.",
    braked_minutes: "Zu viele Anmeldungen sind misslungen. Die nächste wird in {} Minuten geprüft.",
};

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use http::HeaderValue;

    use super::*;

    fn preferred(value: &str) -> Language {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT_LANGUAGE, HeaderValue::from_str(value).unwrap());
        Language::preferred(&headers)
    }

    #[test]
    fn rfc9110_section_12_5_4_the_greatest_weight_wins() {
        for german in [
            "de",
            "de-CH, en;q=0.8",
            "en;q=0.3, DE;q=0.4",
            "fr, de;q=0.5",
            "en;q=0, de;q=0.1",
        ] {
            assert_eq!(preferred(german), Language::German, "{german}");
        }
        for english in [
            "",
            "fr",
            "*",
            "en, de",
            "de;q=0",
            "de;q=2",
            "de;q=x",
            "den, en;q=0.1",
            ";;,,;q",
        ] {
            assert_eq!(preferred(english), Language::English, "{english}");
        }
        assert_eq!(Language::preferred(&HeaderMap::new()), Language::English);
    }
}
