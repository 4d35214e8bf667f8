//! The filter as Envoy loads it: proxy-wasm callbacks in, host calls out. Nothing is decided here.
//!
//! Trouble with a host call is passed on as "not there"; the SDK's wrappers, which panic on an
//! unexpected status or on bytes that are not UTF-8, are used only where neither can happen.

mod abi;
mod filter;
mod host;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use log::error;
use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{ContextType, LogLevel};

use crate::config;
use crate::guard::Then;
use crate::host::Host;
use crate::trial::Guards;
use filter::Filter;
use host::EnvoyHost;

proxy_wasm::main! {{
    proxy_wasm::set_log_level(LogLevel::Info);
    proxy_wasm::set_root_context(|id| Box::new(Root { id, shared: None }));
}}

/// How often a worker does its housekeeping.
const TICK: Duration = Duration::from_millis(crate::memory::cache::FRESH_MS);

/// What the exchanges of one worker share.
struct Shared {
    guard: RefCell<Guards>,
    /// The most of a body that is read, in bytes.
    body_limit: usize,
    host: EnvoyHost,
    /// When the next tick comes, in microseconds since 1970.
    next_us: Cell<u64>,
    /// How long the timer runs that it comes of, in milliseconds.
    period_ms: Cell<u64>,
    /// When it last did its housekeeping, in milliseconds since 1970.
    kept_ms: Cell<u64>,
}

impl Shared {
    /// Lets the next tick come when a held request is due, or housekeeping is.
    fn plan_tick(&self, guard: &Guards) {
        let now_us = self.host.now_us();
        let usual_us = u64::try_from(TICK.as_micros()).unwrap_or(u64::MAX);
        let in_us =
            guard.next_due_us().map_or(usual_us, |due_us| due_us.saturating_sub(now_us).min(usual_us));
        // Timers are as fine as a millisecond.
        let period_ms = ((in_us + 500) / 1000).max(1);
        let next_us = now_us + period_ms * 1000;
        let is_over = self.next_us.get() <= now_us;
        if is_over || next_us < self.next_us.get() {
            self.next_us.set(next_us);
            // A timer that ran out begins anew by itself.
            if self.period_ms.replace(period_ms) != period_ms || !is_over {
                abi::set_tick_period(Duration::from_millis(period_ms));
            }
        }
    }
}

/// The plugin on one worker, the main thread, or in the trial that Envoy gives a configuration.
struct Root {
    id: u32,
    shared: Option<Rc<Shared>>,
}

impl Context for Root {}

impl RootContext for Root {
    fn on_configure(&mut self, bytes: usize) -> bool {
        let text = abi::buffer(abi::BUFFER_PLUGIN_CONFIGURATION, bytes).unwrap_or_default();
        match config::read_text(&text, &|name| std::env::var(name).ok()) {
            Ok(read) => {
                let body_limit = read.settings.body_limit;
                let guard = RefCell::new(Guards::new(read.settings));
                let host = EnvoyHost::default();
                let (next_us, period_ms, kept_ms) = (Cell::new(0), Cell::new(0), Cell::new(0));
                self.shared = Some(Rc::new(Shared { guard, body_limit, host, next_us, period_ms, kept_ms }));
                abi::set_tick_period(TICK);
                filter::declare_states();
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
        let Some(shared) = &self.shared else { return };
        let Ok(mut guard) = shared.guard.try_borrow_mut() else { return };
        let due = guard.due(&shared.host);
        if !due.is_empty() {
            for (context, then) in due {
                // One whose client left is not there any more.
                if abi::set_effective_context(context) {
                    match then {
                        Then::Pass => abi::continue_request(),
                        Then::Reply(reply) => filter::send(&reply),
                    }
                }
            }
            abi::set_effective_context(self.id);
        }
        shared.next_us.set(0);
        shared.plan_tick(&guard);
        let now_ms = shared.host.now_ms();
        let passed_ms = now_ms.abs_diff(shared.kept_ms.get());
        // Timers come a little early or late.
        if u128::from(passed_ms) * 10 >= TICK.as_millis() * 9 {
            shared.kept_ms.set(now_ms);
            guard.tick(&shared.host);
        }
    }

    fn create_http_context(&self, id: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Filter::new(id, self.shared.clone()?)))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}
