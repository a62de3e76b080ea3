/** Writes of subresources other than status and scale: what kinds have of them differs. */
import { copy } from '../../../../functions/kube/copy.ts';
import type { Json, JsonObject } from '../../../../functions/kube/object.ts';
import type { Step } from '../case.ts';
import { fieldValidation, get, mayStore, mutation, post, query, type Recipe, remove, type Scene } from '../compared-kind.ts';
import { patchTypes } from './patch.ts';

const others = new Set(['status', 'scale', 'log', 'exec', 'attach', 'portforward', 'proxy', 'binding']);

/** Bodies of those that take no object of the kind. */
const bodies: Readonly<Record<string, (scene: Scene) => readonly Json[]>> = {
  eviction: ({ name, choice }) => {
    const metadata = { name: choice.of([name, name, 'other', '']) };
    const options = choice.of<JsonObject>([
      {},
      { deleteOptions: { gracePeriodSeconds: 0 } },
      { deleteOptions: { dryRun: ['All'] } },
      { zz: 1 },
    ]);
    return [{ apiVersion: 'policy/v1', kind: 'Eviction', metadata, ...options }, { apiVersion: 'v1', kind: 'Eviction', metadata }, {}];
  },
  token: ({ choice }) => {
    const expirationSeconds = choice.of<Json>([600, 3600, 1, -1, 'x', 2 ** 33]);
    const audiences = choice.of<Json>([[], ['a', 'b'], 'x', null]);
    const boundObjectRef = choice.of<JsonObject>([
      { kind: 'Pod', apiVersion: 'v1', name: 'none' },
      { kind: 'Node', apiVersion: 'v1', name: 'none' },
      { kind: 'x' },
    ]);
    const spec = choice.of<JsonObject>([{ audiences }, { expirationSeconds }, { audiences, expirationSeconds }, { boundObjectRef }, {}]);
    return [{ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec } satisfies Json, { spec }] as readonly Json[];
  },
};

export const subresourceWrite: Recipe = (scene) => {
  const { kind, choice, path } = scene;
  const names = Object.keys(kind.subresources).filter((name) => !others.has(name));
  if (!mayStore(scene) || names.length === 0) return undefined;
  const name = choice.of(names);
  const verbs = kind.subresources[name] ?? [];
  const to = `${path}/${name}`;
  const changed = choice.next() < 0.3 ? copy(scene.base) : mutation(scene).object;
  const { apiVersion: _version, kind: _kind, metadata: _metadata, ...rest } = changed;
  const writes: Step[] = [];
  const dry = choice.of(['', '', 'dryRun=All']);
  if (verbs.includes('create')) {
    const body = choice.of(bodies[name]?.(scene) ?? [changed]);
    writes.push({ method: 'POST', path: to + query(dry, fieldValidation(scene)), body });
  }
  if (verbs.includes('update')) writes.push({ method: 'PUT', path: to + query(dry, fieldValidation(scene)), body: changed });
  if (verbs.includes('patch')) {
    const type = choice.of(['merge', 'strategic'] as const);
    writes.push({
      method: 'PATCH',
      path: to + query(dry, fieldValidation(scene)),
      body: rest,
      headers: { 'content-type': patchTypes[type] },
    });
  }
  if (writes.length === 0) return undefined;
  const read: Step[] = verbs.includes('get') ? [{ method: 'GET', path: to }] : [];
  const chosen = choice.next() < 0.5 ? [choice.of(writes)] : writes;
  return {
    about: `${chosen.map(({ method }) => method).join(' and ')} of ${name}`,
    steps: [post(scene), ...chosen, ...read, get(scene), remove(scene)],
  };
};
