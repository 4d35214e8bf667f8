//! Whether a value is a command for a shell.

use super::marks::{Marks, is_of};
use super::plain;

/// What only a shell, or code that calls one, is told.
static STRONG: Marks = Marks::new(
    "${ifs}\n$ifs\n/dev/tcp/\n() {\n(){\n<!--#exec\nbash -i\nbash -c\nsh -c \nnc -e\nnc -lv\ncmd /c\n\
     cmd.exe\n/bin/sh\n/bin/bash\n/bin/cat\npowershell -\npowershell.exe\ncertutil -urlcache\n\
     shell_exec(\npassthru(\n<?php\neval(base64\nbase64 -d\ngetruntime().exec\nchild_process\n\
     os.system(\nsubprocess.\nsystem('\nsystem(\"\npopen(\nexec('\nchmod +x\nchmod 777\nmshta http\n\
     rundll32",
);

/// Commands that need nothing behind them.
const ALONE: &str = "dir env hostname id ifconfig ipconfig ls netstat printenv ps pwd set systeminfo tasklist uname \
    whoami";

/// Commands that something is given to.
const GIVEN: &str = "awk base64 bash busybox cat certutil chmod cmd curl dig dir echo env expr find grep head host \
    id less ls more mkfifo nc ncat net netcat nohup nslookup perl php ping powershell python \
    python3 rm ruby sh sleep tail telnet timeout touch type uname wget";

/// Most words beside what could be markdown's code: `id` among words is no command.
const FEW_WORDS: usize = 1;

/// Most words, the command's name among them, of what is no list of words.
const SPOKEN_WORDS: usize = 2;

/// Whether a decoded value, in lower case, holds a command.
pub(super) fn is_in(text: &[u8]) -> bool {
    if STRONG.is_in(text) {
        return true;
    }
    let words = plain::words(text).0;
    let (spoken, quoted) = (words > SPOKEN_WORDS, words > FEW_WORDS);
    text.iter().enumerate().any(|(at, &byte)| {
        let behind = text.get(at + 1..).unwrap_or_default();
        match byte {
            // A run of them is looked behind once; a text of lines has line ends of two bytes.
            b';' | b'|' | b'&' | b'\n'
                if at > 0 && text.get(at - 1).is_some_and(|b| b";|&\n\r".contains(b)) =>
            {
                false
            }
            b';' | b'|' | b'&' | b'\n' => begins_command(behind, spoken),
            b'`' if !quoted => begins_command(behind, false),
            b'`' => begins_given(behind),
            b'$' if behind.first() == Some(&b'(') => {
                begins_command(behind.get(1..).unwrap_or_default(), false)
            }
            _ => false,
        }
    })
}

fn begins_given(text: &[u8]) -> bool {
    let (name, rest) = command(text);
    is_of(GIVEN, name) && is_argument(rest)
}

fn begins_command(text: &[u8], spoken: bool) -> bool {
    let (name, rest) = command(text);
    let ends = match rest {
        [] => true,
        [first, ..] => matches!(first, b';' | b'|' | b'`' | b')' | b'#' | b'&' | 0),
    };
    (!spoken && ends && is_of(ALONE, name)) || (is_of(GIVEN, name) && is_argument(rest))
}

/// The name of a command, without the folder it is in, and what follows it.
fn command(text: &[u8]) -> (&[u8], &[u8]) {
    let before =
        text.iter().take_while(|b| matches!(b, b' ' | b'\n' | b'|' | b'&' | b';' | b'(' | b'{')).count();
    let text = text.get(before..).unwrap_or_default();
    let folders = [&b"/usr/bin/"[..], b"/bin/", b"/usr/local/bin/", b"/sbin/"];
    let text = folders.iter().find_map(|folder| text.strip_prefix(*folder)).unwrap_or(text);
    text.split_at(text.iter().take_while(|b| b.is_ascii_alphanumeric()).count())
}

/// Whether a command is given what a command is given: an option, a path, a number of seconds, an address;
/// not a word of a sentence.
fn is_argument(rest: &[u8]) -> bool {
    let first = match rest {
        [b'<' | b'$', _, ..] => return true,
        [b' ', ..] => rest.trim_ascii_start().split(|&b| b == b' ').next().unwrap_or_default(),
        _ => return false,
    };
    let ends = |b: &u8| matches!(b, b';' | b'`' | b')' | b'#' | b'&' | b'|');
    match first {
        [b'-', next, ..] => next.is_ascii_alphanumeric(),
        [b'/', next, ..] => next.is_ascii_alphanumeric() || matches!(next, b'?' | b'*'),
        [b'<' | b'$', _, ..] => true,
        [digit, more @ ..]
            if digit.is_ascii_digit() && more.iter().all(|b| b.is_ascii_digit() || ends(b)) =>
        {
            true
        }
        _ => is_address(first) || first.windows(2).any(|w| w == b":\\") || first.contains(&b'*'),
    }
}

/// `10.0.0.1`, `x.example/a.sh`, `http://x`.
fn is_address(text: &[u8]) -> bool {
    let dots = text.iter().filter(|&&b| b == b'.').count();
    text.windows(3).any(|w| w == b"://") || dots >= 2 || (dots == 1 && !text.ends_with(b"."))
}
