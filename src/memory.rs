//! What was freed goes back to the system.
//!
//! glibc gives each thread one of its pools, of which there are eight for each core, and keeps what was freed in them.
//! Every peer comes with threads of its own, so each pool grows to what a crowd once took. GLib may have pools on top of them.

/// Two pools: what is sent comes from few threads, and the others take little.
#[cfg(target_env = "gnu")]
const POOLS: libc::c_int = 2;

/// Has memory taken from few pools. To be called before there are threads; whoever sets `MALLOC_ARENA_MAX` knows better.
#[cfg(target_env = "gnu")]
pub fn share_pools() {
    if std::env::var_os("MALLOC_ARENA_MAX").is_none() {
        // SAFETY: it sets one of the allocator's parameters (mallopt(3)). Where it is not taken, there are more pools.
        unsafe { libc::mallopt(libc::M_ARENA_MAX, POOLS) };
    }
}

/// Has GLib take each piece of memory from the allocator, and give it back there. Before 2.76 it keeps what was freed in
/// pools of its own, which never shrink; since then it does so anyway.
///
/// To be called before GLib's own beginning, which comes before `main`: afterwards it changes nothing, and GLib complains.
#[cfg(target_env = "gnu")]
pub extern "C" fn have_glib_keep_nothing() {
    // SAFETY: it compares one number and sets another, both of GLib's own, and needs nothing that begins later. No thread
    // reads them meanwhile: there are none yet.
    unsafe { glib::ffi::g_slice_set_config(glib::ffi::G_SLICE_CONFIG_ALWAYS_MALLOC, 1) };
}

/// Gives back what nobody uses. It takes some milliseconds, during which others may have to wait for memory.
#[cfg(target_env = "gnu")]
pub(crate) fn give_back() {
    // SAFETY: it takes the allocator's own locks, and moves nothing that is in use (malloc_trim(3)).
    unsafe { libc::malloc_trim(0) };
    tracing::debug!("free memory was given back");
}

/// Other allocators are left to themselves.
#[cfg(not(target_env = "gnu"))]
pub const fn share_pools() {}

/// Other allocators are left to themselves.
#[cfg(not(target_env = "gnu"))]
pub(crate) const fn give_back() {}
