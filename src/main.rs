//! The `peergate` program.

use std::{future::Future, io::Write, path::Path};

use peergate::{
    check,
    cli::{self, Asked, Command, DevicesArgs, DoctorArgs, RecordingsAction, RecordingsArgs},
    config::{self, Origin, Overrides, Problems, Purpose, Settings},
    ctl::{self, CtlArgs, CtlError},
    daemon, devices,
    doctor::{self, Grade, Scope},
    logging::{self, Dial},
    media::{
        clockwork::Clockwork,
        elements::{self, NotReady},
        main_loop::MainLoop,
    },
    memory,
    recorder::Archive,
    recordings,
    source::survey,
};

/// Why the program ends when nobody asked it to.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("{0}")]
    Misconfigured(#[from] Problems),
    #[error(transparent)]
    NotReady(#[from] NotReady),
    #[error(transparent)]
    Daemon(#[from] daemon::Failure),
    #[error(transparent)]
    Ctl(#[from] CtlError),
    #[error("not every pipeline can be built")]
    Unbuildable,
    #[error("{0}")]
    Ill(String),
    #[error("the system gives no threads, or no descriptors for them: {0}")]
    Threads(std::io::Error),
}

/// What the program's loader calls before anything of the libraries runs (`DT_PREINIT_ARRAY` of the ELF specification): GLib
/// reads its environment, in which this could stand as well, before `main`.
#[cfg(target_env = "gnu")]
#[used]
#[unsafe(link_section = ".preinit_array")]
static BEFORE_LIBRARIES: extern "C" fn() = memory::have_glib_keep_nothing;

/// It could not start, or could not go on.
const FAILED: u8 = 1;

/// `EX_USAGE` of sysexits.h: bad arguments or configuration.
const MISUSED: u8 = 64;

fn main() {
    // SAFETY: there is no other thread yet.
    unsafe { elements::set_environment() };
    let status = match Asked::parse(std::env::args_os()) {
        Ok(asked) => status_of(carry_out(asked)),
        Err(error) => {
            // Help and version are on stdout, and no error.
            let _ = error.print();
            if error.use_stderr() { MISUSED } else { 0 }
        }
    };
    leave(status)
}

fn carry_out(asked: Asked) -> Result<(), Failure> {
    match asked.command {
        Command::Run(arguments) => {
            run(Origin::new(arguments.config, Purpose::Daemon, asked.overrides, cli::variables()))
        }
        Command::Check(arguments) => check(&arguments.file),
        Command::Devices(arguments) => list_devices(&arguments),
        Command::Doctor(arguments) => diagnose(&arguments, &asked.overrides),
        Command::Recordings(arguments) => look_at_recordings(&arguments, &asked.overrides),
        Command::Ctl(arguments) => control(&arguments),
        Command::Relay(arguments) => {
            run_relay(&Origin::new(arguments.config, Purpose::Relay, asked.overrides, cli::variables()))
        }
    }
}

/// Says what went wrong, and gives the process's status.
fn status_of(outcome: Result<(), Failure>) -> u8 {
    match outcome {
        Ok(()) => 0,
        Err(Failure::Misconfigured(problems)) => {
            eprintln!("{problems}");
            MISUSED
        }
        Err(Failure::Unbuildable) => MISUSED,
        Err(Failure::Ctl(error)) => {
            eprintln!("{error}");
            if matches!(error, CtlError::Misused(_)) { MISUSED } else { FAILED }
        }
        Err(Failure::Ill(what)) => {
            eprintln!("{what}");
            FAILED
        }
        Err(failure) => {
            // Commands that only tell something have no log.
            if tracing::dispatcher::has_been_set() {
                tracing::error!("{failure}");
            } else {
                eprintln!("{failure}");
            }
            FAILED
        }
    }
}

/// Ends the process as it is. A return from `main` has C libraries take down what threads of ours may still be in: one that
/// loads plug-ins ahead, one that hangs in a device.
fn leave(status: u8) -> ! {
    // Whoever was to read may have gone.
    let _ = std::io::stdout().flush();
    // SAFETY: it only ends the process, and nothing of it runs any more.
    unsafe { libc::_exit(status.into()) }
}

/// For commands without a log: what is missing is told as it is.
fn start_elements() -> Result<(), Failure> {
    elements::start().map_err(|missing| Failure::Ill(missing.to_string()))?;
    logging::capture_gstreamer();
    Ok(())
}

fn run(origin: Origin) -> Result<(), Failure> {
    memory::share_pools();
    let (settings, log) = load(&origin)?;
    elements::start()?;
    logging::capture_gstreamer();
    let _main_loop = MainLoop::start().map_err(Failure::Threads)?;
    block_on(daemon::run(settings, origin, log))
}

fn check(file: &Path) -> Result<(), Failure> {
    let settings = config::load(Some(file), Purpose::Daemon, &Overrides::default(), &cli::variables())?;
    start_elements()?;
    let runtime = tokio::runtime::Runtime::new().map_err(Failure::Threads)?;
    let findings = runtime.block_on(check::check(&settings));
    runtime.shutdown_background();
    let file = file.display();
    for warning in &settings.warnings {
        eprintln!("{file}: {warning}");
    }
    for waited_for in &findings.waited_for {
        eprintln!("{file}: not now, and waited for: {waited_for}");
    }
    for problem in &findings.problems {
        eprintln!("{file}: {problem}");
    }
    if !findings.problems.is_empty() {
        return Err(Failure::Unbuildable);
    }
    eprintln!("{file}: good; {} pipelines could be built", findings.built);
    Ok(())
}

fn look_at_recordings(arguments: &RecordingsArgs, overrides: &Overrides) -> Result<(), Failure> {
    let settings = config::load(arguments.config.as_deref(), Purpose::Daemon, overrides, &cli::variables())?;
    let archive = Archive::new(settings.record.dir);
    let mut out = std::io::stdout().lock();
    match arguments.action {
        RecordingsAction::List => recordings::list(&archive, arguments.json, &mut out).map_err(unheard),
        RecordingsAction::Verify => match recordings::verify(&archive, &mut out).map_err(unheard)? {
            true => Ok(()),
            false => Err(Failure::Ill("not all recordings are what they were".to_owned())),
        },
        RecordingsAction::Repair => {
            recordings::repair(&archive, &mut out).map_err(|error| Failure::Ill(error.to_string()))
        }
    }
}

fn control(arguments: &CtlArgs) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::Threads)?;
    let outcome = runtime.block_on(ctl::run(arguments, &mut std::io::stdout().lock()));
    // Not waiting for a key.
    runtime.shutdown_background();
    Ok(outcome?)
}

fn list_devices(arguments: &DevicesArgs) -> Result<(), Failure> {
    start_elements()?;
    let runtime = tokio::runtime::Runtime::new().map_err(Failure::Threads)?;
    let found = runtime.block_on(survey::take(&Clockwork::start()));
    runtime.shutdown_background();
    devices::list(&found, arguments.json, &mut std::io::stdout().lock()).map_err(unheard)
}

/// Whoever was to read has gone.
fn unheard(error: std::io::Error) -> Failure {
    Failure::Ill(format!("what is said can't be written: {error}"))
}

fn diagnose(arguments: &DoctorArgs, overrides: &Overrides) -> Result<(), Failure> {
    let settings = config::load(arguments.config.as_deref(), Purpose::Daemon, overrides, &cli::variables())?;
    for warning in &settings.warnings {
        eprintln!("{warning}");
    }
    // What is missing is a finding like others.
    let started = elements::start();
    if started.is_ok() {
        logging::capture_gstreamer();
    }
    let runtime = tokio::runtime::Runtime::new().map_err(Failure::Threads)?;
    let _main_loop = MainLoop::start().map_err(Failure::Threads)?;
    let scope = Scope { all_encoders: arguments.encoders, rooms: arguments.deep };
    let (report, encoders) = runtime.block_on(doctor::examine(settings, started, scope));
    runtime.shutdown_background();
    let said = if arguments.json {
        format!("{}\n", report.json().map_err(|error| Failure::Ill(error.to_string()))?)
    } else {
        report.text()
    };
    let mut out = std::io::stdout().lock();
    write!(out, "{said}").map_err(unheard)?;
    if let Some(encoders) = encoders {
        write!(out, "\n{}", encoders.table()).map_err(unheard)?;
    }
    match report.grade {
        Grade::Ok | Grade::Warning => Ok(()),
        Grade::Failure => Err(Failure::Ill("not all that is configured works here".to_owned())),
    }
}

fn run_relay(origin: &Origin) -> Result<(), Failure> {
    let (settings, _) = load(origin)?;
    block_on(daemon::run_relay(settings))
}

/// The settings, with logging started as they say.
fn load(origin: &Origin) -> Result<(Settings, Dial), Failure> {
    let settings = origin.load()?;
    let log = logging::start(&settings.log);
    for warning in &settings.warnings {
        tracing::warn!("{warning}");
    }
    Ok((settings, log))
}

fn block_on(work: impl Future<Output = Result<(), daemon::Failure>>) -> Result<(), Failure> {
    let runtime = tokio::runtime::Runtime::new().map_err(Failure::Threads)?;
    let outcome = runtime.block_on(work);
    // Not waiting for what hangs in GStreamer.
    runtime.shutdown_background();
    Ok(outcome?)
}

#[cfg(test)]
mod tests {
    #[test]
    fn glib_keeps_nothing_in_pools_of_its_own() {
        // Since 2.76 it has none, nor what it says of them.
        let has_pools = glib::check_version(2, 76, 0).is_some();
        // SAFETY: it reads one number.
        let takes_all = unsafe { glib::ffi::g_slice_get_config(glib::ffi::G_SLICE_CONFIG_ALWAYS_MALLOC) };
        assert!(!has_pools || takes_all == 1, "it was told in time");
    }
}
