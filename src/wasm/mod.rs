//! The filter as Envoy loads it: proxy-wasm callbacks in, host calls out. Nothing is decided here.
//!
//! Trouble with a host call is passed on as "not there"; the SDK's wrappers, which panic on an
//! unexpected status or on bytes that are not UTF-8, are used only where neither can happen.

mod abi;
mod filter;
mod host;

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use log::error;
use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{ContextType, LogLevel};

use crate::config;
use crate::guard::Guard;
use filter::Filter;
use host::EnvoyHost;

proxy_wasm::main! {{
    proxy_wasm::set_log_level(LogLevel::Info);
    proxy_wasm::set_root_context(|_| Box::new(Root::default()));
}}

/// How often a worker does its housekeeping.
const TICK: Duration = Duration::from_millis(crate::memory::cache::FRESH_MS);

/// What the exchanges of one worker share.
struct Shared {
    guard: RefCell<Guard>,
    /// The most of a body that is read, in bytes.
    body_limit: usize,
    host: EnvoyHost,
}

/// The plugin on one worker, the main thread, or in the trial that Envoy gives a configuration.
#[derive(Default)]
struct Root {
    shared: Option<Rc<Shared>>,
}

impl Context for Root {}

impl RootContext for Root {
    fn on_configure(&mut self, bytes: usize) -> bool {
        let text = abi::buffer(abi::BUFFER_PLUGIN_CONFIGURATION, bytes).unwrap_or_default();
        match config::read_text(&text, &|name| std::env::var(name).ok()) {
            Ok(read) => {
                let body_limit = read.settings.body_limit;
                let guard = RefCell::new(Guard::new(read.settings));
                self.shared = Some(Rc::new(Shared { guard, body_limit, host: EnvoyHost::default() }));
                abi::set_tick_period(TICK);
                true
            }
            Err(mistakes) => {
                for line in mistakes.to_string().lines() {
                    error!("palisade: {line}");
                }
                false
            }
        }
    }

    fn on_tick(&mut self) {
        if let Some(shared) = &self.shared
            && let Ok(mut guard) = shared.guard.try_borrow_mut()
        {
            guard.tick(&shared.host);
        }
    }

    fn create_http_context(&self, _: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Filter::new(self.shared.clone()?)))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}
