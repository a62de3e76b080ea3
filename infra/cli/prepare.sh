#!/bin/sh
# Makes this clone runnable: npm packages always, Debian packages when asked for and possible. Says what it does.
#   prepare.sh run     packages for real containers, if this is root on Debian (otherwise the cluster is simulated)
#   prepare.sh test    the same, for the whole test suite, and the newest kubectl that Debian has
#   prepare.sh quick   npm packages only
#   prepare.sh dashboard   the same as run, and a browser
#   prepare.sh machine   what makes and runs virtual machines (QEMU, mmdebstrap), for test/machine
#   prepare.sh generator   npm packages, and those that generate the client and the descriptions (130 MB, in openapi/generator)
# It does nothing, and needs no network, once everything is there.
set -eu
cd "$(dirname "$0")/../.."
purpose=${1:-quick}

say() { printf '%s\n' "$*" >&2; }

install_npm_packages() {
  stamp=node_modules/.installed-lock
  if [ -f "$stamp" ] && cmp -s package-lock.json "$stamp"; then return; fi
  say "Installing npm packages (once, in the versions of package-lock.json) ..."
  # Not `npm ci`: it refuses a lock file that lacks the binaries of platforms which a registry does not carry.
  # --no-save takes the locked versions all the same, and leaves the lock file alone.
  npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error >&2
  cp package-lock.json "$stamp"
}

# A package of its own: nobody else needs these, and they need an older TypeScript than this project.
install_generator() {
  (
    cd openapi/generator
    stamp=node_modules/.installed-lock
    if [ -f "$stamp" ] && cmp -s package-lock.json "$stamp"; then exit 0; fi
    say "Installing the generators of openapi/generator (once, in the versions of its package-lock.json) ..."
    PATH="$PWD/../../node_modules/.bin:$PATH" npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error >&2
    cp package-lock.json "$stamp"
  )
}

check_node() {
  major=$(PATH="$PWD/node_modules/.bin:$PATH" node -p 'process.versions.node.split(".")[0]')
  if [ "$major" -lt 24 ]; then
    say "Node 24 or newer is needed and this is Node $major; npm carries it for Linux only. Install it and try again."
    exit 1
  fi
}

missing_debian_packages() {
  command -v containerd >/dev/null || printf 'containerd '
  command -v runc >/dev/null || printf 'runc '
  [ -x /usr/lib/cni/bridge ] || [ -x /opt/cni/bin/bridge ] || printf 'containernetworking-plugins '
  command -v nft >/dev/null || printf 'nftables '
  command -v conntrack >/dev/null || printf 'conntrack '
  command -v ip >/dev/null || printf 'iproute2 '
  # DynamoDB Local, which the store is tested on, is written in Java.
  [ "$purpose" != test ] || command -v java >/dev/null || printf 'default-jre-headless '
}

# QEMU emulates the processor, so nothing is needed of the host's kernel; mmdebstrap makes the machine's disk.
missing_machine_packages() {
  command -v qemu-system-x86_64 >/dev/null || printf 'qemu-system-x86 '
  command -v qemu-img >/dev/null || printf 'qemu-utils '
  command -v mmdebstrap >/dev/null || printf 'mmdebstrap '
  command -v mke2fs >/dev/null || printf 'e2fsprogs '
  command -v setpriv >/dev/null || printf 'util-linux '
}

apt_get_install() {
  DEBIAN_FRONTEND=noninteractive apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"
}

# Debian's own browser, which the tests of the dashboard drive.
install_browser() {
  if command -v chromium >/dev/null; then return 0; fi
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    say "The dashboard's tests need Chromium: install it by hand."
    exit 1
  fi
  say "Installing Debian's package chromium ..."
  if ! apt_get_install chromium >&2; then
    say "That did not work (no network?), and without a browser the dashboard is not tested."
    exit 1
  fi
}

# Unlike nodes, which can be simulated, there is nothing to do instead.
install_machine_packages() {
  packages=$(PATH="$PATH:/usr/sbin:/sbin" missing_machine_packages)
  if [ "$(id -u)" != 0 ]; then
    say "Virtual machines' disks are made by root only. Run this as root."
    exit 1
  fi
  [ -n "$packages" ] || return 0
  if ! command -v apt-get >/dev/null; then
    say "Virtual machines need $packages- and there is no apt-get here: install them by hand."
    exit 1
  fi
  say "Installing Debian packages that make and run virtual machines: $packages..."
  # shellcheck disable=SC2086
  if ! apt_get_install $packages >&2; then
    say "That did not work (no network?), and without them no virtual machine runs."
    exit 1
  fi
}

install_debian_packages() {
  packages=$(PATH="$PATH:/usr/sbin:/sbin" missing_debian_packages)
  [ -n "$packages" ] || return 0
  if [ "$(id -u)" != 0 ]; then
    say "Not root: not installing $packages- nodes will be simulated. As root, real containers run."
    return 0
  fi
  if ! command -v apt-get >/dev/null; then
    say "No apt-get here: install $packages- by hand for real containers; until then nodes are simulated."
    return 0
  fi
  say "Installing Debian packages for real containers: $packages..."
  # shellcheck disable=SC2086
  if ! apt_get_install $packages >&2; then
    say "That did not work (no network?). Nodes will be simulated."
  fi
}

# The newest kubectl that Debian has, unpacked into .cache: the tests use it beside those on the PATH. Whatever is missing
# for it (Debian's keyring, a network), they say which version they had to leave out.
unpack_kubectl() {
  directory=$PWD/.cache/kubectl
  if [ -x "$directory/usr/bin/kubectl" ]; then return 0; fi
  keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  mirror=$(debian_mirror)
  if ! command -v apt-get >/dev/null || [ ! -r "$keyring" ] || [ -z "$mirror" ]; then
    say "This is not Debian: not unpacking Debian's newest kubectl; the tests use those on the PATH."
    return 0
  fi
  say "Unpacking the newest kubectl of Debian unstable into .cache (once) ..."
  state=$directory/apt
  mkdir -p "$state/lists/partial" "$state/archives/partial" "$state/parts"
  printf 'deb [signed-by=%s] %s sid main\n' "$keyring" "$mirror" >"$state/sources.list"
  touch "$state/extended_states"
  if ! (cd "$state/archives" && apt_beside update -qq && apt_beside download -qq kubectl && dpkg -x kubectl_*.deb "$directory") >&2; then
    say "That did not work (no network?). The tests use the kubectl on the PATH."
  fi
  rm -rf "$state"
}

# Of the system's own sources; the archive of security updates has no unstable.
debian_mirror() {
  sed -n 's/^URIs: *\([^ ]*\).*/\1/p; s/^deb \(\[[^]]*\] \)\{0,1\}\([^ ]*\) .*/\2/p' \
    /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list 2>/dev/null | grep -v security | sed -n 1p
}

# apt with lists and an archive of its own: the system's packages and sources stay as they are.
apt_beside() {
  apt-get -o Dir::State="$state" -o Dir::State::lists="$state/lists" -o Dir::State::status=/dev/null -o Dir::Cache="$state" \
    -o Dir::Etc::sourcelist="$state/sources.list" -o Dir::Etc::sourceparts="$state/parts" -o Dir::Etc::preferencesparts="$state/parts" \
    -o APT::Sandbox::User=root "$@"
}

install_npm_packages
check_node
case $purpose in
  run) install_debian_packages ;;
  test) install_debian_packages && install_generator && unpack_kubectl ;;
  generator) install_generator ;;
  dashboard) install_debian_packages && unpack_kubectl && install_browser ;;
  machine) install_machine_packages ;;
esac
