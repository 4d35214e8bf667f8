//! The paths a scanner asks for: names that forgotten files and old versions tend to have.
//!
//! It is put together from parts, and mixed with the few paths that really are there.

use super::plan::Draw;

const FOLDERS: [&str; 12] = [
    "",
    "/api",
    "/api/v1",
    "/api/v2",
    "/admin",
    "/backup",
    "/config",
    "/internal",
    "/old",
    "/private",
    "/test",
    "/uploads",
];
const NAMES: [&str; 34] = [
    ".env",
    ".git/HEAD",
    ".htpasswd",
    ".aws/credentials",
    "actuator/env",
    "actuator/heapdump",
    "admin",
    "backup.sql",
    "backup.zip",
    "config.json",
    "config.yml",
    "console",
    "db.sqlite",
    "debug",
    "dump.sql",
    "export.csv",
    "graphql",
    "id_rsa",
    "info.php",
    "jenkins",
    "login.php",
    "metrics",
    "openapi.json",
    "phpinfo.php",
    "secrets.json",
    "server-status",
    "shell.php",
    "swagger.json",
    "token",
    "trace.axd",
    "users",
    "users.csv",
    "web.config",
    "wp-login.php",
];

/// Paths that answer something other than 404, if only that another method is needed.
const THERE: [&str; 20] = [
    "/",
    "/healthz",
    "/robots.txt",
    "/favicon.ico",
    "/api/v1/login",
    "/api/v1/signup",
    "/api/v1/verify-email",
    "/api/v1/password-reset",
    "/api/v1/password-reset/confirm",
    "/api/v1/users/me",
    "/api/v1/products",
    "/api/v1/products/1",
    "/api/v1/products/1/comments",
    "/api/v1/cart",
    "/api/v1/payment-methods",
    "/api/v1/checkout",
    "/api/v1/orders",
    "/api/v1/gift-cards/check",
    "/api/v1/products/2",
    "/api/v1/products/2/comments",
];

/// The list, in an order of chance; a short play has only a part of it.
pub(crate) fn paths(draw: &mut Draw) -> impl Iterator<Item = String> + use<> {
    let guesses = FOLDERS.iter().flat_map(|folder| NAMES.iter().map(move |name| format!("{folder}/{name}")));
    let mut paths: Vec<(u64, String)> = guesses
        .chain(THERE.iter().map(|&path| path.to_owned()))
        .map(|path| (draw.number(0, u64::MAX), path))
        .collect();
    paths.sort();
    paths.truncate(usize::try_from(draw.count(430)).unwrap_or(0));
    paths.into_iter().map(|(_, path)| path)
}
