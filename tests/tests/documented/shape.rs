//! What stays the same when something is measured again: words, their order, and what stands on which line.

/// A text without figures and what depends on their width: bars, rules, padding, signs and units. Remarks of reports,
/// which begin with a dot and may go on in the next line, come and go with what is remarkable.
pub(crate) fn of(text: &str) -> String {
    let mut in_remark = false;
    let is_other = move |line: &&str| {
        in_remark = line.starts_with("· ") || in_remark && line.starts_with("  ");
        !in_remark
    };
    let lines = text.lines().filter(is_other).map(|line| {
        let words: Vec<_> =
            line.split(|c: char| c.is_whitespace() || is_drawn(c)).map(without_figures).collect();
        words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
    });
    let lines = lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n") + "\n";
    // Whether two runs are of the same second.
    lines.replace("0:0:0 to 0:0:0", "0:0:0")
}

/// Part of a bar, a chart or a frame.
fn is_drawn(character: char) -> bool {
    matches!(character, '\u{2500}'..='\u{259f}' | '\u{2800}'..='\u{28ff}')
}

/// The word with `0` for every number and the unit behind it, and for every identifier.
fn without_figures(word: &str) -> String {
    let mut shape = String::new();
    let mut rest = word;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
        let (token, more) = rest.split_at(end);
        shape += masked(token);
        let mut separators = more.chars();
        if let Some(separator) = separators.next() {
            shape.push(separator);
        }
        rest = separators.as_str();
    }
    shape.replace("0.0", "0").replace("-0", "0").replace("+0", "0").replace("0%", "0")
}

fn masked(token: &str) -> &str {
    let token = token.strip_prefix("exec_").unwrap_or(token);
    let is_identifier = token.len() >= 12 && token.chars().all(|c| c.is_ascii_hexdigit());
    // A number, with its unit: 12, 12ms, 1.2s, 3MB.
    let is_figure = token.starts_with(|c: char| c.is_ascii_digit());
    if is_identifier || is_figure { "0" } else { token }
}

/// The text with another word in the place of a whole one.
pub(crate) fn with_word(text: &str, word: &str, other: &str) -> String {
    if word.is_empty() {
        return text.to_owned();
    }
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    let mut replaced = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(word) {
        let joined =
            before.chars().next_back().or(replaced.chars().next_back().filter(|_| before.is_empty()));
        let is_whole = !joined.is_some_and(is_part) && !after.starts_with(is_part);
        replaced = replaced + before + if is_whole { other } else { word };
        rest = after;
    }
    replaced + rest
}

/// What a record says of the machine, in the words of the pages.
pub(crate) fn unnamed(text: &str) -> String {
    let named = [
        ("machine", "4c1d5e0a9b27"),
        ("cpu", "AMD EPYC"),
        // How the peak of memory was found goes with how long the command lived.
        ("peak_memory_source", "pss+rusage"),
    ];
    let lines = text.lines().map(|line| match line.strip_prefix("· Measured on ") {
        Some(_) => "· Measured on ci, linux, AMD EPYC, 2 cores, 24GB\n".to_owned(),
        None => format!("{line}\n"),
    });
    let text: String = lines.collect();
    named.iter().fold(text, |text, (key, shown)| {
        let mut replaced = String::new();
        let mut rest = text.as_str();
        // Compact, and as jq writes it.
        while let Some(start) = [format!("\"{key}\":\""), format!("\"{key}\": \"")]
            .iter()
            .filter_map(|key| Some(rest.find(key)? + key.len()))
            .min()
        {
            let (before, after) = rest.split_at(start);
            let value = after.find('"').unwrap_or(after.len());
            replaced = replaced + before + shown;
            rest = &after[value..];
        }
        replaced + rest
    })
}

#[test]
fn figures_and_their_width_do_not_count_and_words_do() {
    let one = "sleep  6   220ms ± 40ms  1.8MB  71%\n─────\n█▒▒ pid 6554, exec_f1a1e199f173\n";
    let other = "sleep 12 1.2s ± 7.6ms 12MB 3.1%\n────────\n█ pid 17, exec_92a73529bed7\n";
    assert_eq!(of(one), of(other));
    assert_eq!(
        of(&format!("{one}· 1 run stands apart: the\n  3rd took 9ms\nend\n")),
        of(&format!("{other}end\n"))
    );
    assert_ne!(of(one), of(&other.replace("pid", "id")));
}

#[test]
fn a_machine_has_no_name_on_a_page() {
    assert_eq!(with_word("on vm, vms; vm", "vm", "ci"), "on ci, vms; ci");
    let named = "{\"machine\":\"aa\",\"cpu\": \"X\"}\n· Measured on vm, X, 3 cores\n";
    let shown = "{\"machine\":\"4c1d5e0a9b27\",\"cpu\": \"AMD EPYC\"}\n· Measured on ci, linux, AMD EPYC, 2 cores, 24GB\n";
    assert_eq!(unnamed(named), shown);
}
