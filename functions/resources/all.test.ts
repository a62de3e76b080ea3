import assert from 'node:assert/strict';
import { test } from 'node:test';
import { schemaFor } from '../kube/schema.ts';
import { apiVersionOf } from '../kube/resource-type.ts';
import { createDefinitions } from './all.ts';

const definitions = createDefinitions();
for (const { load } of definitions) await load?.();

for (const definition of definitions) {
  const { type, schema, columns, fields, selectableFields = [] } = definition;
  test(`the definition of ${type.resource} is whole`, () => {
    assert.equal(schemaFor(apiVersionOf(type), type.kind), schema.name);
    assert.equal(type.resource.startsWith(definition.singular.slice(0, -1)), true);
    assert.ok(
      columns.some(({ name }) => name === 'Name'),
      'a column is the name',
    );
    assert.equal(new Set(columns.map(({ name }) => name)).size, columns.length);
    assert.equal(fields === undefined, selectableFields.length === 0);
  });

  test(`columns and fields of ${type.resource} bear an object with nothing in it`, () => {
    const object = { metadata: {}, spec: {}, involvedObject: {}, roleRef: {}, addressType: 'IPv4' };
    for (const { value } of columns) assert.notEqual(value(object, 0), undefined);
    assert.deepEqual(Object.keys(fields?.(object) ?? {}).toSorted(), selectableFields.toSorted());
  });

  test(`defaults of ${type.resource} are settled after one pass`, () => {
    const object = { metadata: { name: 'a' }, spec: {}, roleRef: {} };
    definition.setDefaults?.(object);
    const once = structuredClone(object);
    definition.setDefaults?.(object);
    assert.deepEqual(object, once);
  });
}

test('short names belong to one kind each', () => {
  const names = definitions.flatMap(({ shortNames = [], singular, type }) => [...shortNames, singular, type.resource]);
  assert.deepEqual(
    names.filter((name, index) => names.indexOf(name) !== index),
    ['endpoints'],
  );
});
