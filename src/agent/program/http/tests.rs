use super::*;

const TOKEN: &[u8] = b"dG9rZW4tb2YtdGhlLXJ1bg";

fn head(request_line: &str, headers: &[&str]) -> Vec<u8> {
    let lines = [&[request_line], headers, &["", ""]].concat();
    lines.join("\r\n").into_bytes()
}

const GET: &str = "GET /v1/credentials HTTP/1.1";
const HOST: &str = "Host: 127.0.0.1:31001";
const RIGHT: &str = "Authorization: dG9rZW4tb2YtdGhlLXJ1bg";

#[test]
fn requests_that_can_be_understood() {
    use Verdict::{Granted, NotAllowed, NotFound, WrongToken};
    for (line, headers, verdict) in [
        (GET, &[HOST, RIGHT][..], Granted),
        (GET, &[RIGHT, "User-Agent: x/1 (y; z)", "Accept: */*", HOST, "X-Empty:"], Granted),
        (GET, &["HOST:\tlocalhost", "aUTHORIZATION:   dG9rZW4tb2YtdGhlLXJ1bg \t"], Granted),
        (GET, &[HOST, RIGHT, "Content-Length: 0", "Connection: keep-alive"], Granted),
        ("GET /v1/credentials HTTP/1.0", &[RIGHT], Granted),
        (GET, &[HOST], WrongToken),
        (GET, &[HOST, "Authorization:"], WrongToken),
        (GET, &[HOST, "Authorization: dG9rZW4tb2YtdGhlLXJ1bG"], WrongToken),
        (GET, &[HOST, "Authorization: dG9rZW4tb2YtdGhlLXJ1b"], WrongToken),
        (GET, &[HOST, "Authorization: dG9rZW4tb2YtdGhlLXJ1bgg"], WrongToken),
        (GET, &[HOST, "Authorization: DG9rZW4tb2YtdGhlLXJ1bg"], WrongToken),
        (GET, &[HOST, "Authorization: Bearer dG9rZW4tb2YtdGhlLXJ1bg"], WrongToken),
        (GET, &[HOST, "X-Authorization: dG9rZW4tb2YtdGhlLXJ1bg"], WrongToken),
        ("POST /v1/credentials HTTP/1.1", &[HOST, RIGHT], NotAllowed),
        ("HEAD /v1/credentials HTTP/1.1", &[HOST, RIGHT], NotAllowed),
        ("get /v1/credentials HTTP/1.1", &[HOST, RIGHT], NotAllowed),
        ("GET / HTTP/1.1", &[HOST, RIGHT], NotFound),
        ("GET /v1/credentials/ HTTP/1.1", &[HOST, RIGHT], NotFound),
        ("GET /v1/credentials?x=1 HTTP/1.1", &[HOST, RIGHT], NotFound),
        ("GET /V1/credentials HTTP/1.1", &[HOST, RIGHT], NotFound),
        ("GET /v1/%63redentials HTTP/1.1", &[HOST, RIGHT], NotFound),
        ("GET http://127.0.0.1:31001/v1/credentials HTTP/1.1", &[HOST, RIGHT], NotFound),
        ("OPTIONS * HTTP/1.1", &[HOST, RIGHT], NotFound),
        ("CONNECT 127.0.0.1:80 HTTP/1.1", &[HOST], NotFound),
    ] {
        let request = head(line, headers);
        assert_eq!(read(&request, 0, TOKEN), Reading::Whole(verdict), "{line} {headers:?}");
    }
}

#[test]
fn requests_that_cannot() {
    for (line, headers) in [
        (GET, &[RIGHT][..]),
        (GET, &[HOST, HOST, RIGHT]),
        (GET, &[HOST, RIGHT, RIGHT]),
        (GET, &[HOST, "Authorization : dG9rZW4tb2YtdGhlLXJ1bg"]),
        (GET, &[HOST, RIGHT, " folded"]),
        (GET, &[HOST, RIGHT, "no colon"]),
        (GET, &[HOST, RIGHT, ": no name"]),
        (GET, &[HOST, RIGHT, "Name(: x"]),
        (GET, &[HOST, RIGHT, "X: a\0b"]),
        (GET, &[HOST, RIGHT, "X: a\rb"]),
        (GET, &[HOST, RIGHT, "X: a\nAuthorization: y"]),
        (GET, &[HOST, RIGHT, "Content-Length: 5"]),
        (GET, &[HOST, RIGHT, "Transfer-Encoding: chunked"]),
        ("GET  /v1/credentials HTTP/1.1", &[HOST, RIGHT]),
        ("GET /v1/credentials HTTP/1.1 ", &[HOST, RIGHT]),
        ("GET /v1/credentials", &[HOST, RIGHT]),
        ("GET /v1/credentials HTTP/2.0", &[HOST, RIGHT]),
        ("GET /v1/credentials http/1.1", &[HOST, RIGHT]),
        ("GET\t/v1/credentials HTTP/1.1", &[HOST, RIGHT]),
        ("GET /v1/cred\u{e9}ntials HTTP/1.1", &[HOST, RIGHT]),
        ("G(T /v1/credentials HTTP/1.1", &[HOST, RIGHT]),
    ] {
        let request = head(line, headers);
        assert_eq!(read(&request, 0, TOKEN), Reading::Malformed, "{line} {headers:?}");
    }
    for other in [&b"\x16\x03\x01\x02\x00"[..], b"\r\n", b"\0", b" GET / HTTP/1.1\r\n\r\n", b"GET\r\n\r\n"] {
        assert_eq!(read(other, 0, TOKEN), Reading::Malformed, "{other:?}");
    }
}

#[test]
fn a_request_may_come_in_pieces() {
    let request = head(GET, &[HOST, RIGHT]);
    for step in 1..request.len() {
        let mut seen = 0;
        while seen + step < request.len() {
            assert_eq!(read(&request[..seen + step], seen, TOKEN), Reading::Unfinished, "{seen} + {step}");
            seen += step;
        }
        assert_eq!(read(&request, seen, TOKEN), Reading::Whole(Verdict::Granted), "{seen} + {step}");
    }
    assert_eq!(read(b"", 0, TOKEN), Reading::Unfinished);
    // Ends of lines without a carriage return never end a head.
    assert_eq!(read(b"GET / HTTP/1.1\nHost: x\n\n", 0, TOKEN), Reading::Unfinished);
}

/// Whatever comes, there is an answer and no panic.
#[test]
fn random_bytes_are_judged() {
    let mut random = fastrand::Rng::with_seed(31001);
    let good = head(GET, &[HOST, RIGHT]);
    for _ in 0..20_000 {
        let mut request = good.clone();
        for _ in 0..random.usize(1..4) {
            let at = random.usize(..request.len());
            match random.u8(..3) {
                0 => request[at] = random.u8(..),
                1 => drop(request.remove(at)),
                _ => request.insert(at, random.u8(..)),
            }
        }
        if read(&request, 0, TOKEN) == Reading::Whole(Verdict::Granted) {
            let has = |part: &[u8]| request.windows(part.len()).any(|window| window == part);
            assert!(has(TOKEN) && request.starts_with(b"GET /v1/credentials HTTP/1."), "{request:?}");
        }
    }
}

#[test]
fn answers_are_whole() {
    let text = |answer: Wiped| String::from_utf8(answer.expose().to_vec()).expect("text");
    let served = text(ok(b"{}"));
    assert!(served.starts_with("HTTP/1.1 200 OK\r\n") && served.ends_with("\r\n\r\n{}"), "{served}");
    assert!(served.contains("\r\nContent-Length: 2\r\n") && served.contains("\r\nConnection: close\r\n"));
    let refused = text(refusal("405 Method Not Allowed", "a", "b"));
    assert!(refused.contains("\r\nAllow: GET\r\n"), "{refused}");
}

#[test]
fn reasons_are_json() {
    for (text, expected) in [
        ("plain", r#""plain""#),
        ("a \"b\" \\c", r#""a \"b\" \\c""#),
        ("two\nlines\t\u{1b}", r#""two\u000alines\u0009\u001b""#),
        ("\u{fc}ber \u{1f511}", "\"\u{fc}ber \u{1f511}\""),
    ] {
        assert_eq!(json(text), expected);
        assert_eq!(serde_json::from_str::<String>(expected).expect("json"), text);
    }
}
