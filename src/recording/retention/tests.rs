use proptest::prelude::*;

use super::*;

const DAY: Duration = Duration::from_secs(86_400);
const ROOMY: Disk = Disk { free: 1_000_000, total: 2_000_000, free_files: Some(1_000) };

fn at(day: u64) -> WallTime {
    WallTime::from_unix_ms(0).after(DAY * day as u32)
}

fn segment(key: u32, ended: Ended, bytes: u64) -> Segment<u32> {
    Segment { key, ended, bytes, pinned: false }
}

/// One segment of 100 bytes for each of ten days.
fn ten_days() -> Vec<Segment<u32>> {
    (0..10).map(|day| segment(day, Ended::At(at(day.into())), 100)).collect()
}

fn removed(now: u64, policy: Policy, segments: &[Segment<u32>], disk: Disk) -> Vec<u32> {
    plan(Some(at(now)), policy, segments, disk).remove
}

#[test]
fn without_limits_nothing_goes() {
    let full = Disk { free: 0, total: 10, free_files: Some(0) };
    assert_eq!(plan(Some(at(99)), Policy::default(), &ten_days(), full), Plan { remove: vec![], short: None });
}

#[test]
fn the_limit_that_is_reached_first_counts() {
    let age = Policy { age: Some(DAY * 7), ..Policy::default() };
    assert_eq!(removed(10, age, &ten_days(), ROOMY), [0, 1, 2], "the fourth is just as old as it may be");
    let bytes = Policy { bytes: Some(650), ..age };
    assert_eq!(removed(10, bytes, &ten_days(), ROOMY), [0, 1, 2, 3]);
    let free = Policy { free: Some(1_000_450), ..bytes };
    assert_eq!(removed(10, free, &ten_days(), ROOMY), [0, 1, 2, 3, 4]);
}

#[test]
fn what_is_pinned_or_being_written_stays_and_counts() {
    let mut segments = ten_days();
    segments[0].pinned = true;
    segments[1].ended = Ended::NotYet;
    let policy = Policy { age: Some(DAY), bytes: Some(300), ..Policy::default() };
    assert_eq!(removed(4, policy, &segments, ROOMY), [2, 3, 4, 5, 6, 7, 8]);
    let none = Policy { bytes: Some(50), ..policy };
    let Plan { remove, short } = plan(Some(at(4)), none, &segments, ROOMY);
    assert_eq!(remove, [2, 3, 4, 5, 6, 7, 8, 9], "all that may go");
    let short = short.unwrap();
    assert_eq!(short, Shortage { over: 150, ..Shortage::default() });
    assert!(
        short.to_string().starts_with("150 bytes of recordings are more than there may be, with all removed"),
        "{short}"
    );
}

#[test]
fn a_disk_that_others_fill_is_told() {
    let policy = Policy { free: Some(5_000), ..Policy::default() };
    let Plan { remove, short } = plan(None, policy, &ten_days(), Disk { free: 1000, total: 10_000, free_files: None });
    assert_eq!(remove.len(), 10);
    assert_eq!(short, Some(Shortage { missing: 3000, ..Shortage::default() }));
}

#[test]
fn a_clock_that_jumped_makes_nothing_old() {
    let policy = Policy { age: Some(DAY), ..Policy::default() };
    assert!(removed(0, policy, &ten_days(), ROOMY).is_empty(), "all but one end in the future");
    assert!(plan(None, policy, &ten_days(), ROOMY).remove.is_empty(), "nobody has set the clock");
    let mut segments = ten_days();
    segments[0].ended = Ended::Unsure(at(0));
    segments[1].ended = Ended::At(at(40_000));
    assert_eq!(removed(30_000, policy, &segments, ROOMY), [2, 3, 4, 5, 6, 7, 8, 9]);
    let bytes = Policy { bytes: Some(850), ..policy };
    assert_eq!(plan(None, bytes, &segments, ROOMY).remove, [0, 2], "their size still counts");
}

#[test]
fn what_frees_nothing_is_not_removed_for_space() {
    let segments =
        [segment(0, Ended::At(at(0)), 0), segment(1, Ended::At(at(1)), 10), segment(2, Ended::At(at(2)), 10)];
    let policy = Policy { bytes: Some(10), ..Policy::default() };
    assert_eq!(removed(3, policy, &segments, ROOMY), [1]);
}

#[test]
fn small_segments_are_bounded_by_their_number_and_by_the_files_that_the_disk_has_left() {
    let number = Policy { segments: Some(7), ..Policy::default() };
    assert_eq!(removed(10, number, &ten_days(), ROOMY), [0, 1, 2]);
    let files = Policy { free_files: Some(1_003), ..Policy::default() };
    assert_eq!(removed(10, files, &ten_days(), ROOMY), [0, 1], "two files go with each");
    let uncounted = Disk { free_files: None, ..ROOMY };
    assert!(removed(10, files, &ten_days(), uncounted).is_empty(), "its file system has no such limit");
    let empty: Vec<_> = ten_days().into_iter().map(|segment| Segment { bytes: 0, ..segment }).collect();
    assert_eq!(removed(10, number, &empty, ROOMY), [0, 1, 2], "they count all the same");
    let pinned: Vec<_> = ten_days().into_iter().map(|segment| Segment { pinned: true, ..segment }).collect();
    let short = plan(None, number, &pinned, ROOMY).short.unwrap();
    assert_eq!(short, Shortage { segments: 3, ..Shortage::default() });
    assert!(short.to_string().starts_with("3 segments of recordings are more than there may be"), "{short}");
}

#[test]
fn what_is_not_looked_at_yet_holds_up_no_segment_while_half_of_what_is_to_be_free_is() {
    let policy = Policy { bytes: Some(1), free: Some(1_000), free_files: Some(10), ..Policy::default() };
    let disk = |free, free_files| Disk { free, free_files, ..ROOMY };
    assert_eq!(unseen(policy, disk(500, Some(5))), None);
    assert_eq!(unseen(policy, disk(500, None)), None);
    let short = unseen(policy, disk(499, Some(4))).unwrap();
    assert_eq!(short, Shortage { missing: 1, files: 1, ..Shortage::default() });
}

#[test]
fn a_forecast_is_the_first_thing_that_happens() {
    let rate = Bitrate::from_bits(800);
    let seconds = |policy, kept, disk| forecast(rate, policy, kept, disk).map(|time| time.as_secs());
    let kept = Kept { bytes: 1000, oldest: Some(DAY) };
    assert_eq!(seconds(Policy::default(), kept, ROOMY), Some(10_000), "the disk is full");
    let free = Policy { free: Some(400_000), ..Policy::default() };
    assert_eq!(seconds(free, kept, ROOMY), Some(6_000));
    let bytes = Policy { bytes: Some(501_000), ..free };
    assert_eq!(seconds(bytes, kept, ROOMY), Some(5_000));
    let age = Policy { age: Some(DAY + Duration::from_secs(60)), ..bytes };
    assert_eq!(seconds(age, kept, ROOMY), Some(60));
    assert_eq!(seconds(age, Kept::default(), ROOMY), Some(5_010), "nothing is old yet");
    assert_eq!(seconds(Policy { bytes: Some(500), ..age }, kept, ROOMY), Some(0), "at once");
}

#[test]
fn where_nothing_flows_nothing_fills() {
    let still = Bitrate::from_bits(0);
    let policy = Policy { age: Some(DAY * 2), bytes: Some(1), free: Some(1), ..Policy::default() };
    assert_eq!(forecast(still, policy, Kept::default(), ROOMY), None);
    let kept = Kept { bytes: 10, oldest: Some(DAY) };
    assert_eq!(forecast(still, policy, kept, ROOMY), Some(DAY), "what is there gets older");
}

fn ended() -> impl Strategy<Value = Ended> {
    prop_oneof![
        1 => Just(Ended::NotYet),
        6 => (0..50_u64).prop_map(|day| Ended::At(at(day))),
        1 => (0..50_u64).prop_map(|day| Ended::Unsure(at(day))),
    ]
}

prop_compose! {
    fn segments()(all in prop::collection::vec((ended(), 0..1000_u64, prop::bool::weighted(0.2)), 0..30)) -> Vec<Segment<u32>> {
        let numbered = all.into_iter().zip(0..);
        numbered.map(|((ended, bytes, pinned), key)| Segment { key, ended, bytes, pinned }).collect()
    }
}

prop_compose! {
    fn policy()(
        age in prop::option::of(0..60_u32), bytes in prop::option::of(0..20_000_u64),
        segments in prop::option::of(0..30_u64), free in prop::option::of(0..20_000_u64),
        free_files in prop::option::of(0..60_u64),
    ) -> Policy {
        Policy { age: age.map(|days| DAY * days), bytes, segments, free, free_files }
    }
}

/// Whether all limits but that of age are kept when these have gone.
fn fits(policy: Policy, segments: &[Segment<u32>], gone: &[u32], disk: Disk) -> bool {
    let sum = |goes: bool| -> u64 {
        segments.iter().filter(|segment| gone.contains(&segment.key) == goes).map(|segment| segment.bytes).sum()
    };
    let files = disk.free_files.map(|free| free + 2 * gone.len() as u64);
    policy.bytes.is_none_or(|most| sum(false) <= most)
        && policy.segments.is_none_or(|most| (segments.len() - gone.len()) as u64 <= most)
        && policy.free.is_none_or(|least| disk.free + sum(true) >= least)
        && policy.free_files.zip(files).is_none_or(|(least, free)| free >= least)
}

proptest! {
    #[test]
    fn a_plan_keeps_its_promises(
        now in prop::option::of(0..60_u64), policy in policy(), segments in segments(), free in 0..20_000_u64,
        free_files in prop::option::of(0..60_u64),
    ) {
        let (now, disk) = (now.map(at), Disk { free, total: 100_000, free_files });
        let Plan { remove, short } = plan(now, policy, &segments, disk);
        let of = |key: &u32| segments.iter().find(|segment| segment.key == *key).unwrap();
        let is_old = |key: &u32| match (now, of(key).ended, policy.age) {
            (Some(now), Ended::At(ended), Some(most)) => now.since(ended) > Some(most),
            _ => false,
        };

        for key in &remove {
            prop_assert!(!of(key).pinned && of(key).ended != Ended::NotYet);
        }
        let order = |key: &u32| (of(key).ended.order(), *key);
        prop_assert!(remove.is_sorted_by_key(order), "the oldest first");
        for kept in segments.iter().filter(|segment| !segment.pinned && !remove.contains(&segment.key)) {
            prop_assert!(!is_old(&kept.key), "what is too old goes");
            let newer = remove.iter().rfind(|key| !is_old(key)).filter(|last| kept.bytes > 0 && order(last) > order(&kept.key));
            prop_assert!(kept.ended == Ended::NotYet || newer.is_none(), "older ones go before newer ones");
        }

        prop_assert_eq!(short.is_none(), fits(policy, &segments, &remove, disk));
        if short.is_some() {
            let left = segments.iter().filter(|segment| !remove.contains(&segment.key) && segment.bytes > 0);
            prop_assert!(left.into_iter().all(|segment| segment.pinned || segment.ended == Ended::NotYet));
        } else if let Some(last) = remove.iter().rfind(|key| !is_old(key)) {
            let one_fewer: Vec<u32> = remove.iter().filter(|key| *key != last).copied().collect();
            prop_assert!(!fits(policy, &segments, &one_fewer, disk), "no more than needed");
        }

        let left: Vec<_> = segments.iter().filter(|segment| !remove.contains(&segment.key)).cloned().collect();
        let gained: u64 = remove.iter().map(|key| of(key).bytes).sum();
        let files = free_files.map(|free| free + 2 * remove.len() as u64);
        let again = plan(now, policy, &left, Disk { free: free + gained, free_files: files, ..disk });
        prop_assert_eq!(again, Plan { remove: vec![], short }, "what was done need not be done again");
    }

    #[test]
    fn any_numbers_do(bits: u32, policy in policy(), most: u64, bytes: u64, oldest: u64, free: u64, ended in ended()) {
        let (disk, policy) = (Disk { free, total: u64::MAX, free_files: Some(free) }, Policy { bytes: Some(most), ..policy });
        let kept = Kept { bytes, oldest: Some(Duration::from_secs(oldest)) };
        let first = forecast(Bitrate::from_bits(bits), policy, kept, disk);
        let slower = forecast(Bitrate::from_bits(bits / 2), policy, kept, disk);
        prop_assert!(slower.is_none() || first <= slower);
        let segments = [segment(0, ended, bytes), segment(1, ended, u64::MAX)];
        prop_assert!(plan(Some(WallTime::MAX), policy, &segments, disk).remove.len() <= segments.len());
    }
}
