//! Languages of customers, as each browser engine asks for them.

/// One language, and how each engine writes it.
pub(crate) struct Locale {
    /// Its tag.
    pub(crate) tag: &'static str,
    /// Share of customers. A shop that sells in Europe and North America.
    pub(crate) share: f64,
    /// As Chromium asks.
    pub(crate) chromium: &'static str,
    /// As Gecko asks.
    pub(crate) gecko: &'static str,
    /// As WebKit asks.
    pub(crate) webkit: &'static str,
}

const fn locale(
    tag: &'static str,
    share: f64,
    chromium: &'static str,
    gecko: &'static str,
    webkit: &'static str,
) -> Locale {
    Locale { tag, share, chromium, gecko, webkit }
}

/// A language in which few ask, written alike by all engines.
const fn odd(written: &'static str) -> Locale {
    locale(written, 0.005, written, written, written)
}

/// All of them.
pub(crate) const LOCALES: [Locale; 24] = [
    locale("de-DE", 0.31, "de-DE,de;q=0.9,en-US;q=0.8,en;q=0.7", "de,en-US;q=0.7,en;q=0.3", "de-DE,de;q=0.9"),
    locale("en-US", 0.17, "en-US,en;q=0.9", "en-US,en;q=0.5", "en-US,en;q=0.9"),
    locale("en-GB", 0.13, "en-GB,en-US;q=0.9,en;q=0.8", "en-GB,en;q=0.5", "en-GB,en;q=0.9"),
    locale(
        "fr-FR",
        0.10,
        "fr-FR,fr;q=0.9,en-US;q=0.8,en;q=0.7",
        "fr,fr-FR;q=0.8,en-US;q=0.5,en;q=0.3",
        "fr-FR,fr;q=0.9",
    ),
    locale("nl-NL", 0.06, "nl-NL,nl;q=0.9,en-US;q=0.8,en;q=0.7", "nl,en-US;q=0.7,en;q=0.3", "nl-NL,nl;q=0.9"),
    locale(
        "it-IT",
        0.05,
        "it-IT,it;q=0.9,en-US;q=0.8,en;q=0.7",
        "it-IT,it;q=0.8,en-US;q=0.5,en;q=0.3",
        "it-IT,it;q=0.9",
    ),
    locale("es-ES", 0.05, "es-ES,es;q=0.9", "es-ES,es;q=0.8,en-US;q=0.5,en;q=0.3", "es-ES,es;q=0.9"),
    locale("pl-PL", 0.04, "pl-PL,pl;q=0.9,en-US;q=0.8,en;q=0.7", "pl,en-US;q=0.7,en;q=0.3", "pl-PL,pl;q=0.9"),
    locale(
        "de-AT",
        0.03,
        "de-AT,de;q=0.9,en-US;q=0.8,en;q=0.7",
        "de-AT,de;q=0.8,en-US;q=0.5,en;q=0.3",
        "de-AT,de;q=0.9",
    ),
    locale(
        "sv-SE",
        0.02,
        "sv-SE,sv;q=0.9,en-US;q=0.8,en;q=0.7",
        "sv-SE,sv;q=0.8,en-US;q=0.5,en;q=0.3",
        "sv-SE,sv;q=0.9",
    ),
    locale(
        "tr-TR",
        0.02,
        "tr-TR,tr;q=0.9,en-US;q=0.8,en;q=0.7",
        "tr-TR,tr;q=0.8,en-US;q=0.5,en;q=0.3",
        "tr-TR,tr;q=0.9",
    ),
    locale(
        "pt-PT",
        0.02,
        "pt-PT,pt;q=0.9,en-US;q=0.8,en;q=0.7",
        "pt-PT,pt;q=0.8,en;q=0.5,en-US;q=0.3",
        "pt-PT,pt;q=0.9",
    ),
    // People who read several languages set them in orders of their own.
    odd("de-DE,de;q=0.9,tr;q=0.8,en;q=0.7"),
    odd("de,en;q=0.9"),
    odd("en-US,en;q=0.9,de;q=0.8"),
    odd("en-GB,en;q=0.9,fr;q=0.8"),
    odd("pl-PL,pl;q=0.9,de;q=0.8"),
    odd("ru-RU,ru;q=0.9,de-DE;q=0.8,de;q=0.7"),
    odd("uk-UA,uk;q=0.9,en;q=0.8"),
    odd("ro-RO,ro;q=0.9,en;q=0.8"),
    odd("ar,de;q=0.9,en;q=0.8"),
    odd("da-DK,da;q=0.9,en;q=0.8"),
    odd("fr-BE,fr;q=0.9,nl;q=0.8"),
    odd("cs-CZ,cs;q=0.9"),
];
