//! One exchange in Envoy: each callback hands its bytes to the guard and carries out the step.

use std::borrow::Cow;
use std::rc::Rc;

use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::Action as Flow;

use super::{Shared, abi};
use crate::facts::Headers;
use crate::facts::body::BodyTrouble;
use crate::guard::{Next, Step, Then};
use crate::host::Host;
use crate::report::Note;
use crate::respond::Reply;
use crate::trial::{Exchanges, Guards};

/// Name of the filter state that tells of the verdict; Envoy puts `wasm.` before it.
const STATE: &str = "palisade";

/// Has Envoy take what [`STATE`] and its parts say for text.
pub(super) fn declare_states() {
    [STATE].into_iter().chain(Note::PARTS).for_each(abi::declare_text);
}

/// One exchange.
pub(super) struct Filter {
    /// Envoy's number of it.
    id: u32,
    shared: Rc<Shared>,
    exchange: Exchanges,
    /// Whether Palisade answers: what comes after is its own reply.
    replied: bool,
    /// Whether it is held until its time.
    held: bool,
    /// Its reply, where Envoy is to add no headers of its own.
    whole: Option<Reply>,
}

impl Filter {
    pub(super) fn new(id: u32, shared: Rc<Shared>) -> Self {
        Self { id, shared, exchange: Exchanges::default(), replied: false, held: false, whole: None }
    }

    fn carry_out(&mut self, guard: &mut Guards, step: Step) -> Flow {
        for name in &step.strip {
            abi::remove_request_header(name);
        }
        for (name, value) in &step.tags {
            abi::set_request_header(name, value);
        }
        if let Some(note) = &step.note {
            abi::set_property(STATE, &note.text());
            for (name, value) in note.parts() {
                abi::set_property(name, &value);
            }
        }
        match step.next {
            Next::Pass | Next::HoldBody => Flow::Continue,
            Next::Hold => Flow::Pause,
            Next::Reply(reply) => {
                self.reply_with(&reply);
                send(&reply);
                Flow::Pause
            }
            Next::Wait(until_us, then) => {
                self.held = true;
                if let Then::Reply(reply) = &then {
                    self.reply_with(reply);
                }
                guard.hold(&self.shared.host, &self.exchange, self.id, until_us, then);
                self.shared.plan_tick(guard);
                Flow::Pause
            }
        }
    }

    fn reply_with(&mut self, reply: &Reply) {
        self.replied = true;
        self.whole = reply.whole.map(|_| Reply { body: Cow::default(), ..reply.clone() });
    }

    /// Whether it is held still: released is it without its knowing.
    fn is_held(&mut self) -> bool {
        self.held = self.held && self.shared.guard.try_borrow().is_ok_and(|guard| guard.is_held(self.id));
        self.held
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
        self.carry_out(&mut guard, step)
    }
}

impl Context for Filter {}

impl HttpContext for Filter {
    fn on_http_request_headers(&mut self, _: usize, last: bool) -> Flow {
        let shared = Rc::clone(&self.shared);
        let Ok(mut guard) = shared.guard.try_borrow_mut() else { return Flow::Continue };
        let map = abi::header_map(abi::MAP_REQUEST_HEADERS).unwrap_or_default();
        let step = guard.request(&shared.host, &mut self.exchange, &Headers::from_wire(&map), last);
        self.carry_out(&mut guard, step)
    }

    fn on_http_request_body(&mut self, bytes: usize, last: bool) -> Flow {
        // While it is held its body waits with it; afterwards it goes on.
        if self.replied || self.is_held() {
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
        if self.replied || self.is_held() {
            return Flow::Pause;
        }
        if !self.exchange.awaits_body() {
            return Flow::Continue;
        }
        // The end of the body came with the trailers.
        self.body_complete()
    }

    fn on_http_response_headers(&mut self, _: usize, last: bool) -> Flow {
        if self.replied {
            // Its own reply, to which Envoy added what the origin's answers do not have.
            if let Some(head) = self.whole.take().as_ref().and_then(|r| r.head(self.shared.host.now_us())) {
                let head: Vec<(&str, &str)> = head.iter().map(|(name, value)| (*name, &**value)).collect();
                abi::set_response_headers(&head);
            }
            return Flow::Continue;
        }
        for (name, value) in self.exchange.take_announced() {
            abi::add_response_header(&name, &value);
        }
        if !self.exchange.awaits_answer() {
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
        let shared = Rc::clone(&self.shared);
        if let Ok(mut guard) = shared.guard.try_borrow_mut() {
            if self.held {
                guard.forget(self.id);
            }
            if self.replied {
                return;
            }
            guard.done(&shared.host, &mut self.exchange);
        }
    }
}

pub(super) fn send(reply: &Reply) {
    let headers: Vec<(&str, &str)> = reply.headers.iter().map(|(n, v)| (&**n, v.as_str())).collect();
    abi::send_local_response(reply.status, reply.details, &reply.body, &headers, reply.grpc_status);
}
