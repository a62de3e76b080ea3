/**
 * The templates as they are, to be read in review: `UPDATE=1` rewrites them. Configurations besides the defaults keep
 * only their differences from the defaults. What must hold in every template is in the other tests.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { configurationNames, templateOf, type Template } from './templates.ts';

type Section = ReadonlyMap<string, string>;

const directory = join(import.meta.dirname, 'golden');

/** By the first line of each resource; a line for each property. */
function sectionsOf({ Resources, Outputs }: Template): Section {
  const sections = Object.entries(Resources).map(([id, { Type, Properties = {}, ...rest }]) => {
    const lines = Object.entries({ ...rest, ...Properties })
      .filter(([name]) => name !== 'Metadata' && name !== 'DependsOn')
      .map(([name, value]) => `  ${name}: ${JSON.stringify(value)}\n`);
    return [`${Type} ${id}`, lines.sort().join('')] as const;
  });
  const outputs = Object.entries(Outputs).map(([id, output]) => [`Output ${id}`, `  ${JSON.stringify(output)}\n`] as const);
  return new Map([...sections, ...outputs].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Hashes of what is deployed change with every change to the program. */
const withoutHashes = (text: string): string => text.replaceAll(/\b[0-9a-f]{64}\b/g, 'HASH');

const text = (sections: Section): string => withoutHashes([...sections].map(([head, lines]) => `${head}\n${lines}`).join('\n'));

function difference(sections: Section, from: Section): Section {
  const gone = [...from.keys()].filter((head) => !sections.has(head)).map((head) => [`- ${head}`, ''] as const);
  const other = [...sections].filter(([head, lines]) => from.get(head) !== lines);
  return new Map([...gone, ...other.map(([head, lines]) => [from.has(head) ? `~ ${head}` : `+ ${head}`, lines] as const)]);
}

for (const name of configurationNames) {
  test(`the template for ${name} is the one that was reviewed`, () => {
    const sections = sectionsOf(templateOf(name));
    const actual = text(name === 'defaults' ? sections : difference(sections, sectionsOf(templateOf('defaults'))));
    const path = join(directory, `${name}.txt`);
    if (process.env['UPDATE'] === '1') writeFileSync(path, actual);
    assert.equal(actual, existsSync(path) ? readFileSync(path, 'utf8') : '', 'look at the difference; UPDATE=1 accepts it');
  });
}
