# shellcheck shell=bash
# What the verbs of ./dev need of Debian 12 and of crates.io, and how it gets here. Sourced by ./dev.

build_packages=(
  build-essential pkg-config
  libgstreamer1.0-dev libgstreamer-plugins-base1.0-dev libgstreamer-plugins-bad1.0-dev
)
run_packages=(
  ca-certificates
  gstreamer1.0-plugins-base gstreamer1.0-plugins-good # Opus, VP8; V4L2, X11, RTP
  gstreamer1.0-plugins-bad gstreamer1.0-nice          # webrtcbin, openh264; its ICE
  gstreamer1.0-plugins-ugly                           # x264
  gstreamer1.0-x fonts-dejavu-core                    # the clock in the test picture
  gstreamer1.0-pulseaudio
)
network_packages=(iproute2 iptables)
packaging_packages=(dpkg-dev) # which says what libraries a program needs
guest_packages=(python3 xz-utils)
test_packages=(
  "${network_packages[@]}" "${guest_packages[@]}"
  gstreamer1.0-tools ffmpeg curl procps
  chromium chromium-driver firefox-esr
  coturn python3-prometheus-client
  e2fsprogs mount # disks in files
  xvfb x11-apps pulseaudio pulseaudio-utils
  mmdebstrap systemd util-linux # a clean Debian, in which the package is installed
  "${packaging_packages[@]}"
)
lint_packages=(shellcheck)

cache=${XDG_CACHE_HOME:-$HOME/.cache}/peergate-lab
# Those of the machine come first.
PATH=$PATH:$cache/tools/bin:/usr/sbin:/sbin

say() { printf 'dev: %s\n' "$*" >&2; }
fail() {
  say "$@"
  exit 1
}
misused() {
  say "$@"
  exit 64
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

need_rust() {
  local wanted have
  command -v cargo >/dev/null || fail "Rust is missing: https://rustup.rs tells how to install it"
  # An older cargo says of the manifest only that it can't be parsed.
  wanted=$(sed --quiet 's/^rust-version = "\(.*\)"/\1/p' "$root/Cargo.toml")
  have=$(rustc --version | cut --delimiter=' ' --fields=2)
  printf '%s\n' "$wanted" "$have" | sort --version-sort --check=quiet ||
    fail "expected Rust $wanted or newer, got $have: 'rustup update' brings it, https://rustup.rs has rustup"
}

# need_packages WHY PACKAGE...: installs those that are not there. Where all are, nothing but dpkg is asked.
need_packages() {
  local why=$1 installed missing=() package && shift
  if ! command -v apt-get >/dev/null; then
    say "this is no Debian: to $why, have what Debian calls $*"
    return
  fi
  installed=$(dpkg-query --show --showformat '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null || :)
  for package; do
    grep --quiet --line-regexp --fixed-strings "installed $package" <<<"$installed" || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  say "installing, to $why: ${missing[*]}"
  apt_install "${missing[@]}"
  # Debian starts a TURN server with its package. The tests start their own.
  if [[ " ${missing[*]} " == *" coturn "* && -d /run/systemd/system ]]; then
    as_root systemctl disable --now --quiet coturn
  fi
}

# The lists of packages are fetched only where there are none, or where they are too old to install from.
apt_install() {
  local install=(env DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet --no-install-recommends "$@")
  apt-cache show "$@" >/dev/null 2>&1 && as_root "${install[@]}" && return
  as_root apt-get update --quiet
  as_root "${install[@]}"
}

# need_tool CRATE VERSION: builds a tool that is on no PATH yet, once for this user.
need_tool() {
  ! command -v "$1" >/dev/null || return 0
  say "building $1 $2 for $cache/tools"
  cargo install --quiet --locked --root "$cache/tools" --version "$2" "$1"
}
