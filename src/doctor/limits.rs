//! Whether the system gives as many descriptors and threads as full rooms take.

use std::{fs, path::Path};

use rustix::process::{Resource, getrlimit};

use super::Finding;
use crate::{config::Settings, descriptors, room::Limits};

const ABOUT: &str = "limits";

/// Of a connection that only looks, as [`Limits`] has it.
const THREADS_OF_A_SESSION: u64 = 8;
/// Of captures, encoders, recordings and the process itself. With a picture, a sound and nothing else there are 19.
const OTHER_THREADS: u64 = 128;

/// Compares what the system gives with what the members' places take.
pub(super) fn examine(settings: &Settings) -> Vec<Finding> {
    let sessions: usize = settings.members.iter().map(|member| Limits::with_peers(member.peers).sessions()).sum();
    let descriptors = Need {
        of: "file descriptors",
        full: descriptors::needed(sessions, settings.relay.limits.sockets),
        least: descriptors::needed(1, 0),
    };
    let threads = Need {
        of: "threads",
        full: sessions as u64 * THREADS_OF_A_SESSION + OTHER_THREADS,
        least: THREADS_OF_A_SESSION + OTHER_THREADS,
    };
    // The daemon raises its own limit as far as the hard one.
    let given = getrlimit(Resource::Nofile).maximum;
    let descriptors =
        descriptors.finding(given, "LimitNOFILE= in the unit, or 'ulimit -Hn' in the shell (limits.conf(5))");
    vec![descriptors, threads.finding(threads_given(), "TasksMax= in the unit, or 'ulimit -u' in the shell")]
}

/// What is taken of something.
struct Need {
    of: &'static str,
    /// With all places taken.
    full: u64,
    /// With one viewer.
    least: u64,
}

impl Need {
    /// `None`: there is no limit.
    fn finding(&self, given: Option<u64>, remedy: &str) -> Finding {
        let Self { of, full, least } = self;
        match given {
            Some(given) if given < *least => {
                let what = format!("the system gives {given} {of}, and one viewer takes up to {least}");
                Finding::failure(ABOUT, what).mended_by(format!("raise it to {full}: {remedy}"))
            }
            Some(given) if given < *full => {
                let what = format!("the system gives {given} {of}, and full rooms take up to {full}");
                Finding::warning(ABOUT, what)
                    .mended_by(format!("raise it to {full}: {remedy}; or lower peers in [[member]]"))
            }
            Some(given) => Finding::ok(ABOUT, format!("{given} {of}, of which full rooms take up to {full}")),
            None => Finding::ok(ABOUT, format!("any number of {of}")),
        }
    }
}

/// The least of the user's own limit, the system's, and those of the groups of processes that we are in (cgroups(7)).
fn threads_given() -> Option<u64> {
    let group = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let group = group.lines().find_map(|line| line.strip_prefix("0::"));
    let of_groups = group.and_then(|group| threads_of_groups(Path::new("/sys/fs/cgroup"), group));
    let of_user = getrlimit(Resource::Nproc).current;
    [of_groups, of_user, number(Path::new("/proc/sys/kernel/threads-max"))].into_iter().flatten().min()
}

/// From our `own` group outwards: each counts those within it, too.
fn threads_of_groups(root: &Path, own: &str) -> Option<u64> {
    let own = root.join(own.trim_start_matches('/'));
    let groups = own.ancestors().take_while(|group| group.starts_with(root));
    groups.filter_map(|group| number(&group.join("pids.max"))).min()
}

/// What a file of the kernel says; `None` where that is no number, as `max` is none.
fn number(file: &Path) -> Option<u64> {
    fs::read_to_string(file).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Grade;

    #[test]
    fn too_few_for_one_viewer_is_a_failure_and_for_all_a_warning() {
        let need = Need { of: "threads", full: 600, least: 100 };
        let grades = [Some(99), Some(100), Some(599), Some(600), None].map(|given| need.finding(given, "").grade);
        assert_eq!(grades, [Grade::Failure, Grade::Warning, Grade::Warning, Grade::Ok, Grade::Ok]);
    }

    #[test]
    fn the_tightest_group_counts() {
        let root = tempfile::tempdir().unwrap();
        let own = root.path().join("user.slice/user-1000.slice");
        fs::create_dir_all(&own).unwrap();
        let threads = || threads_of_groups(root.path(), "/user.slice/user-1000.slice");
        assert_eq!(threads(), None);
        fs::write(own.join("pids.max"), "max\n").unwrap();
        fs::write(root.path().join("user.slice/pids.max"), "300\n").unwrap();
        assert_eq!(threads(), Some(300));
        fs::write(own.join("pids.max"), "200\n").unwrap();
        assert_eq!(threads(), Some(200));
    }

    #[test]
    fn this_machine_gives_some_threads() {
        assert!(threads_given().is_some_and(|given| given > 0));
    }
}
