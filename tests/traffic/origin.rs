//! An origin that keeps what it receives, and answers each path as a test told it.

use std::collections::HashMap;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};

use crate::wire::{Head, Message, Wire, answer};

/// Deals with a request from its head on: gives it whole, with what is still to be sent of its
/// answer. `None`: it never came to its end.
type Script = Arc<dyn Fn(Head, &mut Wire) -> Option<(Message, Vec<u8>)> + Send + Sync>;

#[derive(Default)]
struct Inner {
    scripts: HashMap<String, Script>,
    seen: HashMap<String, Vec<Message>>,
}

/// The origin; its threads end with the process.
pub(crate) struct Origin {
    pub(crate) address: SocketAddr,
    inner: Arc<Mutex<Inner>>,
}

impl Origin {
    /// Starts one that answers 200 to what it was told nothing about.
    pub(crate) fn start() -> Self {
        Self::answering(|_| answer(200, &[("content-type", "application/json")], br#"{"ok": true}"#))
    }

    /// Starts one that answers so to what it was told nothing about.
    pub(crate) fn answering(otherwise: impl Fn(&Message) -> Vec<u8> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let inner = Arc::new(Mutex::new(Inner::default()));
        let (kept, otherwise) = (Arc::clone(&inner), whole(otherwise));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (inner, otherwise) = (Arc::clone(&kept), Arc::clone(&otherwise));
                let mut wire = Wire::over(stream.unwrap());
                std::thread::spawn(move || serve(&mut wire, &inner, &otherwise));
            }
        });
        Self { address, inner }
    }

    /// Answers requests for this path, once they are whole, with these bytes.
    pub(crate) fn tell(&self, path: &str, bytes: Vec<u8>) {
        self.answer_by(path, move |_| bytes.clone());
    }

    /// Answers requests for this path, once they are whole, by what they say.
    pub(crate) fn answer_by(&self, path: &str, by: impl Fn(&Message) -> Vec<u8> + Send + Sync + 'static) {
        self.inner.lock().unwrap().scripts.insert(path.to_owned(), whole(by));
    }

    /// Lets a script deal with requests for this path from their head on.
    pub(crate) fn script(
        &self,
        path: &str,
        script: impl Fn(Head, &mut Wire) -> Option<(Message, Vec<u8>)> + Send + Sync + 'static,
    ) {
        self.inner.lock().unwrap().scripts.insert(path.to_owned(), Arc::new(script));
    }

    /// The whole requests for a path so far, in order.
    pub(crate) fn seen(&self, path: &str) -> Vec<Message> {
        self.inner.lock().unwrap().seen.get(path).cloned().unwrap_or_default()
    }

    /// The whole requests so far, for whatever path.
    pub(crate) fn all_seen(&self) -> Vec<Message> {
        self.inner.lock().unwrap().seen.values().flatten().cloned().collect()
    }
}

/// A script that reads a request to its end before it answers.
fn whole(by: impl Fn(&Message) -> Vec<u8> + Send + Sync + 'static) -> Script {
    Arc::new(move |head, wire| {
        if head.header("expect").is_some() {
            wire.send(b"HTTP/1.1 100 Continue\r\n\r\n");
        }
        let message = wire.rest(head, false)?;
        let bytes = by(&message);
        Some((message, bytes))
    })
}

fn serve(wire: &mut Wire, inner: &Mutex<Inner>, otherwise: &Script) {
    while let Some(head) = wire.head() {
        let path = head.word(1).split('?').next().unwrap_or_default().to_owned();
        let script = inner.lock().unwrap().scripts.get(&path).cloned();
        let script = script.unwrap_or_else(|| Arc::clone(otherwise));
        let Some((message, bytes)) = script(head, wire) else { return };
        // Kept before it is answered: a client that has its answer can look at once.
        inner.lock().unwrap().seen.entry(path).or_default().push(message);
        wire.send(&bytes);
    }
}
