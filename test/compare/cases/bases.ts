/** The objects that cases start from: `bases/deployments.apps.yaml`, one or more for each kind, each accepted by upstream. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { JsonObject } from '../../../functions/kube/object.ts';
import type { ServedResource } from './compared-kind.ts';
import { choices } from './random.ts';
import type { Schema } from './schema.ts';
import { filledValue } from './values.ts';

const directory = join(import.meta.dirname, '..', 'bases');

export function basesOf({ group, version, resource, kind }: ServedResource, schema: Schema): readonly JsonObject[] {
  const apiVersion = group === '' ? version : `${group}/${version}`;
  const file = join(directory, `${group === '' ? resource : `${resource}.${group}`}.yaml`);
  const documents = existsSync(file)
    ? parseAllDocuments(readFileSync(file, 'utf8'), { merge: true }).map((document) => document.toJS() as JsonObject)
    : [];
  const ofVersion = documents.filter((document) => document['apiVersion'] === apiVersion);
  if (ofVersion.length > 0) return ofVersion;
  if (documents.length > 0) return documents.map((document) => ({ ...document, apiVersion }));
  const made = filledValue(schema, schema.root, choices(1, resource), { name: resource, depth: 0 });
  return [{ ...(made as JsonObject), apiVersion, kind, metadata: {} }];
}
