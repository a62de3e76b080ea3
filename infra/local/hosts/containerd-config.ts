/** The configuration of a host's containerd: everything in the host's own directories, nothing that needs the whole machine. */
import { join } from 'node:path';
import { sandboxImageDefault } from '../../../agent/config.ts';
import type { Host } from './host.ts';
import type { Snapshotter } from './snapshotter.ts';
import { cniPluginDirectory, programPath } from './programs.ts';

interface ContainerdPlaces {
  readonly host: Host;
  /** Images and snapshots: what may outlive a reboot. */
  readonly directory: string;
  readonly socket: string;
  readonly cniConfDirectory: string;
  readonly snapshotter: Snapshotter;
}

/** They need devices and file systems that a namespace need not have, and log warnings at each start. */
const unusedPlugins = [
  'io.containerd.snapshotter.v1.aufs',
  'io.containerd.snapshotter.v1.btrfs',
  'io.containerd.snapshotter.v1.devmapper',
  'io.containerd.snapshotter.v1.zfs',
  'io.containerd.internal.v1.restart',
  'io.containerd.tracing.processor.v1.otlp',
  'io.containerd.internal.v1.tracing',
];

export function containerdConfig({ host, directory, socket, cniConfDirectory, snapshotter }: ContainerdPlaces): string {
  const text = (value: string): string => JSON.stringify(value);
  return `version = 2
root = ${text(join(directory, 'root'))}
state = ${text(join(host.runDirectory, 'state'))}
disabled_plugins = ${JSON.stringify(unusedPlugins)}
[grpc]
  address = ${text(socket)}
[plugins."io.containerd.internal.v1.opt"]
  path = ${text(join(directory, 'opt'))}
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = ${text(sandboxImageDefault)}
  disable_apparmor = true
  enable_selinux = false
  # Exec and attach are served without a password: only for the agent, in the host's own network.
  stream_server_address = "127.0.0.1"
  stream_server_port = "10010"
  # The machine may itself be a container that must not make anything less likely to be killed.
  restrict_oom_score_adj = true
  enable_unprivileged_ports = true
  enable_unprivileged_icmp = true
  netns_mounts_under_state_dir = true
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = ${text(snapshotter)}
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        BinaryName = ${text(programPath('runc') ?? 'runc')}
        Root = ${text(join(host.runDirectory, 'runc'))}
        SystemdCgroup = false
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = ${text(cniPluginDirectory() ?? '/opt/cni/bin')}
    conf_dir = ${text(cniConfDirectory)}
    max_conf_num = 1
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = ${text(join(directory, 'certs.d'))}
`;
}
