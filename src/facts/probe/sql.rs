//! Whether a value is a statement of SQL that breaks out of where it stands.
//!
//! It is read three times, as libinjection does: as it is, as if it stood in single quotes, and in
//! double ones. What is looked for are the turns of phrase that an injection cannot do without, not
//! words: `select` is a word, and "rock 'n' roll or jazz" has quotes.

use super::marks::is_of;
use super::tokens::{self, Token};

/// Words of SQL that prose is not counted by.
const KEYWORDS: &str = "all and as ascii between by case delay drop else end exec from group having insert into is like \
    limit not null or order select set table then union update values waitfor when where";

/// Functions that are called for their effect, or for what the error message shows.
const EFFECTS: &str = "receive_message xp_cmdshell pg_sleep extractvalue updatexml load_file randomblob dbms_xmlgen \
    gtid_subset";

/// Functions that are called where a value is broken out of, beside those.
const STRONG: &str = "benchmark generate_series json_keys sleep utl_http utl_inaddr get_host_address md5";

/// Functions that blind injections compare the results of.
const COMPARED: &str = "ascii cast char chr coalesce concat convert count current_user database decode elt exists exp \
    hex if ifnull iif isnull json_extract left length lower make_set mid nullif nvl ord right row \
    substr substring unhex upper user version";

/// Names of a database's own tables and variables.
const CATALOGUE: &str = "@@datadir @@hostname @@version all_tables dbms_lock dbms_pipe information_schema pg_catalog \
    pg_shadow pg_user sp_executesql sp_password sqlite_master sqlite_schema sysobjects utl_http \
    utl_inaddr xp_cmdshell";

/// What begins a statement behind a `;`: a word, and what may follow it.
const STACKED: &str = "alter table,alter user,alter login,alter database,copy (,create table,create user,\
    create function,create alias,create procedure,create login,declare @,delete from,drop table,\
    drop database,drop user,drop schema,drop view,exec (,exec master,exec xp_cmdshell,exec sp_executesql,\
    exec xp_dirtree,grant all,insert into,select (,select @,select *,select pg_sleep,select sleep,\
    select benchmark,select case,select load_file,shutdown with,truncate table,waitfor delay,waitfor time,\
    update users,update user,update accounts,update mysql";

/// Whether a word is one of SQL's.
pub(super) fn is_keyword(word: &[u8]) -> bool {
    is_of(KEYWORDS, word)
}

/// Whether a decoded value, in lower case, injects SQL.
pub(super) fn is_in(text: &[u8]) -> bool {
    if injects(&tokens::cut(text), false) {
        return true;
    }
    [b'\'', b'"'].into_iter().any(|quote| {
        let Some(at) = text.iter().position(|&b| b == quote) else { return false };
        let (before, behind) = text.split_at(at);
        let behind = behind.get(1..).unwrap_or_default();
        ends_statement(before, behind) || injects(&tokens::cut(behind), true)
    })
}

/// `admin'--`, `x')#`: the quote is closed, and what the statement goes on with is put aside. `12" -- LP` is
/// no such thing: what is measured in inches ends in a digit.
fn ends_statement(before: &[u8], behind: &[u8]) -> bool {
    let rest = behind.trim_ascii_start();
    let near = rest.len() == behind.len() || before.last().is_some_and(u8::is_ascii_alphabetic);
    let closed =
        rest.get(rest.iter().take_while(|b| matches!(b, b')' | b' ' | b';')).count()..).unwrap_or_default();
    let left = closed
        .strip_prefix(b"--")
        .or_else(|| closed.strip_prefix(b"#"))
        .or_else(|| closed.strip_prefix(b"/*"));
    near && left.is_some_and(|left| left.len() <= 8)
}

/// Whether tokens are an injection; `out`: those behind a quote that the value closes.
fn injects(all: &[Token<'_>], out: bool) -> bool {
    if out && breaks_out(all) {
        return true;
    }
    let first_is_number = matches!(all.first(), Some(Token::Number));
    (0..all.len()).any(|at| {
        let (before, rest) = all.split_at(at);
        let last = before.last().copied();
        unites(rest)
            || always_true(rest, out || !before.is_empty())
            || stacks(rest)
            || compares_a_function(rest)
            || takes_time(rest)
            || asks_inside(last, rest)
            || (first_is_number && at == 1 && orders_by_number(rest))
            || is_case(rest)
    }) || names_catalogue(all)
}

/// The word at a place.
fn word<'t>(tokens: &[Token<'t>], at: usize) -> &'t [u8] {
    match tokens.get(at) {
        Some(Token::Word(word)) => word,
        _ => b"",
    }
}

fn has(tokens: &[Token<'_>], wanted: &str) -> bool {
    tokens.iter().any(|token| is_word(Some(token), wanted))
}

/// How many opening brackets, negations and signs stand at the beginning.
fn opening(tokens: &[Token<'_>]) -> usize {
    let opens = |token: &&Token<'_>| match token {
        Token::Sign(sign) => b"(-~+".contains(sign),
        token => is_word(Some(token), "not"),
    };
    tokens.iter().take_while(opens).count()
}

/// Whether a token is one of these words.
fn is_word(token: Option<&Token<'_>>, words: &str) -> bool {
    matches!(token, Some(Token::Word(word)) if is_of(words, word))
}

/// `union select`, with `all` or brackets between.
fn unites(tokens: &[Token<'_>]) -> bool {
    let skip = |token: &&Token<'_>| **token == Token::Sign(b'(') || is_word(Some(token), "all distinct");
    is_word(tokens.first(), "union") && {
        let rest = tokens.get(1..).unwrap_or_default();
        is_word(rest.get(rest.iter().take_while(skip).count()), "select")
    }
}

/// What joins a condition to another.
fn joins(token: Option<&Token<'_>>) -> bool {
    token == Some(&Token::Both) || is_word(token, "or and xor having where rlike not when div")
}

fn is_literal(token: Option<&Token<'_>>) -> bool {
    matches!(token, Some(Token::Number | Token::Text)) || is_word(token, "true false null")
}

fn is_compare(token: Option<&Token<'_>>) -> bool {
    token == Some(&Token::Compare) || is_word(token, "like rlike regexp between in")
}

/// `or 1=1`, `and 'a' like 'a`, `or x=x`, `or 1 --`: a condition that says nothing of the data.
fn always_true(tokens: &[Token<'_>], follows: bool) -> bool {
    if !joins(tokens.first()) {
        return false;
    }
    let rest = tokens.get(1..).unwrap_or_default();
    let rest = rest.get(opening(rest)..).unwrap_or_default();
    let behind = rest.get(2..).unwrap_or_default();
    if is_literal(rest.first()) {
        let against = behind.is_empty() || is_literal(behind.get(opening(behind)));
        return (is_compare(rest.get(1)) && against) || (follows && rest.get(1) == Some(&Token::Comment));
    }
    matches!(rest, [Token::Word(one), Token::Compare, Token::Word(other), ..] if one == other)
}

/// `; drop table x`.
fn stacks(tokens: &[Token<'_>]) -> bool {
    if tokens.first() != Some(&Token::Sign(b';')) {
        return false;
    }
    let second = match tokens.get(2) {
        Some(Token::Word(word)) if word.starts_with(b"@") => b"@",
        Some(Token::Word(word)) => *word,
        Some(Token::Sign(b'(')) => b"(",
        Some(Token::Sign(b'*')) => b"*",
        _ => return false,
    };
    STACKED
        .split(',')
        .filter_map(|pair| pair.split_once(' '))
        .any(|(one, other)| one.as_bytes() == word(tokens, 1) && other.as_bytes() == second)
}

/// `and ascii(substr(...)) > 64`, `or exists(select ...)`.
fn compares_a_function(tokens: &[Token<'_>]) -> bool {
    if !joins(tokens.first()) {
        return false;
    }
    let rest = tokens.get(1..).unwrap_or_default();
    let at = opening(rest);
    let behind = rest.get(at..).unwrap_or_default();
    is_of(COMPARED, word(behind, 0))
        && behind.get(1) == Some(&Token::Sign(b'('))
        && (behind.iter().skip(2).any(|token| is_compare(Some(token))) || has(behind, "select"))
}

/// `sleep(5)`, `waitfor delay '0:0:5'`, and other functions where nothing is asked of them but their effect.
fn takes_time(tokens: &[Token<'_>]) -> bool {
    let [Token::Word(first), second, rest @ ..] = tokens else { return false };
    let called = *second == Token::Sign(b'(');
    let followed = |words| is_word(Some(second), words);
    let of_text = rest.first() == Some(&Token::Text);
    (called && is_of(EFFECTS, first))
        || (called
            && is_of("sleep benchmark", first)
            && rest.first() == Some(&Token::Number)
            && matches!(rest.get(1), None | Some(Token::Sign(b')' | b',' | b'*'))))
        || (is_of("waitfor", first) && followed("delay time") && of_text)
        || (is_of("into", first) && followed("outfile dumpfile") && of_text)
        || (is_of("procedure", first) && followed("analyse"))
        || (is_of("exec execute", first) && followed("master xp_cmdshell xp_dirtree xp_regread xp_fileexist"))
}

/// `=(select ...)`, `,(select 1)`: a statement where a value belongs. "(select one)" is none.
fn asks_inside(before: Option<Token<'_>>, tokens: &[Token<'_>]) -> bool {
    if tokens.first() != Some(&Token::Sign(b'(')) || !is_word(tokens.get(1), "select") {
        return false;
    }
    let of_value = matches!(tokens.get(2), Some(Token::Number | Token::Text | Token::Sign(b'(' | b'*')))
        || word(tokens, 2).starts_with(b"@@")
        || tokens.get(3) == Some(&Token::Sign(b'('));
    let placed = match before {
        Some(Token::Compare | Token::Both | Token::Sign(_)) => true,
        Some(token) => joins(Some(&token)),
        None => false,
    };
    of_value || (placed && has(tokens, "from"))
}

/// `1 order by 10`.
fn orders_by_number(tokens: &[Token<'_>]) -> bool {
    is_word(tokens.first(), "order group")
        && is_word(tokens.get(1), "by")
        && tokens.get(2) == Some(&Token::Number)
        && matches!(tokens.get(3), None | Some(Token::Comment | Token::Sign(b',')))
}

/// `case when 1=1 then ...`.
fn is_case(tokens: &[Token<'_>]) -> bool {
    is_word(tokens.first(), "case")
        && is_word(tokens.get(1), "when")
        && has(tokens, "then")
        && tokens.contains(&Token::Compare)
}

/// A database's own names, with a word that asks for them.
fn names_catalogue(tokens: &[Token<'_>]) -> bool {
    has(tokens, CATALOGUE)
        && (has(tokens, "select from union exec convert cast")
            || tokens.iter().any(|token| joins(Some(token))))
}

/// What follows a quote that was closed by the value itself, brackets aside: an operator and something to
/// operate on.
fn breaks_out(tokens: &[Token<'_>]) -> bool {
    let closing = tokens.iter().take_while(|token| **token == Token::Sign(b')')).count();
    let rest = tokens.get(closing..).unwrap_or_default();
    let next = rest.get(1..).unwrap_or_default();
    let behind = next.get(opening(next)..).unwrap_or_default();
    let calls = [STRONG, EFFECTS, COMPARED].iter().any(|names| is_of(names, word(behind, 0)))
        && behind.get(1) == Some(&Token::Sign(b'('));
    let asks = is_word(behind.first(), "select") && behind.len() > 1;
    let first = rest.first();
    match first {
        Some(Token::Compare) => next.first() == Some(&Token::Text) && next.len() == 1,
        Some(Token::Sign(b';')) => calls || asks || is_word(next.first(), "shutdown"),
        Some(Token::Sign(sign)) if b"+-*/%,".contains(sign) => calls || asks,
        _ if is_word(first, "order group") => is_word(rest.get(1), "by"),
        _ if is_word(first, "limit procedure into having union") => next.len() > 1,
        _ if first == Some(&Token::Both) || is_word(first, "or and xor like rlike") => {
            calls || asks || (is_literal(behind.first()) && behind.get(1) == Some(&Token::Compare))
        }
        _ => false,
    }
}
