//! The page as GitHub-flavored Markdown.

use insta::assert_snapshot;

use crate::{ALL_DAY, alert, an_ordinary_day, page, timed};

fn markdown(input: &str) -> String {
    page(input, &["--as", "markdown"])
}

#[test]
fn alerts_come_first_and_figures_are_aligned_right() {
    assert_snapshot!(markdown(&an_ordinary_day()), @"
    ## Performance report

    - 🔴 **Command `batch` execution time exceeded threshold**<br>Current: 3.2s | Threshold: 2s | Baseline: 1.8s<br>Seen: 2 times, 2024-12-06 10:00 to 14:05 UTC<br>Recommendation: Consider using --parallel flag for batch operations
    - ⚠️ **API rate limit usage exceeded threshold**<br>Current: 85% | Threshold: 80%
    - ✅ **Command `status` memory usage is within its threshold again**<br>Current: 78MB | Threshold: 100MB<br>Seen: 2024-12-06 12:00 UTC

    2024-12-06 08:00 to 16:30 UTC · 1,621 runs · **3 failed (0.2%)** · 17m 50s in total

    | `command` | runs | failed | total | share | mean ± std | p50 | p90 | p95 | p99 | max | memory | CPU | requests | quota | cache hits |
    | :--- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
    | `batch` | 310 | **3** | 12m 40s | 71% | 2.5s ± 245ms | 2.5s | 3.7s | 4.3s | 4.9s | 4.9s | 78MB | 1.2s | 1,204 | 2,450 | 45% |
    | `status` | 1,310 | 0 | 5m 08s | 29% | 235ms ± 23ms | 235ms | 352ms | 411ms | 470ms | 470ms | 78MB | 117ms | - | - | - |
    | `setup-complete` | 1 | 0 | 3.1s | 0.3% | 3.1s ± 310ms | 3.1s | 4.7s | 5.4s | 6.2s | 6.2s | 78MB | 1.6s | - | 12 | - |
    ");
}

#[test]
fn an_empty_report_says_what_to_type() {
    assert_snapshot!(markdown(""), @"
    ## Performance report

    Nothing to show: no runs were recorded in this time, or none that can be compared.
    Record some with `pm-wrap --store -- CMD` or `github-pm <command>`.
    ");
}

#[test]
fn nothing_from_a_record_is_markup() {
    let names = [
        "<script>alert(1)</script>",
        "a|b",
        "back`tick",
        "back\\\\slash|",
        r"line\nbreak\u001b[2J\u202e",
        "@octocat closes #1",
        "日本語",
        "",
    ];
    let mut input: String = names.map(|name| timed(name, ALL_DAY, 1, 10, "")).concat();
    let advice = r#","command":"`x`|y","recommendation":"[click](https://evil.example) www.evil.example *now* <img src=x> @octocat :tada: $x$ ~~a~~ __b__ & \u001b""#;
    input += &alert("rule", "a | b > 5", "<b>", advice);
    let args = ["--as", "markdown", "--title", "# <h1> | `x` @octocat"];
    assert_snapshot!(page(&input, &args), @"
    ## #&#8203; &#60;h1&#62; &#124; &#96;x&#96; @&#8203;octocat

    - ⚠️ **Command <code>&#96;x&#96;&#124;y</code> a &#124; b exceeded threshold**<br>Current: &#60;b&#62; | Threshold: 5<br>Recommendation: &#91;click&#93;(https&#58;//evil.example) www&#46;evil.example &#42;now&#42; &#60;img src=x&#62; @&#8203;octocat &#58;tada&#58; &#36;x&#36; &#126;&#126;a&#126;&#126; &#95;&#95;b&#95;&#95; &#38; &#92;u{1b}

    2024-12-06 08:00 to 16:30 UTC · 8 runs · none failed · 80ms in total

    | `command` | runs | failed | total | share | mean ± std | p50 | p90 | p95 | p99 | max | memory | CPU |
    | :--- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
    | `<script>alert(1)</script>` | 1 | 0 | 10ms | 12% | 10ms ± 1.0ms | 10ms | 15ms | 17ms | 20ms | 20ms | 78MB | 5.0ms |
    | <code>a&#124;b</code> | 1 | 0 | 10ms | 12% | 10ms ± 1.0ms | 10ms | 15ms | 17ms | 20ms | 20ms | 78MB | 5.0ms |
    | <code>back&#96;tick</code> | 1 | 0 | 10ms | 12% | 10ms ± 1.0ms | 10ms | 15ms | 17ms | 20ms | 20ms | 78MB | 5.0ms |
    | <code>back&#92;slash&#124;</code> | 1 | 0 | 10ms | 12% | 10ms ± 1.0ms | 10ms | 15ms | 17ms | 20ms | 20ms | 78MB | 5.0ms |
    | <code>line&#92;nbreak&#92;u{1b}&#91;2J&#92;u{202e}</code> | 1 | 0 | 10ms | 12% | 10ms ± 1.0ms | 10ms | 15ms | 17ms | 20ms | 20ms | 78MB | 5.0ms |
    | `@octocat closes #1` | 1 | 0 | 10ms | 12% | 10ms ± 1.0ms | 10ms | 15ms | 17ms | 20ms | 20ms | 78MB | 5.0ms |
    | `日本語` | 1 | 0 | 10ms | 12% | 10ms ± 1.0ms | 10ms | 15ms | 17ms | 20ms | 20ms | 78MB | 5.0ms |
    |  | 1 | 0 | 10ms | 12% | 10ms ± 1.0ms | 10ms | 15ms | 17ms | 20ms | 20ms | 78MB | 5.0ms |
    ");
}

#[test]
fn a_page_stays_under_one_mebibyte_however_much_there_is_to_say() {
    // A pipe takes the most bytes of all characters.
    let wide = "|".repeat(600);
    let rows = (0..2_000).map(|n| timed(&format!("{n}{wide}"), ALL_DAY, 1, 10, "")).collect::<String>();
    let alerts = (0..300)
        .map(|n| {
            let more = format!(r#","command":"{wide}","baseline":"{wide}","recommendation":"{wide}""#);
            alert(&format!("rule_{n}"), &format!("{wide} > {wide}"), &wide, &more)
        })
        .collect::<String>();
    let title = format!("--title={wide}");
    let page = page(&[rows, alerts].concat(), &["--as", "markdown", &title]);
    assert!(page.len() < 1 << 20, "{} bytes", page.len());
    let not_shown: Vec<_> = page.lines().filter(|line| line.contains(" not shown: ")).collect();
    let items = page.lines().filter(|line| line.starts_with("- ")).count();
    let rows = page.lines().filter(|line| line.starts_with("| <code>")).count();
    assert!(items > 20 && rows > 100, "{items} alerts and {rows} rows");
    assert_eq!(
        not_shown,
        [
            format!("Alerts not shown: {}", 300 - items),
            format!("Groups not shown: {}", group_digits(2_000 - rows))
        ]
    );
}

fn group_digits(number: usize) -> String {
    if number < 1000 { number.to_string() } else { format!("{},{:03}", number / 1000, number % 1000) }
}
