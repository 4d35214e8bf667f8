//! The module with one function that fails: as if it had a bug there.

/// Ids of sections (WebAssembly core specification, 5.5).
const IMPORT: u8 = 2;
const EXPORT: u8 = 7;
const CODE: u8 = 10;

/// Kinds of imports and exports.
const FUNCTION: u8 = 0;

/// The module, in which the exported function of this name traps.
pub(crate) fn with_trap(module: &[u8], export: &str) -> Vec<u8> {
    let sections = sections(module);
    let of = |id: u8| sections.iter().find(|(own, _)| *own == id).map(|(_, bytes)| *bytes).unwrap();
    let index = exported(of(EXPORT), export) - imported_functions(of(IMPORT));
    let mut out = module[..8].to_vec();
    for (id, bytes) in &sections {
        let bytes = if *id == CODE { trapping(bytes, index) } else { bytes.to_vec() };
        out.push(*id);
        put(&mut out, bytes.len());
        out.extend(bytes);
    }
    out
}

fn sections(module: &[u8]) -> Vec<(u8, &[u8])> {
    let (mut rest, mut sections) = (&module[8..], Vec::new());
    while let Some((id, mut after)) = rest.split_first() {
        let length = take(&mut after);
        sections.push((*id, &after[..length]));
        rest = &after[length..];
    }
    sections
}

fn imported_functions(mut imports: &[u8]) -> usize {
    let mut functions = 0;
    for _ in 0..take(&mut imports) {
        for _ in 0..2 {
            let length = take(&mut imports);
            imports = &imports[length..];
        }
        assert_eq!(imports[0], FUNCTION, "the module imports functions alone");
        imports = &imports[1..];
        take(&mut imports);
        functions += 1;
    }
    functions
}

fn exported(mut exports: &[u8], name: &str) -> usize {
    for _ in 0..take(&mut exports) {
        let length = take(&mut exports);
        let (own, after) = exports.split_at(length);
        exports = &after[1..];
        let index = take(&mut exports);
        if own == name.as_bytes() && after[0] == FUNCTION {
            return index;
        }
    }
    panic!("{name} is not exported")
}

/// The code section, in which the function at this place does nothing but trap.
fn trapping(mut code: &[u8], place: usize) -> Vec<u8> {
    let count = take(&mut code);
    let mut out = Vec::new();
    put(&mut out, count);
    for function in 0..count {
        let length = take(&mut code);
        let (body, after) = code.split_at(length);
        code = after;
        // No locals, unreachable, end.
        let body = if function == place { &[0, 0x00, 0x0b][..] } else { body };
        put(&mut out, body.len());
        out.extend(body);
    }
    out
}

/// Reads a number in LEB128.
fn take(bytes: &mut &[u8]) -> usize {
    let (mut number, mut shift) = (0, 0);
    loop {
        let (byte, rest) = bytes.split_first().unwrap();
        *bytes = rest;
        number |= usize::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            return number;
        }
    }
}

fn put(out: &mut Vec<u8>, mut number: usize) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}
