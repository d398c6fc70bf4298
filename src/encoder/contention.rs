//! Whether work on this machine is held up by other work.

use std::{fs, time::Duration};

/// Where Linux tells of who waits for a processor, and of who waits for memory that was swapped out or dropped
/// (Documentation/accounting/psi.rst).
const PRESSURES: [&str; 2] = ["/proc/pressure/cpu", "/proc/pressure/memory"];

/// For how long in all, since the machine's start, anything that was to run on it has waited for a processor or for memory.
/// `None` where the kernel does not tell: it is older than 4.20, or was started without (`psi=0`).
#[must_use]
pub fn held_up() -> Option<Duration> {
    PRESSURES.into_iter().map(|file| total(&fs::read_to_string(file).ok()?)).sum()
}

/// From the line of those who wait while others may run: `some avg10=0.00 avg60=0.00 avg300=0.00 total=219261273`, in µs.
fn total(pressure: &str) -> Option<Duration> {
    let some = pressure.lines().find_map(|line| line.strip_prefix("some "))?;
    let micros = some.split_whitespace().find_map(|word| word.strip_prefix("total="))?;
    micros.parse().ok().map(Duration::from_micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_total_of_the_line_of_some() {
        let full = "full avg10=0.00 avg60=0.00 avg300=0.00 total=0";
        let some = "some avg10=8.26 avg60=15.61 avg300=32.43 total=219261273";
        let micros = Some(Duration::from_micros(219_261_273));
        assert_eq!(total(&format!("{some}\n{full}\n")), micros);
        assert_eq!(total(&format!("{some}\n")), micros, "older kernels have that line alone");
        for other in ["", full, "some avg10=8.26", "some total=", "some total=-1"] {
            assert_eq!(total(other), None, "{other}");
        }
    }
}
