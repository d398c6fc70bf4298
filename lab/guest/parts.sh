# shellcheck shell=bash
# What the guest is made of: qemu, a kernel, and the packages that the host lacks. They are fetched with apt-get and
# unpacked into the user's cache. Nothing is installed: qemu-system-x86 would drive out a newer qemu-utils.

guest_cache=${XDG_CACHE_HOME:-$HOME/.cache}/peergate-lab/guest
guest_layer=$guest_cache/layer   # lies over the host's file system, in the guest
guest_kernel=$guest_cache/kernel
guest_initrd=$guest_cache/initrd
guest_codec=$guest_cache/codec   # is there once the layer has the kernel's test codec
layer_packages=(qemu-system-x86 busybox-static kmod udev v4l-utils)

# Each step is skipped where its result is there already. Two at once: one does it, the other waits.
prepare_parts() {
  mkdir --parents "$guest_cache"
  exec 9>"$guest_cache/lock"
  flock 9
  if [ ! -e "$guest_layer" ]; then make_layer; fi
  if [ ! -e "$guest_kernel" ]; then unpack_kernel; fi
  if [ ! -e "$guest_codec" ]; then make_codec; fi
  if [ ! "$guest_initrd" -nt "$here/guest/init" ]; then make_initrd; fi
  exec 9>&-
}

# The host's qemu where there is one, else that of the layer. It dies with this shell.
run_qemu() {
  local limit=$1 qemu library=$guest_layer/usr/lib/x86_64-linux-gnu arguments=("${@:2}")
  if ! qemu=$(command -v qemu-system-x86_64); then
    qemu=$guest_layer/usr/bin/qemu-system-x86_64
    arguments+=(-L "$guest_layer/usr/share/qemu" -L "$guest_layer/usr/share/seabios")
    local -x LD_LIBRARY_PATH=$library QEMU_MODULE_DIR=$library/qemu
  fi
  timeout --foreground --kill-after=3 "$limit" setpriv --pdeathsig KILL "$qemu" "${arguments[@]}" </dev/null
}

# Packages of Debian, into a new folder.
fetch() { # FOLDER NAME...
  rm --recursive --force "$1"
  mkdir --parents "$1"
  (cd "$1" && apt-get -qq -o APT::Sandbox::User=root download "${@:2}" >&2)
}

make_layer() {
  local kernel missing building=$guest_cache/layer.new
  # A rehearsed installation tells what this host lacks.
  missing=$(apt-get --simulate install --no-install-recommends "${layer_packages[@]}" | awk '/^Inst/ { print $2 }')
  kernel=$(apt-cache depends linux-image-amd64 | awk '/Depends: linux-image/ { print $2; exit }')
  [ -n "$kernel" ] || give_up "apt-get knows no linux-image-amd64: run apt-get update"
  printf 'camera-guest: fetching, once: %s\n' "$(tr '\n' ' ' <<<"$missing $kernel")" >&2

  rm --recursive --force "$building"
  mkdir --parents "$building"/usr/{bin,sbin,lib,lib64}
  # As on the host; else a folder of the layer would hide the host's link.
  ln --symbolic usr/bin usr/sbin usr/lib usr/lib64 "$building"
  # shellcheck disable=SC2086 # a list
  fetch "$guest_cache/debs" $missing "$kernel"
  local package
  for package in "$guest_cache"/debs/*.deb; do
    dpkg-deb --fsys-tarfile "$package" | tar --extract --keep-directory-symlink --no-same-owner --directory "$building" \
      --exclude=drivers/{gpu,infiniband,iio,net/ethernet,net/wireless,scsi,staging} --exclude=share/{doc,locale,man}
  done
  rm --recursive --force "$guest_cache/debs"
  # What the kernel's package does when it is installed.
  kmod_as depmod "$building" --basedir "$building" "$(basename "$building"/lib/modules/*)"
  mv "$building" "$guest_layer"
}

# A program of the host, or else of the layer.
program() {
  PATH=$PATH:/usr/sbin:$2/usr/sbin:$2/usr/bin type -P "$1"
}

# kmod does what the name says that it is called by.
kmod_as() {
  local name=$1 kmod && shift
  kmod=$(program kmod "$1") && shift
  (exec -a "$name" "$kmod" "$@")
}

# The kernel's test codec (vicodec), a device that encodes: Debian's kernel is built without it, so it is built here, of
# Debian's own source of that kernel.
make_codec() {
  local kernel common series headers package parts=$guest_cache/codec.parts media=drivers/media
  kernel=$(basename "$guest_layer"/lib/modules/*)
  # As in 6.1.0-49-amd64.
  common=${kernel%-*}-common series=$(cut --delimiter=. --fields=1,2 <<<"$kernel")
  printf 'camera-guest: building, once: vicodec for %s\n' "$kernel" >&2
  fetch "$parts" "linux-headers-$kernel" "linux-headers-$common" "linux-kbuild-$series" "linux-source-$series" ||
    give_up "what $kernel was built of can't be fetched: to go over to the newest kernel, rm -r $guest_cache"
  mkdir "$parts/module"
  for package in "$parts"/linux-{headers,kbuild}*.deb; do dpkg-deb --extract "$package" "$parts"; done
  dpkg-deb --fsys-tarfile "$parts"/linux-source-*.deb | tar --extract --to-stdout --wildcards '*/linux-source-*.tar.xz' |
    tar --extract --xz --directory "$parts/module" --strip-components=4 --wildcards \
      "*/$media/test-drivers/vicodec/*.[ch]" "*/$media/v4l2-core/v4l2-mem2mem.c"
  (cd "$parts/module" && find . -mindepth 2 -type f -exec mv {} . \;)
  cat >"$parts/module/Kbuild" <<'END'
obj-m := v4l2-mem2mem.o vicodec.o
vicodec-y := vicodec-core.o codec-fwht.o codec-v4l2-fwht.o
END
  headers=$parts/usr/src/linux-headers
  make --silent -C "$headers-$common" O="$headers-$kernel" M="$parts/module" CC=gcc modules >"$parts/log" 2>&1 ||
    give_up "vicodec can't be built for $kernel: $(tail --lines=5 "$parts/log")"
  mkdir --parents "$guest_layer/lib/modules/$kernel/extra"
  cp "$parts"/module/*.ko "$guest_layer/lib/modules/$kernel/extra"
  kmod_as depmod "$guest_layer" --basedir "$guest_layer" "$kernel"
  rm --recursive --force "$parts"
  touch "$guest_codec"
}

# The kernel inside of its compressed image: to unpack it in the guest takes 4 s at every boot.
unpack_kernel() {
  local image offset
  image=$(echo "$guest_layer"/boot/vmlinuz-*)
  offset=$(LC_ALL=C grep --text --byte-offset --only-matching --perl-regexp '\xfd7zXZ\x00' "$image" | head --lines=1)
  # What follows the kernel in the image is not xz's, which it says.
  tail --bytes="+$((${offset%%:*} + 1))" "$image" | xz --decompress --stdout >"$guest_kernel.new" 2>/dev/null || :
  [ "$(head --bytes=4 "$guest_kernel.new" | tail --bytes=3)" = ELF ] || give_up "no kernel was found in $image"
  mv "$guest_kernel.new" "$guest_kernel"
}

# busybox, the init, and the modules that it takes to see the host's file system.
make_initrd() {
  local files=$guest_cache/initrd.files busybox version word path
  busybox=$(program busybox "$guest_layer")
  version=$(basename "$guest_layer"/lib/modules/*)
  rm --recursive --force "$files"
  mkdir --parents "$files"/{bin,modules,proc,sys,dev,host,layer,memory,root}
  cp "$busybox" "$files/bin/busybox"
  for word in sh mount mkdir insmod switch_root poweroff; do ln --symbolic busybox "$files/bin/$word"; done
  cp "$here/guest/init" "$files/init"
  # `insmod PATH`, in the order in which they need each other.
  for word in virtio_pci virtio_console 9pnet_virtio 9p overlay; do
    kmod_as modprobe "$guest_layer" --dirname "$guest_layer" --set-version "$version" --show-depends "$word"
  done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' | while read -r path; do
    cp "$path" "$files/modules"
    basename "$path" >>"$files/modules/order"
  done
  (cd "$files" && find . | "$files/bin/busybox" cpio -o -H newc 2>/dev/null) >"$guest_initrd.new"
  mv "$guest_initrd.new" "$guest_initrd"
}
