import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wholeV3 } from './openapi-documents.ts';

const pages: Readonly<Record<string, object>> = {
  '/openapi/v3': { paths: { 'apis/b': { serverRelativeURL: '/openapi/v3/apis/b?hash=1' }, api: { serverRelativeURL: '/openapi/v3/api' } } },
  '/openapi/v3/apis/b?hash=1': { info: { title: 'x' }, paths: { '/apis/b': {} }, components: { schemas: { B: { type: 'object' } } } },
  '/openapi/v3/api': { info: { title: 'x' }, paths: { '/api': {} }, components: { schemas: { A: {}, B: { type: 'object' } } } },
};

test('the parts of a description become one, in the order of their names', async () => {
  const whole = await wholeV3(async <T>(path: string) => pages[path] as T);
  assert.equal(
    JSON.stringify(whole),
    JSON.stringify({
      openapi: '3.0.0',
      info: { title: 'x' },
      paths: { '/api': {}, '/apis/b': {} },
      components: { schemas: { A: {}, B: { type: 'object' } } },
    }),
  );
});
