//! The path of a request as a template: what it asks, and nothing of whom about what.
//!
//! A word stays only if it is one of GitHub's own ([`WORDS`]) and does not stand where the user's own words stand
//! ([`NAMED`]); everything else becomes a word in braces. So a new endpoint of GitHub's may show as
//! `/repos/{owner}/{repo}/{name}`, and no repository, person, number, hash or branch ever shows, whatever it is
//! called. The cost is a list that must learn GitHub's new words.

use pm_github::Door;

/// More steps than any endpoint has.
const DEEPEST: usize = 14;

/// The template of a path below the API's address, without its query.
pub(crate) fn template(door: Door, path: &str) -> String {
    if door == Door::Graphql {
        return "/graphql".to_owned();
    }
    let mut template = String::with_capacity(path.len());
    let mut steps = path.split('/').filter(|step| !step.is_empty());
    let mut before = Before::Nothing;
    for depth in 0.. {
        let Some(step) = steps.next() else { break };
        if depth == DEEPEST {
            template.push_str("/…");
            break;
        }
        template.push('/');
        let (shown, rest_too) = before.show(step);
        template.push_str(shown.text());
        if rest_too {
            break;
        }
        before = before.then(shown);
    }
    if template.is_empty() { "/".to_owned() } else { template }
}

/// What stands before a step, as far as it says what the step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Before {
    Nothing,
    /// `/repos`, and the owner's name next.
    Repos,
    /// `/repos/{owner}`, and the repository's name next.
    Owner,
    Word(&'static str),
    Placeholder,
}

/// A step as it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shown {
    Word(&'static str),
    Placeholder(&'static str),
}

impl Shown {
    fn text(self) -> &'static str {
        match self {
            Self::Word(text) | Self::Placeholder(text) => text,
        }
    }
}

impl Before {
    /// How a step is shown, and whether that stands for all that follows as well.
    fn show(self, step: &str) -> (Shown, bool) {
        let named = match self {
            Self::Repos => return (Shown::Placeholder("{owner}"), false),
            Self::Owner => return (Shown::Placeholder("{repo}"), false),
            Self::Word(before) => NAMED.iter().find(|named| named.after == before),
            Self::Nothing | Self::Placeholder => None,
        };
        let own_word = WORDS.binary_search(&step).ok().map(|at| Shown::Word(WORDS[at]));
        match (named, own_word) {
            (Some(named), Some(word)) if named.but.contains(&step) => (word, false),
            (Some(named), _) => (Shown::Placeholder(named.shown), named.rest_too),
            (None, Some(word)) => (word, false),
            (None, None) if step.bytes().all(|byte| byte.is_ascii_digit()) => {
                (Shown::Placeholder("{id}"), false)
            }
            (None, None) => (Shown::Placeholder("{name}"), false),
        }
    }

    fn then(self, shown: Shown) -> Self {
        match (self, shown) {
            (Self::Nothing, Shown::Word("repos")) => Self::Repos,
            (Self::Repos, _) => Self::Owner,
            (_, Shown::Word(word)) => Self::Word(word),
            (_, Shown::Placeholder(_)) => Self::Placeholder,
        }
    }
}

/// What follows a word of GitHub's is one of the user's.
struct Named {
    after: &'static str,
    shown: &'static str,
    /// The words of GitHub's that may stand there as well.
    but: &'static [&'static str],
    /// Whether the user's word may itself hold slashes.
    rest_too: bool,
}

const fn named(after: &'static str, shown: &'static str, but: &'static [&'static str]) -> Named {
    Named { after, shown, but, rest_too: false }
}

const fn path(after: &'static str, shown: &'static str) -> Named {
    Named { after, shown, but: &[], rest_too: true }
}

const NAMED: &[Named] = &[
    named("app-manifests", "{code}", &[]),
    named("artifacts", "{id}", &[]),
    named("assets", "{id}", &[]),
    named("assignees", "{user}", &[]),
    named("autolinks", "{id}", &[]),
    named("blobs", "{sha}", &[]),
    named("blocks", "{user}", &[]),
    // `branches/main/protection`: a branch with slashes comes percent-encoded, so it is one step.
    named("branches", "{branch}", &[]),
    named("branches-where-head", "{sha}", &[]),
    named("caches", "{id}", &[]),
    named("check-runs", "{id}", &[]),
    named("check-suites", "{id}", &["preferences"]),
    named("collaborators", "{user}", &[]),
    named("comments", "{id}", &[]),
    named("commits", "{ref}", &[]),
    path("compare", "{basehead}"),
    path("contents", "{path}"),
    named("deployments", "{id}", &[]),
    named("enterprises", "{enterprise}", &[]),
    named("environments", "{environment}", &[]),
    named("events", "{id}", &[]),
    named("following", "{user}", &[]),
    named("gists", "{id}", &["public", "starred"]),
    named("hooks", "{id}", &[]),
    named("installations", "{id}", &[]),
    named("invitations", "{id}", &[]),
    named("issues", "{number}", &["comments", "events"]),
    named("jobs", "{id}", &[]),
    named("keys", "{id}", &[]),
    named("labels", "{label}", &[]),
    named("licenses", "{license}", &[]),
    path("matching-refs", "{ref}"),
    named("members", "{user}", &[]),
    named("memberships", "{name}", &["orgs"]),
    named("milestones", "{number}", &[]),
    named("notices", "{id}", &[]),
    named("orgs", "{org}", &[]),
    named("outside_collaborators", "{user}", &[]),
    named("packages", "{type}", &[]),
    named("projects", "{id}", &["columns"]),
    named("projectsV2", "{number}", &[]),
    named("public_members", "{user}", &[]),
    named("pulls", "{number}", &["comments"]),
    path("ref", "{ref}"),
    path("refs", "{ref}"),
    named("releases", "{id}", &["assets", "generate-notes", "latest", "tags"]),
    named("repositories", "{id}", &[]),
    named("reviews", "{id}", &[]),
    named("rulesets", "{id}", &["rule-suites"]),
    named("runner-groups", "{id}", &[]),
    named("runners", "{id}", &["downloads", "generate-jitconfig", "registration-token", "remove-token"]),
    named("runs", "{id}", &[]),
    named("secrets", "{name}", &["public-key"]),
    named("statuses", "{sha}", &[]),
    path("tags", "{tag}"),
    path("tarball", "{ref}"),
    named("team", "{id}", &[]),
    named("teams", "{team}", &[]),
    named("templates", "{name}", &[]),
    named("threads", "{id}", &[]),
    named("trees", "{sha}", &[]),
    named(
        "user",
        "{id}",
        &[
            "blocks",
            "codespaces",
            "docker",
            "email",
            "emails",
            "followers",
            "following",
            "gpg_keys",
            "installations",
            "interaction-limits",
            "issues",
            "keys",
            "marketplace_purchases",
            "memberships",
            "migrations",
            "orgs",
            "packages",
            "projects",
            "public_emails",
            "repos",
            "repository_invitations",
            "social_accounts",
            "ssh_signing_keys",
            "starred",
            "subscriptions",
            "teams",
        ],
    ),
    named("users", "{user}", &[]),
    named("variables", "{name}", &[]),
    named("workflows", "{workflow}", &[]),
    path("zipball", "{ref}"),
];

/// GitHub's own words, sorted.
#[rustfmt::skip]
const WORDS: &[&str] = &[
    "access", "actions", "active", "activity", "advisories", "alerts", "analyses", "app", "app-manifests",
    "applications", "approvals", "approve", "apps", "archive", "artifacts", "assets", "assignees", "attempts",
    "attestations", "audit-log", "auto_fix", "autolinks", "automated-security-fixes", "billing", "blobs",
    "blocks", "branches", "branches-where-head", "cache", "caches", "cancel", "check-runs", "check-suites",
    "clones", "code", "code-scanning", "code-security", "code_of_conduct", "code_search", "codeowners",
    "codes_of_conduct", "codespaces", "collaborators", "columns", "comments", "commit", "commit_activity",
    "commits", "community", "compare", "content_references", "contents", "contexts", "contributors", "copilot",
    "credentials", "cross-repo", "custom-properties", "databases", "default-setup", "dependabot",
    "dependency-graph", "deploy-keys", "deployment-branch-policies", "deployment_protection_rules",
    "deployments", "diff", "disable", "dismiss", "dismissals", "dispatches", "docker", "downloads", "email",
    "emails", "emojis", "enable", "enforce_admins", "enterprises", "environments", "errors", "events", "export",
    "feeds", "fields", "files", "followers", "following", "force-cancel", "forks", "generate",
    "generate-jitconfig", "generate-notes", "gists", "git", "gitignore", "gpg_keys", "graphql", "health",
    "hook", "hooks", "hovercard", "import", "installation", "installations", "instances", "interaction-limits",
    "invitations", "issue", "issues", "items", "jobs", "keys", "labels", "languages", "latest", "lfs",
    "license", "licenses", "limits", "list", "locations", "lock", "logs", "mappings", "markdown",
    "marketplace_listing", "marketplace_purchases", "matching-refs", "members", "memberships", "merge",
    "merge-upstream", "merges", "meta", "metadata", "migrations", "milestones", "network", "notes", "notices",
    "notifications", "octocat", "organization-roles", "organizations", "orgs", "outside_collaborators",
    "packages", "pages", "participation", "paths", "pending_deployments", "permission", "permissions",
    "personal-access-token-requests", "personal-access-tokens", "ping", "plans", "popular", "preferences",
    "private-vulnerability-reporting", "profile", "projects", "projectsV2", "properties", "protection",
    "public", "public-key", "public_emails", "public_members", "pulls", "punch_card", "rate_limit", "raw",
    "reactions", "readme", "received_events", "ref", "referrers", "refs", "registration-token", "releases",
    "remove-token", "rename", "replies", "repos", "repositories", "repository", "repository_invitations",
    "requested_reviewers", "required_pull_request_reviews", "required_signatures", "required_status_checks",
    "rerequest", "rerun", "rerun-failed-jobs", "restore", "restrictions", "reviews", "root", "rule-suites",
    "rules", "rulesets", "runner-groups", "runners", "runs", "sarifs", "sbom", "scim", "search",
    "secret-scanning", "secrets", "security-advisories", "security-managers", "selected-actions", "snapshots",
    "social_accounts", "ssh_signing_keys", "stargazers", "starred", "stats", "status", "statuses", "stubbed",
    "sub_issue", "sub_issues", "subject", "submitted", "subscribers", "subscription", "subscriptions",
    "suspended", "tags", "tarball", "team", "teams", "templates", "threads", "timeline", "timing", "tokens",
    "topics", "traffic", "transfer", "trees", "update-branch", "usage", "user", "users", "variables",
    "versions", "views", "vulnerability-alerts", "workflow", "workflows", "zen", "zipball",
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(path: &str, expected: &str) {
        assert_eq!(template(Door::Rest, path), expected, "{path}");
    }

    #[test]
    fn what_is_the_users_own_is_a_word_in_braces() {
        check("/user", "/user");
        check("/repos/octo/hello/issues", "/repos/{owner}/{repo}/issues");
        check("/repos/octo/hello/issues/42/comments", "/repos/{owner}/{repo}/issues/{number}/comments");
        check("/repos/octo/hello/issues/comments/7", "/repos/{owner}/{repo}/issues/comments/{id}");
        check("/repos/octo/hello/commits/0123abcd/status", "/repos/{owner}/{repo}/commits/{ref}/status");
        check(
            "/repos/octo/hello/branches/main/protection",
            "/repos/{owner}/{repo}/branches/{branch}/protection",
        );
        check("/repos/octo/hello/contents/docs/a/secret.md", "/repos/{owner}/{repo}/contents/{path}");
        check("/repos/octo/hello/git/refs/heads/main", "/repos/{owner}/{repo}/git/refs/{ref}");
        check("/repos/octo/hello/actions/runs/9/jobs", "/repos/{owner}/{repo}/actions/runs/{id}/jobs");
        check("/repos/octo/hello/releases/latest", "/repos/{owner}/{repo}/releases/latest");
        check("/repositories/12/issues", "/repositories/{id}/issues");
        check("/users/octo/repos", "/users/{user}/repos");
        check("/orgs/acme/teams/red/members", "/orgs/{org}/teams/{team}/members");
        check("/orgs/acme/members/jane", "/orgs/{org}/members/{user}");
        check("/search/issues", "/search/issues");
        check("/rate_limit", "/rate_limit");
        check("/gists/aa5a315d61ae9438b18d", "/gists/{id}");
        check("/user/memberships/orgs/acme", "/user/memberships/orgs/{org}");
        assert_eq!(template(Door::Graphql, "/graphql"), "/graphql");
    }

    #[test]
    fn an_owner_or_a_branch_that_is_called_like_an_endpoint_is_still_the_users_own() {
        check("/repos/issues/pulls/labels/comments", "/repos/{owner}/{repo}/labels/{label}");
        check("/repos/repos/user/branches/issues", "/repos/{owner}/{repo}/branches/{branch}");
        check("/users/issues/gists", "/users/{user}/gists");
        check("/orgs/search/repos", "/orgs/{org}/repos");
    }

    #[test]
    fn slashes_too_many_and_steps_without_end_do_no_harm() {
        check("", "/");
        check("//", "/");
        check("/repos//octo/hello/", "/repos/{owner}/{repo}");
        check("/4/x/-/%2F", "/{id}/{name}/{name}/{name}");
        assert_eq!(template(Door::Rest, &"/issues".repeat(1000)).matches('/').count(), DEEPEST + 1);
    }

    #[test]
    fn the_words_are_sorted_and_hold_no_digit_but_one() {
        assert!(WORDS.is_sorted());
        let with_digit: Vec<_> =
            WORDS.iter().filter(|word| word.contains(|c: char| c.is_ascii_digit())).collect();
        assert_eq!(with_digit, [&"projectsV2"]);
        for named in NAMED {
            assert!(
                WORDS.contains(&named.after) && named.but.iter().all(|word| WORDS.contains(word)),
                "{}",
                named.after
            );
        }
    }

    proptest! {
        /// Every word of a template is one of GitHub's or stands in braces, so that no other word can leak.
        #[test]
        fn a_template_never_leaks_a_number_a_hash_or_a_name(
            steps in proptest::collection::vec(
                prop_oneof![
                    (0..WORDS.len()).prop_map(|at| WORDS[at].to_owned()),
                    "[0-9]{1,12}",
                    "[0-9a-f]{7,40}",
                    "[A-Za-z0-9._%~-]{1,20}",
                    ".*",
                ],
                0..20,
            ),
        ) {
            let template = template(Door::Rest, &format!("/{}", steps.join("/")));
            for step in template.split('/').skip(1).filter(|step| !step.is_empty()) {
                let in_braces = step.starts_with('{') && step.ends_with('}') && !step.contains(|c: char| c.is_ascii_digit());
                prop_assert!(in_braces || step == "…" || WORDS.contains(&step), "{template}");
            }
            prop_assert!(template.starts_with('/'));
        }

        #[test]
        fn two_paths_that_differ_only_in_what_is_the_users_have_one_template(
            owner in "[a-zA-Z0-9-]{1,39}", repo in "[A-Za-z0-9._-]{1,30}", number in 1_u64..,
        ) {
            let path = format!("/repos/{owner}/{repo}/pulls/{number}/files");
            prop_assert_eq!(template(Door::Rest, &path), "/repos/{owner}/{repo}/pulls/{number}/files");
        }
    }
}
