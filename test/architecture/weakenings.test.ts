/** What takes a rule against attacks out of the sources, by night, still fits them. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { edited } from '../security/weakenings/source-copy.ts';
import { weakenings } from '../security/weakenings/weakenings.ts';
import { root } from './sources.ts';

test('each rule that is taken out of the sources stands there, and its test is there', () => {
  for (const { without, test: file, edits } of weakenings) {
    assert.ok(existsSync(join(root, file)), file);
    for (const edit of edits) assert.notEqual(edited(readFileSync(join(root, edit.file), 'utf8'), edit), '', without);
  }
});
