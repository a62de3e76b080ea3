import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exposition } from './exposition.ts';

test('the text of measurements escapes labels, dates samples and leaves empty families out', () => {
  const text = exposition([
    { name: 'a_total', help: 'Of\nlines.', type: 'counter', samples: [{ labels: { who: 'a"b\\c\nd' }, value: 1.5, atMs: 12.7 }] },
    { name: 'b', help: 'None.', type: 'gauge', samples: [] },
    { name: 'c', help: 'Plain.', type: 'gauge', samples: [{ value: 0 }] },
  ]);
  assert.equal(
    text,
    '# HELP a_total Of\\nlines.\n# TYPE a_total counter\na_total{who="a\\"b\\\\c\\nd"} 1.5 12\n# HELP c Plain.\n# TYPE c gauge\nc 0\n',
  );
});
