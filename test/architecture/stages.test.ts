/** A test that no stage runs proves nothing, and one that two stages run is waited for twice. */
import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { test } from 'node:test';
import { furtherStages, quickStages } from '../stages.ts';
import { root } from './sources.ts';

/** Tests that need a virtual machine. */
const nightly = /^test\/machine\//;

const filesOf = (patterns: readonly string[]): string[] =>
  globSync([...patterns], { cwd: root, exclude: (path) => path.includes('node_modules') });

test('each test file belongs to one stage of npm test', () => {
  const staged = [...quickStages, ...furtherStages].flatMap((stage) => ('files' in stage ? filesOf(stage.files) : []));
  const all = filesOf(['{functions,agent,infra,openapi,test}/**/*.test.ts']).filter((path) => !nightly.test(path));
  assert.deepEqual(staged.toSorted(), all.toSorted());
});
