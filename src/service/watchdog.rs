//! The signs of life that a service manager waits for: twice as often as it wants them, and only while all is well.

use std::{convert::Infallible, time::Duration};

use tokio::{
    sync::{
        oneshot::{self, error::TryRecvError},
        watch,
    },
    time::{Instant, MissedTickBehavior, interval, interval_at},
};

use super::vitals::Vitals;
use crate::report::State;

/// How often between two signs of life a question that was dropped is asked anew: so often that one that is answered then is
/// answered in time, and no more often, as where nobody is left each one is dropped.
const ASKED_ANEW: u32 = 8;

/// Asks a loop a question that it answers when it turns.
type Ask = Box<dyn Fn() -> oneshot::Receiver<()>>;

/// A loop without which nothing goes on. It is asked one question at a time.
pub(crate) struct Loop {
    name: &'static str,
    ask: Ask,
    answer: oneshot::Receiver<()>,
    has_answered: bool,
}

impl Loop {
    /// The loop that `ask` asks; `name` is for people. A question that is dropped is asked anew.
    pub(crate) fn new(name: &'static str, ask: impl Fn() -> oneshot::Receiver<()> + 'static) -> Self {
        Self { name, answer: ask(), ask: Box::new(ask), has_answered: false }
    }

    /// Whether it has turned since it was asked. It is asked anew if it has.
    pub(crate) fn has_turned(&mut self) -> bool {
        self.listen();
        let has_turned = std::mem::take(&mut self.has_answered);
        if has_turned {
            self.answer = (self.ask)();
        }
        has_turned
    }

    /// Takes note of its answer, and asks it anew where there will be none.
    fn listen(&mut self) {
        if self.has_answered {
            return;
        }
        match self.answer.try_recv() {
            Ok(()) => self.has_answered = true,
            Err(TryRecvError::Empty) => {}
            Err(TryRecvError::Closed) => self.answer = (self.ask)(),
        }
    }
}

/// Gives a sign of life, with `feed`, each half of `patience`, unless something stands still; then there is none until it
/// moves again. So what stands still for `patience`, or half as long again, costs the process its life.
pub(super) async fn feed(
    patience: Duration,
    mut loops: Vec<Loop>,
    state: watch::Receiver<State>,
    feed: impl Fn(),
) -> Infallible {
    let period = patience / 2;
    let mut looks = interval_at(Instant::now() + period, period);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut listens = interval(period / ASKED_ANEW);
    listens.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut vitals, mut told) = (Vitals::new(period), None);
    loop {
        tokio::select! {
            biased;
            _ = looks.tick() => {}
            _ = listens.tick() => {
                loops.iter_mut().for_each(Loop::listen);
                continue;
            }
        }
        // All of them, so that each is asked.
        let turned: Vec<_> = loops.iter_mut().map(|one| (one.name, one.has_turned())).collect();
        let verdict = vitals.look(turned, &state.borrow());
        match verdict {
            Ok(()) => {
                if told.take().is_some() {
                    tracing::info!("all moves again");
                }
                feed();
            }
            Err(still) if told.as_ref() == Some(&still) => {}
            Err(still) => {
                tracing::error!("{still}; the service manager gets no sign of life, and starts another process soon");
                told = Some(still);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        cell::{Cell, RefCell},
        rc::Rc,
    };

    use tokio::time::timeout;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(60);

    /// When signs of life are given within ten minutes, in s, with a loop that turns at once while `turns` says so.
    async fn fed(turns: impl Fn(u64) -> bool + 'static) -> Vec<u64> {
        let begun = Instant::now();
        let now = move || begun.elapsed().as_secs();
        // What a loop that stands still has been asked waits for it.
        let waiting = Rc::new(RefCell::new(Vec::new()));
        let asked = Rc::new(Cell::new(0));
        let (questions, count) = (waiting.clone(), asked.clone());
        let one = Loop::new("it", move || {
            let (answer, answered) = oneshot::channel();
            questions.borrow_mut().push(answer);
            count.set(count.get() + 1);
            if turns(now()) {
                questions.borrow_mut().drain(..).for_each(|answer| answer.send(()).unwrap());
            }
            answered
        });
        let fed = RefCell::new(Vec::new());
        let (_, state) = watch::channel(State::default());
        let feeding = feed(PATIENCE, vec![one], state, || fed.borrow_mut().push(now()));
        assert!(timeout(Duration::from_secs(600), feeding).await.is_err());
        assert!(waiting.borrow().len() <= 1, "one question at a time");
        assert!(asked.get() <= 21, "{}", asked.get());
        fed.into_inner()
    }

    #[tokio::test(start_paused = true)]
    async fn they_come_twice_as_often_as_they_are_wanted() {
        let expected: Vec<_> = (1..20).map(|half| half * 30).collect();
        assert_eq!(fed(|_| true).await[..19], expected);
    }

    #[tokio::test(start_paused = true)]
    async fn they_end_when_a_loop_stands_still() {
        assert_eq!(fed(|now| now < 120).await, [30, 60, 90, 120]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_question_that_is_dropped_now_and_then_costs_a_loop_that_turns_no_sign_of_life() {
        // What is asked at a look is dropped three times before it is answered.
        let dropped = Cell::new(0);
        let one = Loop::new("it", move || {
            let (answer, answered) = oneshot::channel();
            if dropped.get() < 3 {
                dropped.set(dropped.get() + 1);
            } else {
                dropped.set(0);
                answer.send(()).unwrap();
            }
            answered
        });
        let (begun, fed) = (Instant::now(), RefCell::new(Vec::new()));
        let (_, state) = watch::channel(State::default());
        let feeding = feed(PATIENCE, vec![one], state, || fed.borrow_mut().push(begun.elapsed().as_secs()));
        assert!(timeout(Duration::from_secs(170), feeding).await.is_err());
        assert_eq!(fed.into_inner(), [30, 60, 90, 120, 150], "half of patience apart");
    }
}
