//! Hardware encoders that are not here, stood in for by elements of their names, with their properties and units: a
//! software encoder inside, and whatever can go wrong with a device.

mod device;
mod memory;
mod models;
mod property;
pub(crate) mod vendors;

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError, mpsc},
    time::Duration,
};

use gst::{glib, prelude::*};

/// How long one hangs that does not start: less than it may take, and long enough to be seen.
const HANG: Duration = Duration::from_secs(4);

/// What an element does. Each can be changed while it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Behaviour {
    /// All that it should.
    Works,
    /// It is registered, and there is no device behind it.
    HasNoDevice,
    /// It hangs for some seconds when it is started, from the so-manieth start on.
    HangsFromStart(u32),
    /// It gives up after so many frames.
    FailsAfter(u32),
    /// Nothing comes out after so many frames.
    StallsAfter(u32),
    /// It makes no keyframe that is asked for after so many frames.
    IgnoresKeyframesAfter(u32),
    /// It takes its first bitrate only.
    IgnoresBitrate,
    /// It takes no pictures whose width and height are no multiples of these.
    WantsMultiples(u32, u32),
    /// Each frame takes it so long.
    Takes(Duration),
    /// It makes another profile than it was asked for.
    MakesHighProfile,
}

static BEHAVIOURS: Mutex<BTreeMap<&'static str, Behaviour>> = Mutex::new(BTreeMap::new());
static TOLD: Mutex<Vec<(&'static str, u32)>> = Mutex::new(Vec::new());
static TUNED: Mutex<BTreeMap<(&'static str, String), String>> = Mutex::new(BTreeMap::new());
static STARTS: Mutex<BTreeMap<&'static str, u32>> = Mutex::new(BTreeMap::new());
static LIVE: Mutex<BTreeMap<&'static str, bool>> = Mutex::new(BTreeMap::new());

/// Registers the elements, each with what it does from the start.
pub(crate) fn register(elements: &[(&'static str, Behaviour)]) {
    gst::init().unwrap();
    memory::register();
    for (element, behaviour) in elements {
        behave(element, *behaviour);
        assert!(models::register(element), "{element} is registered");
    }
}

/// What `element` does from now on.
pub(crate) fn behave(element: &'static str, behaviour: Behaviour) {
    BEHAVIOURS.lock().unwrap_or_else(PoisonError::into_inner).insert(element, behaviour);
}

/// The bitrates that `element` was told, in its own unit.
pub(crate) fn told(element: &str) -> Vec<u32> {
    let told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
    told.iter().filter(|(one, _)| *one == element).map(|(_, value)| *value).collect()
}

/// How often `element` was started.
pub(crate) fn starts(element: &str) -> u32 {
    STARTS.lock().unwrap_or_else(PoisonError::into_inner).get(element).copied().unwrap_or_default()
}

/// What a property of `element` was set to.
pub(crate) fn tuned(element: &'static str, property: &str) -> Option<String> {
    let tuned = TUNED.lock().unwrap_or_else(PoisonError::into_inner);
    tuned.get(&(element, property.to_owned())).cloned()
}

/// Whether what comes to `element` was live when it looked last, so that it holds no frame back.
pub(crate) fn was_live(element: &str) -> Option<bool> {
    LIVE.lock().unwrap_or_else(PoisonError::into_inner).get(element).copied()
}

fn tune(element: &'static str, property: &str, value: &glib::Value) {
    let value = value.get::<String>().unwrap_or_else(|_| value.serialize().unwrap().to_string());
    TUNED.lock().unwrap_or_else(PoisonError::into_inner).insert((element, property.to_owned()), value);
}

/// Counts a start of `element`, and hangs in it if that is what it does.
fn start(element: &'static str) {
    let start = {
        let mut starts = STARTS.lock().unwrap_or_else(PoisonError::into_inner);
        let count = starts.entry(element).or_default();
        *count += 1;
        *count
    };
    if let Behaviour::HangsFromStart(from) = behaviour(element)
        && start >= from
    {
        // Nobody sends: it waits for that time, as for a driver.
        let _ = mpsc::channel::<()>().1.recv_timeout(HANG);
    }
}

fn behaviour(element: &str) -> Behaviour {
    let behaviours = BEHAVIOURS.lock().unwrap_or_else(PoisonError::into_inner);
    behaviours.get(element).copied().unwrap_or(Behaviour::Works)
}
