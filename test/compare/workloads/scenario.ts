/** What is done to both control planes, step by step: read from `scenarios/*.yaml`. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { JsonObject, KubeObject } from '../../../functions/kube/object.ts';

/** `deployments/web`, or `resource.group/name`. */
export type Target = string;

/** Each step is one of these; after it both sides come to rest, unless the step is `until`, which waits for what it names. */
export interface Step {
  /** Objects without apiVersion get that of their kind. */
  readonly create?: readonly KubeObject[];
  /** A merge patch, of the object or of `subresource`. */
  readonly patch?: Target;
  readonly with?: JsonObject;
  readonly subresource?: string;
  readonly delete?: Target;
  readonly options?: JsonObject;
  /** Ends as many pods that the selector finds, as a kubelet reports it, in the order of their names. */
  readonly end?: { readonly pods: string; readonly exitCode: number; readonly count?: number };
  /** Posts an Eviction for each pod that the selector finds. */
  readonly evict?: string;
  readonly silence?: string;
  readonly wake?: string;
  readonly until?: readonly Expectation[];
  readonly withinSeconds?: number;
}

export interface Expectation {
  readonly object: Target;
  /** Part of the object. */
  readonly has?: JsonObject;
  readonly gone?: boolean;
  /** As many objects of the resource `object` as the selector finds. */
  readonly count?: number;
  readonly selector?: string;
}

export interface Scenario {
  readonly name: string;
  /** Objects outside of the namespace whose end is compared, too. */
  readonly also?: readonly Target[];
  /** It changes nodes: runs when no other scenario does. */
  readonly alone?: boolean;
  readonly steps: readonly Step[];
}

const directory = join(import.meta.dirname, 'scenarios');

export function readScenarios(): readonly Scenario[] {
  const files = readdirSync(directory).filter((name) => name.endsWith('.yaml'));
  return files.toSorted().flatMap((file) =>
    parseAllDocuments(readFileSync(join(directory, file), 'utf8')).flatMap((document) => {
      if (document.errors.length > 0) throw new Error(`${file}: ${String(document.errors[0])}`);
      const scenario = document.toJS() as Scenario | null;
      return scenario === null ? [] : [scenario];
    }),
  );
}

export const namespaceOfScenario = ({ name }: Scenario): string =>
  name
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 50)
    .replace(/-$/, '');
