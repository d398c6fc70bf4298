//! Whether the clock is right: certificates and the names of recordings depend on it.

use super::Finding;
use crate::{recorder, recording::manifest::Clock};

const ABOUT: &str = "clock";

/// Asks the kernel.
pub(super) fn examine() -> Vec<Finding> {
    vec![finding(recorder::clock())]
}

fn finding(clock: Clock) -> Finding {
    let remedy = "sudo timedatectl set-ntp true";
    match clock {
        Clock::Synchronised => Finding::ok(ABOUT, "it is kept right"),
        Clock::Set => Finding::warning(ABOUT, "it is set, and nobody keeps it right").mended_by(remedy),
        Clock::Unset => {
            let what = "it shows a time before this program was made: recordings get wrong names, and certificates are refused";
            Finding::failure(ABOUT, what).mended_by(remedy)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Grade;

    #[test]
    fn a_clock_that_nobody_has_set_is_a_failure() {
        let grades = [Clock::Synchronised, Clock::Set, Clock::Unset].map(|clock| finding(clock).grade);
        assert_eq!(grades, [Grade::Ok, Grade::Warning, Grade::Failure]);
    }
}
