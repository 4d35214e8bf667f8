//! A real browser: Chromium, where it is installed.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::origin::Origin;
use crate::stage::soon;
use crate::wire::answer;

/// Shows a page to Chromium from a server of its own, and gives what its script sends to `/told`. `begin` is
/// called with the page's origin before it is shown. `None`: there is no Chromium, which it says.
#[expect(clippy::print_stderr, reason = "a test says that it was not played")]
pub(crate) fn told(page: String, begin: impl FnOnce(&str)) -> Option<Value> {
    let Some(program) = chromium() else {
        eprintln!("not played: there is no chromium (Debian: apt-get install chromium)");
        return None;
    };
    let pages = Origin::answering(move |_| answer(200, &[("content-type", "text/html")], page.as_bytes()));
    let address = format!("http://{}", pages.address);
    begin(&address);
    let folder = tempfile::tempdir().unwrap();
    let browser = Browser::open(&program, &folder, &format!("{address}/"));
    let told = || pages.seen("/told").first().map(|told| told.text());
    assert!(soon(|| told().is_some()), "the page told nothing");
    drop(browser);
    serde_json::from_str(&told()?).ok()
}

/// Where it is installed.
fn chromium() -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders).map(|folder| folder.join("chromium")).find(|file| file.is_file())
}

/// A browser that is ours, with a profile of its own.
struct Browser(Child);

impl Browser {
    fn open(program: &PathBuf, profile: &tempfile::TempDir, url: &str) -> Self {
        let child = Command::new(program)
            // As root, as tests may run, it has no sandbox; it sees nothing but our own page.
            .args(["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"])
            .args(["--no-first-run", "--disable-background-networking", "--no-proxy-server"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("--remote-debugging-port=0")
            .arg(url)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        Self(child.unwrap())
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
