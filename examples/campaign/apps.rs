//! The shop's own apps: few headers, a body of their own, and a new version that is rolled out
//! over some hours of the day.

use super::make::{Form, Key, Make, Orders, Row, Words};

const IOS_READ: &[Row] = &[
    ("accept", "application/json"),
    ("cookie", "{cookie}"),
    ("x-app-version", "{version}"),
    ("user-agent", "{agent}"),
    ("accept-language", "{language}"),
    ("accept-encoding", "gzip, deflate, br"),
];
const IOS_SEND: &[Row] = &[
    ("accept", "application/json"),
    ("content-type", "{type}"),
    ("cookie", "{cookie}"),
    ("x-app-version", "{version}"),
    ("user-agent", "{agent}"),
    ("accept-language", "{language}"),
    ("content-length", "{length}"),
    ("accept-encoding", "gzip, deflate, br"),
];
const ANDROID_READ: &[Row] = &[
    ("accept", "application/json"),
    ("x-app-version", "{version}"),
    ("accept-encoding", "gzip"),
    ("cookie", "{cookie}"),
    ("user-agent", "{agent}"),
];
const ANDROID_SEND: &[Row] = &[
    ("accept", "application/json"),
    ("x-app-version", "{version}"),
    ("content-type", "{type}"),
    ("content-length", "{length}"),
    ("accept-encoding", "gzip"),
    ("cookie", "{cookie}"),
    ("user-agent", "{agent}"),
];
/// From version 5.13 on the apps also say which build they are.
const IOS_SEND_NEXT: &[Row] = &[
    ("accept", "application/json"),
    ("content-type", "{type}"),
    ("cookie", "{cookie}"),
    ("x-app-version", "{version}"),
    ("x-app-build", "51302"),
    ("user-agent", "{agent}"),
    ("accept-language", "{language}"),
    ("content-length", "{length}"),
    ("accept-encoding", "gzip, deflate, br"),
];
const ANDROID_SEND_NEXT: &[Row] = &[
    ("accept", "application/json"),
    ("x-app-version", "{version}"),
    ("x-app-build", "51302"),
    ("content-type", "{type}"),
    ("content-length", "{length}"),
    ("accept-encoding", "gzip"),
    ("cookie", "{cookie}"),
    ("user-agent", "{agent}"),
];

/// Both versions of one app.
pub(crate) struct App {
    /// Before the rollout.
    pub(crate) old: Make,
    /// After it.
    pub(crate) new: Make,
}

/// The app for iOS.
pub(crate) fn ios() -> App {
    let agent =
        |version: &str| format!("Shop/{version} (com.example.shop; build:1; iOS 18.7.0) Alamofire/5.10.2");
    let old = Orders { page: IOS_READ, read: IOS_READ, send: IOS_SEND };
    let new = Orders { send: IOS_SEND_NEXT, ..old };
    App {
        old: make("ios-app", "5.12.3", &agent("5.12.3"), &old, form(false)),
        new: make("ios-app", "5.13.0", &agent("5.13.0"), &new, form(true)),
    }
}

/// The app for Android.
pub(crate) fn android() -> App {
    let old = Orders { page: ANDROID_READ, read: ANDROID_READ, send: ANDROID_SEND };
    let new = Orders { send: ANDROID_SEND_NEXT, ..old };
    App {
        old: make("android-app", "5.12.1", "okhttp/4.12.0", &old, form(false)),
        new: make("android-app", "5.13.0", "okhttp/5.1.0", &new, form(true)),
    }
}

fn make(name: &str, version: &str, agent: &str, orders: &Orders, form: Form) -> Make {
    let tls = if name == "ios-app" {
        "t13d2014h2_a09f3c656075_14788d8d241b"
    } else {
        "t13d1513h2_8daaf6152771_eca864cca44a"
    };
    let words = Words { agent, version, ..Words::default() };
    Make::new(&format!("{name} {version}"), orders, &words, tls, form)
}

fn form(is_new: bool) -> Form {
    let mut login = vec![Key::Device, Key::Email, Key::Password];
    let mut signup = vec![Key::Device, Key::Email, Key::Name, Key::Password];
    if is_new {
        login.push(Key::Fixed("push", "true"));
        signup.push(Key::Fixed("push", "true"));
    }
    Form { spaced: false, login, signup, content_type: "application/json; charset=UTF-8" }
}
