/**
 * No text makes a regular expression slow. Each is analysed as an automaton: the steps of a backtracking matcher must
 * grow with the length of the text and no faster. Expressions that are put together are caught as they are made.
 *
 * The proofs take minutes, so their results are in `proved-expressions.json`: `UPDATE=1` writes it, `PROVE=all` proves
 * all again.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { parseSync } from 'oxc-parser';
import type { checkSync as Check, Diagnostics } from 'recheck';
import { everyCase } from '../support/every-case.ts';
import { isTest, root, sourceFiles } from '../architecture/sources.ts';

/** Expressions that only ever see texts on which they are quick. */
const exempt: Readonly<Record<string, string>> = {
  '"((?:[^"\\\\]|\\\\.)*)"(\\s*:)?|[{}[\\],]': 'json-document.ts runs it over texts that JSON.parse took: each string ends',
  '"((?:[^"\\\\]|\\\\.)*)"(\\s*:)?|[{}[\\],]|-?\\d[\\d.eE+-]*': 'the same',
};

/** The analysis takes hours for this one of CEL's lexer. Nothing follows its last part, so that it never goes back. */
const openText = '^(?:[bB]?[rR]["\'][^\\n\\r]*|[bB]?"';

/** Files that limit the length of a text before they try an expression on it. */
const bounded = ['functions/kube/pod-defaults.ts', 'agent/pods/image-name.ts'];

const provedFile = join(import.meta.dirname, 'proved-expressions.json');
/** A machine may be slow; an analysis that takes longer has gone astray. */
const analysisMsMax = 300_000;

// The build for browsers works in this process; the other one starts programs of its own.
const { checkSync } = createRequire(import.meta.url)('recheck/lib/browser.js') as { readonly checkSync: typeof Check };

interface Found {
  readonly source: string;
  readonly flags: string;
  readonly file: string;
}

const isNode = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null;

/** Every node of a syntax tree. */
function* nodesOf(value: unknown): Generator<Readonly<Record<string, unknown>>> {
  if (!isNode(value)) return;
  if (!Array.isArray(value)) yield value;
  for (const part of Object.values(value)) yield* nodesOf(part);
}

const files = sourceFiles().filter(({ path }) => /^(functions|agent)\//.test(path) && !isTest(path));
const literals: Found[] = [];
const makers: string[] = [];
const made: Found[] = [];

before(async () => {
  for (const { path: file, text } of files) {
    for (const node of nodesOf(parseSync(file, text).program)) {
      const { type, regex, callee } = node;
      if (type === 'Literal' && isNode(regex)) literals.push({ source: String(regex['pattern']), flags: String(regex['flags']), file });
      if (type === 'NewExpression' && isNode(callee) && callee['name'] === 'RegExp') makers.push(file);
    }
  }
  const own = globalThis.RegExp;
  globalThis.RegExp = new Proxy(own, {
    construct(target, [source, flags]: [string, string | undefined]) {
      const file = makers.find((maker) => new Error().stack?.includes(pathToFileURL(join(root, maker)).href)) ?? '';
      if (file !== '') made.push({ source, flags: flags ?? '', file });
      return new target(source, flags);
    },
  });
  for (const file of makers) await import(pathToFileURL(join(root, file)).href);
  globalThis.RegExp = own;
});

test('every expression is written down, or made when its file is loaded', () => {
  assert.ok(literals.length > 100);
  for (const file of makers)
    assert.ok(
      made.some((one) => one.file === file),
      `${file} makes an expression from what it is given`,
    );
});

/** After each one, since the whole takes long. */
function keep(proved: ReadonlySet<string>, all: ReadonlyMap<string, Found>): void {
  if (process.env['UPDATE'] !== '1') return;
  const kept = [...proved].filter((text) => all.has(text)).sort();
  writeFileSync(provedFile, `${JSON.stringify(kept, null, 2)}\n`);
}

test('every expression takes time that grows with the text and no faster', async () => {
  const proved = new Set(process.env['PROVE'] === 'all' ? [] : (JSON.parse(readFileSync(provedFile, 'utf8')) as string[]));
  const all = new Map([...literals, ...made].map((one) => [`/${one.source}/${one.flags}`, one]));
  const isExempt = ({ source, file }: Found): boolean =>
    exempt[source] !== undefined || bounded.includes(file) || source.startsWith(openText);
  const asked = [...all].filter(([text, one]) => !isExempt(one) && !proved.has(text));
  await everyCase(
    asked,
    ([text, { file }]) => `${file}: ${text}`,
    ([text, { source, flags }]) => {
      const found: Diagnostics = checkSync(source, flags, { timeout: analysisMsMax });
      assert.equal(found.status, 'safe', found.status === 'vulnerable' ? found.complexity.summary : undefined);
      keep(proved.add(text), all);
    },
  );
});

test('an expression that is slow is found', () => {
  for (const [source, flags] of [
    ['^bearer +(.+)$', 'i'],
    ['^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$', ''],
    ['\\s+$', ''],
  ] as const) {
    assert.equal(checkSync(source, flags, { timeout: analysisMsMax }).status, 'vulnerable', source);
  }
});
