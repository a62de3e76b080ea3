/** `hibernetes create|list|delete cluster`: the clusters that share a table. Nothing is deployed: a cluster is an item in a list, and a prefix of keys. */
import { rmSync } from 'node:fs';
import { parse } from 'yaml';
import { jsonService } from '../../functions/aws/json-service.ts';
import { clusterNameErrors, clustersMax, defaultIdentity, knownMsMax, type ClusterIdentity } from '../../functions/cloud/clusters.ts';
import { nodes } from '../../functions/kube/resource-type.ts';
import { nameOf } from '../../functions/kube/object.ts';
import { clusterRecords, type ClusterRecord, type ClusterRecords } from '../../functions/store/dynamodb/cluster-records.ts';
import { realWorld } from '../../functions/world.ts';
import { writePrivately } from '../local/data-directory.ts';
import { agree } from './agree.ts';
import { CliError } from './cli-error.ts';
import { mapNodeRole, untilReady } from './cloud-nodes.ts';
import { withHome, type ClusterHome, type HomeChoice } from './cluster-home.ts';
import { removeKeys } from './cluster-keys.ts';
import { announce, print, progressOf, type OutputChoice } from './output.ts';
import type { Progress } from './progress.ts';
import { randomText } from './token.ts';

export interface DeleteOptions extends HomeChoice, OutputChoice {
  readonly yes?: boolean;
  readonly force?: boolean;
}

/** So many of a million names with the same beginning, and none is given twice. */
const idLetters = 6;
/** Until no function serves a deleted cluster any more: each has heard of it by then, and ended what it was doing. */
const forgottenMs = 3 * knownMsMax;
/** What was written during the first read, the next one finds. */
const passesMax = 10;
const answerMsMax = 30_000;
const beingDeleted = 'being deleted: hibernetes delete cluster finishes that';

const world = realWorld('error');

const recordsOf = ({ tableName, access }: ClusterHome): ClusterRecords => clusterRecords({ tableName, world, client: access });

async function recordsIn(home: ClusterHome): Promise<readonly ClusterRecord[]> {
  const records = recordsOf(home);
  try {
    return await records.list();
  } finally {
    records.close();
  }
}

/** The default one first; without those that are being deleted. */
export async function listedClusters(home: ClusterHome): Promise<readonly ClusterIdentity[]> {
  const others = (await recordsIn(home)).filter(({ deletedMs }) => deletedMs === undefined);
  return [defaultIdentity(home.defaultName), ...others.map(({ name, id }) => ({ name, id }))];
}

export function refuseName(name: string, { title, defaultName }: ClusterHome, known: readonly ClusterRecord[]): void {
  const [wrong] = clusterNameErrors(name);
  if (wrong !== undefined) throw new CliError(`${name} is no name for a cluster: ${wrong}.`);
  const same = known.find((record) => record.name === name);
  if (same?.deletedMs !== undefined)
    throw new CliError(`A cluster ${name} of ${title} is being deleted.`, `hibernetes delete cluster ${name} finishes that.`);
  if (same !== undefined || name === defaultName) throw new CliError(`There is a cluster ${name} in ${title} already.`);
  if (known.length + 1 >= clustersMax)
    throw new CliError(
      `There are ${clustersMax} clusters in ${title}, as many as may share it.`,
      'hibernetes deploy --stack makes another.',
    );
}

/** Makes the cluster and the way in. */
export async function makeCluster(name: string, home: ClusterHome, progress: Progress): Promise<ClusterIdentity> {
  const records = recordsOf(home);
  try {
    refuseName(name, home, await records.list());
    const cluster = { name, id: `${name}.${randomText(idLetters, world.random)}` };
    const isNew = await progress.step(`Adding cluster ${name}`, () => records.create({ ...cluster, createdMs: world.clock.now() }));
    if (!isNew) throw new CliError(`Somebody else has just made a cluster ${name} in ${home.title}.`);
    await openDoor(cluster, home, progress);
    return cluster;
  } finally {
    records.close();
  }
}

/** The first request makes the cluster's keys and what every cluster begins with. */
export async function openDoor(cluster: ClusterIdentity, home: ClusterHome, progress: Progress): Promise<void> {
  await writeKubeconfigs(cluster, home);
  await progress.step(`Signing in to cluster ${cluster.name}`, () => home.withApi(cluster, ({ client }) => untilReady(client)));
  const nodeRole = home.nodeRoleOf(cluster.name);
  if (nodeRole !== undefined)
    await progress.step('Letting the machines join', () => home.withApi(cluster, ({ client }) => mapNodeRole(client, nodeRole)));
}

async function writeKubeconfigs(cluster: ClusterIdentity, home: ClusterHome): Promise<void> {
  const [file, gate] = [home.kubeconfigFile(cluster.name), home.gateOf?.(cluster.name)];
  writePrivately(gate?.kubeconfig ?? file, home.kubeconfigOf(cluster));
  if (gate === undefined) return;
  const { gateKubeconfig } = await import('./gate/gate-kubeconfig.ts');
  writePrivately(file, await gateKubeconfig(gate, cluster.name));
}

export async function createCluster(name: string, choice: HomeChoice & OutputChoice): Promise<void> {
  await withHome(choice, async (home) => {
    await makeCluster(name, home, progressOf(choice));
    const made = { name, server: home.serverOf(name), kubeconfig: home.kubeconfigFile(name) };
    print(choice, made, ({ kubeconfig }) => `\nexport KUBECONFIG=${kubeconfig}\n`);
  });
}

export async function listClusters({ output, ...choice }: HomeChoice & OutputChoice): Promise<void> {
  await withHome(choice, async (home) => {
    const all = [{ name: home.defaultName, deletedMs: undefined }, ...(await recordsIn(home))];
    const found = all.map(({ name, deletedMs }) => ({ name, server: home.serverOf(name), isBeingDeleted: deletedMs !== undefined }));
    const width = Math.max('NAME'.length, ...all.map(({ name }) => name.length)) + 3;
    const rows = [['NAME', 'API'], ...found.map(({ name, server, isBeingDeleted }) => [name, isBeingDeleted ? beingDeleted : server])];
    print({ output }, found, () => rows.map(([name = '', server = '']) => `${name.padEnd(width)}${server}\n`).join(''));
  });
}

/** Prints the kubeconfig of the default cluster, unless another is named. */
export async function printKubeconfigOf({
  cluster: name,
  ...choice
}: HomeChoice & OutputChoice & { readonly cluster?: string }): Promise<void> {
  await withHome(choice, async (home) => {
    const own = defaultIdentity(home.defaultName);
    const clusters = name === undefined ? [own] : await listedClusters(home);
    const found = clusters.find((cluster) => cluster.name === (name ?? own.name));
    if (found === undefined) throw noCluster(name ?? '', home, clusters);
    const text = home.kubeconfigOf(found);
    print(choice, parse(text), () => text);
  });
}

const noCluster = (name: string, { title }: ClusterHome, clusters: readonly { readonly name: string }[]): CliError =>
  new CliError(`There is no cluster ${name} in ${title}.`, `There are: ${clusters.map((cluster) => cluster.name).join(', ')}.`);

async function refuseJoined(cluster: ClusterIdentity, home: ClusterHome): Promise<void> {
  const { items } = await home.withApi(cluster, ({ client }) => client.list(nodes));
  if (items.length === 0) return;
  const names = items.map((node) => nameOf(node));
  throw new CliError(
    `Machines are nodes of ${cluster.name}: ${names.join(', ')}.`,
    'kubectl delete node removes them, and ends the agents’ right to come back; --force does not ask for it.',
  );
}

export async function deleteCluster(name: string, { yes = false, force = false, ...choice }: DeleteOptions): Promise<void> {
  await withHome(choice, async (home) => {
    if (name === home.defaultName) throw new CliError(`${name} is the default cluster of ${home.title}.`, `${home.endedBy} ends both.`);
    const records = recordsOf(home);
    try {
      const all = await records.list();
      const record = all.find((one) => one.name === name);
      if (record === undefined) throw noCluster(name, home, [{ name: home.defaultName }, ...all]);
      if (record.deletedMs === undefined && !force) await refuseJoined(record, home);
      announce(choice, `All that cluster ${name} of ${home.title} keeps is lost.\n`);
      await agree({ question: 'The name of the cluster, to go on:', answer: name, yes });
      await endCluster(record, home, { records, choice });
    } finally {
      records.close();
    }
  });
}

interface Ending {
  readonly records: ClusterRecords;
  readonly choice: OutputChoice;
}

async function endCluster(record: ClusterRecord, home: ClusterHome, { records, choice }: Ending): Promise<void> {
  const progress = progressOf(choice);
  const { deletedMs = world.clock.now() } = record;
  await progress.step('Waiting until nobody serves it', async () => {
    const isOurs = await records.replace({ ...record, deletedMs });
    if (!isOurs) throw new CliError(`Somebody else has just deleted cluster ${record.name}.`);
    await world.clock.sleep(Math.max(0, deletedMs + forgottenMs - world.clock.now()));
  });
  const removed = await progress.step('Removing what it kept', () => removeAll(record.id, home));
  await records.remove(record);
  const gate = home.gateOf?.(record.name);
  for (const file of [home.kubeconfigFile(record.name), gate?.kubeconfig, gate?.home])
    if (file !== undefined) rmSync(file, { recursive: true, force: true });
  print(choice, { name: record.name, itemsRemoved: removed }, () => `${removed} items removed. The name ${record.name} is free.\n`);
}

async function removeAll(id: string, { tableName, access }: ClusterHome): Promise<number> {
  const service = jsonService({ ...access, service: 'dynamodb', target: 'DynamoDB_20120810', clock: world.clock, answerMsMax });
  try {
    let removed = 0;
    for (let pass = 0; pass < passesMax; pass += 1) {
      const found = await removeKeys({ service, tableName, id, clock: world.clock });
      removed += found;
      if (found === 0) return removed;
    }
    throw new CliError('Somebody still writes what is to be removed.', 'The same command again goes on.');
  } finally {
    service.close();
  }
}
