//! Host calls of the proxy-wasm ABI 0.2.1 that the SDK either does not offer (response-code
//! details, the raw header map) or wraps in a panic. The only unsafe code of the project.
//!
//! Every function here has the same shape: pass pointers that live through the call, and take
//! what the host returns, which it allocated with the module's own `proxy_on_memory_allocate`.

#![allow(unsafe_code, reason = "calls into the host are foreign functions")]

use std::ptr;
use std::time::Duration;

use crate::host::StoreError;

pub(super) const BUFFER_REQUEST_BODY: u32 = 0;
pub(super) const BUFFER_RESPONSE_BODY: u32 = 1;
pub(super) const BUFFER_PLUGIN_CONFIGURATION: u32 = 7;
pub(super) const MAP_REQUEST_HEADERS: u32 = 0;
pub(super) const MAP_RESPONSE_HEADERS: u32 = 2;

/// Attribute paths, their parts separated by zero bytes.
pub(super) const ROUTE_POLICY: &[u8] = b"xds\0route_metadata\0filter_metadata\0palisade\0policy";
pub(super) const HOST_POLICY: &[u8] = b"xds\0virtual_host_metadata\0filter_metadata\0palisade\0policy";
pub(super) const SOURCE_ADDRESS: &[u8] = b"source\0address";
pub(super) const CLIENT_CERTIFICATE: &[u8] = b"connection\0mtls";
pub(super) const URI_SAN: &[u8] = b"connection\0uri_san_peer_certificate";
pub(super) const DNS_SAN: &[u8] = b"connection\0dns_san_peer_certificate";
pub(super) const SUBJECT: &[u8] = b"connection\0subject_peer_certificate";
pub(super) const SHA256: &[u8] = b"connection\0sha256_peer_certificate_digest";
/// What `jwt_authn` writes into the metadata; the names of a payload and a claim follow.
pub(super) const JWT_PAYLOADS: &[u8] = b"metadata\0filter_metadata\0envoy.filters.http.jwt_authn\0";
pub(super) const RESPONSE_DETAILS: &[u8] = b"response\0code_details";

const OK: u32 = 0;
const NOT_FOUND: u32 = 1;
const CAS_MISMATCH: u32 = 8;
pub(super) const COUNTER: u32 = 0;
pub(super) const GAUGE: u32 = 1;
const STREAM_REQUEST: u32 = 0;

unsafe extern "C" {
    fn proxy_get_buffer_bytes(
        kind: u32,
        start: usize,
        max: usize,
        data: *mut *mut u8,
        size: *mut usize,
    ) -> u32;
    fn proxy_get_header_map_pairs(kind: u32, data: *mut *mut u8, size: *mut usize) -> u32;
    fn proxy_get_header_map_value(
        kind: u32,
        name: *const u8,
        name_size: usize,
        data: *mut *mut u8,
        size: *mut usize,
    ) -> u32;
    fn proxy_replace_header_map_value(
        kind: u32,
        name: *const u8,
        name_size: usize,
        value: *const u8,
        value_size: usize,
    ) -> u32;
    fn proxy_add_header_map_value(
        kind: u32,
        name: *const u8,
        name_size: usize,
        value: *const u8,
        value_size: usize,
    ) -> u32;
    fn proxy_set_header_map_pairs(kind: u32, map: *const u8, map_size: usize) -> u32;
    fn proxy_continue_stream(stream: u32) -> u32;
    fn proxy_set_effective_context(context: u32) -> u32;
    fn proxy_remove_header_map_value(kind: u32, name: *const u8, name_size: usize) -> u32;
    fn proxy_get_property(path: *const u8, path_size: usize, data: *mut *mut u8, size: *mut usize) -> u32;
    fn proxy_set_property(path: *const u8, path_size: usize, value: *const u8, value_size: usize) -> u32;
    fn proxy_call_foreign_function(
        name: *const u8,
        name_size: usize,
        arguments: *const u8,
        arguments_size: usize,
        data: *mut *mut u8,
        size: *mut usize,
    ) -> u32;
    fn proxy_get_shared_data(
        key: *const u8,
        key_size: usize,
        data: *mut *mut u8,
        size: *mut usize,
        version: *mut u32,
    ) -> u32;
    fn proxy_set_shared_data(
        key: *const u8,
        key_size: usize,
        value: *const u8,
        value_size: usize,
        version: u32,
    ) -> u32;
    fn proxy_get_current_time_nanoseconds(time: *mut u64) -> u32;
    fn proxy_set_tick_period_milliseconds(period: u32) -> u32;
    fn proxy_define_metric(kind: u32, name: *const u8, name_size: usize, id: *mut u32) -> u32;
    fn proxy_increment_metric(id: u32, by: i64) -> u32;
    fn proxy_record_metric(id: u32, value: u64) -> u32;
    fn proxy_send_local_response(
        status: u32,
        details: *const u8,
        details_size: usize,
        body: *const u8,
        body_size: usize,
        headers: *const u8,
        headers_size: usize,
        grpc_status: i32,
    ) -> u32;
}

/// What the host returned: a buffer of its making, which is the module's from then on.
fn taken(data: *mut u8, size: usize) -> Vec<u8> {
    if data.is_null() || size == 0 {
        return Vec::new();
    }
    // SAFETY: the host allocated exactly `size` bytes with `proxy_on_memory_allocate`, which the
    // SDK implements as a boxed slice of that length, filled it, and gave it up.
    unsafe { Vec::from_raw_parts(data, size, size) }
}

/// Calls a host function that returns bytes.
fn bytes(call: impl FnOnce(*mut *mut u8, *mut usize) -> u32) -> Result<Vec<u8>, u32> {
    let (mut data, mut size) = (ptr::null_mut(), 0_usize);
    match call(&raw mut data, &raw mut size) {
        OK => Ok(taken(data, size)),
        status => Err(status),
    }
}

pub(super) fn buffer(kind: u32, max: usize) -> Option<Vec<u8>> {
    // SAFETY: both pointers are to live locals of `bytes`.
    bytes(|data, size| unsafe { proxy_get_buffer_bytes(kind, 0, max, data, size) }).ok()
}

pub(super) fn header_map(kind: u32) -> Option<Vec<u8>> {
    // SAFETY: as above.
    bytes(|data, size| unsafe { proxy_get_header_map_pairs(kind, data, size) }).ok()
}

pub(super) fn header(kind: u32, name: &str) -> Option<Vec<u8>> {
    // SAFETY: as above, and `name` lives through the call.
    bytes(|data, size| unsafe { proxy_get_header_map_value(kind, name.as_ptr(), name.len(), data, size) })
        .ok()
}

pub(super) fn property(path: &[u8]) -> Option<Vec<u8>> {
    // SAFETY: as above, and `path` lives through the call.
    bytes(|data, size| unsafe { proxy_get_property(path.as_ptr(), path.len(), data, size) }).ok()
}

pub(super) fn set_property(path: &str, value: &str) {
    // SAFETY: both slices live through the call, which copies them.
    unsafe { proxy_set_property(path.as_ptr(), path.len(), value.as_ptr(), value.len()) };
}

/// Has a property that [`set_property`] sets be text to Envoy, which CEL compares with text; else it is
/// bytes. Holds for the plugin, from its configuration on.
pub(super) fn declare_text(name: &str) {
    const DECLARE: &str = "declare_property";
    // envoy.source.extensions.common.wasm.DeclarePropertyArguments: field 1 is the name, field 3 the type.
    const NAME: u8 = (1 << 3) | 2;
    const TYPE: u8 = 3 << 3;
    const STRING: u8 = 1;
    // Names of a length that one byte holds; another is left as it is.
    let Some(length) = u8::try_from(name.len()).ok().filter(|length| *length < 0x80) else { return };
    let arguments = [&[NAME, length], name.as_bytes(), &[TYPE, STRING]].concat();
    // SAFETY: both slices live through the call, and both pointers are to live locals of `bytes`. An error
    // only leaves the property bytes.
    let _ = bytes(|data, size| unsafe {
        let (name, arguments_at) = (DECLARE.as_ptr(), arguments.as_ptr());
        proxy_call_foreign_function(name, DECLARE.len(), arguments_at, arguments.len(), data, size)
    });
}

pub(super) fn set_request_header(name: &str, value: &str) {
    let kind = MAP_REQUEST_HEADERS;
    // SAFETY: as above.
    unsafe { proxy_replace_header_map_value(kind, name.as_ptr(), name.len(), value.as_ptr(), value.len()) };
}

pub(super) fn remove_request_header(name: &str) {
    // SAFETY: as above.
    unsafe { proxy_remove_header_map_value(MAP_REQUEST_HEADERS, name.as_ptr(), name.len()) };
}

pub(super) fn add_response_header(name: &str, value: &str) {
    let kind = MAP_RESPONSE_HEADERS;
    // SAFETY: as above.
    unsafe { proxy_add_header_map_value(kind, name.as_ptr(), name.len(), value.as_ptr(), value.len()) };
}

/// Sets all headers of the response, in this order.
pub(super) fn set_response_headers(headers: &[(&str, &str)]) {
    let map = wire_map(headers);
    // SAFETY: the map lives through the call, which copies it.
    unsafe { proxy_set_header_map_pairs(MAP_RESPONSE_HEADERS, map.as_ptr(), map.len()) };
}

/// Makes the calls that follow about another context; whether there is one.
pub(super) fn set_effective_context(context: u32) -> bool {
    // SAFETY: no pointers.
    unsafe { proxy_set_effective_context(context) == OK }
}

/// Lets a paused request go on.
pub(super) fn continue_request() {
    // SAFETY: no pointers.
    unsafe { proxy_continue_stream(STREAM_REQUEST) };
}

/// The value and its version; `None` where there never was one.
pub(super) fn shared_data(key: &str) -> Result<Option<(Vec<u8>, u32)>, u32> {
    let mut version = 0;
    // SAFETY: all pointers are to live locals, and `key` lives through the call.
    let read = bytes(|data, size| unsafe {
        proxy_get_shared_data(key.as_ptr(), key.len(), data, size, &raw mut version)
    });
    match read {
        Ok(value) => Ok(Some((value, version))),
        Err(NOT_FOUND) => Ok(None),
        Err(status) => Err(status),
    }
}

pub(super) fn set_shared_data(key: &str, value: &[u8], version: u32) -> Result<(), StoreError> {
    // SAFETY: both slices live through the call, which copies them.
    let status =
        unsafe { proxy_set_shared_data(key.as_ptr(), key.len(), value.as_ptr(), value.len(), version) };
    match status {
        OK => Ok(()),
        CAS_MISMATCH => Err(StoreError::Conflict),
        _ => Err(StoreError::Refused),
    }
}

pub(super) fn now_ns() -> u64 {
    let mut now_ns = 0;
    // SAFETY: the pointer is to a live local.
    unsafe { proxy_get_current_time_nanoseconds(&raw mut now_ns) };
    now_ns
}

pub(super) fn set_tick_period(period: Duration) {
    let period_ms = u32::try_from(period.as_millis()).unwrap_or(u32::MAX);
    // SAFETY: no pointers.
    unsafe { proxy_set_tick_period_milliseconds(period_ms) };
}

pub(super) fn define_metric(kind: u32, name: &str) -> Option<u32> {
    let mut id = 0;
    // SAFETY: the name lives through the call, the pointer is to a live local.
    let status = unsafe { proxy_define_metric(kind, name.as_ptr(), name.len(), &raw mut id) };
    (status == OK).then_some(id)
}

pub(super) fn increment(id: u32, by: u64) {
    // SAFETY: no pointers.
    unsafe { proxy_increment_metric(id, i64::try_from(by).unwrap_or(i64::MAX)) };
}

pub(super) fn record(id: u32, value: u64) {
    // SAFETY: no pointers.
    unsafe { proxy_record_metric(id, value) };
}

/// Answers the request. `grpc_status`: for a gRPC client, in place of `status`.
pub(super) fn send_local_response(
    status: u32,
    details: &str,
    body: &[u8],
    headers: &[(&str, &str)],
    grpc_status: Option<i32>,
) {
    let map = wire_map(headers);
    // SAFETY: all slices live through the call, which copies them.
    unsafe {
        proxy_send_local_response(
            status,
            details.as_ptr(),
            details.len(),
            body.as_ptr(),
            body.len(),
            map.as_ptr(),
            map.len(),
            grpc_status.unwrap_or(-1),
        )
    };
}

/// The ABI's form of a header map; read by [`crate::facts::Headers::from_wire`].
fn wire_map(headers: &[(&str, &str)]) -> Vec<u8> {
    let length = |text: &str| u32::try_from(text.len()).unwrap_or(0).to_le_bytes();
    let bytes = headers.iter().map(|(name, value)| name.len() + value.len() + 10).sum::<usize>();
    let mut out = Vec::with_capacity(4 + bytes);
    out.extend(u32::try_from(headers.len()).unwrap_or(0).to_le_bytes());
    for (name, value) in headers {
        out.extend(length(name));
        out.extend(length(value));
    }
    for text in headers.iter().flat_map(|(name, value)| [name, value]) {
        out.extend_from_slice(text.as_bytes());
        out.push(0);
    }
    out
}
