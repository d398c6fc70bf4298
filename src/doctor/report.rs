//! All findings, for people and for programs.

use serde::Serialize;

use super::{Finding, Grade};

/// What was found, in the order of the examinations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The worst of the grades.
    pub grade: Grade,
    /// Each finding.
    pub findings: Vec<Finding>,
}

impl Report {
    pub(super) fn of(findings: Vec<Finding>) -> Self {
        Self { grade: findings.iter().map(|finding| finding.grade).max().unwrap_or(Grade::Ok), findings }
    }

    /// A line for each finding.
    #[must_use]
    pub fn text(&self) -> String {
        self.findings.iter().map(|finding| format!("{finding}\n")).collect()
    }

    /// `{ "grade": ..., "findings": [...] }`.
    ///
    /// # Errors
    /// None that a report can cause.
    pub fn json(&self) -> serde_json::Result<String> {
        serde_json::to_string_pretty(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        Report::of(vec![
            Finding::ok("elements", "GStreamer has all that is needed"),
            Finding::failure("turn", "turn.example:3478 refuses\nthe password").mended_by("set it in [ice] turn"),
            Finding::warning("clock", "nobody keeps it right").mended_by("sudo timedatectl set-ntp true"),
        ])
    }

    #[test]
    fn each_finding_is_a_line_with_what_mends_it() {
        assert_eq!(
            report().text(),
            "ok       elements: GStreamer has all that is needed\n\
             failure  turn: turn.example:3478 refuses the password  ->  set it in [ice] turn\n\
             warning  clock: nobody keeps it right  ->  sudo timedatectl set-ntp true\n"
        );
    }

    #[test]
    fn json_says_the_worst_first() {
        let json: serde_json::Value = serde_json::from_str(&report().json().unwrap()).unwrap();
        assert_eq!(json["grade"], "failure");
        assert_eq!(json["findings"][0].get("remedy"), None);
        assert_eq!(json["findings"][2]["remedy"], "sudo timedatectl set-ntp true");
    }

    #[test]
    fn nothing_wrong_is_ok() {
        assert_eq!(Report::of(Vec::new()).grade, Grade::Ok);
        assert_eq!(Report::of(vec![Finding::warning("clock", "")]).grade, Grade::Warning);
    }
}
