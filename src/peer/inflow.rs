//! How much a peer may say over its data channels. Pure: time comes in as an argument.

use std::time::Instant;

use crate::{
    limit::{Limit, Misdeed},
    pace::Pace,
    report::Message,
};

/// What is taken at once after it was quiet, in seconds of what is taken on and on.
const BURST: u32 = 2;

/// What is taken of a peer's messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MessageLimits {
    /// Messages in a second, of all channels together.
    pub per_second: u32,
    /// Their bytes in a second.
    pub bytes_per_second: u32,
}

impl Default for MessageLimits {
    /// Twice as often as a gamepad is read, and a picture now and then.
    fn default() -> Self {
        Self { per_second: 200, bytes_per_second: 1024 * 1024 }
    }
}

/// What one peer has said lately.
#[derive(Debug)]
pub(super) struct Inflow {
    limits: MessageLimits,
    messages: Pace,
    bytes: Pace,
}

impl Inflow {
    /// Nothing yet.
    pub(super) fn new(limits: MessageLimits) -> Self {
        let pace = |per_second: u32| Pace::new(per_second, per_second.saturating_mul(BURST));
        Self { limits, messages: pace(limits.per_second), bytes: pace(limits.bytes_per_second) }
    }

    /// Counts a message that came.
    ///
    /// # Errors
    /// When it is one too many, or its bytes are.
    pub(super) fn count(&mut self, now: Instant, message: &Message) -> Result<(), Misdeed> {
        let MessageLimits { per_second, bytes_per_second } = self.limits;
        if !self.messages.admits(now) {
            let what = format!("it sends more than {per_second} messages a second (limits.messages_per_second)");
            return Err(Misdeed::beyond(Limit::Messages, what));
        }
        let bytes = u32::try_from(message.as_bytes().len()).unwrap_or(u32::MAX);
        if !self.bytes.admits_many(now, bytes) {
            let what = format!(
                "it sends messages of more than {bytes_per_second} bytes a second (limits.message_bytes_per_second)"
            );
            return Err(Misdeed::beyond(Limit::Messages, what));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn text(bytes: usize) -> Message {
        Message::Text { text: "x".repeat(bytes) }
    }

    #[test]
    fn a_burst_and_then_so_many_a_second() {
        let start = Instant::now();
        let mut inflow = Inflow::new(MessageLimits { per_second: 200, ..MessageLimits::default() });
        let taken = |inflow: &mut Inflow, now| (0..1000).take_while(|_| inflow.count(now, &text(1)).is_ok()).count();
        assert_eq!(taken(&mut inflow, start), 400);
        assert_eq!(taken(&mut inflow, start + Duration::from_secs(1)), 200);
        let misdeed = inflow.count(start + Duration::from_secs(1), &text(1)).unwrap_err();
        assert_eq!(misdeed.limit, Some(Limit::Messages));
        assert!(misdeed.what.contains("200 messages a second"), "{misdeed}");
    }

    #[test]
    fn few_but_long_ones_are_too_much_too() {
        let start = Instant::now();
        let mut inflow = Inflow::new(MessageLimits::default());
        let whole = (0..1000).take_while(|_| inflow.count(start, &text(64 * 1024)).is_ok()).count();
        assert_eq!(whole, 2 * 1024 / 64);
        let misdeed = inflow.count(start, &text(1)).unwrap_err();
        assert!(misdeed.what.contains("1048576 bytes a second"), "{misdeed}");
    }

    #[test]
    fn who_keeps_to_the_pace_is_heard_for_ever() {
        let start = Instant::now();
        let mut inflow = Inflow::new(MessageLimits::default());
        for n in 0..10_000 {
            assert_eq!(inflow.count(start + Duration::from_millis(5) * n, &text(1000)), Ok(()), "message {n}");
        }
    }
}
