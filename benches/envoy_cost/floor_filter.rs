//! A wasm filter with nothing but the host calls that protection by outcome, chosen per route,
//! cannot do without: what Envoy charges before a line of Palisade's own runs. Under the policy `refused`
//! it answers by itself, with what a refusal has. Built for wasm32 by `make bench`; for any other target it
//! is an empty library.

#[cfg(target_arch = "wasm32")]
mod filter {
    use proxy_wasm::hostcalls;
    use proxy_wasm::traits::{Context, HttpContext, RootContext};
    use proxy_wasm::types::{Action, ContextType, LogLevel, MapType};

    /// Where a route's metadata names its policy.
    const POLICY: [&str; 5] = ["xds", "route_metadata", "filter_metadata", "palisade", "policy"];

    /// What Palisade refuses with.
    const HEADERS: [(&str, &str); 2] =
        [("content-type", "application/problem+json"), ("cache-control", "no-store")];
    const BODY: &[u8] = br#"{"type":"urn:palisade:blocked","title":"Forbidden","status":403}"#;

    proxy_wasm::main! {{
        proxy_wasm::set_log_level(LogLevel::Warn);
        proxy_wasm::set_root_context(|_| -> Box<dyn RootContext> { Box::new(Floor::default()) });
    }}

    #[derive(Default)]
    struct Floor {
        refused: bool,
    }

    impl Floor {
        /// A call that gave nothing would cost less than what is to be measured: then the request
        /// fails, and with it the measurement.
        fn go_on_if(&self, got: bool) -> Action {
            if got {
                return Action::Continue;
            }
            self.send_http_response(500, vec![], Some(b"a host call gave nothing"));
            Action::Pause
        }
    }

    impl Context for Floor {}

    impl RootContext for Floor {
        fn get_type(&self) -> Option<ContextType> {
            Some(ContextType::HttpContext)
        }

        fn create_http_context(&self, _: u32) -> Option<Box<dyn HttpContext>> {
            Some(Box::new(Floor::default()))
        }
    }

    // The SDK's wrappers panic on a status of the host that none of these calls can have.
    impl HttpContext for Floor {
        fn on_http_request_headers(&mut self, _: usize, _: bool) -> Action {
            let headers = hostcalls::get_map_bytes(MapType::HttpRequestHeaders);
            let policy = hostcalls::get_property(POLICY.to_vec());
            if matches!(&policy, Ok(Some(name)) if name == b"refused") {
                self.refused = true;
                self.send_http_response(403, HEADERS.to_vec(), Some(BODY));
                return Action::Pause;
            }
            self.go_on_if(headers.is_ok_and(|h| !h.is_empty()) && matches!(policy, Ok(Some(_))))
        }

        fn on_http_response_headers(&mut self, _: usize, _: bool) -> Action {
            if self.refused {
                return Action::Continue;
            }
            let status = hostcalls::get_map_value_bytes(MapType::HttpResponseHeaders, ":status");
            self.go_on_if(matches!(status, Ok(Some(_))))
        }
    }
}
