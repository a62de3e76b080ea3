/**
 * What a machine does when it is born: install a container runtime, fetch the agent from the API, and let it join. It proves
 * who it is by its instance role, so that no secret is handed out and none is kept. Amazon Linux 2023.
 *
 * The script is the same for every version of the agent: machines are replaced when it changes, and later versions of the
 * agent come by `hibernetes upgrade agents`.
 */
import { startScript } from '../../agent/upgrade/program-files.ts';
import { agentFileName, joinFilePrefix, joinHashesFile } from '../../functions/node-protocol/agent-program.ts';
import { containerdSocketDefault, sandboxImageDefault, shutdownGraces, type AgentConfig } from '../../agent/config.ts';
import type { NodeNetworks } from '../../functions/kube/cluster-networks.ts';

export interface BootScriptOptions {
  /** `https://host` of the API. */
  readonly server: string;
  readonly iamClusterId: string;
  readonly architecture: string;
  readonly networks: NodeNetworks;
}

const tokenFile = '/run/hibernetes/token';
const programs = '/opt/hibernetes';
const agentFile = `${programs}/${agentFileName}`;
const configFile = '/etc/hibernetes/agent.json';
/** A token is believed for a quarter of an hour. */
const tokenMinutes = 10;

/** What only the machine knows is filled in by the shell. */
const agentConfig = ({ server, architecture, networks }: BootScriptOptions): AgentConfig => ({
  nodeName: '$INSTANCE',
  server,
  tokenFile,
  runtime: 'containerd',
  containerdSocket: containerdSocketDefault,
  rootDirectory: '/var/lib/kubelet',
  podLogDirectory: '/var/log/pods',
  containerLogDirectory: '/var/log/containers',
  nodeIp: '$ADDRESS',
  program: agentFile,
  ...shutdownGraces,
  ...networks,
  labels: {
    'kubernetes.io/arch': architecture === 'x86_64' ? 'amd64' : architecture,
    'topology.kubernetes.io/region': '$REGION',
    'topology.kubernetes.io/zone': '$ZONE',
    'node.kubernetes.io/instance-type': '$TYPE',
  },
});

const containerdConfig = `version = 2
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${sandboxImageDefault}"
  stream_server_address = "127.0.0.1"
  stream_server_port = "10010"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "$CNI"
    conf_dir = "/etc/cni/net.d"
    max_conf_num = 1`;

/** Written to `path`; the shell fills in its variables. */
const file = (path: string, text: string): readonly string[] => [`cat > ${path} <<END`, text, 'END'];

/** A script, as it stands here. */
const program = (path: string, text: string): readonly string[] => [`cat > ${path} <<'END'`, text, 'END', `chmod 755 ${path}`];

export function bootScript(options: BootScriptOptions): readonly string[] {
  const { iamClusterId, server } = options;
  return [
    'set -euo pipefail',
    'dnf install -y containerd runc cni-plugins nftables conntrack-tools nodejs24',
    // The second version of the metadata service: a process that can be made to fetch an address learns nothing.
    'IMDS=http://169.254.169.254/latest',
    'SESSION=$(curl -sf -X PUT -H "X-aws-ec2-metadata-token-ttl-seconds: 300" $IMDS/api/token)',
    'meta() { curl -sf -H "X-aws-ec2-metadata-token: $SESSION" $IMDS/meta-data/$1; }',
    'INSTANCE=$(meta instance-id); ADDRESS=$(meta local-ipv4); TYPE=$(meta instance-type)',
    'REGION=$(meta placement/region); ZONE=$(meta placement/availability-zone)',
    'CNI=/opt/cni/bin; [ -d $CNI ] || CNI=/usr/libexec/cni',
    // Pods have addresses of their own, which the network would drop as forged.
    'aws ec2 modify-instance-attribute --region $REGION --instance-id $INSTANCE --no-source-dest-check',
    `mkdir -p ${programs} /etc/hibernetes /etc/containerd /etc/cni/net.d /var/lib/kubelet`,
    'modprobe overlay; modprobe br_netfilter',
    ...file('/etc/modules-load.d/hibernetes.conf', 'overlay\nbr_netfilter'),
    ...file('/etc/sysctl.d/90-hibernetes.conf', 'net.ipv4.ip_forward = 1\nnet.bridge.bridge-nf-call-iptables = 1'),
    'sysctl --system',
    ...file('/etc/containerd/config.toml', containerdConfig),
    ...file(configFile, JSON.stringify(agentConfig(options), undefined, 2)),
    ...tokenUnits(iamClusterId),
    ...program(`${programs}/fetch-agent`, fetchScript(server)),
    ...program(`${programs}/start-agent`, startScript('/usr/bin/node', agentFile, configFile)),
    ...agentUnit,
    'systemctl daemon-reload',
    'systemctl enable --now containerd hibernetes-token.timer',
    'systemctl start hibernetes-token.service',
    // Until the API lets it in, systemd starts it again and again.
    'systemctl enable --now --no-block hibernetes-agent.service',
  ];
}

/** A token is a request that this machine's role has signed. Signing it needs no call to AWS. */
const tokenUnits = (iamClusterId: string): readonly string[] => [
  ...file(
    '/opt/hibernetes/token',
    `#!/bin/sh
set -eu
umask 077
aws eks get-token --region $REGION --cluster-name ${iamClusterId} --query status.token --output text > ${tokenFile}.new
mv ${tokenFile}.new ${tokenFile}`,
  ),
  'chmod 755 /opt/hibernetes/token',
  ...file(
    '/etc/systemd/system/hibernetes-token.service',
    `[Unit]
Description=Signs in to the API of the cluster
After=network-online.target
[Service]
Type=oneshot
RuntimeDirectory=hibernetes
RuntimeDirectoryPreserve=yes
ExecStart=/opt/hibernetes/token`,
  ),
  ...file(
    '/etc/systemd/system/hibernetes-token.timer',
    `[Timer]
OnBootSec=5s
OnUnitActiveSec=${tokenMinutes}min
[Install]
WantedBy=timers.target`,
  ),
];

/** Fails until the API knows the machine's role, which `hibernetes deploy` maps last. */
const fetchScript = (server: string): string => `#!/bin/sh
# Fetches the agent from the API with this machine's own credential, unless it is there.
set -eu
agent=${agentFile}
[ ! -f "$agent" ] || exit 0
get() {
  printf 'header = "Authorization: Bearer %s"\\n' "$(cat ${tokenFile})" |
    curl --config - --silent --show-error --fail "${server}${joinFilePrefix}$1"
}
wanted=$(get ${joinHashesFile} | sed -n 's/.*"${agentFileName}": *"\\([0-9a-f]*\\)".*/\\1/p')
get ${agentFileName} | gzip -dc >"$agent.new"
echo "$wanted  $agent.new" | sha256sum -c --status
mv "$agent.new" "$agent"`;

/** Ending the agent ends no container. */
const agentUnit: readonly string[] = file(
  '/etc/systemd/system/hibernetes-agent.service',
  `[Unit]
Description=The agent of a Hibernetes node
After=containerd.service hibernetes-token.service network-online.target
Wants=containerd.service hibernetes-token.service network-online.target
StartLimitIntervalSec=0
[Service]
ExecStartPre=${programs}/fetch-agent
ExecStart=${programs}/start-agent
Restart=always
RestartSec=5
KillMode=process
Delegate=yes
[Install]
WantedBy=multi-user.target`,
);
