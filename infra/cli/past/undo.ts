/** `hibernetes undo deployment/web --to -10m`, `hibernetes undo -n team-a --to 10:00`: makes objects again what they were. */
import type { KubeObject } from '../../../functions/kube/object.ts';
import { groupResource } from '../../../functions/kube/resource-type.ts';
import { agree } from '../agree.ts';
import { type ApiAccess, type ClusterChoice, withApi } from '../api-client.ts';
import { CliError } from '../cli-error.ts';
import { announce, type OutputChoice, print } from '../output.ts';
import { fixedMoment } from './at.ts';
import { findKind, type FoundKind, namedObject, pathOfKind, servedKinds } from './find-kind.ts';
import { changeLines, type ObjectChange, objectChanges, type PlacedObject } from './object-changes.ts';
import { messageOf, reader } from '../api-reader.ts';
import { objectsOf } from './past-client.ts';
import { isServersOwn, undoPlan, type UndoStep, withOwners } from './undo-plan.ts';

export interface UndoOptions extends ClusterChoice, OutputChoice {
  readonly namespace?: string;
  readonly to: string;
  readonly yes?: boolean;
}

const namespaceDefault = 'default';

interface States {
  readonly past: readonly PlacedObject[];
  readonly present: readonly PlacedObject[];
}

export async function undo(words: readonly string[], options: UndoOptions): Promise<void> {
  const moment = fixedMoment(options.to);
  if (words.length === 0 && options.namespace === undefined)
    throw new CliError('What is to be undone? An object such as deployment/web, or a namespace by -n.');
  await withApi(options, async (api) => {
    const states =
      words.length === 0
        ? await statesOfNamespace(api, moment, options.namespace ?? '')
        : await statesOfObject(api, moment, words, options);
    const steps = undoPlan(states.past, states.present);
    if (steps.length === 0) return print(options, { moment, objects: 0 }, () => `Nothing is to be undone: it is as it was at ${moment}.\n`);
    const kinds = await servedKinds(reader(api));
    await checkSteps(api, steps, kinds);
    announce(options, changeLines(withoutServersOwn(objectChanges(states.present.filter(isIn(steps)), states.past.filter(isIn(steps))))));
    await agree({
      question: `Write ${steps.length === 1 ? 'this object' : `these ${steps.length} objects`}?`,
      answer: 'yes',
      yes: options.yes === true,
    });
    await carryOut(api, steps, { kinds, past: states.past });
    print(
      options,
      { moment, objects: steps.length },
      ({ objects }) => `${objects === 1 ? 'One object is as it was' : `${objects} objects are as they were`} at ${moment}.\n`,
    );
  });
}

const withoutServersOwn = (changes: readonly ObjectChange[]): ObjectChange[] =>
  changes.map((change) => ({ ...change, fields: change.fields.filter(({ path }) => !isServersOwn(path)) }));

const isIn = (steps: readonly UndoStep[]) => {
  const places = new Set(
    steps.map(({ resource, object: { metadata } }) => JSON.stringify([resource, metadata.namespace ?? '', metadata.name])),
  );
  return ({ resource, object: { metadata } }: PlacedObject): boolean =>
    places.has(JSON.stringify([resource, metadata.namespace ?? '', metadata.name]));
};

async function statesOfNamespace(api: ApiAccess, moment: string, namespace: string): Promise<States> {
  const nothing = new Set<string>();
  const past = await objectsOf(reader(api, moment), namespace, nothing);
  if (past.length === 0) throw new CliError(`There was no namespace ${namespace} at ${moment}.`);
  return { past, present: await objectsOf(reader(api), namespace, nothing) };
}

async function statesOfObject(
  api: ApiAccess,
  moment: string,
  words: readonly string[],
  { namespace = namespaceDefault }: UndoOptions,
): Promise<States> {
  const { kind: word, name } = namedObject(words);
  const kind = await findKind(reader(api), word);
  const path = `${pathOfKind(kind, namespace)}/${encodeURIComponent(name)}`;
  const [past, present] = [await oneAt(api, `/as-of/${moment}${path}`, kind), await oneAt(api, path, kind)];
  if (past.length === 0 && present.length === 0) throw new CliError(`There is no ${word}/${name}, and there was none at ${moment}.`);
  return { past, present };
}

async function oneAt({ fetch }: ApiAccess, path: string, kind: FoundKind): Promise<PlacedObject[]> {
  const response = await fetch(path);
  const text = await response.text();
  if (response.status === 404) return [];
  if (!response.ok) throw new CliError(`The API refused: ${messageOf(text)}`);
  return [{ resource: groupResource(kind), object: JSON.parse(text) as KubeObject }];
}

interface Request {
  readonly method: 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly body?: unknown;
}

function requestOf(step: UndoStep, kinds: readonly FoundKind[]): Request {
  const { resource, object } = step;
  const kind = kinds.find((served) => groupResource(served) === resource);
  if (kind === undefined) throw new CliError(`The cluster serves no ${resource} any more: make its kind first.`);
  const { name = '', namespace, uid } = object.metadata;
  const collection = pathOfKind(kind, namespace);
  if (step.type === 'create') return { method: 'POST', path: collection, body: object };
  const path = `${collection}/${encodeURIComponent(name)}`;
  if (step.type === 'update') return { method: 'PUT', path, body: object };
  return { method: 'DELETE', path, body: { kind: 'DeleteOptions', apiVersion: 'v1', preconditions: { uid } } };
}

/** A dry run of everything; what needs a namespace that is not there yet cannot be tried before it is. */
async function checkSteps(api: ApiAccess, steps: readonly UndoStep[], kinds: readonly FoundKind[]): Promise<void> {
  const made = new Set(
    steps.flatMap(({ type, resource, object }) => (type === 'create' && resource === 'namespaces' ? [object.metadata.name] : [])),
  );
  const refused: string[] = [];
  for (const step of steps) {
    if (made.has(step.object.metadata.namespace)) continue;
    const { method, path, body } = requestOf(step, kinds);
    const response = await api.send(method, `${path}?dryRun=All`, body);
    if (!response.ok)
      refused.push(`  ${step.type} ${step.resource} ${step.object.metadata.name ?? ''}: ${messageOf(await response.text())}`);
    else await response.body?.cancel();
  }
  if (refused.length > 0) throw new CliError(`Nothing was changed, since the API would refuse:\n${refused.join('\n')}`);
}

/** Owners come first where they can: who depends on one that was made anew gets its new uid. */
async function carryOut(
  api: ApiAccess,
  steps: readonly UndoStep[],
  { kinds, past }: { kinds: readonly FoundKind[]; past: readonly PlacedObject[] },
): Promise<void> {
  const uids = new Map<string, string>();
  for (const step of ownersFirst(steps)) {
    const { method, path, body } = requestOf({ ...step, object: withOwners(step.object, uids) }, kinds);
    const { name = '', namespace = '' } = step.object.metadata;
    let response = await api.send(method, path, body);
    // Some objects are made for every namespace as soon as it is there.
    if (step.type === 'create' && response.status === 409) response = await api.send('PUT', `${path}/${encodeURIComponent(name)}`, body);
    const text = await response.text();
    if (!response.ok)
      throw new CliError(
        `Undoing stopped at ${step.type} ${step.resource} ${name}: ${messageOf(text)}`,
        'The same command goes on from there.',
      );
    const former = past.find(
      ({ resource, object: { metadata } }) =>
        resource === step.resource && metadata.name === name && (metadata.namespace ?? '') === namespace,
    );
    const uid = (JSON.parse(text) as Partial<KubeObject>).metadata?.uid;
    if (step.type === 'create' && former?.object.metadata.uid !== undefined && uid !== undefined) uids.set(former.object.metadata.uid, uid);
  }
}

/** Those that are owned by another of the list come behind all that are not. */
const ownersFirst = (steps: readonly UndoStep[]): UndoStep[] => {
  const isOwned = ({ object, type }: UndoStep): boolean => type === 'create' && (object.metadata.ownerReferences ?? []).length > 0;
  const deletions = steps.filter(({ type }) => type === 'delete');
  const writes = steps.filter(({ type }) => type !== 'delete');
  return [...writes.filter((step) => !isOwned(step)), ...writes.filter(isOwned), ...deletions];
};
