/**
 * `hibernetes upgrade status` and `hibernetes upgrade finalize`: the format in which stores are written.
 * Finalizing goes on to the newest format of this version. Earlier versions do not read it.
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { createStore } from '../../functions/store/create-store.ts';
import { dynamodbTable } from '../../functions/store/dynamodb/dynamodb-table.ts';
import { embeddedTable } from '../../functions/store/embedded/embedded-table.ts';
import { type Formats, formatsWithoutKeys, sealedFormats } from '../../functions/store/format.ts';
import { StoreError, type FormatProgress, type Store } from '../../functions/store/store.ts';
import type { Table } from '../../functions/store/table.ts';
import { realWorld } from '../../functions/world.ts';
import { fileKeyRing } from '../local/cluster-keys.ts';
import { clusterRecord } from '../local/cluster-record.ts';
import { dataDirectory } from '../local/data-directory.ts';
import { agree } from './agree.ts';
import { CliError } from './cli-error.ts';
import { listedClusters } from './cluster.ts';
import { withHome, type ClusterHome, type HomeChoice } from './cluster-home.ts';
import { announce, print, progressOf, type OutputChoice } from './output.ts';

export interface FinalizeOptions extends HomeChoice, OutputChoice {
  readonly yes?: boolean;
}

/** The store of one cluster. */
export interface UpgradeTarget {
  readonly title: string;
  open(): Table;
}

/** How many rounds of 4096 objects one upgrade may take. */
const roundsMax = 10_000;

const world = realWorld('error');

/** The store of the data directory, or those of the clusters that share a table. */
async function withTargets(
  choice: HomeChoice,
  work: (targets: readonly UpgradeTarget[], formats: Formats) => Promise<void>,
): Promise<void> {
  const directory = dataDirectory(resolve(choice.dataDir));
  const isHere = choice.stack === undefined && choice.region === undefined;
  const record = clusterRecord(directory);
  if (isHere && record === undefined) throw new CliError(`There is no cluster in ${choice.dataDir}.`, 'hibernetes up makes one.');
  if (isHere && record?.cloud === undefined && existsSync(directory.store)) {
    const formats = sealedFormats(fileKeyRing(directory.pki));
    const target = { title: `the cluster in ${directory.root}`, open: () => embeddedTable(directory.store, { formats }) };
    return inWords(() => work([target], formats));
  }
  await withHome(choice, async (home) => inWords(async () => work(await targetsIn(home), formatsWithoutKeys)));
}

async function targetsIn(home: ClusterHome): Promise<readonly UpgradeTarget[]> {
  const { tableName, access, title } = home;
  return (await listedClusters(home)).map(({ name, id }) => ({
    title: `cluster ${name} of ${title}`,
    open: () => dynamodbTable({ tableName, cluster: id, world, client: access, formats: formatsWithoutKeys }),
  }));
}

async function inWords<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== 'wrong-format') throw error;
    throw new CliError(`The store cannot be read: ${error.message}.`, 'See "The format of the store" in infra/runbook.md.');
  }
}

async function withStore<T>({ open }: UpgradeTarget, formats: Formats, work: (store: Store) => Promise<T>): Promise<T> {
  const store = await createStore({ table: open(), world, formats });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

export function formatLine({ writes, oldest, newest, objectsLeft }: FormatProgress): string {
  if (writes < newest)
    return `format ${writes}; hibernetes upgrade finalize goes on to format ${newest}, and ends the way back to earlier versions`;
  if (oldest === writes) return `format ${writes}, the newest of this version`;
  const left = objectsLeft === 0 ? 'all objects are rewritten' : `${objectsLeft} objects are still of an older one`;
  return `format ${writes}, the newest of this version; ${left}, and items of format ${oldest} leave the log within hours`;
}

export async function upgradeStatus({ output, ...choice }: HomeChoice & OutputChoice): Promise<void> {
  await withTargets(choice, async (targets, formats) => {
    await showFormats(targets, formats, { output });
  });
}

export async function finalizeUpgrade({ yes = false, ...choice }: FinalizeOptions): Promise<void> {
  await withTargets(choice, (targets, formats) => finalizeFormats(targets, { yes, formats, output: choice.output }));
}

async function showFormats(targets: readonly UpgradeTarget[], formats: Formats, choice: OutputChoice): Promise<void> {
  const states: (FormatProgress & { readonly cluster: string })[] = [];
  for (const target of targets)
    states.push({ cluster: target.title, ...(await withStore(target, formats, async (store) => store.format())) });
  print(choice, states, () => states.map((state) => `${state.cluster}: ${formatLine(state)}\n`).join(''));
}

/** Goes on where an earlier one was cut off. */
export async function finalizeFormats(
  targets: readonly UpgradeTarget[],
  { yes, formats, output }: { readonly yes: boolean; readonly formats: Formats; readonly output?: OutputChoice['output'] },
): Promise<void> {
  const choice: OutputChoice = output === undefined ? {} : { output };
  const waiting: UpgradeTarget[] = [];
  let oldest = formats.newest;
  for (const target of targets) {
    const { writes, objectsLeft } = await withStore(target, formats, async (store) => store.format());
    if (writes < formats.newest || objectsLeft > 0) waiting.push(target);
    oldest = Math.min(oldest, writes);
  }
  if (waiting.length === 0) {
    announce(choice, `Nothing is to be finalized: format ${formats.newest} is the newest of this version.\n`);
    return showFormats(targets, formats, choice);
  }
  for (const { title } of formats.stepsAfter(oldest)) announce(choice, `- ${title}\n`);
  announce(choice, 'Earlier versions stop where they run, and do not start again. There is no way back.\n');
  await agree({ question: 'To go on:', answer: 'finalize', yes });
  const progress = progressOf(choice);
  for (const target of waiting) await progress.step(`Finalizing ${target.title}`, () => withStore(target, formats, finalizeStore));
  await showFormats(targets, formats, choice);
}

/** Objects are rewritten here as far as that goes: without the keys, no Secrets. Housekeeping of the cluster does the rest. */
async function finalizeStore(store: Store): Promise<void> {
  await store.finalizeFormat();
  let left = Number.POSITIVE_INFINITY;
  for (let round = 0; round < roundsMax; round += 1) {
    await store.housekeep();
    const { objectsLeft } = store.format();
    if (objectsLeft === 0 || objectsLeft >= left) return;
    left = objectsLeft;
  }
}
