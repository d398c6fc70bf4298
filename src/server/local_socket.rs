//! A socket in the file system, for programs of the same machine: whoever may open the file may use it, and that is the
//! daemon's own user.

use std::{
    fs, io,
    net::IpAddr,
    os::unix::fs::{FileTypeExt, MetadataExt},
    path::{Path, PathBuf},
    time::Duration,
};

use rustix::fs::{FlockOperation, Mode, fchmod, flock};
use tokio::{
    net::{UnixListener, UnixSocket, UnixStream},
    time::timeout,
};

use super::{Listener, Privacy};

/// Connections that the system holds for us until we take them.
const BACKLOG: u32 = 128;

/// How long one that lives may take to be connected to. The kernel does it, unless its queue is full.
const PROBE_LIMIT: Duration = Duration::from_secs(1);

/// How long another one that starts in the same folder may take. It probes, too.
const LOCK_LIMIT: Duration = Duration::from_secs(3);

/// A local socket that listens. Dropping it removes its file.
#[derive(Debug)]
pub struct LocalSocket {
    listener: UnixListener,
    path: PathBuf,
    file: FileId,
}

/// Why there is none.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SocketError {
    /// Another daemon listens there.
    #[error("another daemon listens at {0}; stop it, or name another place")]
    InUse(PathBuf),
    /// Somebody else's is there, dead or alive.
    #[error(
        "the socket at {path} is of another user (UID {user}), and can't be asked whether a daemon listens; remove it if \
         none does, or name another place"
    )]
    Others {
        /// Where.
        path: PathBuf,
        /// Whose.
        user: u32,
    },
    /// Something else is there.
    #[error("expected a socket or nothing at {0}, got another file, which is left alone; name another place")]
    Foreign(PathBuf),
    /// The system does not let us.
    #[error("no socket can be made at {path}: {error}")]
    System {
        /// Where.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
}

/// Which file it is, whatever its name by now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct FileId {
    device: u64,
    inode: u64,
}

impl LocalSocket {
    /// Listens at `path`, for the user of this process only. A socket that a dead daemon left there is replaced.
    ///
    /// # Errors
    /// When another daemon listens there, something else is there, or the system refuses.
    pub async fn open(path: &Path) -> Result<Self, SocketError> {
        let refused = |error| SocketError::System { path: path.to_owned(), error };
        // Two that start at once would both find the socket dead, and the second would remove the first one's.
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let folder = fs::File::open(folder).map_err(refused)?;
        let _locked = locked(folder).await.map_err(refused)?;
        remove_dead(path).await?;
        let socket = UnixSocket::new_stream().map_err(refused)?;
        // Linux makes the file with the mode of the unbound socket (unix(7)), so that nobody gets in before a chmod.
        fchmod(&socket, Mode::RUSR | Mode::WUSR).map_err(|error| refused(error.into()))?;
        socket.bind(path).map_err(refused)?;
        let file = FileId::of(path).map_err(refused)?;
        let listener = socket.listen(BACKLOG).map_err(refused)?;
        Ok(Self { listener, path: path.to_owned(), file })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Listener for LocalSocket {
    type Connection = UnixStream;

    async fn accept(&mut self) -> io::Result<UnixStream> {
        self.listener.accept().await.map(|(stream, _)| stream)
    }

    fn peer(_: &UnixStream) -> Option<IpAddr> {
        None
    }

    fn privacy(_: &UnixStream) -> Privacy {
        Privacy::Private
    }
}

impl Drop for LocalSocket {
    fn drop(&mut self) {
        // Somebody may have removed ours, and another daemon have its own there.
        if FileId::of(&self.path).is_ok_and(|there| there == self.file) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

impl FileId {
    fn of(path: &Path) -> io::Result<Self> {
        let found = fs::symlink_metadata(path)?;
        Ok(Self { device: found.dev(), inode: found.ino() })
    }
}

/// The folder with a lock on it, which goes with the handle.
async fn locked(folder: fs::File) -> io::Result<fs::File> {
    let lock = tokio::task::spawn_blocking(move || {
        flock(&folder, FlockOperation::LockExclusive)?;
        Ok(folder)
    });
    match timeout(LOCK_LIMIT, lock).await {
        Ok(Ok(locked)) => locked,
        Ok(Err(error)) => Err(io::Error::other(error)),
        Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "another process holds a lock on its folder")),
    }
}

/// Removes the socket at `path` if nobody listens there any more.
async fn remove_dead(path: &Path) -> Result<(), SocketError> {
    let refused = |error| SocketError::System { path: path.to_owned(), error };
    let found = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        found => found.map_err(refused)?,
    };
    if !found.file_type().is_socket() {
        return Err(SocketError::Foreign(path.to_owned()));
    }
    match timeout(PROBE_LIMIT, UnixStream::connect(path)).await {
        Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path).map_err(refused),
        Ok(Err(error)) if error.kind() == io::ErrorKind::PermissionDenied => {
            Err(SocketError::Others { path: path.to_owned(), user: found.uid() })
        }
        // One whose queue is full lives.
        _ => Err(SocketError::InUse(path.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::{fs::PermissionsExt, net::UnixListener as StdListener};

    use super::*;

    fn place() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("peergate.sock");
        (folder, path)
    }

    #[tokio::test]
    async fn only_its_own_user_gets_in_and_it_leaves_nothing_behind() {
        let (_folder, path) = place();
        let mut socket = LocalSocket::open(&path).await.unwrap();
        let mode = fs::symlink_metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let (taken, made) = tokio::join!(socket.accept(), UnixStream::connect(&path));
        assert!(taken.is_ok() && made.is_ok());
        drop(socket);
        assert!(!path.exists());
    }

    #[tokio::test]
    async fn one_that_is_dead_is_replaced_and_one_that_lives_is_not() {
        let (_folder, path) = place();
        drop(StdListener::bind(&path).unwrap());
        assert!(path.exists(), "it is left behind");
        let living = LocalSocket::open(&path).await.unwrap();
        let refused = LocalSocket::open(&path).await.unwrap_err();
        assert!(matches!(refused, SocketError::InUse(_)), "{refused}");
        assert!(UnixStream::connect(living.path()).await.is_ok());
    }

    /// This thread alone is another user's until it is dropped, or no more than before where it is not root's.
    struct Nobody;

    impl Nobody {
        fn become_effective(user: libc::uid_t) -> Self {
            // SAFETY: setresuid(2) as the kernel has it is of one thread and takes three numbers, -1 for what stays.
            unsafe { libc::syscall(libc::SYS_setresuid, -1, user, -1) };
            Self
        }
    }

    impl Drop for Nobody {
        fn drop(&mut self) {
            // SAFETY: as above.
            unsafe { libc::syscall(libc::SYS_setresuid, -1, 0, -1) };
        }
    }

    #[tokio::test]
    async fn a_dead_one_of_another_user_is_called_that() {
        let (folder, path) = place();
        drop(StdListener::bind(&path).unwrap());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
        let owner = fs::metadata(&path).unwrap().uid();
        let nobody = Nobody::become_effective(65534);
        let refused = LocalSocket::open(&path).await.unwrap_err();
        drop(nobody);
        assert!(matches!(refused, SocketError::Others { user, .. } if user == owner), "{refused}");
        assert!(path.exists(), "it is left alone");
    }

    #[tokio::test]
    async fn what_is_no_socket_is_left_alone() {
        let (_folder, path) = place();
        fs::write(&path, "somebody's").unwrap();
        let refused = LocalSocket::open(&path).await.unwrap_err();
        assert!(matches!(refused, SocketError::Foreign(_)), "{refused}");
        assert_eq!(fs::read(&path).unwrap(), b"somebody's");
    }

    #[tokio::test]
    async fn the_file_of_a_successor_is_not_removed() {
        let (_folder, path) = place();
        let first = LocalSocket::open(&path).await.unwrap();
        fs::remove_file(&path).unwrap();
        let second = LocalSocket::open(&path).await.unwrap();
        drop(first);
        assert!(UnixStream::connect(second.path()).await.is_ok());
    }

    #[tokio::test]
    async fn a_folder_that_is_not_there_is_named() {
        let (folder, path) = place();
        drop(folder);
        let refused = LocalSocket::open(&path).await.unwrap_err();
        assert!(refused.to_string().contains(&format!("no socket can be made at {}", path.display())), "{refused}");
    }
}
