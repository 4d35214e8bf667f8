//! Names and marks that scanners give themselves, and methods that nobody serves.

use super::marks::Marks;

/// In an agent's name.
static AGENTS: Marks = Marks::new(
    "acunetix\nappscan\narachni\nburpsuite\ncensysinspect\ncommix\ndalfox\ndetectify\ndirb \n\
     dirbuster\ndirsearch\ndroopescan\nferoxbuster\nffuf\nfimap\nfuzz faster\ngobuster\ngrabber\n\
     havij\nhttpx - open-source\nhydra\ninternetmeasurement\ninvicti\njaeles\njoomscan\nkatana/\n\
     l9explore\nleakix\nmasscan\nmorfeus\nnessus\nnetsparker\nnikto\nnmap\nnuclei\nodin.io\nopenvas\n\
     owasp\npangolin\nparos\nqualys\nskipfish\nsqlmap\nsqlninja\ntplmap\nvega/\nw3af\nwapiti\n\
     webinspect\nwfuzz\nwhatweb\nwpscan\nxsstrike\nzaproxy\nzgrab\nzmeu",
);

/// Names of headers that scanners add.
const HEADERS: [&[u8]; 9] = [
    b"acunetix-aspect",
    b"acunetix-product",
    b"acunetix-scanning-agreement",
    b"x-scan-memo",
    b"x-scanner",
    b"x-request-memo",
    b"x-wipp",
    b"x-zap-scan-id",
    b"x-arachni-scan-seed",
];

/// Hosts that scanners wait at for whom they broke into.
static CALLED: Marks = Marks::new(
    ".oast.fun\n.oast.pro\n.oast.live\n.oast.site\n.oast.online\n.oast.me\ninteract.sh\n\
     interactsh.com\noastify.com\nburpcollaborator.net\nbxss.me\ndnslog.cn\nceye.io\nr87.me\n\
     nikto-test-\ncanarytokens.com",
);

/// Methods of HTTP that browsers and APIs use (RFC 9110, RFC 5789, and QUERY).
const METHODS: [&[u8]; 8] = [b"GET", b"HEAD", b"POST", b"PUT", b"DELETE", b"OPTIONS", b"PATCH", b"QUERY"];

/// Longest agent that is read, in bytes.
const AGENT_BYTES: usize = 256;

/// Whether an agent is a scanner's by its own name.
pub(super) fn is_marked(agent: &[u8]) -> bool {
    AGENTS.is_in(&agent.get(..AGENT_BYTES).unwrap_or(agent).to_ascii_lowercase())
}

/// Whether a header is one that a scanner adds.
pub(super) fn is_header(name: &[u8]) -> bool {
    matches!(name.first(), Some(b'a' | b'x')) && HEADERS.contains(&name)
}

/// Whether a decoded value, in lower case, calls a scanner's own host.
pub(super) fn is_called(text: &[u8]) -> bool {
    CALLED.is_in(text)
}

/// Whether a method is one that nobody serves. `tunnel`: the request opens a WebSocket (RFC 8441).
pub(super) fn is_odd(method: &[u8], tunnel: bool) -> bool {
    let opens_socket = tunnel && method == b"CONNECT";
    !opens_socket && !METHODS.contains(&method)
}
