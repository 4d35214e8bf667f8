//! Whether a client understands a decoy. One that speaks gRPC looks for `grpc-status` among the headers of an
//! answer without a body, since our replies have no trailers after it; to any other such an answer is a riddle.

use super::super::Speech;
use crate::facts::Headers;
use crate::policy::{Piece, Template};

/// Whether a client that speaks so takes an answer like this one for the origin's.
pub(super) fn fits(template: &Template, speech: Speech) -> bool {
    let header = |wanted| template.headers.iter().find(|(name, _)| name == wanted);
    let kind = header("content-type").map_or("", |(_, pieces)| begin(pieces));
    let is_whole = || begin(&template.body).is_empty() && header("grpc-status").is_some();
    let own = Speech::of(&Headers::new(vec![(b"content-type", kind.as_bytes())]));
    own == speech && (speech != Speech::Grpc || is_whole())
}

/// What a text begins with, whatever is made anew in it; empty: there is no text.
fn begin(pieces: &[Piece]) -> &str {
    match pieces.first() {
        Some(Piece::Text(text)) => text,
        Some(Piece::Made(_)) => "?",
        None => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Made;

    fn template(headers: &[(&str, &str)], body: &str) -> Template {
        let text = |text: &str| vec![Piece::Text(text.to_owned())];
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), text(value)));
        Template { status: 200, headers: headers.collect(), body: text(body) }
    }

    const WEB: Speech = Speech::GrpcWeb("application/grpc-web+proto");
    const WEB_TEXT: Speech = Speech::GrpcWeb("application/grpc-web-text+proto");

    #[test]
    fn each_client_gets_what_it_speaks() {
        for (content_type, understood) in [
            ("application/json", Speech::Http),
            ("text/html; charset=utf-8", Speech::Http),
            ("application/grpc", Speech::Grpc),
            ("application/grpc+proto", Speech::Grpc),
            ("application/grpc-web", WEB),
            ("application/grpc-web-text", WEB_TEXT),
        ] {
            let own = template(&[("content-type", content_type), ("grpc-status", "16")], "");
            for speech in [Speech::Http, Speech::Grpc, WEB, WEB_TEXT] {
                assert_eq!(fits(&own, speech), speech == understood, "{content_type}, {speech:?}");
            }
        }
        assert!(fits(&template(&[], "no"), Speech::Http));
    }

    #[test]
    fn what_would_need_trailers_is_for_no_client_of_grpc() {
        let kind = ("content-type", "application/grpc");
        assert!(!fits(&template(&[kind], ""), Speech::Grpc), "it has no status");
        let with_body = template(&[kind, ("grpc-status", "16")], "\0\0\0\0\u{2}no");
        assert!(!fits(&with_body, Speech::Grpc));
        let made = Template { body: vec![Piece::Made(Made::Length)], ..with_body };
        assert!(!fits(&made, Speech::Grpc));
        assert!(fits(&Template { body: Vec::new(), ..made }, Speech::Grpc));
    }
}
