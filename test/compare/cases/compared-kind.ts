/** A kind that is compared: its entries in discovery and OpenAPI, and the objects that its cases start from. */
import type { JsonObject } from '../../../functions/kube/object.ts';
import type { Case, Step } from './case.ts';
import type { Mutator } from './mutations.ts';
import type { Choice } from './random.ts';
import type { Schema } from './schema.ts';

export interface ServedResource {
  readonly group: string;
  readonly version: string;
  /** `deployments` */
  readonly resource: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
  /** `status`, `scale`: with their verbs. */
  readonly subresources: Readonly<Record<string, readonly string[]>>;
}

export interface ComparedKind extends ServedResource {
  /** `deployments.apps`; with the version where a group serves several. */
  readonly name: string;
  readonly schema: Schema;
  readonly bases: readonly JsonObject[];
}

/** What a recipe works with: one case of one kind. */
export interface Scene {
  readonly kind: ComparedKind;
  readonly number: number;
  readonly choice: Choice;
  /** A base with this case's names in it. */
  readonly base: JsonObject;
  readonly mutator: Mutator;
  readonly name: string;
  readonly collection: string;
  readonly path: string;
}

/** Undefined where the kind lacks the verbs that it needs. */
export type Recipe = (scene: Scene) => Pick<Case, 'about' | 'steps'> | undefined;

/** Versions of a resource are compared side by side: their objects must not meet. */
export const namespaceOf = ({ resource, version }: Pick<ServedResource, 'resource' | 'version'>): string =>
  `compare-${resource}-${version}`;

export function collectionOf(kind: ServedResource): string {
  const root = kind.group === '' ? `/api/${kind.version}` : `/apis/${kind.group}/${kind.version}`;
  return `${root}${kind.namespaced ? `/namespaces/${namespaceOf(kind)}` : ''}/${kind.resource}`;
}

/** Their real objects would change what later cases meet: a broken APIService breaks discovery. */
const neverStored = new Set(['apiservices.apiregistration.k8s.io']);

export const mayStore = ({ kind }: Scene): boolean => kind.verbs.includes('delete') && !neverStored.has(kind.name);

/** A changed object of the whole cluster may concern every other case: it is only tried. */
export const trial = ({ kind, choice }: Scene): string => (!kind.namespaced || choice.next() < 0.5 ? 'dryRun=All' : '');

export const query = (...parts: readonly string[]): string => {
  const given = parts.filter((part) => part !== '');
  return given.length === 0 ? '' : `?${given.join('&')}`;
};

export const post = (scene: Scene, body: JsonObject = scene.base, ...parts: readonly string[]): Step => ({
  method: 'POST',
  path: scene.collection + query(...parts),
  body,
});

export const get = (scene: Scene): Step => ({ method: 'GET', path: scene.path });

/** The last step of a case that stored something: at once, whatever grace its kind gives. */
export const remove = (scene: Scene): Step => ({ method: 'DELETE', path: `${scene.path}?gracePeriodSeconds=0` });

export const fieldValidation = ({ choice }: Scene): string =>
  choice.of(['', '', 'fieldValidation=Warn', 'fieldValidation=Warn', 'fieldValidation=Strict', 'fieldValidation=Ignore']);

/** Most changes concern what only this kind has; metadata is the same for all. */
export function mutation({ choice, mutator, base }: Scene): { about: string; object: JsonObject } {
  const chance = choice.next();
  if (chance < 0.14) return mutator.several(choice, choice.next() < 0.8 ? 2 : 3);
  if (chance < 0.27) return mutator.one(choice, 'metadata');
  const others = Object.keys(base).filter((name) => !['metadata', 'apiVersion', 'kind'].includes(name));
  return chance < 0.85 && others.length > 0 ? mutator.one(choice, choice.of(others)) : mutator.one(choice);
}
