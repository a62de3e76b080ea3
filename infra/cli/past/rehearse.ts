/** `hibernetes rehearse -f new.yaml`: what would happen if the file were applied, found out on a copy in memory. */
import { readFileSync } from 'node:fs';
import { timeOf } from '../../../functions/apiserver/as-of/moment.ts';
import { defaultNetworks } from '../../../functions/kube/cluster-networks.ts';
import { isJsonObject, type Json, type KubeObject } from '../../../functions/kube/object.ts';
import { DocumentError } from '../../../functions/kube/document-error.ts';
import { parseYaml } from '../../../functions/kube/yaml-document.ts';
import { StatusError } from '../../../functions/kube/status-error.ts';
import type { LoadedObject } from '../../../functions/store/load-objects.ts';
import { createLog, realWorld } from '../../../functions/world.ts';
import { collectObjects, currentRevision, type ReadJson } from '../../backup/collect-objects.ts';
import { loadedObjects } from '../../backup/loaded-objects.ts';
import type { BackupObjectLine } from '../../backup/backup-lines.ts';
import { clusterRecord } from '../../local/cluster-record.ts';
import { dataDirectory, readIfThere } from '../../local/data-directory.ts';
import { adopted } from '../../rehearsal/applied-fields.ts';
import { planOf, type Plan } from '../../rehearsal/plan.ts';
import {
  type Applied,
  copiedObjects,
  type Rehearsal,
  type RehearsalOptions,
  type Rest,
  startRehearsal,
} from '../../rehearsal/rehearsal.ts';
import { type ClusterChoice, withApi } from '../api-client.ts';
import { reader } from '../api-reader.ts';
import { CliError } from '../cli-error.ts';
import { type OutputChoice, print, progressOf } from '../output.ts';
import { fixedMoment } from './at.ts';
import { changeLines, objectChanges, type ObjectChange } from './object-changes.ts';

export interface RehearseOptions extends ClusterChoice, OutputChoice {
  readonly filename: readonly string[];
  readonly namespace: string;
  readonly at: string;
  readonly minutes: number;
}

/** The copy may owe something already: a rollout under way, pods that wait for nodes that are there by now. */
const settleMsMax = 10 * 60_000;
const minuteMs = 60_000;

interface Copied {
  readonly objects: readonly LoadedObject[];
  readonly revision: number;
}

interface Outcome extends Plan {
  /** When the copy was taken. */
  readonly asOf: string;
  readonly applied: readonly { readonly object: string; readonly outcome: Applied['outcome'] }[];
  readonly virtualSeconds: number;
  /** False: something was still changing when the time was over. */
  readonly isAtRest: boolean;
  /** Webhook configurations, and APIServices of other servers: the copy calls none. */
  readonly leftOut: number;
  readonly changes: readonly ObjectChange[];
}

export async function rehearse(options: RehearseOptions): Promise<void> {
  const wanted = (await Promise.all(options.filename.map(objectsOf))).flat();
  if (wanted.length === 0) throw new CliError('The files hold no object.');
  if (options.at.includes('@'))
    throw new CliError('--at takes no speed.', 'A time such as 2026-11-29T10:00:00Z or a distance such as -2h is.');
  const moment = options.at === 'now' ? undefined : fixedMoment(options.at);
  const progress = progressOf(options);
  const { objects, revision } = await progress.step('Copying the cluster', () => withApi(options, (api) => copyOf(reader(api, moment))));
  const startMs = timeOf(moment ?? 'now', realWorld('error').clock.now());
  if (startMs === undefined) throw new CliError(`${options.at} is no moment of the past.`);
  const rehearsal = await startRehearsal({
    objects,
    revision,
    ...choicesOf(options),
    startMs,
    random: realWorld('error').random,
    log: createLog('error'),
  });
  try {
    await progress.step('Letting the copy come to rest', () => rehearsal.untilRest(settleMsMax));
    const before = rehearsal.objects();
    const changesBefore = rehearsal.changes.length;
    const applied = await progress.step(`Applying ${wanted.length} objects`, () => applyAll(rehearsal, wanted, options.namespace));
    const rest = await progress.step('Letting time pass', () => rehearsal.untilRest(options.minutes * minuteMs));
    const after = rehearsal.objects();
    const plan = planOf({ before, after, changes: rehearsal.changes.slice(changesBefore) });
    const outcome: Outcome = {
      asOf: new Date(startMs).toISOString(),
      applied: applied.map(({ object, outcome: how }) => ({ object: shownName(object), outcome: how })),
      ...restOf(rest),
      leftOut: copiedObjects(objects).leftOut + applied.filter(({ outcome: how }) => how === 'left out').length,
      ...plan,
      changes: objectChanges(before, after).filter(isShown),
    };
    print(options, outcome, outcomeText);
  } finally {
    await rehearsal.close();
  }
}

const restOf = ({ isAtRest, afterMs }: Rest): Pick<Outcome, 'isAtRest' | 'virtualSeconds'> => ({
  isAtRest,
  virtualSeconds: Math.round(afterMs / 1000),
});

const separator = /^---(?:[ \t].*)?$/m;

async function objectsOf(file: string): Promise<readonly KubeObject[]> {
  const text = file === '-' ? readFileSync(0, 'utf8') : readIfThere(file);
  if (text === undefined) throw new CliError(`There is no file ${file}.`);
  const documents = text.split(separator).filter((document) => document.trim() !== '');
  return (await Promise.all(documents.map((document) => objectsIn(document, file)))).flat();
}

/** Read as the API reads a body. */
async function objectsIn(document: string, file: string): Promise<readonly KubeObject[]> {
  const value = await readDocument(document, file);
  // Nothing but comments.
  if (value === null) return [];
  const isList =
    isJsonObject(value) && typeof value['kind'] === 'string' && value['kind'].endsWith('List') && Array.isArray(value['items']);
  const objects: unknown[] = isList ? (value['items'] as unknown[]) : [value];
  if (!objects.every(isObject)) throw new CliError(`${file} holds something that is no object of Kubernetes.`);
  return objects;
}

async function readDocument(document: string, file: string): Promise<Json> {
  try {
    return (await parseYaml(document)).value;
  } catch (error) {
    if (!(error instanceof DocumentError) && !(error instanceof StatusError)) throw error;
    throw new CliError(`${file} cannot be read: ${error.message}.`);
  }
}

const isObject = (value: unknown): value is KubeObject =>
  isJsonObject(value) && typeof value['kind'] === 'string' && typeof value['apiVersion'] === 'string' && isJsonObject(value['metadata']);

async function copyOf(read: ReadJson): Promise<Copied> {
  const revision = await currentRevision(read);
  const objects: LoadedObject[] = [];
  for await (const loaded of loadedObjects(adoptedLines(collectObjects(read, revision)))) objects.push(loaded);
  return { objects, revision };
}

async function* adoptedLines(lines: AsyncIterable<BackupObjectLine>): AsyncGenerator<BackupObjectLine> {
  for await (const line of lines) yield { ...line, object: adopted(line.object) };
}

/** What a data directory records of its cluster. No command can ask a cluster elsewhere: its copy has the usual networks. */
function choicesOf({ dataDir, kubeconfig }: RehearseOptions): Pick<RehearsalOptions, 'networks' | 'scheduler' | 'admission' | 'absent'> {
  const record = kubeconfig === undefined ? clusterRecord(dataDirectory(dataDir)) : undefined;
  const { scheduler, admission, absent } = record ?? {};
  return { networks: record?.networks ?? defaultNetworks, scheduler, admission, absent };
}

async function applyAll(rehearsal: Rehearsal, objects: readonly KubeObject[], namespace: string): Promise<readonly Applied[]> {
  const applied: Applied[] = [];
  for (const object of objects) {
    try {
      applied.push(await rehearsal.apply(object, namespace));
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      throw new CliError(`${shownName(object)} would be refused: ${error.message}`);
    }
  }
  return applied;
}

const shownName = ({ kind = '', metadata }: KubeObject): string => `${kind.toLowerCase()}/${metadata.name ?? ''}`;

/** Pods are counted, what follows from them is not news, and a status follows from the rest. */
const derived: ReadonlySet<string> = new Set(['pods', 'endpoints', 'endpointslices.discovery.k8s.io', 'controllerrevisions.apps']);

const isShown = ({ type, resource, fields }: ObjectChange): boolean =>
  !derived.has(resource) && (type !== 'changed' || fields.some(({ path }) => !isStatus(path)));

const isStatus = (path: string): boolean =>
  path === 'status' || path.startsWith('status.') || path.startsWith('metadata.annotations["deployment.');

const withoutStatus = (change: ObjectChange): ObjectChange => ({ ...change, fields: change.fields.filter(({ path }) => !isStatus(path)) });

function section(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : `\n${title}\n${lines.map((line) => `  ${line}\n`).join('')}`;
}

function outcomeText(outcome: Outcome): string {
  const { pods, evicted, unschedulable, notReady, warnings, warningsLeftOut, changes, isAtRest, virtualSeconds, leftOut } = outcome;
  return [
    ...outcome.applied.map(({ object, outcome: how }) => `${object} ${how}\n`),
    isAtRest
      ? `The copy came to rest after ${virtualSeconds} s of its time.\n`
      : `The copy was still changing after ${virtualSeconds} s of its time.\n`,
    changes.length === 0 ? '' : `\nChanges\n${changeLines(changes.map(withoutStatus))}`,
    section(
      'Pods',
      pods.map(({ of, started, ended }) => `${of}: ${started} started, ${ended} ended`),
    ),
    section(
      'Evicted',
      evicted.map(({ pod, reason, message }) => `${pod}: ${reason}: ${message}`),
    ),
    section(
      'Without a node',
      unschedulable.map(({ pod, message }) => `${pod}: ${message}`),
    ),
    section(
      'Not ready',
      notReady.map(({ pod, message }) => `${pod}${message === '' ? '' : `: ${message}`}`),
    ),
    section(
      'Warnings',
      warnings.map(({ about, reason, message }) => `${about}: ${reason}: ${message}`),
    ),
    warningsLeftOut === 0 ? '' : `  ${warningsLeftOut} more\n`,
    leftOut === 0 ? '' : `\n${leftOut} objects were left out, since a rehearsal calls no server: webhooks, APIServices.\n`,
  ].join('');
}
