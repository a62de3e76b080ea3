import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StatusError } from '../../kube/status-error.ts';
import { negotiate } from './content-negotiation.ts';

const accept = (header: string | null, forms = true): object => negotiate(header, { forms });
const json = { encoding: 'json', form: 'object', metaVersion: 'v1' };

test('nothing and anything mean JSON', () => {
  assert.deepEqual(accept(null), json);
  assert.deepEqual(accept('*/*'), json);
  assert.deepEqual(accept('application/json, */*'), json);
});

test('protobuf is served to a client that names it first', () => {
  assert.deepEqual(accept('application/vnd.kubernetes.protobuf,application/json'), { ...json, encoding: 'protobuf' });
  assert.deepEqual(accept('application/json,application/vnd.kubernetes.protobuf'), json);
});

test('tables and custom objects have no protobuf, and come in the JSON behind it', () => {
  assert.deepEqual(accept('application/vnd.kubernetes.protobuf;as=Table;v=v1;g=meta.k8s.io,application/json'), json);
  const custom = (header: string): object => negotiate(header, { forms: true, isCustom: true });
  assert.deepEqual(custom('application/vnd.kubernetes.protobuf,application/json'), json);
  assert.deepEqual(custom('application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;v=v1;g=meta.k8s.io'), {
    encoding: 'protobuf',
    form: 'metadata',
    metaVersion: 'v1',
  });
});

test('a table is served in the version that is asked for', () => {
  assert.deepEqual(accept('application/json;as=Table;v=v1;g=meta.k8s.io,application/json'), { ...json, form: 'table' });
  assert.deepEqual(accept('application/json;as=Table;v=v1beta1;g=meta.k8s.io'), { ...json, form: 'table', metaVersion: 'v1beta1' });
});

test('what cannot be a table is served plain, if the client takes that', () => {
  assert.deepEqual(accept('application/json;as=Table;v=v1;g=meta.k8s.io,application/json', false), json);
});

test('quality comes before order', () => {
  assert.deepEqual(accept('application/json;q=0.5,application/yaml'), { ...json, encoding: 'yaml' });
});

const refused = (accepted: string) => (error: unknown) =>
  error instanceof StatusError && error.code === 406 && error.message === `only the following media types are accepted: ${accepted}`;

test('a client that takes nothing of ours reads what there is', () => {
  const served = refused('application/json, application/yaml, application/vnd.kubernetes.protobuf');
  const table = 'application/vnd.kubernetes.protobuf;as=Table;v=v1;g=meta.k8s.io';
  assert.throws(() => accept(table), served);
  assert.throws(() => negotiate(table, { forms: true, isWatch: true }), served);
});

test('a watch in YAML is refused by what a watch may come in', () => {
  assert.throws(
    () => negotiate('application/yaml', { forms: true, isWatch: true }),
    refused('application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch'),
  );
});
