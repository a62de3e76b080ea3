/**
 * The script that makes a machine a node, in one line on it:
 *
 *   curl -sfL https://SERVER/join.sh | sh -s - --token TOKEN
 *
 * It installs what a node needs from the distribution's packages. It fetches the agent and the command line from the
 * server, and runs `hibernetes join`. A shell reads all of it before it runs any of it: a script that was cut off does
 * nothing.
 */
import { agentFileName } from '../../node-protocol/agent-program.ts';

export interface JoinScriptOptions {
  readonly server: string;
  readonly caPem: string | undefined;
  /** Hex SHA-256 of files, by name. */
  readonly hashes: Readonly<Record<string, string>>;
}

/** Names of the files. Node's own is named after the machine's architecture, as Kubernetes names it. */
export const joinFileNames = {
  agent: agentFileName,
  commandLine: 'hibernetes.mjs',
  node: (architecture: string) => `node-${architecture}`,
} as const;

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** All that does not depend on the cluster. */
const steps = `find_token() {
  token=
  while [ $# -gt 0 ]; do
    case $1 in
      --token) token=\${2:-} ;;
      --token=*) token=\${1#--token=} ;;
    esac
    shift
  done
  [ -n "$token" ] || fail 'A token is needed.' 'On the cluster, hibernetes token create prints the whole command.'
}

check_machine() {
  [ "$(uname -s)" = Linux ] || fail "A node needs Linux, and this is $(uname -s)."
  [ "$(id -u)" = 0 ] || fail 'A node needs root.' 'Let root run the script: ... | sudo sh -s - --token ...'
  case $(uname -m) in
    x86_64) architecture=amd64 ;;
    aarch64) architecture=arm64 ;;
    *) fail "A node needs a processor of amd64 or arm64, and this is $(uname -m)." ;;
  esac
}

# A node needs what these programs do; packages are named as the distribution names them.
missing_packages() {
  case $1 in
    apt) plugins=containernetworking-plugins conntrack=conntrack iproute=iproute2 procps=procps ;;
    # Amazon Linux has cni-plugins, Fedora and its relatives containernetworking-plugins.
    dnf) plugins=$(dnf_plugins) conntrack=conntrack-tools iproute=iproute procps=procps-ng ;;
  esac
  command -v containerd >/dev/null || echo containerd
  command -v runc >/dev/null || echo runc
  [ -n "$(plugin_directory)" ] || echo $plugins
  command -v nft >/dev/null || echo nftables
  command -v conntrack >/dev/null || echo $conntrack
  command -v ip >/dev/null || echo $iproute
  command -v sysctl >/dev/null || echo $procps
  command -v nsenter >/dev/null || echo util-linux
}

dnf_plugins() { if dnf info -q cni-plugins >/dev/null 2>&1 </dev/null; then echo cni-plugins; else echo containernetworking-plugins; fi; }

plugin_directory() {
  for candidate in /opt/cni/bin /usr/lib/cni /usr/libexec/cni; do
    if [ -x "$candidate/bridge" ]; then echo "$candidate"; return; fi
  done
}

install_packages() {
  if command -v apt-get >/dev/null; then manager=apt
  elif command -v dnf >/dev/null; then manager=dnf
  else manager=none
  fi
  packages=$(missing_packages $manager | tr '\\n' ' ')
  [ -n "$packages" ] || return 0
  say "Installing $packages..."
  # What a package manager prints is of interest only when it fails.
  log=$(mktemp)
  case $manager in
    apt) { apt-get update -qq && apt-get install -y -qq --no-install-recommends $packages; } >"$log" 2>&1 </dev/null || failed=1 ;;
    dnf) dnf install -y -q $packages >"$log" 2>&1 </dev/null || failed=1 ;;
    none) failed=1; echo 'there is neither apt-get nor dnf' >"$log" ;;
  esac
  if [ -n "\${failed:-}" ]; then tail -n 5 "$log" >&2; rm -f "$log"; fail "These packages could not be installed: $packages" 'Install them, and run the script again.'; fi
  rm -f "$log"
}

# containerd of some distributions reads /opt/cni/bin, wherever the distribution's own package puts the plugins.
link_plugins() {
  found=$(plugin_directory)
  if [ "$found" = /opt/cni/bin ] || [ -z "$found" ]; then return 0; fi
  if [ -e /opt/cni/bin ] || containerd config dump 2>/dev/null | grep -q "$found"; then return 0; fi
  mkdir -p /opt/cni
  ln -s "$found" /opt/cni/bin
}

start_containerd() {
  modprobe -a overlay br_netfilter 2>/dev/null || true
  if command -v systemctl >/dev/null && [ -d /run/systemd/system ]; then systemctl enable --now --quiet containerd; fi
}

# Fetches a file by its name. The token is in no process's arguments, where other users of the machine could read it.
fetch() {
  wanted=$(hash_of "$1")
  target=$directory/$1
  trust=
  if [ -n "$authority" ]; then printf '%s\\n' "$authority" >"$directory/ca.crt"; trust="cacert = \\"$directory/ca.crt\\""; fi
  printf 'header = "Authorization: Bearer %s"\\n%s\\n' "$token" "$trust" |
    curl --config - --silent --show-error --fail --location --retry 3 --output "$target.gz" "$server/join/$1" ||
    fail "$1 could not be fetched from $server." 'Is the token right, and has its time not ended? hibernetes token create prints a new one.'
  gzip -dc "$target.gz" >"$target.new" || fail "$1 is no file that gzip made."
  rm -f "$target.gz"
  echo "$wanted  $target.new" | sha256sum -c --status || fail "$1 is not the file whose hash the script has." 'Run the script again.'
  mv "$target.new" "$target"
}

is_new_enough() { [ "$("$1" -p 'Number(process.versions.node.split(".")[0]) >= 24' 2>/dev/null)" = true ]; }

# The machine's own Node if it is new enough, else the server's, else the distribution's.
find_node() {
  for candidate in node nodejs node-24; do
    node=$(command -v $candidate || true)
    if [ -n "$node" ] && is_new_enough "$node"; then return 0; fi
  done
  node=$directory/node-$architecture
  if [ -n "$(hash_of "node-$architecture")" ]; then
    say 'Fetching Node ...'
    fetch "node-$architecture"
    chmod 755 "$node"
    is_new_enough "$node" || fail 'The Node that the server has does not run here.' 'Install Node 24 or newer, and run the script again.'
    return 0
  fi
  if command -v dnf >/dev/null && dnf install -y -q nodejs24 >/dev/null 2>&1 </dev/null; then
    for candidate in node-24 node; do
      node=$(command -v $candidate || true)
      if [ -n "$node" ] && is_new_enough "$node"; then return 0; fi
    done
  fi
  fail 'A node needs Node 24 or newer, and the server has none to give.' 'Install it, and run the script again.'
}

main() {
  find_token "$@"
  check_machine
  install_packages
  link_plugins
  start_containerd
  umask 022
  mkdir -p "$directory"
  find_node
  say 'Fetching the agent and the command line ...'
  fetch ${joinFileNames.agent}
  fetch ${joinFileNames.commandLine}
  printf '#!/bin/sh\\nexec "%s" %s/${joinFileNames.commandLine} "$@"\\n' "$node" "$directory" >"$directory/hibernetes"
  chmod 755 "$directory/hibernetes"
  [ -e /usr/local/bin/hibernetes ] || ln -s "$directory/hibernetes" /usr/local/bin/hibernetes
  case " $*" in
    *' --ca-'*) ;;
    *) [ -z "$authority" ] || set -- --ca-file "$directory/ca.crt" "$@" ;;
  esac
  exec "$directory/hibernetes" join "$server" "$@" </dev/null
}

main "$@"
`;

export const joinScript = ({ server, caPem, hashes }: JoinScriptOptions): string => `#!/bin/sh
# Makes this machine a node of the cluster at ${server}:
#   curl -sfL ${server}/join.sh | sh -s - --token TOKEN
# hibernetes leave, on the machine, takes back all that this script does but the packages that it installs.
set -eu
server=${quoted(server)}
authority=${quoted(caPem ?? '')}
directory=/opt/hibernetes

say() { printf '%s\\n' "$*" >&2; }
fail() { printf 'error: %s\\n' "$1" >&2; [ -z "\${2:-}" ] || printf '  %s\\n' "$2" >&2; exit 1; }

hash_of() {
  case $1 in
${Object.entries(hashes)
  .map(([name, hash]) => `    ${name}) echo ${hash} ;;\n`)
  .join('')}  esac
}

${steps}`;
