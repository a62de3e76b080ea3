import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { acceptNames } from '../../kube/custom-resource-names.ts';
import type { CustomResourceDefinition } from '../../kube/generated/types.ts';
import { nameOf } from '../../kube/object.ts';
import type { Stored, View } from '../../kube/view.ts';
import type { SchemaNode } from '../../kube/schema.ts';
import { customKinds, declaringResource } from './custom-kinds.ts';

const count = 300;

/** A schema that counts how often its fields are read. */
function definition(number: number, reads: { count: number }): Stored {
  const properties = { spec: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  const schema = {
    type: 'object',
    get properties() {
      reads.count += 1;
      return properties;
    },
  };
  const crd: CustomResourceDefinition = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `boats${number}.example.com` },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: `boats${number}`, kind: `Boat${number}` },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } }],
    },
  };
  acceptNames(crd, [], 0);
  return { key: { resource: declaringResource, namespace: '', name: nameOf(crd) }, revision: number + 1, object: crd };
}

const viewOf = (stored: readonly Stored[]): View => ({ revision: 1000, get: () => undefined, list: () => stored });

describe('300 custom kinds', () => {
  const reads = { count: 0 };
  const stored = Array.from({ length: count }, (_, number) => definition(number, reads));

  test('300 custom kinds are declared without a walk through their schemas', () => {
    assert.equal(customKinds(viewOf(stored)).length, count);
    // Once for the fields that the schema names, and once for those of every object.
    assert.ok(reads.count <= count * 2, `${reads.count} reads`);
  });

  test('300 custom kinds share the nodes of their schemas with what is stored', () => {
    const [kind] = customKinds(viewOf(stored));
    const crd = stored[0]?.object as CustomResourceDefinition;
    const declared = crd.spec.versions[0]?.schema?.openAPIV3Schema as SchemaNode;
    assert.equal(kind?.schema.node.properties?.['spec'], declared.properties?.['spec']);
  });

  test('300 custom kinds are kept when another definition changes', () => {
    const before = customKinds(viewOf(stored));
    const [first, ...rest] = stored;
    assert.ok(first !== undefined);
    reads.count = 0;
    const after = customKinds(viewOf([{ ...first, revision: 2000 }, ...rest]));
    assert.deepEqual([after[0] === before[0], after.slice(1).every((kind, index) => kind === before[index + 1])], [false, true]);
    assert.ok(reads.count <= 2, `${reads.count} reads`);
  });
});
