//! Whether a value is a path out of where files are served from.

use super::Place;
use super::marks::Marks;

/// Files and places that only someone asks for who looks around in a machine.
static STRONG: Marks = Marks::new(
    "/etc/passwd\n/etc/shadow\n/etc/hosts\n/etc/group\n/etc/issue\n/proc/self/\n/proc/version\n\
     /.ssh/\nid_rsa\n/windows/win.ini\n\\windows\\\n/windows/system32\nboot.ini\nweb-inf/\nmeta-inf/\n\
     php://\nfile:///\nexpect://\nphar://\nzip://\n/var/log/\n169.254.169.254\n.aws/credentials\n\
     /.git/\n/.env\nwp-config.php\n/var/www/\nglobal.asa\n/.htpasswd",
);

/// Steps up that a link between pages has at most.
const STEPS: usize = 2;

/// Whether a file is named that nobody asks for.
pub(super) fn is_named(text: &[u8]) -> bool {
    STRONG.is_in(text)
}

/// Whether a decoded value, in lower case, leads out.
pub(super) fn is_in(text: &[u8], place: Place) -> bool {
    if place == Place::Path {
        // Which files a path asks for is told by the answer; only how it asks is told here.
        return steps(text) > 0 || text.contains(&0);
    }
    let named = is_named(text);
    let steps = steps(text);
    match place {
        Place::Header => steps > STEPS || (named && steps > 0),
        _ => named || steps > STEPS || (text.contains(&0) && text.contains(&b'.')),
    }
}

/// How many steps up there are: `../`, `..\`, `..;/`, and `....//`, of which a careless filter leaves one.
fn steps(text: &[u8]) -> usize {
    let step = |at: usize| {
        let rest = text.get(at..).unwrap_or_default();
        let begins = at == 0 || text.get(at - 1).is_some_and(|b| !b.is_ascii_alphanumeric() && *b != b'.');
        begins
            && [&b"../"[..], b"..\\", b"..;/", b"....//", b"....\\\\", b".../"]
                .iter()
                .any(|form| rest.starts_with(form))
    };
    let last = usize::from(text.ends_with(b"/.."));
    (0..text.len()).filter(|&at| text.get(at) == Some(&b'.') && step(at)).count() + last
}
