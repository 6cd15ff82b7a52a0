use std::os::unix::ffi::OsStringExt;

use proptest::prelude::*;

use super::*;

fn shown(words: &[impl AsRef<OsStr>]) -> Vec<String> {
    let words: Vec<_> = words.iter().map(|word| word.as_ref().to_owned()).collect();
    arguments(&words[0], &words[1..])
}

#[track_caller]
fn check(words: &[&str], expected: &[&str]) {
    assert_eq!(shown(words), expected, "{words:?}");
}

/// What is shown exactly as it was typed.
#[track_caller]
fn check_plain(words: &[&str]) {
    check(words, words);
}

#[test]
fn ordinary_words_are_shown() {
    check_plain(&["git", "commit", "--author=Ann <ann@example.com>", "-m", "größer: a = b"]);
    check_plain(&["ssh", "-p", "2222", "git@example.com:me/project.git", "PWD=/home/me"]);
    check_plain(&["curl", "https://auth.example.com:8443/oauth/x?page=2&sort=up", "src/auth.rs:10"]);
    check_plain(&["cargo", "test", "auth::login", "--", "token", "-u", "origin", "https://example.com"]);
    check_plain(&["npm", "view", "https://registry.npmjs.org/@scope/package", "a b", ""]);
}

#[test]
fn tokens_are_masked_by_their_shape() {
    check(&["x", "ghp_abc"], &["x", "***"]);
    check(&["x", "a=ghs_abc,b"], &["x", "a=***,b"]);
    check(&["/opt/github_pat_1_2/x"], &["/opt/***/x"]);
}

#[test]
fn values_of_flags_are_masked_by_the_flag_s_name() {
    check(&["x", "--token", "s3", "y"], &["x", "--token", "***", "y"]);
    check(&["x", "--token=s3 s4", "y"], &["x", "--token=***", "y"]);
    check(&["x", "-password", "-s3", "--api_key", "s4"], &["x", "-password", "***", "--api_key", "***"]);
    check(&["x", "--field=password=s3"], &["x", "--field=password=***"]);
}

#[test]
fn a_flag_without_a_value_hides_no_other_flag() {
    check(&["x", "--token"], &["x", "--token"]);
    check(&["x", "--token", "--", "cmd"], &["x", "--token", "--", "cmd"]);
    check(&["x", "--token", "--token", "s3", "y"], &["x", "--token", "--token", "***", "y"]);
    check(&["x", "--token", "s3", "--token", "s4"], &["x", "--token", "***", "--token", "***"]);
    check(&["env", "GH_TOKEN=", "git", "push"], &["env", "GH_TOKEN=", "git", "push"]);
}

#[test]
fn values_of_variables_fields_and_forms_are_masked_by_their_name() {
    check(&["env", "GH_TOKEN=s3", "gh"], &["env", "GH_TOKEN=***", "gh"]);
    check(
        &["gh", "api", "-f", "token=s3", "-Fpassword=s3"],
        &["gh", "api", "-f", "token=***", "-Fpassword=***"],
    );
    check(&["curl", "-d", "user[password]=s3"], &["curl", "-d", "user[password]=***"]);
    check(&["psql", "host=h password = 's 3'"], &["psql", "host=h password = ***"]);
    check(&["java", "-Dspring.datasource.password=s3"], &["java", "-Dspring.datasource.password=***"]);
}

#[test]
fn values_of_headers_are_masked_by_their_name() {
    check(&["curl", "-H", "Authorization: token s3"], &["curl", "-H", "Authorization: ***"]);
    check(&["curl", "-HX-Api-Key:s3"], &["curl", "-HX-Api-Key:***"]);
    check(&["curl", "-H", "X-Any: Bearer s3"], &["curl", "-H", "X-Any: Bearer ***"]);
    check(
        &["curl", "Authorization:", "Bearer", "s3", "Basic", "x"],
        &["curl", "Authorization:", "***", "***", "Basic", "x"],
    );
}

#[test]
fn values_inside_of_scripts_and_json_are_masked_to_the_end_of_the_word() {
    check(&["sh", "-c", "gh x --token s3 --y 's4'"], &["sh", "-c", "gh x --token ***"]);
    check(&["sh", "-c", "export A=1 GH_TOKEN=s3; make"], &["sh", "-c", "export A=1 GH_TOKEN=***"]);
    check(&["curl", "-d", "{\"a\":1,\"token\" : \"s3\"}"], &["curl", "-d", "{\"a\":1,\"token\" : ***"]);
    check(&["sh", "-c", "x \"{\\\"token\\\":\\\"s3\\\"}\""], &["sh", "-c", "x \"{\\\"token\\\":***"]);
}

#[test]
fn credentials_in_urls_are_masked() {
    check(&["git", "clone", "https://me:s3@host/x"], &["git", "clone", "https://***@host/x"]);
    check(
        &["git", "clone", "https://s3@host:8443/x?a=b@c"],
        &["git", "clone", "https://***@host:8443/x?a=b@c"],
    );
    check(&["x", "a=postgres://me:s3@s4@host,http://u:p@h"], &["x", "a=postgres://***@host,http://***@h"]);
    check(&["x", "https://me:s3/s4@host/x"], &["x", "https://***@host/x"]);
    check(&["curl", "-x", "me:s3@proxy:8080"], &["curl", "-x", "***@proxy:8080"]);
    check(&["x", "https://h/?a=1&access_token=s3&b=2"], &["x", "https://h/?a=1&access_token=***&b=2"]);
}

#[test]
fn passwords_of_curl_s_logins_are_masked() {
    check(&["curl", "-u", "me:s3:s4", "x"], &["curl", "-u", "me:***", "x"]);
    check(
        &["curl", "--user=me:s3", "--proxy-user", "you:s4"],
        &["curl", "--user=me:***", "--proxy-user", "you:***"],
    );
    check_plain(&["curl", "-u", "me", "x:y"]);
}

#[test]
fn what_is_no_unicode_is_masked_as_well() {
    let words = [OsString::from("x"), OsString::from_vec(b"\xff--token=s3\xfe".into())];
    assert_eq!(shown(&words), ["x", "\u{fffd}--token=***"]);
}

#[test]
fn a_long_word_is_cut_between_two_characters() {
    let [_, word] = &shown(&["x".to_owned(), "é".repeat(5_000)])[..] else { panic!("two words") };
    assert_eq!(*word, format!("{}…", "é".repeat(126)));
    check_plain(&["x", &"y".repeat(LONGEST)]);
}

#[test]
fn hostile_words_take_no_longer_than_others() {
    let pieces = [
        "eyJ-",
        "eyJ",
        "ghp",
        "-----BEGIN ",
        "://u:p/",
        "://u:p/@",
        "a@",
        "token ",
        "token\" ",
        "&token=",
        "auth",
        "author",
        "-",
        "=",
        ":",
        "\"",
        "Bearer ",
        "?",
        "é",
    ];
    for piece in pieces {
        // As long as a word can be on Linux.
        let shown = shown(&["x".to_owned(), piece.repeat(131_072 / piece.len())]);
        assert!(shown[1].len() <= LONGEST, "{piece}");
    }
}

/// Text that is rich in what the rules look at.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        any::<String>(),
        "[ -~]{0,20}",
        prop::sample::select(vec![
            "--token", "=", ":", "://", "@", "/", "?", "&", " ", "gh", "p_", "eyJ", "\"", "é"
        ])
        .prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

/// A secret that no name in these tests contains.
fn secret() -> impl Strategy<Value = String> {
    "[0-9][!-~]{0,20}[0-9]{4}[!-~]{0,20}"
}

/// Whether there is a token of GitHub's in a word.
fn has_token(word: &str) -> bool {
    let is_of_token = |character: char| character.is_ascii_alphanumeric() || character == '_';
    tokens::GITHUB.iter().any(|prefix| {
        word.match_indices(prefix).any(|(at, _)| word[at + prefix.len()..].starts_with(is_of_token))
    })
}

proptest! {
    #[test]
    fn no_token_survives_wherever_it_was_put(
        mut words in prop::collection::vec(text(), 1..5),
        token in "(ghp_|github_pat_|gho_|ghu_|ghs_|ghr_)[A-Za-z0-9_]{1,300}",
        word: prop::sample::Index,
        place: prop::sample::Index,
    ) {
        let word = word.get_mut(&mut words);
        let place = word.floor_char_boundary(place.index(word.len() + 1));
        word.insert_str(place, &token);
        for word in shown(&words) {
            prop_assert!(!has_token(&word), "{}", word);
        }
    }

    #[test]
    fn no_named_value_survives_whatever_it_is(secret in secret(), before in text()) {
        let flags = [vec!["--token".to_owned(), secret.clone()], vec![format!("--token={secret}")]];
        let words = ["GH_TOKEN=", "password=", "Authorization: token ", "X-Api-Key:", "{\"secret\": \""];
        let words = words.map(|name| vec![format!("{name}{secret}")]);
        let login = vec![format!("https://me:{}@host", secret.replace('/', "_"))];
        for words in flags.into_iter().chain(words).chain([login]) {
            let words: Vec<_> = ["x".to_owned(), before.clone()].into_iter().chain(words).collect();
            for word in &shown(&words)[2..] {
                prop_assert!(!word.contains(&secret) && !word.contains(&secret.replace('/', "_")), "{}", word);
            }
        }
    }

    #[test]
    fn any_bytes_give_as_many_short_words(words in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..600), 1..5)) {
        let words: Vec<_> = words.into_iter().map(OsString::from_vec).collect();
        let shown = shown(&words);
        prop_assert_eq!(shown.len(), words.len());
        prop_assert!(shown.iter().all(|word| word.len() <= LONGEST));
    }
}
