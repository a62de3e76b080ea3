/**
 * `hibernetes up`: starts a cluster and runs until a signal ends it. With `--detach` another process stays and this one
 * returns when the API answers and all nodes are Ready.
 */
import { spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { StoreError } from '../../functions/store/store.ts';
import { ConfigurationError } from '../../functions/kube/configuration/configuration-error.ts';
import { type ClusterNetworks, defaultNetworks, networkErrors, networkNames } from '../../functions/kube/cluster-networks.ts';
import { podNetworkError } from '../../functions/kube/pod-network.ts';
import { machineNetworks } from '../local/machine-networks.ts';
import { nodesNetwork } from '../local/hosts/subnet.ts';
import { canRunContainers } from '../local/hosts/can-run-containers.ts';
import { clusterRecord, type ClusterRecord } from '../local/cluster-record.ts';
import { dataDirectory, type DataDirectory } from '../local/data-directory.ts';
import { runningProcess } from '../local/process-record.ts';
import { removeNodes } from '../local/stop-cluster.ts';
import { startCluster, type Cluster, type StartOptions } from '../local/start-cluster.ts';
import { componentNames } from '../../functions/worker-groups.ts';
import { CliError } from './cli-error.ts';
import { chooseAudit } from './audit-choice.ts';
import { admissionCure, chooseConfigurations } from './configuration-choices.ts';
import { examples } from './examples.ts';
import { announce, print, progressOf, type OutputChoice } from './output.ts';
import { reportingProgress, type Progress, type ProgressMessage } from './progress.ts';
import { imageArchives } from './sample-images.ts';

export interface UpOptions extends OutputChoice {
  readonly dataDir: string;
  readonly listen?: { readonly host: string; readonly port: number };
  readonly nodes?: number;
  readonly runtime: 'auto' | 'containerd' | 'simulated';
  readonly cloud?: ClusterRecord['cloud'];
  readonly kubeconfig?: string;
  readonly images?: readonly string[];
  readonly detach?: boolean;
  readonly enableAdmissionPlugins?: readonly string[];
  readonly disableAdmissionPlugins?: readonly string[];
  readonly admissionControlConfigFile?: string;
  readonly authenticationConfig?: string;
  readonly authenticationTokenWebhookConfigFile?: string;
  readonly authenticationTokenWebhookVersion?: string;
  readonly authenticationTokenWebhookCacheTtl?: string;
  readonly authorizationConfig?: string;
  readonly schedulerConfig?: string;
  readonly without?: readonly string[];
  readonly auditPolicyFile?: string;
  readonly auditLogPath?: string;
  readonly auditLogMaxage?: number;
  readonly auditLogMaxbackup?: number;
  readonly auditLogMaxsize?: number;
  readonly podCidr?: string;
  readonly serviceCidr?: string;
  readonly nodePortRange?: string;
  readonly dnsIp?: string;
  readonly clusterDomain?: string;
  readonly podNetwork?: string;
  readonly dashboard?: 'true' | 'false';
}

/** `hibernetes upgrade` ends the control plane with it. */
export const handOverSignal = 'SIGUSR2';

const defaultListen = { host: '127.0.0.1', port: 6443 };
const defaultNodes = 1;

function refuseTwice(directory: DataDirectory): void {
  const running = runningProcess(directory.controlPlaneRecord);
  if (running !== undefined)
    throw new CliError(`The cluster in ${directory.root} runs already (process ${running.pid}).`, 'hibernetes down stops it.');
}

async function chooseRuntime(
  asked: UpOptions['runtime'],
  before: ClusterRecord | undefined,
  progress: Progress,
): Promise<ClusterRecord['runtime']> {
  const wanted = asked === 'auto' && before !== undefined ? before.runtime : asked;
  if (wanted === 'simulated') return 'simulated';
  const able = await canRunContainers();
  if (able.ok) return 'containerd';
  if (wanted === 'containerd') throw new CliError(`Real containers cannot run here: ${able.why}`, able.cure);
  progress.note(`Nodes are simulated, since real containers cannot run here: ${able.why} ${able.cure}`);
  return 'simulated';
}

/** Where a cluster keeps its data does not change. */
function chooseCloud(asked: UpOptions['cloud'], before: ClusterRecord | undefined): ClusterRecord['cloud'] {
  if (before !== undefined && asked !== undefined && before.cloud !== asked)
    throw new CliError('This cluster was made without --cloud.', 'Another --data-dir makes another cluster.');
  return before === undefined ? asked : before.cloud;
}

/** `podCidr` → `pod-cidr`. */
const flagOf = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** A CNI configuration comes in a file. */
const podNetworkText = (asked: string | undefined): string | undefined =>
  asked === undefined || podNetworkError(asked) === undefined || !existsSync(asked) ? asked : readFileSync(asked, 'utf8');

/** Nodes, Services and certificates hold addresses of the networks: a cluster keeps those that it was made with. */
function chooseNetworks(options: UpOptions, before: ClusterRecord | undefined): ClusterNetworks {
  const chosen = { ...options, podNetwork: podNetworkText(options.podNetwork) };
  const asked = Object.fromEntries(networkNames.flatMap((name) => (chosen[name] === undefined ? [] : [[name, chosen[name]]])));
  // Versions that knew fewer of them left these out.
  const kept = { ...defaultNetworks, ...before?.networks };
  const networks: ClusterNetworks = { ...kept, ...asked };
  if (before !== undefined) {
    const other = networkNames.find((name) => networks[name] !== kept[name]);
    if (other === undefined) return kept;
    throw new CliError(`This cluster was made with ${kept[other]}, not ${networks[other]}.`, 'Another --data-dir makes another cluster.');
  }
  const taken = [nodesNetwork, ...(Object.keys(asked).length === 0 ? [] : machineNetworks())];
  const [wrong] = networkErrors(networks, taken);
  if (wrong !== undefined)
    throw new CliError(`--${flagOf(wrong.name)}: ${wrong.why}.`, 'hibernetes up --help lists the flags of the networks.');
  return networks;
}

/** A port of 0 means "any", but a cluster that has one keeps it: kubeconfigs and nodes know it. */
function chooseListen(asked: UpOptions['listen'], before: ClusterRecord | undefined): { host: string; port: number } {
  if (asked === undefined) return before ?? defaultListen;
  return asked.port === 0 && before !== undefined ? { host: asked.host, port: before.port } : asked;
}

export async function up(options: UpOptions): Promise<void> {
  const directory = dataDirectory(resolve(options.dataDir));
  refuseTwice(directory);
  if (options.detach === true) return upDetached(options, directory);
  const report = reportToStarter();
  const progress = report === undefined ? progressOf(options) : reportingProgress(report);
  try {
    const ending = endOfProcess();
    const cluster = await start(options, directory, progress);
    if (report === undefined) showWay(options, directory, whatToTry);
    else report({ kind: 'ready' });
    const signal = await ending;
    if (report === undefined) announce(options, '\n');
    if (signal === handOverSignal) await progress.step('Stopping the control plane for another version of it', () => cluster.handOver());
    else await progress.step('Stopping the control plane, the nodes and their pods', () => cluster.stop());
  } catch (error) {
    if (report === undefined) throw error;
    const cure = error instanceof CliError ? error.cure : undefined;
    report({ kind: 'error', message: error instanceof Error ? error.message : String(error), cure });
    throw error;
  }
}

/** Undefined: a person started this process. The command that started it listens only until the cluster is ready. */
function reportToStarter(): ((message: ProgressMessage) => void) | undefined {
  if (process.send === undefined) return undefined;
  return (message) => {
    if (process.connected) process.send?.(message);
  };
}

async function start(options: UpOptions, directory: DataDirectory, progress: Progress): Promise<Cluster> {
  const before = clusterRecord(directory);
  const runtime = await chooseRuntime(options.runtime, before, progress);
  const cloud = chooseCloud(options.cloud, before);
  const cluster = await startReadable({
    directory,
    listen: chooseListen(options.listen, before),
    nodes: options.nodes ?? before?.nodes ?? defaultNodes,
    cloud,
    runtime,
    choices: {
      ...(await chooseConfigurations(options, { before, cloud })),
      audit: await chooseAudit(options, before, directory),
      absent: options.without === undefined ? before?.absent : chooseAbsent(options.without, cloud),
      dashboard: options.dashboard === undefined ? before?.dashboard : chooseDashboard(options.dashboard, cloud),
    },
    networks: chooseNetworks(options, before),
    images: runtime === 'containerd' ? await imageArchives(options.images, progress) : [],
    progress,
  });
  if (options.kubeconfig !== undefined) copyKubeconfig(directory, options.kubeconfig);
  return cluster;
}

async function startReadable(options: StartOptions): Promise<Cluster> {
  try {
    return await startCluster(options);
  } catch (error) {
    // What was made of a cluster that never was: networks, containerd. One that is there keeps its nodes.
    if (clusterRecord(options.directory) === undefined) await removeNodes(options.directory);
    if (error instanceof ConfigurationError) throw new CliError(error.message, admissionCure);
    if (!(error instanceof StoreError) || error.code !== 'wrong-format') throw error;
    throw new CliError(`The store cannot be read: ${error.message}.`, 'See "The format of the store" in infra/runbook.md.');
  }
}

const absentCure = `Of ${componentNames.join(' and ')}, infra/local/README.md shows how to run them instead.`;

/** `none`: all components of Hibernetes run again. */
function chooseAbsent(without: readonly string[], cloud: ClusterRecord['cloud']): ClusterRecord['absent'] {
  if (cloud !== undefined) throw new CliError('--without works without --cloud only.', absentCure);
  if (without.length === 1 && without[0] === 'none') return [];
  const unknown = without.find((name) => !componentNames.some((known) => known === name));
  if (unknown !== undefined) throw new CliError(`There is no component ${unknown}.`, absentCure);
  return componentNames.filter((name) => without.includes(name));
}

function chooseDashboard(dashboard: 'true' | 'false', cloud: ClusterRecord['cloud']): ClusterRecord['dashboard'] {
  if (cloud !== undefined) throw new CliError('--dashboard works without --cloud only.');
  return dashboard === 'true';
}

function endOfProcess(): Promise<NodeJS.Signals> {
  return new Promise((settle) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', handOverSignal] as const) process.once(signal, () => settle(signal));
  });
}

function copyKubeconfig({ kubeconfig }: DataDirectory, target: string): void {
  mkdirSync(dirname(resolve(target)), { recursive: true });
  copyFileSync(kubeconfig, target);
}

const whatToTry = (kubeconfig: string): string => `
The cluster is up. In another terminal:

  export KUBECONFIG=${kubeconfig}
${examples.map((line) => `  ${line}\n`).join('')}
Ctrl-C stops it; its data stays for the next time.
`;

function showWay(options: UpOptions, directory: DataDirectory, text: (kubeconfig: string) => string): void {
  const { host, port } = clusterRecord(directory) ?? defaultListen;
  const way = { kubeconfig: options.kubeconfig ?? directory.kubeconfig, dataDirectory: directory.root, host, port };
  print(options, way, ({ kubeconfig }) => text(kubeconfig));
}

/** Starts the process that stays, and shows what it reports until it is ready. */
async function upDetached(options: UpOptions, directory: DataDirectory): Promise<void> {
  mkdirSync(directory.root, { recursive: true, mode: 0o700 });
  const log = openSync(directory.controlPlaneLog, 'a');
  const words = process.argv.slice(1).filter((word) => word !== '--detach');
  const child = spawn(process.execPath, words, { detached: true, stdio: ['ignore', log, log, 'ipc'] });
  const progress = progressOf(options);
  const steps = new Map<number, { done(): void; failed(error: Error): void }>();
  const ready = new Promise<void>((settle, fail) => {
    child.on('message', (message: ProgressMessage) => {
      if (message.kind === 'step') showStep(progress, steps, message);
      else if (message.kind === 'done') steps.get(message.id)?.done();
      else if (message.kind === 'failed') steps.get(message.id)?.failed(new Error('failed'));
      else if (message.kind === 'note') progress.note(message.text);
      else if (message.kind === 'ready') settle();
      else fail(new CliError(message.message, message.cure ?? `See ${directory.controlPlaneLog}.`));
    });
    child.on('exit', (code) =>
      fail(new CliError(`The control plane ended with code ${code}.`, `The reason is in ${directory.controlPlaneLog}.`)),
    );
  });
  try {
    await ready;
  } finally {
    // This process ends, also when the start has failed.
    if (child.connected) child.disconnect();
    child.unref();
  }
  showWay(options, directory, (kubeconfig) => `\nexport KUBECONFIG=${kubeconfig}\n`);
}

function showStep(
  progress: Progress,
  steps: Map<number, { done(): void; failed(error: Error): void }>,
  { title, id }: { title: string; id: number },
): void {
  const { promise, resolve: done, reject: failed } = Promise.withResolvers<void>();
  steps.set(id, { done, failed });
  // The failure itself arrives as a message of its own.
  progress.step(title, () => promise).catch((error: unknown) => void error);
}
