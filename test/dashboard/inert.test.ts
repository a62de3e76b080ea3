/** Texts of the cluster never become markup, code or addresses: no source of the dashboard has a way to make them so. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ownershipsOf } from '../../functions/dashboard/screens/object/fields.ts';
import { found } from '../../functions/dashboard/parts/found.ts';
import { toneOf } from '../../functions/dashboard/parts/tone.ts';
import { hashOf, overview, routeOf } from '../../functions/dashboard/route.ts';
import { lineOf } from '../../functions/dashboard/screens/logs/log-lines.ts';
import { filtered, rowsOf } from '../../functions/dashboard/table/rows.ts';
import { sourceFiles } from '../architecture/sources.ts';
import { hostileTexts } from './hostile-texts.ts';

const sources = sourceFiles().filter(({ path }) => path.startsWith('functions/dashboard/') && !path.endsWith('.test.ts'));

test('no source makes markup or code of a text', () => {
  const ways =
    /dangerouslySetInnerHTML|innerHTML|outerHTML|insertAdjacentHTML|document\.write|createContextualFragment|\beval\(|new Function|srcdoc/;
  assert.ok(sources.length > 30);
  assert.deepEqual(
    sources.filter(({ text }) => ways.test(text)).map(({ path }) => path),
    [],
  );
});

test('every link leads to a screen of the page', () => {
  const links = sources.flatMap(({ path, text }) => [...text.matchAll(/href=(\{[^}]*|"[^"]*")/g)].map(([, target]) => ({ path, target })));
  const known = /^(\{(hashOf|link|listOfKind|href)\b|"#main")/;
  assert.ok(links.length > 5);
  assert.deepEqual(
    links.filter(({ target = '' }) => !known.test(target)),
    [],
  );
});

test('an address holds any text, and begins with # all the same', () => {
  for (const text of hostileTexts) {
    const route = { ...overview, screen: 'object', kind: 'pods', namespace: text, name: text, filter: text } as const;
    const hash = hashOf(route);
    assert.match(hash, /^#\/[^<>"\s]*$/);
    assert.deepEqual(routeOf(hash), route);
  }
});

test('rows, names and logs keep hostile texts as texts', () => {
  const rows = rowsOf({
    rows: hostileTexts.map((text) => ({ cells: [text], object: { metadata: { name: text, namespace: 'shop', labels: { a: text } } } })),
  });
  assert.deepEqual(
    rows.map(({ cells }) => cells[0]),
    hostileTexts,
  );
  for (const text of hostileTexts) {
    assert.ok(filtered(rows, text.split(/\s+/).find((word) => word !== '') ?? '').length > 0, text);
    assert.equal(found([{ title: text, hint: '', to: text }], text)[0]?.to ?? text, text);
    assert.match(toneOf('Status', text), /^(good|bad|wait|plain)$/);
    // oxlint-disable-next-line no-control-regex -- a terminal's commands are such characters.
    assert.doesNotMatch(lineOf('a', `t ${text}`).text, /[\u0000-\u0008\u000b-\u001f\u007f]/);
  }
});

test('fields of managers are read whatever they are named', () => {
  const managedFields = [{ manager: '<b>', fieldsV1: { 'f:metadata': { 'f:labels': { 'f:<script>': {} } } } }];
  assert.deepEqual(ownershipsOf({ apiVersion: 'v1', kind: 'x', metadata: { managedFields } })[0]?.paths, ['.metadata.labels.<script>']);
});
