//! One exchange in Envoy: each callback hands its bytes to the guard and carries out the step.

use std::rc::Rc;

use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::Action as Flow;

use super::{Shared, abi};
use crate::facts::Headers;
use crate::facts::body::BodyTrouble;
use crate::guard::{Exchange, Next, Step};
use crate::respond::Reply;

/// Name of the filter state that tells of the verdict; Envoy puts `wasm.` before it.
const STATE: &str = "palisade";

/// One exchange.
pub(super) struct Filter {
    shared: Rc<Shared>,
    exchange: Exchange,
    /// Whether Palisade answered: what comes after is its own reply.
    replied: bool,
}

impl Filter {
    pub(super) fn new(shared: Rc<Shared>) -> Self {
        Self { shared, exchange: Exchange::default(), replied: false }
    }

    fn carry_out(&mut self, step: Step) -> Flow {
        for name in &step.strip {
            abi::remove_request_header(name);
        }
        for (name, value) in &step.tags {
            abi::set_request_header(name, value);
        }
        if let Some(note) = &step.note {
            abi::set_property(STATE, note);
        }
        match step.next {
            Next::Pass | Next::HoldBody => Flow::Continue,
            Next::Hold => Flow::Pause,
            Next::Reply(reply) => {
                self.replied = true;
                send(&reply);
                Flow::Pause
            }
        }
    }

    /// Judges the request with what is buffered of its body: all of it, or more than the limit.
    fn body_complete(&mut self) -> Flow {
        let shared = Rc::clone(&self.shared);
        let Ok(mut guard) = shared.guard.try_borrow_mut() else { return Flow::Continue };
        // The host gives no more than there is, and one byte past the limit tells that there is more.
        let read = self.exchange.reads_body();
        let buffered =
            read.then(|| abi::buffer(abi::BUFFER_REQUEST_BODY, shared.body_limit.saturating_add(1)));
        let buffered = buffered.flatten().unwrap_or_default();
        let body =
            if buffered.len() > shared.body_limit { Err(BodyTrouble::TooLarge) } else { Ok(&buffered[..]) };
        let step = guard.request_body(&shared.host, &mut self.exchange, body);
        self.carry_out(step)
    }
}

impl Context for Filter {}

impl HttpContext for Filter {
    fn on_http_request_headers(&mut self, _: usize, last: bool) -> Flow {
        let shared = Rc::clone(&self.shared);
        let Ok(mut guard) = shared.guard.try_borrow_mut() else { return Flow::Continue };
        let map = abi::header_map(abi::MAP_REQUEST_HEADERS).unwrap_or_default();
        let step = guard.request(&shared.host, &mut self.exchange, &Headers::from_wire(&map), last);
        self.carry_out(step)
    }

    fn on_http_request_body(&mut self, bytes: usize, last: bool) -> Flow {
        if self.replied {
            return Flow::Pause;
        }
        if !self.exchange.awaits_body() {
            return Flow::Continue;
        }
        if !last && bytes <= self.shared.body_limit {
            return Flow::Pause;
        }
        self.body_complete()
    }

    fn on_http_request_trailers(&mut self, _: usize) -> Flow {
        if !self.exchange.awaits_body() {
            return Flow::Continue;
        }
        // The end of the body came with the trailers.
        self.body_complete()
    }

    fn on_http_response_headers(&mut self, _: usize, last: bool) -> Flow {
        if self.replied || !self.exchange.awaits_answer() {
            return Flow::Continue;
        }
        let shared = Rc::clone(&self.shared);
        let Ok(mut guard) = shared.guard.try_borrow_mut() else { return Flow::Continue };
        // For most answers the status is enough, at half the cost of all headers.
        let status = abi::header(abi::MAP_RESPONSE_HEADERS, ":status").unwrap_or_default();
        if guard.answer_status(&shared.host, &mut self.exchange, &status) {
            return Flow::Continue;
        }
        let map = abi::header_map(abi::MAP_RESPONSE_HEADERS).unwrap_or_default();
        guard.answer(&shared.host, &mut self.exchange, &Headers::from_wire(&map), last);
        Flow::Continue
    }

    fn on_http_response_body(&mut self, bytes: usize, last: bool) -> Flow {
        if !self.exchange.awaits_answer_body() {
            return Flow::Continue;
        }
        let shared = Rc::clone(&self.shared);
        let Ok(mut guard) = shared.guard.try_borrow_mut() else { return Flow::Continue };
        // Each part passes on at once; only a copy is kept.
        let part = abi::buffer(abi::BUFFER_RESPONSE_BODY, bytes).unwrap_or_default();
        guard.answer_body(&shared.host, &mut self.exchange, &part, last);
        Flow::Continue
    }

    fn on_http_response_trailers(&mut self, _: usize) -> Flow {
        if !self.exchange.awaits_answer_body() {
            return Flow::Continue;
        }
        let shared = Rc::clone(&self.shared);
        if let Ok(mut guard) = shared.guard.try_borrow_mut() {
            // The end of the body came with the trailers.
            guard.answer_body(&shared.host, &mut self.exchange, b"", true);
        }
        Flow::Continue
    }

    fn on_log(&mut self) {
        if self.replied {
            return;
        }
        let shared = Rc::clone(&self.shared);
        if let Ok(mut guard) = shared.guard.try_borrow_mut() {
            guard.done(&shared.host, &mut self.exchange);
        }
    }
}

fn send(reply: &Reply) {
    let headers: Vec<(&str, &str)> = reply.headers.iter().map(|(n, v)| (*n, v.as_str())).collect();
    abi::send_local_response(reply.status, reply.details, reply.body.as_bytes(), &headers, reply.grpc_status);
}
