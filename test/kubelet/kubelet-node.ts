/**
 * A node as upstream's own programs make it: kubelet and kube-proxy beside a containerd, in a host of the cluster's own fabric.
 * All that they leave lies in the host's namespace, its cgroups and its run directory, which `hibernetes down` removes.
 */
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sandboxImageDefault } from '../../agent/config.ts';
import { importPauseImage } from '../../agent/images/import-pause.ts';
import { conflist } from '../../agent/network/conflist.ts';
import { runCommand } from '../../agent/network/run.ts';
import { realWorld } from '../../functions/world.ts';
import { dataDirectory } from '../../infra/local/data-directory.ts';
import { cgroupRoots } from '../../infra/local/hosts/cgroups.ts';
import { startContainerd } from '../../infra/local/hosts/containerd.ts';
import type { Fabric } from '../../infra/local/hosts/fabric.ts';
import type { Host } from '../../infra/local/hosts/host.ts';
import { openFabric } from '../../infra/local/real-nodes.ts';
import { kubeconfig } from '../../infra/local/kubeconfig.ts';
import { kubeletConfiguration, kubeProxyConfiguration } from './configurations.ts';

export interface KubeletNodeOptions {
  readonly name: string;
  /** The cluster's data directory. */
  readonly directory: string;
  readonly port: number;
  readonly caPem: string;
  readonly images: readonly string[];
  readonly programs: { readonly kubelet: string; readonly kubeProxy: string };
}

export interface KubeletNode {
  readonly host: Host;
  readonly server: string;
  /** Starts the kubelet, which asks for its certificate with the token. */
  startKubelet(token: string): void;
  /** What a network plug-in does: pods of the node get addresses, and the way to the pods of others. */
  connectPods(podCIDR: string, others: readonly { readonly podCIDR: string; readonly address: string }[]): Promise<void>;
  startKubeProxy(certificate: { readonly certificatePem: string; readonly keyPem: string }, podCidr: string): void;
  /** The file that the program writes what it does to. */
  log(program: 'kubelet' | 'kube-proxy'): string;
}

const importTimeoutMs = 600_000;

/** Settings of the whole machine that a kubelet changes, and what it wants them to be. Its own copies get them. */
const machineSettings: Readonly<Record<string, string>> = {
  'vm/overcommit_memory': '1',
  'vm/panic_on_oom': '0',
  'kernel/panic': '10',
  'kernel/panic_on_oops': '1',
  'kernel/keys/root_maxkeys': '1000000',
  'kernel/keys/root_maxbytes': '25000000',
};

export async function createKubeletNode(options: KubeletNodeOptions): Promise<KubeletNode> {
  const { name, port, caPem, programs } = options;
  const directory = dataDirectory(options.directory);
  const fabric: Fabric = await openFabric(directory, '', realWorld('warn').log);
  const host = await fabric.addHost(name);
  const containerd = await startContainerd(host, join(directory.node(name).root, 'containerd'));
  for (const file of options.images) {
    await runCommand(['ctr', '--address', containerd.socket, '--namespace', 'k8s.io', 'images', 'import', file], {
      timeoutMs: importTimeoutMs,
    });
  }
  await importPauseImage({ imageStatus: async () => undefined }, containerd.socket, sandboxImageDefault);
  const own = join(host.runDirectory, 'kubelet');
  const path = (file: string): string => join(own, file);
  for (const folder of ['root', 'settings', 'pki', 'manifests', 'logs']) mkdirSync(path(folder), { recursive: true });
  const server = `https://${fabric.gateway}:${port}`;
  const credentials = (userName: string, credential: Parameters<typeof kubeconfig>[0]['credential']): string =>
    kubeconfig({ clusterName: 'hibernetes', server, caPem, userName, credential });
  writeFileSync(path('ca.crt'), caPem);
  // What the kubelet mounts for pods must be seen by containerd, which is in another mount namespace.
  await runCommand(['mount', '--bind', path('root'), path('root')]);
  await runCommand(['mount', '--make-rshared', path('root')]);
  for (const root of cgroupRoots()) mkdirSync(join(root, host.cgroupParent), { recursive: true });
  return {
    host,
    server,
    startKubelet(token) {
      writeFileSync(path('bootstrap.kubeconfig'), credentials('bootstrap', { token }));
      writeFileSync(path('kubelet.json'), JSON.stringify(kubeletConfiguration(host, { directory: own, containerd: containerd.socket })));
      const flags = {
        config: path('kubelet.json'),
        'bootstrap-kubeconfig': path('bootstrap.kubeconfig'),
        kubeconfig: path('kubelet.kubeconfig'),
        'cert-dir': path('pki'),
        'root-dir': path('root'),
        'hostname-override': name,
        'node-ip': host.address,
      };
      start(host, path('kubelet.log'), ['sh', '-c', withOwnPlaces(own), 'kubelet', programs.kubelet, ...words(flags)]);
    },
    async connectPods(podCIDR, others) {
      for (const other of others) await host.run(['ip', 'route', 'replace', other.podCIDR, 'via', other.address]);
      const mtu = Number(JSON.parse(await host.run(['ip', '-j', 'link', 'show', 'dev', host.link]))[0].mtu);
      writeFileSync(join(containerd.cniConfDirectory, '10-pods.conflist'), conflist({ podCIDR, ipamDirectory: path('ipam'), mtu }));
      // As upstream's, the API server dials pods: it must reach their addresses.
      await runCommand(['ip', 'route', 'replace', podCIDR, 'via', host.address]);
    },
    startKubeProxy(certificate, podCidr) {
      writeFileSync(path('kube-proxy.kubeconfig'), credentials('system:kube-proxy', certificate));
      const configuration = kubeProxyConfiguration(host, { kubeconfig: path('kube-proxy.kubeconfig'), podCidr, name });
      writeFileSync(path('kube-proxy.json'), JSON.stringify(configuration));
      start(host, path('kube-proxy.log'), [programs.kubeProxy, '--config', path('kube-proxy.json')]);
    },
    log: (program) => path(`${program}.log`),
  };
}

const words = (flags: Readonly<Record<string, string>>): string[] => Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`);

/** A shell that gives the program a mount namespace: what is the whole machine's there is the program's own. */
function withOwnPlaces(own: string): string {
  const settings = Object.entries(machineSettings).map(
    ([file, value], index) => `echo ${value} > ${own}/settings/${index} && mount --bind ${own}/settings/${index} /proc/sys/${file}`,
  );
  const inside = [
    'mount --make-private /',
    'mkdir -p /var/lib/kubelet /var/log/containers',
    'mount -t tmpfs tmpfs /var/lib/kubelet',
    'mount -t tmpfs tmpfs /var/log/containers',
    ...settings,
    'exec "$@"',
  ].join(' && ');
  return `exec unshare --mount --propagation unchanged sh -c '${inside}' kubelet "$@"`;
}

function start(host: Host, logFile: string, command: readonly string[]): void {
  const log = openSync(logFile, 'a');
  const child = spawn('nsenter', [`--net=${host.netns}`, '--', ...command], { detached: true, stdio: ['ignore', log, log], cwd: '/' });
  child.unref();
  closeSync(log);
}
