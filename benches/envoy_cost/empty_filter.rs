//! A wasm filter that does nothing: what Envoy pays for having one at all. Built for wasm32 by
//! `make bench`; for any other target it is an empty library.

#[cfg(target_arch = "wasm32")]
mod filter {
    use proxy_wasm::traits::{Context, HttpContext, RootContext};
    use proxy_wasm::types::{ContextType, LogLevel};

    proxy_wasm::main! {{
        proxy_wasm::set_log_level(LogLevel::Warn);
        proxy_wasm::set_root_context(|_| -> Box<dyn RootContext> { Box::new(Empty) });
    }}

    struct Empty;

    impl Context for Empty {}

    impl RootContext for Empty {
        fn get_type(&self) -> Option<ContextType> {
            Some(ContextType::HttpContext)
        }

        fn create_http_context(&self, _: u32) -> Option<Box<dyn HttpContext>> {
            Some(Box::new(Empty))
        }
    }

    impl HttpContext for Empty {}
}
