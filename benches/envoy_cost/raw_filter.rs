//! A wasm filter with nothing but the host calls that protection by outcome, chosen per route,
//! cannot do without: what Envoy charges before a line of Palisade's own runs. Built for wasm32 by
//! `make bench`; for any other target it is an empty library.

#[cfg(target_arch = "wasm32")]
mod filter {
    use proxy_wasm::hostcalls;
    use proxy_wasm::traits::{Context, HttpContext, RootContext};
    use proxy_wasm::types::{Action, ContextType, LogLevel, MapType};

    /// Where a route's metadata names its policy.
    const POLICY: [&str; 5] = ["xds", "route_metadata", "filter_metadata", "palisade", "policy"];

    proxy_wasm::main! {{
        proxy_wasm::set_log_level(LogLevel::Warn);
        proxy_wasm::set_root_context(|_| -> Box<dyn RootContext> { Box::new(Floor) });
    }}

    struct Floor;

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
            Some(Box::new(Floor))
        }
    }

    #[allow(unsafe_code, dead_code, missing_docs)]
    #[path = "../../../src/wasm/abi.rs"]
    mod abi;
    impl HttpContext for Floor {
        fn on_http_request_headers(&mut self, _: usize, _: bool) -> Action {
            let headers = abi::header_map(0);
            let policy = abi::property(abi::ROUTE_POLICY);
            self.go_on_if(headers.is_some_and(|h| !h.is_empty()) && policy.is_some_and(|p| !p.is_empty()))
        }
        fn on_http_response_headers(&mut self, _: usize, _: bool) -> Action {
            self.go_on_if(abi::header(2, ":status").is_some_and(|h| !h.is_empty()))
        }
    }
}
#[cfg(target_arch = "wasm32")]
mod host { pub enum StoreError { Conflict, Refused } }
